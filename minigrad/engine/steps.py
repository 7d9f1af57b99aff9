"""steps: the numbers 0, 1, … of a loop whose turns are alike, few of which are traced where it is compiled."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

from minigrad.engine.recording import compilation


def steps(count: int) -> Iterable[int]:
    """Give t = 0, …, count − 1 for ``for t in steps(count)``: a ``range``, and within ``compile`` a short one.

    There a few turns are traced, proved alike, and become a loop of so many: tracing costs as much for a thousand turns
    as for thirty. Of t the loop may use a · t + b, with whole numbers a and b, as an index of what is traced, X[t],
    X[:, -1 - t] or X[t : t + 5]; its variables may change from turn to turn, but no Python number, list or object among
    them may grow or count. Otherwise, and in a loop of few turns, all of them are traced, as of a ``range``:
    ``report()`` says why.

    Raises ``TypeError`` for a count that is no whole number, and ``ValueError`` for one below 0.

    >>> from minigrad import steps
    >>> sum(t for t in steps(4))
    6
    """
    n = _read_count(count)
    tracing = compilation()
    return range(n) if tracing is None else tracing.steps(n)


def _read_count(count: Any) -> int:
    try:
        n = index(count)
    except TypeError as error:
        what = "a value that is not known yet" if hasattr(count, "node") else f"a {type(count).__name__}"
        raise TypeError(f"steps: wanted a whole number of turns, not {what}; len(X) is one") from error
    if n < 0:
        raise ValueError(f"steps: the number of turns must be 0 or more, not {n}")
    return n
