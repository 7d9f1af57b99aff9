"""Whether anybody but one name can see a tensor: then NumPy's augmented assignment would change it for them too."""

from __future__ import annotations

from dis import opmap
from sys import _getframe as getframe
from sys import getrefcount
from types import FrameType
from typing import Any

import numpy as np

from minigrad.engine.operand import Operand
from minigrad.engine.writing.views import find_views
from minigrad.engine.writing.watch import COUNTED, COUNTS, is_held

AUGMENTED = opmap["BINARY_OP"]


def is_seen_elsewhere(t: Any, other: Any, names: int) -> bool:
    """Say whether a tensor or its memory has another name than the one that is assigned to, or may have.

    ``names`` are the references to it beyond the first; those of the records that ``other`` was computed by see none
    of what comes later, as in ``h += f(h)``.
    """
    tensors, arrays = count_uses(t, other)
    seen = names > tensors or (is_held(t.array, arrays + 1) and not _is_anonymous(t, arrays))
    return not COUNTS or seen or any(find_views(t)) or not is_assigned()


def is_assigned() -> bool:
    """Say whether it is ``y += b`` that asks, which gives the name y to what comes of it.

    ``y.__iadd__(b)`` and ``operator.iadd(y, b)`` may leave it to no name, and y is to be what NumPy would make of it.
    """
    frame: FrameType | None = getframe(1)
    while frame is not None and frame.f_code.co_name != "assign_augmented":
        frame = frame.f_back
    frame = None if frame is None else frame.f_back
    return frame is not None and frame.f_code.co_code[frame.f_lasti] == AUGMENTED


def count_uses(t: Any, other: Any) -> tuple[int, int]:
    """Count the references to a tensor and to its array in the records that another was computed by."""
    tensors = arrays = 0
    stack, seen = [other], {id(other)}
    while stack:
        record = stack.pop()
        if not isinstance(record, Operand) or record.op is None or record is t:
            continue
        tensors += sum(x is t for x in record.inputs)
        arrays += sum(value is t.array for value in record.values)
        arrays += getattr(record.array, "base", None) is t.array
        new = [x for x in record.inputs if isinstance(x, Operand) and x.serial > t.serial and id(x) not in seen]
        seen.update(map(id, new))
        stack += new
    return tensors, arrays


def _is_anonymous(t: Any, arrays: int) -> bool:
    """Say whether an array is a view of memory that has no name any more: of a temporary result, reshaped say."""
    array = t.array
    if type(array) is not np.ndarray or array.base is None or getrefcount(array) > arrays + 2 + COUNTED:
        return False
    while t.op is not None and t.op.views:
        t = t.inputs[0]
        if getrefcount(t) > 2 + COUNTED:  # its place in the record, and here
            return False
        if not t.op or getattr(t.array, "base", None) is None:
            break
    return t.op is not None and t.serial > 0
