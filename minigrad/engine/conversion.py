"""What comes into a tensor and what of it goes out: arrays, lists and numbers, and never a gradient lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from operator import index
from typing import Any, Never

import numpy as np

from minigrad.engine.blocks import in_force
from minigrad.engine.messages.errors import describe, explain_error
from minigrad.engine.messages.uncalled import GivesNumber
from minigrad.engine.numbers import as_numbers
from minigrad.engine.operand import Operand, find_operands, map_operands, plain_value
from minigrad.engine.record import Record
from minigrad.engine.recording import compilation
from minigrad.engine.writing.watch import seal_array
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.base import Op
from minigrad.ops.common.late import Late
from minigrad.ops.common.libraries import bring, find_other, move_beside

copies = Late("minigrad.engine.copies")
other_names = Late("minigrad.engine.messages.other_names")
refusals = Late("minigrad.engine.protocols.refusals")


def is_array(x: Any) -> bool:
    """Say whether x is an array, of NumPy or of whatever speaks its protocols, rather than something to make one of."""
    return hasattr(x, "__array_function__") and hasattr(x, "shape") and not isinstance(x, Operand)


def holds_tensor(data: Any) -> bool:
    """Say whether a list holds tensors, at any depth."""
    return any(isinstance(x, Record) or (isinstance(x, list | tuple) and holds_tensor(x)) for x in data)


def as_operand(op: Op, x: Any) -> Any:
    """Give an operand that is no tensor: a number as it is, so that float32 stays float32 (NEP 50), or an array."""
    if isinstance(x, int | float | complex):
        return x
    if isinstance(x, Operand):
        raise TypeError(f"{op.name}: a {type(x).__name__} and a Tensor do not mix; trace the function as a whole.")
    if x is None or isinstance(x, str | bytes | dict | set):
        raise TypeError(f"{op.name}: wanted a tensor, an array or a number, not {x!r}.")
    if isinstance(x, list | tuple) and holds_tensor(x):
        raise TypeError(f"{op.name}: the list holds tensors. Join them with np.stack, which keeps their gradients.")
    return as_numbers(op.name, x)


def refuse_objects(op: Op, inputs: tuple[Any, ...]) -> None:
    """Raise for the operand that holds no numbers, of which NumPy has made a result that is none, either."""
    for x in inputs:
        if not isinstance(x, Record):
            as_operand(op, x)
    raise TypeError(f"{op.name}: the result is no array of numbers.")


def compute_beside(op: Op, inputs: tuple[Any, ...], values: tuple[Any, ...], error: Exception) -> tuple[Any, Any]:
    """Give what an operation gives, and the values it was computed from, with constants of the host moved.

    What came of the values as they were is ``error``, which a library raises for arrays of NumPy's beside its own: a
    mask, targets or data among them go to it. Raises what explains the error where that was not the reason, and
    ``TypeError`` for a tensor of the host that requires a gradient, which would get one of another library.
    """
    other = find_other(values)
    if other is None or not any(isinstance(x, np.ndarray) for x in values):
        raise explain_error(op, inputs, error) from error
    try:
        op.shape(*(getattr(x, "shape", ()) for x in values))
    except (ValueError, IndexError, TypeError) as wrong:
        raise explain_error(op, inputs, wrong) from wrong
    for x in inputs:
        if isinstance(x, Record) and x.serial > 0 and isinstance(x.array, np.ndarray):
            made = type(other).__module__.partition(".")[0]
            raise TypeError(
                f"{op.name}: {describe(x)} is an array of NumPy's, beside one of {made}, and requires a gradient. Put "
                f"both in one place: Tensor({made}.asarray(x), requires_grad=True)"
            ) from error
    values = move_beside(other, values)
    try:
        return op.forward(*values), values
    except (ValueError, IndexError, TypeError) as again:
        raise explain_error(op, inputs, again) from again


class Convertible(Record):
    """A record that gives its elements to Python and to NumPy, unless they would lose their gradient."""

    __slots__ = ()

    def as_plain(self) -> Any:
        """Give the array."""
        return self.array

    def _known(self) -> Any:
        """Give the array for its elements to leave the engine; a function that is compiled would keep them for ever."""
        tracing = compilation()
        if tracing is not None:
            tracing.twin(self).item()  # which raises, and says where
        return self.array

    @GivesNumber
    def item(self, *place: Any) -> Any:
        """Give the one element, or that at a place, as a Python number."""
        array = self._known() if in_force else self.array
        try:
            return array.item(*place)
        except (ValueError, TypeError, AttributeError) as error:
            if place:
                raise
            if array.size == 1 and not hasattr(array, "item"):  # of a library that has no such method
                return bring(array).item()
            if array.size == 1:
                raise
            raise ValueError(
                f"item: wanted one element, and {describe(self)} has shape {self.shape}. Choose one, x[0], or reduce "
                f"it, with .sum() say; .tolist() gives all."
            ) from error

    def __copy__(self) -> Any:
        """Give a leaf with an array of its own, as NumPy does: SciPy writes into what it has copied so."""
        return copies.copy_tensor(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Give a leaf with copies of all that it has."""
        return copies.copy_whole_tensor(self, memo)

    def tolist(self) -> Any:
        """Give the elements as Python numbers, in nested lists."""
        return bring(self._known()).tolist()

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self.item() if self.size == 1 else self._known(), spec)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.item(), digits) if self.size == 1 else np.round(self, digits or 0)

    def __index__(self) -> int:
        array = self._known()
        if self.shape or array.dtype.kind not in "iu":
            raise TypeError(
                f"index: {describe(self)} is {self.dtype} {self.shape}, and stands where one integer is wanted. Of one "
                f"element write int(x.item())."
            )
        return index(array)

    def _number(self, called: str) -> Any:
        """Give the one element to Python's own functions, unless they would lose its gradient on the way."""
        if self.serial > 0:
            raise TypeError(
                f"{called}() of {describe(self)} would lose its gradient. For the bare number write .item(); for a "
                f"function with a gradient use NumPy's, np.exp for math.exp; to fill an array, make it a tensor first, "
                f"Tensor(np.zeros(3)), or join the tensors with np.stack."
            )
        return self.item()

    def __float__(self) -> float:
        return float(self._number("float"))

    def __int__(self) -> int:
        return int(self._number("int"))

    def __complex__(self) -> complex:
        return complex(self._number("complex"))

    def __bool__(self) -> bool:
        array = self._known()
        if self.size > 1:
            raise ValueError(
                f"bool: the truth of {self._as_condition()}, of shape {self.shape}, is ambiguous. For a choice of "
                f"elements write np.where(condition, a, b); for one answer .data.any() or .data.all()."
            )
        return bool(array)

    def _as_condition(self) -> str:
        """Give what a mask was computed as, or the tensor itself."""
        kept = self.comparison
        return f"{kept[0].name}({', '.join(map(describe, kept[1]))})" if kept is not None else describe(self)

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False, **other: Never) -> Any:
        """Give the index of the largest element along ``axis``, as an array."""
        if other:
            raise other_names.refuse_arguments("argmax", self, other)
        return self._known().argmax(axis, out, keepdims=keepdims)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False, **other: Never) -> Any:
        """Give the index of the smallest element along ``axis``, as an array."""
        if other:
            raise other_names.refuse_arguments("argmin", self, other)
        return self._known().argmin(axis, out, keepdims=keepdims)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.serial > 0:
            raise TypeError(refusals.refuse_array(self))
        known = self._known()
        array = np.array(known, dtype, copy=copy)
        if array is known:
            seal_array(known)  # which is in the caller's hands now
        return array

    def __dlpack__(self, **options: Any) -> Any:
        """Give the memory to another library, as ``torch.from_dlpack(t)`` asks for it.

        Raises ``BufferError`` for a tensor that requires a gradient, which would end there.
        """
        if self.serial > 0:
            raise BufferError(
                f"dlpack: {describe(self)} requires a gradient, which another library would not carry on. Give it "
                f"t.detach(), and its result back as an array."
            )
        known = self._known()
        array: Any = np.asarray(known) if isinstance(known, np.generic) else known
        seal_array(array)  # which is in the other's hands now
        return array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        array = self.array
        device: tuple[int, int] = (np.asarray(array) if isinstance(array, np.generic) else array).__dlpack_device__()
        return device

    def compute_plainly(self, f: Callable[..., Any], args: Any, kwargs: Any, writes: bool) -> Any:
        """Give what NumPy's own function computes on the arrays of constants, as constants.

        Where it writes into one of them, a record that holds its array will notice.
        """
        tracing = compilation()
        if tracing is not None:  # a constant from outside is read anew in each call
            return f(*map_operands(args, tracing.twin), **map_operands(kwargs, tracing.twin))
        out = kwargs.get("out")
        targets: dict[int, Any] = {id(a): a for a in (out if isinstance(out, tuple) else (out,))}
        for t in find_operands((args[:1], kwargs) if writes else out):
            targets[id(t.array)] = t
            seal_array(t.array)

        def wrapped(y: Any) -> Any:
            if isinstance(y, list | tuple):
                parts = map(wrapped, y)
                return type(y)(*parts) if hasattr(y, "_fields") else type(y)(parts)
            constant = isinstance(y, np.ndarray | np.generic) and y.dtype.kind in "biufc"
            return targets[id(y)] if id(y) in targets else self.as_constant(y) if constant else y

        return wrapped(f(*plain_value(args), **plain_value(kwargs)))

    @text_or_reason
    def __repr__(self) -> str:
        text = repr(self.array)
        if isinstance(self.array, np.ndarray | np.generic):
            text = np.array2string(np.asarray(self.array), separator=", ", prefix="Tensor(")
        extras = "".join(
            [
                f", dtype={self.dtype}" if self.dtype not in (np.float64, np.int64, np.bool_) else "",
                f", name={self.name!r}" if self.name else "",
                ", requires_grad=True" if self.serial > 0 else "",
            ]
        )
        return f"Tensor({text}{extras})"

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show value and gradient in a notebook, by the module that nothing else loads."""
        written: str = import_module("minigrad.engine.tensor_card").tensor_html(self)
        return written


def join_list(value: Any) -> Any:
    """Give a list, nested or not, or a number as one array, or as one tensor if it has tensors in it."""
    if not any(True for _ in find_operands(value)):
        return np.asarray(value)
    parts: Any = [x if isinstance(x, Operand) else join_list(x) for x in value]
    return np.stack(parts)


def join_numbers(x: Any) -> Any:
    """Give a list or tuple of numbers, some of which are not known yet, as the array that NumPy would make of it."""
    return join_list(x) if isinstance(x, list | tuple) and any(True for _ in find_operands(x)) else x
