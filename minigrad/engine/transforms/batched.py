"""Batched: the Tensor that a function under ``vmap`` computes with, of one call as it looks to it, and of all of them.

It is to ``Lanes`` what a Tensor is to its array: it records operations within the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never, NoReturn

import numpy as np

from minigrad.engine.conversion import as_operand
from minigrad.engine.messages.errors import explain_error
from minigrad.engine.messages.other_names import refuse_arguments
from minigrad.engine.operand import Operand, find_operands
from minigrad.engine.protocols.numpy_protocol import PLAIN, find_function
from minigrad.engine.protocols.ufuncs import find_call
from minigrad.engine.recording import is_paused
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.lanes import Lanes, Mapping
from minigrad.engine.writing.chosen import Chosen
from minigrad.engine.writing.views import note_view
from minigrad.ops.base import Op


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
        """That of the vmap whose lanes these are."""
        return self.mapping.level

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Apply an operation to all lanes, and record it if a gradient flows within the function."""
        for x in inputs:
            if type(x) is Chosen:
                return x.apply(op, inputs)
        if any(isinstance(x, list | tuple) for x in inputs):  # whose elements no rule compares: [0, 1] == 0 is False
            inputs = tuple(as_operand(op, x) if isinstance(x, list | tuple) else x for x in inputs)
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
            result.record_operation(op.unseen, operands, values)
        if op.views:
            note_view(op, inputs[0], result)
        return result

    def choose_by_mask(self, x: Any, mask: Any) -> Chosen:
        """Give what a mask chooses, how many of which differs from lane to lane."""
        owned = x if self.mapping.owns(x) else self.mapping.wrap(x)
        return Chosen(owned, mask, self._refuse_choice)

    def _refuse_choice(self, instead: str) -> TypeError:
        return TypeError(
            f"{self.mapping.called}: a mask chooses elements, and how many may differ from lane to lane. {instead}"
        )

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

    def backward(self, gradient: Any = None, create_graph: bool = False, **other: Never) -> None:
        """Refuse: the gradients of all lanes would come to one leaf."""
        if other:
            raise refuse_arguments("backward", self, other)
        raise self._unknown("backward() of", "Take gradients by grad(f), which gives each lane its own.")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if find_call(ufunc, method) is not None:
            return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return self._call_each(getattr(ufunc, method), ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if find_function(func) is not None:
            return super().__array_function__(func, types, args, kwargs)
        return self._call_each(func, func, "__call__", args, kwargs)

    def _call_each(self, call: Any, f: Any, method: str, args: Any, kwargs: Any) -> Any:
        """Call a function that is no operation for each lane, if no gradient within the function would be lost."""
        operands = [x for x in find_operands((args, kwargs)) if isinstance(x, Batched)]
        if any(x.serial > 0 for x in operands) and f not in PLAIN:
            raise self.unknown_function(f, method, args, kwargs)
        return max((x.mapping for x in operands), key=lambda m: m.level).each(call, args, kwargs)

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False, **other: Never) -> Any:
        """Give the index of the largest element along ``axis``, in each lane."""
        return np.argmax(self, axis, out, keepdims=keepdims, **other)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False, **other: Never) -> Any:
        """Give the index of the smallest element along ``axis``, in each lane."""
        return np.argmin(self, axis, out, keepdims=keepdims, **other)

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
