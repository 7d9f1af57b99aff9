"""Whether anybody but one name can see a tensor: then NumPy's augmented assignment would change it for them too."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.engine.operand import Operand
from minigrad.engine.writing.views import find_views
from minigrad.engine.writing.watch import COUNTED, COUNTS, is_held


def is_seen_elsewhere(t: Any, other: Any, names: int) -> bool:
    """Say whether a tensor or its memory has another name than the one that is assigned to, or may have.

    ``names`` are the references to it beyond the first; those of the records that ``other`` was computed by see none
    of what comes later, as in ``h += f(h)``.
    """
    tensors, arrays = count_uses(t, other)
    seen = names > tensors or (is_held(t.array, arrays + 1) and not _is_anonymous(t, arrays))
    return not COUNTS or seen or any(find_views(t))


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
