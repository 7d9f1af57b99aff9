"""The t of a loop of which few turns are traced: whole numbers that go on evenly, and indices made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Never, Protocol

import numpy as np

from minigrad.ops.base import Shape, placeholder


class ShortLoop(Protocol):
    """A loop as its t sees it."""

    count: int

    def refuse(self, reason: str) -> Never:
        """Have all turns traced, and say why."""


class TurnNumber:
    """a · t + b in one turn. It is an index of what is traced; whatever else is asked of it has all turns traced."""

    __slots__ = ("loop", "scale", "shift", "turn")
    __array_ufunc__ = None  # NumPy's integers leave arithmetic with it to it

    def __init__(self, loop: ShortLoop, turn: int, scale: int = 1, shift: int = 0) -> None:
        self.loop, self.turn, self.scale, self.shift = loop, turn, scale, shift

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what isinstance asks
        return int

    def at(self, turn: int) -> int:
        """Give the number in a turn."""
        return self.scale * turn + self.shift

    def __add__(self, other: Any) -> Any:
        if type(other) is TurnNumber and other.loop is self.loop and other.turn == self.turn:
            scale, shift = self.scale + other.scale, self.shift + other.shift
            return TurnNumber(self.loop, self.turn, scale, shift) if scale else shift
        return TurnNumber(self.loop, self.turn, self.scale, self.shift + self._whole(other))

    __radd__ = __add__

    def __neg__(self) -> TurnNumber:
        return TurnNumber(self.loop, self.turn, -self.scale, -self.shift)

    def __pos__(self) -> TurnNumber:
        return self

    def __sub__(self, other: Any) -> Any:
        return self + (-other if type(other) is TurnNumber else -self._whole(other))

    def __rsub__(self, other: Any) -> Any:
        return -self + self._whole(other)

    def __mul__(self, other: Any) -> Any:
        n = self._whole(other)
        return TurnNumber(self.loop, self.turn, n * self.scale, n * self.shift) if n else 0

    __rmul__ = __mul__

    def _whole(self, x: Any) -> int:
        if type(x) is not int and not isinstance(x, np.integer):
            self._refuse()
        return int(x)

    def _refuse(self, *_: Any) -> Never:
        self.loop.refuse("the number of a turn is used as more than an index a·t + b of what is traced")

    def __getattr__(self, name: str) -> Never:
        self._refuse()

    __index__ = __int__ = __float__ = __complex__ = __bool__ = __hash__ = __str__ = __repr__ = __format__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __array__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _refuse
    __divmod__ = __rdivmod__ = __abs__ = __invert__ = __round__ = __matmul__ = __rmatmul__ = _refuse
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _refuse
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _refuse


def settle_index(key: Any, shape: Shape) -> Any:
    """Give an index of an array with the numbers of this turn, if it would be one in every turn."""
    parts = key if type(key) is tuple else (key,)
    numbers = [x for part in parts for x in _list_numbers(part)]
    if not numbers:
        return key
    loop = numbers[0].loop
    if any(x.loop is not loop for x in numbers) or not all(map(_is_basic, parts)):
        loop.refuse("an index is made of t and of something else that is no number")
    ends = [tuple(_fill(part, turn) for part in parts) for turn in (0, loop.count - 1)]
    here = tuple(_fill(part, None) for part in parts)
    try:
        shapes = {placeholder(shape)[end].shape for end in (*ends, here)}
    except IndexError:
        shapes = set()
    if len(shapes) != 1 or not _is_inside(parts, loop.count - 1, shape):
        loop.refuse(f"an index a·t + b of {shape} leaves it, or changes sign, in some turn")
    return here if type(key) is tuple else here[0]


def _list_numbers(part: Any) -> Iterator[TurnNumber]:
    ends = (part.start, part.stop, part.step) if type(part) is slice else (part,)
    return (x for x in ends if type(x) is TurnNumber)


def _is_basic(part: Any) -> bool:
    if type(part) is slice:
        return type(part.step) is not TurnNumber
    return part is None or part is ... or type(part) in (int, TurnNumber) or isinstance(part, np.integer)


def _fill(part: Any, turn: int | None) -> Any:
    """Give a part of an index as it is in some turn, None being this one."""

    def filled(x: Any) -> Any:
        return x.at(x.turn if turn is None else turn) if type(x) is TurnNumber else x

    return slice(filled(part.start), filled(part.stop), part.step) if type(part) is slice else filled(part)


def _is_inside(parts: tuple[Any, ...], last: int, shape: Shape) -> bool:
    """Say whether no number changes its sign, and no end of a slice is cut off, in any turn; they go on evenly."""
    axis = 0
    for i, part in enumerate(parts):
        if part is ...:
            axis = len(shape) - sum(x is not None for x in parts[i + 1 :])
        elif part is not None:
            for x in _list_numbers(part):
                low, high = sorted((x.at(0), x.at(last)))
                if not (0 <= low <= high <= shape[axis] or -shape[axis] <= low <= high < 0):
                    return False
            axis += 1
    return True
