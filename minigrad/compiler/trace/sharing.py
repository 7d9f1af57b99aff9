"""Whether two arrays may share memory, of NumPy's or of another library."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.common.libraries import is_other


def may_share_memory(x: Any, y: Any) -> bool:
    """Say whether two arrays may share memory: of another library by its own word, if it has one.

    One of them and one of the host share none.
    """
    if x is y:
        return True
    if is_other(x) != is_other(y):
        return False
    try:
        return bool(np.may_share_memory(x, y))
    except TypeError:
        return False
