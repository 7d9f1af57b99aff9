"""Writing into a tensor: its ``.data``, elements of it, augmented assignment.

It does what NumPy would do, or is refused with the words to write instead; never another computation in silence.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.engine.conversion import Convertible, is_array
from minigrad.engine.messages.errors import describe
from minigrad.engine.numbers import as_numbers
from minigrad.engine.operand import Operand, is_constant, plain_value
from minigrad.engine.recording import announce_switch, compilation, count_records, is_paused, leaf_serial, note_holder
from minigrad.engine.writing.watch import ALONE, LENT, TIED, VARIABLE, is_held, note_leaf, seal_array
from minigrad.ops.common.late import Late
from minigrad.ops.common.libraries import alike, is_other

aliases = Late("minigrad.engine.writing.aliases")
assignment = Late("minigrad.engine.writing.assignment")
views = Late("minigrad.engine.writing.views")

Binary = Callable[[Any, Any], Any]


def _augmented(symbol: str, binary: Binary, ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """Give augmented assignment as a method."""

    def assign_augmented(self: Writable, other: Any) -> Any:
        names = getrefcount(self) - ALONE
        tracing = compilation()
        if tracing is not None and not self.level:
            return tracing.augment(self, symbol, binary, other, names)
        return _write_result(self, symbol, binary, ufunc, other, names)

    return assign_augmented


class Writable(Convertible):
    """A record whose array can be read, replaced and written into by its user, and which may require a gradient."""

    __slots__ = ("born", "history", "shown", "stored_grad")
    stored_grad: Any
    history: Any  # what it was before elements of it were assigned to: see ``versions``
    shown: Any  # its ``views``, weakly, and by which operations they are
    born: int  # of a leaf: how many results had been recorded when it was made of an array of its own, or −1

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this tensor. It may be switched on a leaf."""
        return self.serial > 0

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool | np.bool_ | int):  # of which 'False' would be true
            given = "None" if value is None else f"the {type(value).__name__} {value!r}"
            raise TypeError(f"requires_grad: wanted True or False for {describe(self)}, not {given}.")
        if self.serial > 0 and self.op is not None:
            raise ValueError(
                f"requires_grad: {describe(self)} is the result of a recorded operation, and its gradient follows "
                f"from that. Take .detach() for a tensor that is constant."
            )
        if value and self.dtype.kind not in "fc":
            raise TypeError(
                f"requires_grad: {describe(self)} holds {self.dtype}, and only floating-point and complex tensors have "
                f"gradients. "
                f"Convert it first, with .astype(float)."
            )
        announce_switch(known=hasattr(self, "_place"))
        self.op = None
        self.born = -1
        self.serial = (self.serial if self.serial > 0 else leaf_serial()) if value else 0
        self.stored_grad = getattr(self, "stored_grad", None)

    @property
    def data(self) -> Any:
        """The array itself; of a leaf, another array of the same shape and dtype may be put in its place.

        A result computed before keeps the values that it was computed from. What you write into the array itself is
        seen by it too: ``backward`` through a result that needs what was there before is an error. The other way round,
        the array has the elements of now: a recorded assignment, ``y[0] = 1``, makes another, which y.data is then.
        """
        tracing = compilation()
        if tracing is not None:
            return tracing.twin(self).as_plain()
        array = self.array
        if (self.serial > 0 and self.op is not None) or is_held(array, 2 - LENT):
            seal_array(array)
            note_holder()
        return array

    @data.setter
    def data(self, value: Any) -> None:
        if value is self.array:  # after an augmented assignment to .data, in place
            return
        if self.serial > 0 and self.op is not None:
            raise ValueError(
                f"data: {describe(self)} is the result of a recorded operation, and its record would be wrong. "
                f"Give the tensors that it was computed from other data, or take .detach()."
            )
        if isinstance(value, Operand) and value.serial > 0 and not is_paused():
            raise TypeError(
                f"data of {describe(self)}: wanted an array, not a Tensor that requires a gradient. Compute the new "
                f"value inside no_grad(), where `w -= lr * w.grad` works too, or from .data."
            )
        tracing = compilation()
        if tracing is not None:
            node = tracing.operand(value).node
            self._check_new(node)
            tracing.assign(self, node)
            return
        value = np.asarray(value) if isinstance(value, np.generic) else plain_value(value)
        self._check_new(value)
        self.array, self.born = value, -1
        note_leaf(self, held=self.serial > 0)

    def _check_new(self, value: Any) -> None:
        """Raise unless a value can take the place of the array."""
        w, now = describe(self), f"{self.dtype} {self.shape}"
        if not (is_array(value) or isinstance(value, Operand)):
            raise TypeError(f"data of {w}: wanted an array of {now}, not {type(value).__name__}; write np.array(…).")
        if value.dtype.kind not in "biufc":
            raise TypeError(f"data of {w}: wanted an array of {now}, not of dtype {value.dtype}.")
        if type(value) is not np.ndarray and not isinstance(value, Operand):
            as_numbers(f"data of {w}", value)  # a matrix multiplies in its own way, and a mask would be lost
        if self.serial <= 0:
            return  # a constant may become another one
        if value.shape != self.shape:
            raise ValueError(f"data of {w}: wanted an array of {now}, as it is now, not one of shape {value.shape}.")
        if value.dtype != self.dtype:
            raise TypeError(
                f"data of {w}: wanted an array of {now}, as it is now, not of {value.dtype}. "
                f"Convert it, with .astype(np.{self.dtype}), or make a new Tensor."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.array.shape

    @shape.setter
    def shape(self, to: Any) -> None:
        raise AttributeError(f"the shape of a tensor is not assigned to. Write x = x.reshape({to})")

    def __setitem__(self, key: Any, value: Any) -> None:
        tracing = compilation()
        if tracing is not None and self.has_data:
            tracing.assign_elements(self, key, value)
            return
        if not self.has_data or not _is_writable(self) or not is_constant(value):
            assignment.assign_elements(self, key, value)
            return
        key = plain_value(key)
        array = self.array
        out = find_room(self, array)
        if out is not array:
            out[...] = array
        out[key] = plain_value(value)
        _take(self, out)

    __iadd__ = _augmented("+=", operator.add, np.add)
    __isub__ = _augmented("-=", operator.sub, np.subtract)
    __imul__ = _augmented("*=", operator.mul, np.multiply)
    __itruediv__ = _augmented("/=", operator.truediv, np.true_divide)
    __imatmul__ = _augmented("@=", operator.matmul, np.matmul)
    __ipow__ = _augmented("**=", operator.pow, np.power)
    __ifloordiv__ = _augmented("//=", operator.floordiv, np.floor_divide)
    __imod__ = _augmented("%=", operator.mod, np.remainder)
    __iand__ = _augmented("&=", operator.and_, np.bitwise_and)
    __ior__ = _augmented("|=", operator.or_, np.bitwise_or)
    __ixor__ = _augmented("^=", operator.xor, np.bitwise_xor)
    __ilshift__ = _augmented("<<=", operator.lshift, np.left_shift)
    __irshift__ = _augmented(">>=", operator.rshift, np.right_shift)


def find_room(t: Writable, array: Any) -> Any:
    """Give the array for the new elements of a tensor: its own, or another if a record may hold that.

    Where others are to see what is written, a record will notice it. The caller has the array in one variable.
    """
    if t.serial > 0 and count_records() == t.born:
        return array  # nothing has been recorded since the leaf was made
    if t.serial <= 0 or t.born == TIED:
        seal_array(array)
    elif is_held(array, 3 - 2 * LENT):
        return np.empty_like(array)
    return array


def replace_elements(t: Writable, values: Any) -> None:
    """Write all elements of a tensor anew."""
    array = t.array
    out = find_room(t, array)
    out[...] = alike(values, out)
    _take(t, out)


def _is_writable(t: Writable) -> bool:
    return t.serial <= 0 or (t.op is None and is_paused())


def _take(t: Writable, array: Any) -> Writable:
    """Hold an array with new elements; a constant's formula is not theirs any more."""
    t.array = array
    if t.serial <= 0:
        t.op, t.serial = None, 0
    return t


def _write_result(t: Writable, symbol: str, binary: Binary, ufunc: np.ufunc, other: Any, names: int) -> Any:
    """Do ``t += other`` in place where nothing is recorded, and by a new tensor where nobody can tell."""
    scalar = isinstance(t.array, np.generic) if t.has_data else not (t.shape or views.find_base(t))
    if scalar and not (t.serial > 0 and is_paused()):
        return binary(t, other)  # as of NumPy's scalars, which never change
    if not _is_writable(t) and (is_paused() or (t.op is None and t.born != VARIABLE)):
        raise TypeError(_refusal(t, symbol))
    if not t.has_data or (not is_paused() and t.serial > 0) or not is_constant(other):
        if not t.shape or aliases.is_seen_elsewhere(t, other, names):  # without axes the result would be a scalar
            assignment.replace_elements_of(
                t, lambda old, other, assign: fit_result(t, symbol, binary(old, other)), other
            )
            return t
        result = fit_result(t, symbol, binary(t, other))
        result.array = assignment.lay_out(result.array, t.array)
        return result
    value = plain_value(other)
    _follow_library(t, value)
    array = t.array
    out = find_room(t, array)
    ufunc(array, alike(value, array), out=out)
    return _take(t, out)


def _follow_library(t: Writable, value: Any) -> None:
    """Move a constant of the host, as a layer's running average, to the library whose values come into it."""
    if t.serial <= 0 and isinstance(t.array, np.ndarray) and is_other(value):
        t.array = alike(t.array, value)


def _refusal(t: Writable, symbol: str) -> str:
    if t.op is not None:
        return (
            f"{describe(t)} {symbol} …: inside no_grad() this would change a recorded result behind its record's "
            f"back. Write y = y {symbol[:-1]} … for a new tensor."
        )
    w = t.name or "w"
    return (
        f"{w} {symbol} …: {describe(t)} requires a gradient, and is changed in place only inside no_grad(): "
        f"`with no_grad(): {w} {symbol} …`. For a new tensor write {w} = {w} {symbol[:-1]} …."
    )


def fit_result(t: Any, symbol: str, result: Any) -> Any:
    """Give the result the dtype of what it takes the place of, as NumPy does; raise where NumPy would."""
    if result.shape != t.shape:
        raise ValueError(f"{describe(t)} {symbol} …: the result has shape {result.shape}, not {t.shape}.")
    if result.dtype == t.dtype:
        return result
    if not np.can_cast(result.dtype, t.dtype, "same_kind"):
        raise TypeError(f"{describe(t)} {symbol} …: {t.dtype} cannot hold the result, which is {result.dtype}.")
    return result.astype(t.dtype)
