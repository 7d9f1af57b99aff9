"""Lanes: what a function under ``vmap`` computes with, in place of the arrays and Tensors of one call each.

``Batched`` is to ``Lanes`` what a Tensor is to its array: it is a Tensor, and records operations within the function.
Lanes hold an operand with an axis in front, and apply an operation to all lanes by its ``batch``; that operand is
an array, or a Tensor with a record of its own, outside the function, or a Batched of a vmap around this one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import numpy as np

from minigrad.engine.errors import explain_error
from minigrad.engine.numpy_protocol import PLAIN, UFUNCS, find_function
from minigrad.engine.operand import Operand, find_operands, map_operands
from minigrad.engine.recording import is_paused, leaf_serial
from minigrad.engine.tensor import Tensor
from minigrad.ops import shaping
from minigrad.ops.base import Op
from minigrad.ops.elementwise import identity


class Mapping:
    """A call of a function under vmap: how many lanes it has, and how many vmaps run, this one included."""

    def __init__(self, called: str, size: int, level: int) -> None:
        self.called, self.size, self.level, self.running = called, size, level, True

    def stack(self, x: Any) -> Any:
        """Give an operand with an axis of lanes in front, of length 1 if it is the same in all; a number as it is."""
        if isinstance(x, Batched | Lanes) and x.mapping is self:
            return x.array.stack
        if isinstance(x, int | float | complex) and not isinstance(x, np.generic):
            return x
        x = x if isinstance(x, Operand) else np.asarray(x)
        return shaping.reshape(x, (1, *x.shape))

    def owns(self, x: Any) -> bool:
        """Say whether something is a Tensor of these lanes."""
        return isinstance(x, Batched) and x.mapping is self

    def wrap(self, x: Any) -> Batched:
        """Give something as a constant of this mapping, the same in all lanes unless it is of it already."""
        return Batched(self, self.stack(x))

    def variable(self, x: Any) -> Batched:
        """Give a leaf of the same value, for a gradient transform to differentiate by."""
        if self.owns(x) and x.serial > 0:
            return identity(x)
        leaf = self.wrap(np.asarray(x) if isinstance(x, float) else x)
        leaf.serial, leaf.stored_grad = leaf_serial(), None
        return leaf

    def compute(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Apply an operation to all lanes."""
        return op.batch(*map(self.stack, inputs))

    def each(self, f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a function of NumPy's, that is no operation, for one lane after the other."""
        rows = []
        for i in range(self.size):
            lane = partial(self.choose, i)
            rows.append(f(*map_operands(args, lane), **map_operands(kwargs, lane)))
        shapes = {np.shape(x) for x in rows} if all(hasattr(x, "shape") or np.isscalar(x) for x in rows) else set()
        if len(shapes) != 1:
            raise TypeError(
                f"{self.called}: np.{f.__name__} does not give an array of one shape for every lane. Choose by "
                f"np.where, which keeps the shape."
            )
        return Batched(self, shaping.stack([x if isinstance(x, Operand) else np.asarray(x) for x in rows]))

    def choose(self, i: int, x: Any) -> Any:
        """Give lane i of an operand, or what is the same in all."""
        if not self.owns(x):
            return x
        stack = x.array.stack
        return stack[min(i, stack.shape[0] - 1)]


class Lanes(Operand):
    """Values of all lanes, without a record: ``stack`` has them along its first axis, of length 1 if they are one."""

    __slots__ = ("mapping", "stack")
    has_data = False
    op = None
    inputs = values = ()
    serial = 0

    def __init__(self, mapping: Mapping, stack: Any) -> None:
        self.mapping, self.stack = mapping, stack

    @property
    def level(self) -> int:  # type: ignore[override]
        """How many vmaps run, down to the one whose lanes these are."""
        return self.mapping.level

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis of one lane."""
        return tuple(self.stack.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.stack.dtype

    @property
    def array(self) -> Lanes:
        """The lanes themselves, where a walk over Tensors has arrays."""
        return self

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Lanes:
        """Apply an operation to all lanes."""
        return Lanes(self.mapping, self.mapping.compute(op, inputs))

    def lift(self) -> Batched:
        """Give the Tensor of these lanes."""
        return Batched(self.mapping, self.stack)


class Batched(Tensor):
    """A Tensor of one lane, as the function under vmap sees it: its array is that of all lanes."""

    __slots__ = ("mapping",)
    guarded = True
    has_data = False
    plain = True  # whether arrays or Tensors come out of the vmap is decided by what the lanes are made of

    def __init__(self, mapping: Mapping, stack: Any) -> None:
        self.mapping, self.array = mapping, Lanes(mapping, stack)
        self.op, self.serial = None, 0

    @property
    def level(self) -> int:  # type: ignore[override]
        """How many vmaps run, down to the one whose lanes these are."""
        return self.mapping.level

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Batched:
        """Apply an operation to all lanes, and record it if a gradient flows within the function."""
        mapping = max((x.mapping for x in inputs if isinstance(x, Batched | Lanes)), key=lambda m: m.level)
        if not mapping.running:
            raise TypeError(
                f"{mapping.called}: a value of its function is used after that has returned. Return it instead."
            )
        try:
            result = Batched(mapping, mapping.compute(op, inputs))
        except (ValueError, IndexError, TypeError) as error:
            raise explain_error(op, inputs, error) from error
        if op.differentiable and not is_paused() and any(mapping.owns(x) and x.serial > 0 for x in inputs):
            operands = tuple(mapping.wrap(x) if isinstance(x, Operand) and not mapping.owns(x) else x for x in inputs)
            values = tuple(x.array if mapping.owns(x) else x for x in operands)
            result.record_operation(op, operands, values)
        return result

    @property
    def data(self) -> Batched:
        """The same values, through which no gradient flows."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        raise self._unknown("other data for", "Return the new value instead.")

    def detach(self) -> Batched:
        """Give a tensor of the same lanes through which no gradient flows, neither within the function nor outside."""
        stack = self.array.stack
        return Batched(self.mapping, stack.detach() if isinstance(stack, Tensor) else stack)

    def as_plain(self) -> Batched:
        """Give the same lanes, of which nothing is recorded within the function."""
        return Batched(self.mapping, self.array.stack)

    def as_constant(self, array: Any) -> Batched:
        """Give an array, or lanes, as a constant of this kind."""
        return self.mapping.wrap(array)

    def of_gradient(self, g: Any) -> Batched:
        """Give what the walk found for this tensor as a Tensor, or zeros for None."""
        return self.mapping.wrap(np.zeros(self.shape, self.dtype) if g is None else g)

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """Refuse: the gradients of all lanes would come to one leaf."""
        raise self._unknown("backward() of", "Take gradients by grad(f), which gives each lane its own.")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and ufunc in UFUNCS:
            return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return self._call_each(getattr(ufunc, method), ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in (np.zeros_like, np.ones_like, np.empty_like):  # of the shape and dtype, which all lanes share
            return func(np.broadcast_to(np.zeros((), self.dtype), self.shape), *args[1:], **kwargs)
        if find_function(func) is not None or func is np.result_type:
            return super().__array_function__(func, types, args, kwargs)
        return self._call_each(func, func, "__call__", args, kwargs)

    def _call_each(self, call: Any, f: Any, method: str, args: Any, kwargs: Any) -> Any:
        """Call a function that is no operation for each lane, if no gradient within the function would be lost."""
        operands = [x for x in find_operands((args, kwargs)) if isinstance(x, Batched)]
        if any(x.serial > 0 for x in operands) and f not in PLAIN:
            raise self.unknown_function(f, method, args, kwargs)
        return max((x.mapping for x in operands), key=lambda m: m.level).each(call, args, kwargs)

    def argmax(self, axis: int | None = None) -> Any:
        """Give the index of the largest element along ``axis``, in each lane."""
        return np.argmax(self, axis)

    def argmin(self, axis: int | None = None) -> Any:
        """Give the index of the smallest element along ``axis``, in each lane."""
        return np.argmin(self, axis)

    def _known(self) -> NoReturn:
        raise self._unknown("the bare value of", "Return the tensor, or write np.where(condition, a, b) for a choice.")

    def _number(self, called: str) -> NoReturn:
        self._known()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise self._unknown("an array made of", "Compute with the tensor itself; to index W by it, write Tensor(W)[i].")

    def _unknown(self, what: str, instead: str) -> TypeError:
        return TypeError(
            f"{self.mapping.called}: {what} a tensor is another in each of {self.mapping.size} lanes. {instead}"
        )

    def __repr__(self) -> str:
        return f"Batched(shape={self.shape}, dtype={self.dtype}, lanes={self.mapping.size})"


def _reflected(name: str) -> Callable[..., Any]:
    method = getattr(Operand, name)
    return lambda self, other: method(self, other)


# spelled out, so that Python asks this class before that of the other operand
for _name in ("__radd__", "__rsub__", "__rmul__", "__rtruediv__", "__rmatmul__", "__rpow__"):
    setattr(Batched, _name, _reflected(_name))
