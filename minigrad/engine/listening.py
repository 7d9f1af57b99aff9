"""Intermediate results whose gradients somebody wants: to keep them, or to look at them as they are found."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any
from weakref import ref

from minigrad.engine.errors import describe
from minigrad.engine.inplace import Writable
from minigrad.engine.record import Kept
from minigrad.engine.recording import compilation

Listener = Callable[[Any], Any]

retained = Kept()  # the intermediate results that ``retain_grad`` was called on


class Listeners(Container[Any]):
    """The functions that ``on_gradient`` was given, by the id of a tensor, for as long as that lives."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[ref[Any], list[Listener]]] = {}

    def __contains__(self, t: Any) -> bool:
        return t in retained or id(t if t.leaf is None else t.leaf()) in self.rows

    def add(self, t: Any, f: Listener) -> Callable[[], None]:
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

    def tell(self, found: dict[Any, Any]) -> dict[Any, Any]:
        """Show gradients to those who listen; give those that are to be kept: of leaves, and of what is retained."""
        for t, g in found.items():
            for f in tuple(self.rows[id(t)][1]) if id(t) in self.rows else ():
                returned = f(g if isinstance(g, Writable) else t.as_constant(g))
                if returned is not None:
                    raise TypeError(
                        f"on_gradient of {describe(t)}: the function returned a {type(returned).__name__}, and a "
                        f"gradient is only shown to it. For another gradient write the operation's own, by "
                        f"custom_vjp; a parameter's is changed in its grad, before step()."
                    )
        return {t: g for t, g in found.items() if t.op is None or t in retained}


listeners = Listeners()


class Listening(Writable):
    """A tensor whose gradient may be asked for."""

    __slots__ = ()

    def retain_grad(self) -> None:
        """Ask ``backward`` to leave ∂E/∂(this tensor) in ``grad`` also if this is an intermediate result."""
        self._check_gradient("retain_grad")
        if self.op is not None:
            self.stored_grad = getattr(self, "stored_grad", None)
            retained.add(self)

    def on_gradient(self, f: Listener) -> Callable[[], None]:
        """Call ``f(∂E/∂(this tensor))``, a Tensor, in every ``backward()`` that comes here; give what ends that.

        f looks: it may print, count or raise. It is called after the walk, the latest results first; not by the
        ``backward()`` of a compiled function, which calls none on its way.

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
        return listeners.add(self, f)

    def _check_gradient(self, called: str) -> None:
        if self.serial <= 0:
            raise ValueError(f"{called}: no gradient flows to {describe(self)}, since it requires none.")
