"""Tensor: an array and the record of how it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never

import numpy as np
from numpy import ndarray

from minigrad.engine.blocks import in_force
from minigrad.engine.conversion import as_operand, compute_beside, holds_tensor, refuse_objects
from minigrad.engine.listening import Listening, listeners, retained
from minigrad.engine.messages.errors import check_name, describe, place
from minigrad.engine.numbers import as_numbers, own_array
from minigrad.engine.record import fast_pullback, restore_leaf, stand_ins
from minigrad.engine.recording import (
    announce_walk,
    compilation,
    count_records,
    is_paused,
    next_serial,
    note_holder,
    show_result,
    tracer,
)
from minigrad.engine.stand_ins import leave_gradients, part_from
from minigrad.engine.writing.watch import is_fresh, note_leaf
from minigrad.ops import arithmetic, linalg
from minigrad.ops.base import Op
from minigrad.ops.common.dtypes import NUMBERS
from minigrad.ops.common.late import Late
from minigrad.ops.common.unit import find_one

other_names = Late("minigrad.engine.messages.other_names")
views = Late("minigrad.engine.writing.views")

_new = object.__new__
_FLOAT64 = np.dtype(np.float64)


def _binary(op: Op) -> Callable[[Tensor, Any], Tensor]:
    """Give an operator as a method: what ``apply`` does, spelled out for two operands, at half its overhead.

    Whatever is out of the ordinary, an error included, is left to ``apply``.
    """
    forward = op.forward

    def operator(a: Tensor, b: Any) -> Tensor:
        if in_force:
            return a.apply(op, (a, b))
        x = a.array
        kind = type(b)
        if kind is ndarray or kind is float:
            z = b
            recorded = a.serial > 0
        elif kind is Tensor:
            z = b.array
            recorded = a.serial > 0 or b.serial > 0
        else:
            return a.apply(op, (a, b))
        try:
            data = forward(x, z)
            dtype = data.dtype
        except (ValueError, TypeError, AttributeError):  # the last: a product of objects, which is a bare one
            return a.apply(op, (a, b))
        result = _new(Tensor)
        result.array = data
        if dtype is not x.dtype and dtype.kind not in "biufc":
            refuse_objects(op, (a, b))
        if recorded:
            result.op = op
            result._a = a
            result._b = b
            result._x = x
            result._z = z
            result.serial = next_serial()
        else:
            result.keep_formula(op, (a, b), (x, z))
        return result

    return operator


class Tensor(Listening):
    """An array that remembers how it was made, so that a scalar computed from it can be differentiated.

    ``Tensor(data)`` takes any array that speaks NumPy's protocols as it is, without a copy; lists and scalars become
    arrays. With ``requires_grad=True`` (floating point only) operations on it are recorded, and ``backward()`` on a
    result leaves ∂E/∂(this tensor) in ``grad``. A ``name`` appears in errors, derivations and pictures.

    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> (w * w).sum().backward()
    >>> w.grad
    Tensor([2., 4.])
    """

    # A result sets no name, no place and no gradient, to stay cheap: the properties below know what to do without them.
    spent = False  # it is not what is left of a recorded result, whose gradient has been taken
    plain = False  # it is a Tensor, and does not merely stand for an array while a function is traced
    __slots__ = ("_name", "_place")
    _name: str | None
    _place: str | None

    def __init__(
        self, data: Any, *other: Never, requires_grad: bool = False, name: str | None = None, **more: Never
    ) -> None:
        if other or more:  # which for type checkers there are none of
            raise other_names.refuse_settings(other, more)
        if isinstance(data, Tensor):
            what = f"{describe(data)}:{data.shape}"
            if data.plain:
                raise TypeError(
                    f"Tensor: {what} is an array that is only known when the function runs. Use it as it is, for it "
                    f"computes as a Tensor does; for a gradient by it take minigrad.grad(f), inside or outside."
                )
            raise TypeError(f"Tensor: the data is already a tensor, {what}. Use it as it is, or detach it.")
        if isinstance(data, list | tuple) and holds_tensor(data):
            raise TypeError("Tensor: the list holds tensors. Join them with np.stack, which keeps their gradients.")
        self.array = as_numbers("Tensor", data)
        self.op, self.serial, self.stored_grad, self._name = None, 0, None, check_name(name)
        if requires_grad:
            self.requires_grad = requires_grad
            held = self.array is data and not is_fresh(data)
            self.born = -1 if held else count_records()
            note_leaf(self, held)
        elif requires_grad is None:
            self.requires_grad = requires_grad  # which says what is wanted
        self._place = place()
        if in_force and (tracing := tracer()) is not None and not tracing.computes:
            tracing.own[id(self)] = self

    @property
    def grad(self) -> Tensor | None:
        """∂E/∂(this tensor), added up over the calls of ``backward`` since it was last set to None."""
        tracing = tracer() if in_force else None
        if tracing is not None:
            tracing.touch(self)
        return getattr(self, "stored_grad", None)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"grad of {describe(self)}: wanted a Tensor or None, not {type(value).__name__}. Write "
                    f"Tensor(np.asarray(g)), of shape {self.shape}."
                )
            if value.shape != self.shape:
                raise ValueError(f"grad of {describe(self)}: wanted shape {self.shape}, not {value.shape}.")
        tracing = tracer() if in_force else None
        if tracing is not None:
            tracing.forget(self)
        elif value is not None and value.op is not None:
            part_from({self: value}, StandIn)
        self.stored_grad = value

    @property
    def name(self) -> str | None:
        """The symbol by which errors, derivations and pictures call this tensor."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, value: str | None) -> None:
        self._name = check_name(value)

    @property
    def place(self) -> str | None:
        """Where a leaf was made, as ``file.py:line``."""
        return getattr(self, "_place", None)

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Tensor:
        """Compute an operation, and record it if a gradient flows to one of its inputs."""
        if in_force:
            tracing = tracer()
            if tracing is not None and not tracing.follows:
                return tracing.apply(op, inputs)
        values: Any
        count = len(inputs)
        if count == 1:
            values, recorded, is_view = (self.array,), self.serial > 0, op.views
        else:
            values, recorded, is_view = [], False, False
            for x in inputs:
                kind = type(x)
                if kind is ndarray and (x.dtype is _FLOAT64 or x.dtype in NUMBERS):
                    values.append(x)
                elif kind is Tensor or isinstance(x, Tensor):
                    values.append(x.array)
                    if x.serial > 0:
                        recorded = True
                else:
                    values.append(x if kind is float else as_operand(op, x))
            values = tuple(values)
        try:
            if count == 1:  # written out, since a call with a tuple of arguments takes twice as long
                data = op.forward(values[0])
            elif count == 3:
                data = op.forward(values[0], values[1], values[2])
            else:
                data = op.forward(*values)
        except (ValueError, IndexError, TypeError) as error:
            data, values = compute_beside(op, inputs, values, error)
        result = _new(Tensor)
        result.array = data
        if recorded and op.differentiable and not (in_force and is_paused()):
            result.op = op
            result._a = inputs
            result._b = None
            result._x = values
            result.serial = next_serial()
        else:
            result.keep_formula(op, inputs, values)
        if is_view:
            views.note_view(op, self, result)
        if in_force:
            show_result(result)
        return result

    __add__ = _binary(arithmetic.add)
    __sub__ = _binary(arithmetic.subtract)
    __mul__ = _binary(arithmetic.multiply)
    __truediv__ = _binary(arithmetic.divide)
    __matmul__ = _binary(linalg.matmul)

    def backward(self, gradient: Any = None, create_graph: bool = False, **other: Never) -> None:
        """Add ∂E/∂leaf to the ``grad`` of every leaf that this tensor E was computed from and that requires one.

        ``gradient`` is ∂E/∂(this tensor) where it is not a scalar E itself (for a scalar it is 1), of this tensor's
        shape. With ``create_graph=True`` the gradients can be differentiated in turn.

        Raises ``ValueError`` if this tensor requires no gradient, or is no scalar and no ``gradient`` is given.
        """
        if other:
            raise other_names.refuse_arguments("backward", self, other)
        start = None if gradient is not None or create_graph or self.serial <= 0 else find_one(self.array)
        if start is None:  # there is more to it, or something is wrong
            seed = self.seed_gradient(gradient)
            start = seed if create_graph else seed.array
        keep = listeners if listeners.rows else (retained if retained.tensors else ())
        if in_force:
            announce_walk(self, start, 1)
        found = fast_pullback(self, start, create_graph=create_graph, keep=keep)
        if listeners.rows:
            found = listeners.tell(found)
        if create_graph:
            leave_gradients(found, seed, StandIn)
            return
        apart = len(set(map(id, found.values()))) == len(found)
        for t, g in found.items():
            if type(g) is not ndarray or g.base is not None or g is start or not apart:
                g = own_array(g)
            new = _new(Tensor)
            new.array = g
            new.op, new.serial = None, 0
            t.stored_grad = new if t.stored_grad is None else t.stored_grad + new

    def detach(self) -> Tensor:
        """Give a tensor of the array of now, with its elements of now, through which no gradient flows."""
        if in_force and (tracing := compilation()) is not None:
            return tracing.twin(self).detach()
        result = constant_tensor(self.array)
        result._name = self.name
        note_holder()
        return result

    def as_constant(self, array: Any) -> Tensor:
        """Give an array as a tensor through which no gradient flows."""
        return constant_tensor(array)

    def of_gradient(self, g: Any) -> Tensor:
        """Give an array that the walk found for this tensor as a Tensor of its own, or zeros for None."""
        return constant_tensor(np.zeros_like(self.array) if g is None else own_array(g))

    def __reduce__(self) -> Any:
        if self.serial > 0 and self.op is not None:
            raise TypeError(f"{describe(self)} is the result of an operation and cannot be copied; .detach() it.")
        grad = getattr(self, "stored_grad", None)
        kept = None if grad is None else grad.detach()
        leaf = type(self), self.array, self.requires_grad, self.name, self.place, kept
        return restore_leaf, leaf, getattr(self, "__dict__", None)  # of a class of the user's


class StandIn(Tensor):
    """A tensor as the records of its own gradient know it: the same array and record, without the gradient."""

    __slots__ = ("leaf",)

    def __del__(self, forget: Callable[[int], None] = stand_ins.discard) -> None:
        forget(id(self))


def constant_tensor(data: Any) -> Tensor:
    """Give a tensor through which no gradient flows, without the questions that the constructor asks a user."""
    t = _new(Tensor)
    t.array, t.op, t.serial = data, None, 0
    return t
