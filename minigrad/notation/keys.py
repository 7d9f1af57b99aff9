"""An index as it stands between brackets: ``1:3, :, None``; in a formula, in a reader's NumPy, in compiled code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Leaf = Callable[[Any], str]  # writes what an index is made of: a number, an array, None


def write_key(key: Any, leaf: Leaf, code: bool = True) -> str:
    """Write an index, its numbers and arrays by ``leaf``; ``code`` keeps a tuple of one, and of none, a tuple.

    >>> write_key((slice(1, 3), ..., None), str), write_key((0,), str), write_key((0, ...), str, code=False)
    ('1:3, ..., None', '0,', '0, …')
    """
    if isinstance(key, tuple):
        written = ", ".join(write_key(part, leaf, code) for part in key)
        return (written or "()") + ("," if len(key) == 1 else "") if code else written
    if isinstance(key, slice):
        ends = (key.start, key.stop) if key.step is None else (key.start, key.stop, key.step)
        return ":".join("" if end is None else str(end) for end in ends)
    if key is Ellipsis:
        return "..." if code else "…"
    return leaf(key)


def write_gathered_key(template: Sequence[tuple[Any] | None], operands: Iterable[str], leaf: Leaf) -> str:
    """Write the index of a ``Gather`` as code: its ``template`` has None where an operand stands."""
    left = iter(operands)
    return ", ".join(next(left) if part is None else write_key(part[0], leaf) for part in template)
