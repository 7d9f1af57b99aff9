"""Intermediate results whose gradients somebody wants: to keep them, or to look at them as they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from minigrad.engine.conversion import is_array
from minigrad.engine.messages.errors import describe
from minigrad.engine.numbers import as_numbers
from minigrad.engine.record import Kept
from minigrad.engine.recording import compilation
from minigrad.engine.writing.inplace import Writable
from minigrad.ops.common.libraries import alike
from minigrad.ops.common.unit import make_one
from minigrad.ops.parts import is_complex

Listener = Callable[[Any], Any]

retained = Kept()  # the intermediate results that ``retain_grad`` was called on


class Listeners(Kept):
    """The functions that ``on_gradient`` was given, by the id of a tensor, for as long as that lives."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, tuple[ref[Any], list[Listener]]] = {}

    def __contains__(self, t: Any) -> bool:
        return t in retained or id(t if t.leaf is None else t.leaf()) in self.rows

    def listen(self, t: Any, f: Listener) -> Callable[[], None]:
        """Show the gradients of a tensor to a function; give what ends that."""
        key = id(t)
        if key not in self.rows:
            self.rows[key] = ref(t, lambda dead: self.rows.pop(key, None)), []
        functions = self.rows[key][1]
        functions.append(f)

        def stop() -> None:
            if f in functions:
                functions.remove(f)

        return stop

    def give(self, t: Any, g: Any) -> Any:
        """Show a gradient to those who listen; give the one that the last of them has given for it, if one has."""
        x = t if t.leaf is None else t.leaf()
        for f in tuple(self.rows[id(x)][1]) if id(x) in self.rows else ():
            shown = g if isinstance(g, Writable) else t.as_constant(g)
            given = f(shown)
            if given is not None:
                g = _check_given(x, shown, given) if isinstance(g, Writable) else _check_given(x, shown, given).array
        return g

    def tell(self, found: dict[Any, Any]) -> dict[Any, Any]:
        """Give the gradients that are to be kept: of what is retained, and of leaves, which are shown here."""
        return {t: self.give(t, g) if t.op is None else g for t, g in found.items() if t.op is None or t in retained}


def _check_given(t: Any, shown: Any, given: Any) -> Any:
    """Give what stands for a gradient from here on, as a tensor; raise unless it is like the one that was shown."""
    wanted = f"on_gradient of {describe(t)}: wanted None or another gradient, {shown.dtype} of shape {shown.shape}"
    if not isinstance(given, Writable) and not is_array(given):
        raise TypeError(f"{wanted}, and the function returned a {type(given).__name__}. Return g itself, or nothing.")
    if given.shape != shown.shape or given.dtype != shown.dtype:
        raise ValueError(f"{wanted}, and the function returned {given.dtype} of shape {given.shape}.")
    return given if isinstance(given, Writable) else t.as_constant(given)


listeners = Listeners()


def refuse_listener(t: Any) -> None:
    """Raise for a tensor to whose gradient a function listens: code takes it without calling any."""
    if id(t) in listeners.rows and listeners.rows[id(t)][1]:
        raise TypeError(
            f"on_gradient of {describe(t)}: a compiled function takes its gradient, and calls no other on its way "
            f"back. Call what on_gradient gave, which ends that, or take the gradient outside of compiled functions."
        )


def is_listened_to(tensors: Any) -> bool:
    """Say whether a function listens to the gradient of one of some tensors."""
    return any(id(t) in listeners.rows and listeners.rows[id(t)][1] for t in tensors)


class Listening(Writable):
    """A tensor whose gradient may be asked for."""

    __slots__ = ()

    def seed_gradient(self, gradient: Any) -> Any:
        """Give ∂E/∂(this tensor) as a tensor: 1 for a scalar, or what the caller gave, checked."""
        if self.serial <= 0:
            raise ValueError(
                f"backward: no gradient flows to {describe(self)}. It was computed from no tensor with "
                f"requires_grad=True, or inside no_grad()."
            )
        shape = self.array.shape
        if gradient is None:
            if shape:
                raise ValueError(
                    f"backward: wanted a scalar, and {describe(self)} has shape {shape}. "
                    f"Reduce it, with .sum() say, or give gradient=∂E/∂(this tensor) of that shape."
                )
            dtype = self.array.dtype
            if dtype.kind == "c":
                raise TypeError(
                    f"backward: wanted a real number, and {describe(self)} is {dtype}. Take its .real, or np.abs of "
                    f"it; or, where f is holomorphic, minigrad.holomorphic_grad(f) for f′."
                )
            return self.as_constant(make_one(self.array))
        if self.array.dtype.kind != "c" and is_complex(gradient):
            raise TypeError(
                f"backward: the gradient of {describe(self)}, which is real, is complex. Give its real part, .real."
            )
        if isinstance(gradient, Writable):
            seed = gradient if gradient.dtype == self.dtype else gradient.astype(self.dtype)
        else:
            given = as_numbers("backward", gradient) if is_array(gradient) else np.array(gradient, self.dtype)
            seed = self.as_constant(alike(given, self.array))
            seed = seed if seed.dtype == self.dtype else self.as_constant(seed.array.astype(self.dtype))
        if seed.shape != shape:
            raise ValueError(f"backward: gradient must have the shape of {describe(self)}, {shape}, not {seed.shape}.")
        return seed

    def retain_grad(self) -> None:
        """Ask ``backward`` to leave ∂E/∂(this tensor) in ``grad`` also if this is an intermediate result."""
        self._check_gradient("retain_grad")
        if self.op is not None:
            self.stored_grad = getattr(self, "stored_grad", None)
            retained.add(self)

    def on_gradient(self, f: Listener) -> Callable[[], None]:
        """Call ``f(∂E/∂(this tensor))``, a Tensor, in every ``backward()`` that comes here; give what ends that.

        f may print, count or raise. If it returns an array or a Tensor, of the gradient's shape and dtype, that is the
        gradient from here on, for this tensor and all that it was computed from: ``h.on_gradient(lambda g:
        np.clip(g, -1, 1))``. The latest results come first; the ``backward()`` of a compiled function refuses that.

        >>> from minigrad import Tensor
        >>> w = Tensor([1.0, 2.0], requires_grad=True)
        >>> y = w * 3
        >>> stop = y.on_gradient(print)
        >>> (y * y).sum().backward()
        Tensor([ 6., 12.])
        """
        if not callable(f):
            raise TypeError(f"on_gradient of {describe(self)}: wanted a function of the gradient, not {f!r}.")
        if compilation() is not None:
            raise TypeError("on_gradient: a compiled function calls no other on its way back. Call it outside.")
        self._check_gradient("on_gradient")
        return listeners.listen(self, f)

    def _check_gradient(self, called: str) -> None:
        if self.serial <= 0:
            raise ValueError(f"{called}: no gradient flows to {describe(self)}, since it requires none.")
