"""What a trace computes, in the form in which backends get it."""

from __future__ import annotations

from typing import Any

from minigrad.compiler.blocking.block import block_matrices
from minigrad.compiler.passes.assigned import read_assigned
from minigrad.compiler.passes.lower import lower_exactly, lower_outputs
from minigrad.compiler.passes.nested import open_scattered
from minigrad.compiler.passes.numbers import give_numbers_dtypes
from minigrad.compiler.record import Record
from minigrad.compiler.rolling.added import merge_added
from minigrad.compiler.rolling.filled import merge_assigned
from minigrad.compiler.rolling.inner import roll_bodies
from minigrad.compiler.rolling.roll import roll_loops


def lower_record(record: Record, exact: bool, rolls: bool = True, repeats: int = 0) -> list[Any]:
    """Give all that a call computes, simplified and lowered; for a backend that ``rolls`` as loops, and in blocks.

    One that ``repeats`` rules gets the gradients for these, in the place of the updates.
    """
    if rolls:
        return block_lowered(roll_record(record, exact, repeats), exact)
    return _lower(record, exact, repeats)


def roll_record(record: Record, exact: bool, repeats: int = 0) -> list[Any]:
    """Give what is computed, in which what repeats is loops."""
    read = read_assigned(give_numbers_dtypes(_lower(record, exact, repeats)), exact)
    rolled = merge_assigned(roll_bodies(roll_loops(read, exact, record.refused), exact))
    return rolled if exact else merge_added(open_scattered(rolled))


def block_lowered(rolled: list[Any], exact: bool) -> list[Any]:
    """Compute large matrices that are needed for a while alone some rows at a time."""
    return rolled if exact else block_matrices(rolled)


def _lower(record: Record, exact: bool, repeats: int) -> list[Any]:
    lower = lower_exactly if exact else lower_outputs
    return lower(record.part(repeats).outputs, record.seeds, record.gradients)
