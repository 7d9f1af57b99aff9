"""Why a loop of the function's is none of the code: what the report says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minigrad.compiler.rolling.loop import Loop
from minigrad.compiler.rolling.planning import LEAST
from minigrad.compiler.rolling.rows import Kind, find_kind
from minigrad.compiler.trace.loop_log import LoopSeen
from minigrad.engine.node import order_nodes


def explain_unrolled(loops: Iterable[LoopSeen], refused: Mapping[Kind, str], outputs: Iterable[Any]) -> Iterator[str]:
    """Say of the loops of which at least half the operations stand in the code one by one where they are, and why."""
    alone = Counter(find_kind(x) for x in order_nodes(outputs) if x.op is not None and not isinstance(x.op, Loop))
    for loop in loops:
        left = {kind for kind, n in loop.kinds.items() if alone[kind] >= max(2, n / 2)}
        if left:  # what is refused first is the cause of the others
            reasons = (reason for kind, reason in refused.items() if kind in left or kind in loop.views)
            yield f"{loop.place}: {_explain(loop, next(reasons, ''))}"


def _explain(loop: LoopSeen, reason: str) -> str:
    if loop.turns < LEAST:
        return f"{loop.turns} turns, and fewer than {LEAST} are written out"
    if loop.difference:
        return loop.difference
    return reason or "its turns are alike, but what is left of them is not"
