"""What a mask chooses, x[mask], where how many elements that is is not known yet, or differs from lane to lane.

Element by element it is computed with as all of x is; it is summed and averaged where the mask holds, and goes back to
where it was taken from, ``x[mask] = …``. What needs its shape is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import maxsize
from typing import Any, NoReturn

import numpy as np

from minigrad.engine.operand import Operand
from minigrad.ops import arithmetic, elementwise
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import Cast

Refuse = Callable[[str], TypeError]  # gives the error for what needs the shape, from what that says of masks

INSTEAD = (
    "Keep the shape: np.where(mask, x, 0) for x[mask], or a sum weighted by the mask, np.sum(x * mask) for "
    "np.sum(x[mask]). Element by element, as in x[mask] = np.exp(x[mask]), and by sum and mean, x[mask] does as it is."
)

HARMLESS = frozenset(  # what of finite numbers makes finite ones, up to overflow, and so warns of no other elements
    (
        *(arithmetic.add, arithmetic.subtract, arithmetic.multiply, arithmetic.negative, arithmetic.absolute),
        *(arithmetic.maximum, arithmetic.minimum, arithmetic.greater, arithmetic.greater_equal, arithmetic.less),
        *(arithmetic.less_equal, arithmetic.equal, arithmetic.not_equal, elementwise.square, elementwise.tanh),
    )
)


class Chosen(Operand):
    """The elements of ``whole`` that a mask of its first axes chooses; ``refuse`` words the error of the rest."""

    __slots__ = ("mask", "refuse", "whole")
    level = maxsize  # in lanes, too, it applies each operation itself
    has_data = False
    op = None
    inputs = values = ()

    def __init__(self, whole: Any, mask: Any, refuse: Refuse) -> None:
        if mask.shape != whole.shape[: mask.ndim]:
            raise IndexError(f"a mask of shape {mask.shape} is not for an array of shape {whole.shape}")
        self.whole, self.mask, self.refuse = whole, mask, refuse

    @property
    def serial(self) -> int:  # type: ignore[override]
        """That of the whole."""
        return int(self.whole.serial)

    @property
    def shape(self) -> NoReturn:
        """Refuse: how many elements there are is not known."""
        raise self.refuse(INSTEAD)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the whole."""
        return self.whole.dtype

    @property
    def ndim(self) -> int:
        """One axis of the elements that are chosen, and those behind the mask's."""
        return 1 + int(self.whole.ndim - self.mask.ndim)

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Apply an operation on each element to the whole; a sum to what the mask chooses."""
        if type(op) is Sum and op.axis in (None, 0) and not op.keepdims:
            axes = tuple(range(self.whole.ndim if op.axis is None else self.mask.ndim))
            return np.sum(np.where(self._reach(), self.whole, 0), axes)
        if not isinstance(op, Elementwise | Where | Cast) or not all(map(self._goes_with, inputs)):
            raise self.refuse(INSTEAD)
        harmless = isinstance(op, Cast | Where) or op in HARMLESS
        return self.of(op(*(x.take_whole(harmless) if isinstance(x, Chosen) else x for x in inputs)))

    def take_whole(self, harmless: bool) -> Any:
        """Give the whole; where the mask does not hold ½, of which none but arccosh makes a NaN, for what might."""
        return self.whole if harmless or self.dtype.kind not in "fc" else np.where(self._reach(), self.whole, 0.5)

    def of(self, whole: Any) -> Chosen:
        """Give what the same mask chooses of another array."""
        return Chosen(whole, self.mask, self.refuse)

    def _goes_with(self, x: Any) -> bool:
        """Say whether an operand meets each element that is chosen as it meets those of the whole."""
        if isinstance(x, Chosen):
            return x.whole.ndim == self.whole.ndim and is_same(x.mask, self.mask)
        return np.ndim(x) < self.ndim

    def _reach(self) -> Any:
        """Give the mask with an axis of length 1 for each of those behind its own."""
        return np.reshape(self.mask, (*self.mask.shape, *(1,) * (self.ndim - 1)))

    def mean(self, axis: Any = None, *args: Any, **options: Any) -> Any:
        """Average what the mask chooses."""
        if args or options or axis not in (None, 0):
            raise self.refuse(INSTEAD)
        rest = self.whole.shape[self.mask.ndim :] if axis is None else ()
        return self.sum(axis=axis) / (np.sum(self.mask) * int(np.prod(rest)))

    def put_into(self, old: Any, key: Any) -> Any:
        """Give what old is after ``old[key] = self``, of which the key must be the mask."""
        if not (isinstance(key, Operand) and is_same(key, self.mask) and old.ndim == self.whole.ndim):
            raise self.refuse(INSTEAD)
        return np.where(self._reach(), self.whole, old)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func is np.mean and args and args[0] is self:
            return self.mean(*args[1:], **kwargs)
        return super().__array_function__(func, types, args, kwargs)

    def unknown_function(self, f: Callable[..., Any], method: str, args: Any, kwargs: Any) -> TypeError:
        """Give the error for what is no operation on each element."""
        return self.refuse(INSTEAD)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.refuse(INSTEAD)

    __bool__ = __array__ = __index__ = __float__ = __int__ = item = tolist = _refuse

    def __repr__(self) -> str:
        return f"Chosen(of={self.whole!r})"


def find_chosen(inputs: Iterable[Any]) -> Chosen | None:
    """Give the first of some operands that a mask chooses."""
    return next((x for x in inputs if isinstance(x, Chosen)), None)


def is_same(a: Any, b: Any) -> bool:
    """Say whether two masks choose the same: they are one expression, or have the same elements in all lanes."""
    x, y = _read(a), _read(b)
    return x is y or (isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and np.array_equal(x, y))


def _read(x: Any) -> Any:
    """Give what a mask is in the end: an array, that of lanes, or an expression."""
    while isinstance(x, Operand):
        inner = x.stack if hasattr(x, "stack") else x.array
        if inner is x:
            break
        x = inner
    return x
