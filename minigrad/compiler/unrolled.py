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

MOST = 0.8  # of a kind's operations, which are as many in the code as in the loop if this is written out


def explain_unrolled(loops: Iterable[LoopSeen], refused: Mapping[Kind, str], outputs: Iterable[Any]) -> Iterator[str]:
    """Say of the loops whose operations mostly stand in the code one by one where they are, and why.

    Of a loop that is one of the code the first turns may stand there, and the last ones, on the way there and back:
    rather nothing is said of a loop beside one that is like it than something wrong.
    """
    alone, rolled = count_kinds(outputs)
    for loop in loops:
        left = {kind: n for kind, n in loop.kinds.items() if alone[kind] >= MOST * n and rolled[kind] < n / 2}
        if 2 * sum(left.values()) >= loop.kinds.total() > 0:  # what is refused first is the cause of the others
            reasons = (reason for kind, reason in refused.items() if kind in left or kind in loop.views)
            yield f"{loop.place}: {_explain(loop, next(reasons, ''))}"


def count_kinds(outputs: Iterable[Any]) -> tuple[Counter[Kind], Counter[Kind]]:
    """Count the operations that stand alone, and those of all turns of loops."""
    alone, rolled = Counter[Kind](), Counter[Kind]()
    for node in order_nodes(outputs):
        if isinstance(node.op, Loop):
            for inside in count_kinds(node.op.body.values):
                rolled.update({kind: n * node.op.body.count for kind, n in inside.items()})
        elif node.op is not None:
            alone[find_kind(node)] += 1
    return alone, rolled


def _explain(loop: LoopSeen, reason: str) -> str:
    if loop.turns < LEAST:
        return f"{loop.turns} turns, and fewer than {LEAST} are written out"
    if loop.difference:
        return loop.difference
    return reason or "its turns are alike, but what is left of them is not"
