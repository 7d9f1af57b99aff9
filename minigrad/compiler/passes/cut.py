"""Where a plan is cut: runs of loops, and between them the operations that are calls.

The groups alternate, and each operation is in the first one of its kind that all of its operands allow: that takes
whatever is ready for loops, then all calls that are ready, and so on, in one walk over the operations. An elementwise
operation moves on to the run that reads it first, where it needs not be stored. Long runs are several, since a
compiler takes more than twice as long for twice as many operations, and takes equal ones once.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from minigrad.compiler.passes.fuse import is_elementwise
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.passes.plan import Plan, root
from minigrad.engine.node import Node

ALIKE = (
    16  # operations in which a run begins as the last one did: a decoder of 20 steps takes 7 s to compile, and not 11
)
MOST = 100  # operations of a run: as one of 950, ten steps of an LSTM took 90 s to compile, as ten they take 12


@dataclass(eq=False)
class Group:
    """Operations that follow each other: a run of ``loops``, or calls; ``late`` ones are of a plan's second part.

    ``reads`` are arrays and numbers from outside of the group, ``leaving`` those of its own that are needed outside.
    """

    loops: bool
    late: bool
    nodes: list[Node] = field(default_factory=list)
    reads: dict[Node, None] = field(default_factory=dict)
    leaving: dict[Node, None] = field(default_factory=dict)


def cut_plan(plan: Plan, calls: Container[Node], kept: Iterable[Node]) -> list[Group]:
    """Part a plan's operations into groups; ``kept`` are those that are needed when all have run."""
    groups = [*_cut(plan.first, calls, plan.drawn_in, False), *_cut(plan.second, calls, plan.drawn_in, True)]
    home = {node: group for group in groups for node in group.nodes}
    for group in groups:
        for node in group.nodes:
            for x in (*find_sources(node.inputs), *([plan.in_place[node]] if node in plan.in_place else [])):
                if home.get(x) is not group:
                    group.reads[x] = None
                    if x in home:
                        home[x].leaving[x] = None
    for x in find_sources(kept):
        if x in home:
            home[x].leaving[x] = None
    return groups


def find_sources(inputs: Iterable[object]) -> Iterator[Node]:
    """Give the arrays and numbers that operands are, or look at."""
    for x in inputs:
        if isinstance(x, Node):
            yield from (y for y in dict.fromkeys((find_seen(x), root(x))) if y.op is not None or y.value is None)


def find_seen(x: Node) -> Node:
    """Give what an array that is a view looks at; anything else as it is, a number that is read in an array too."""
    while is_view(x.op) and x.shape:
        (x,) = x.inputs
    return x


def _cut(nodes: Sequence[Node], calls: Container[Node], drawn_in: Mapping[Node, Node], late: bool) -> list[Group]:
    """Part operations that are in order, beginning with loops or with calls, whichever takes fewer runs of loops.

    A product that is added to a parameter where that lies stays with the sum that it is drawn into.
    """
    own = [x for x in nodes if not (is_view(x.op) and x.shape)]
    ways = [_place(own, calls, loops_first) for loops_first in (True, False)]
    number = min(ways, key=lambda way: len({n for x, n in way.items() if x not in calls}))
    groups: dict[int, list[Node]] = {}
    for node in own:
        if node not in drawn_in:
            groups.setdefault(number[node], []).append(node)
    products = {node: product for product, node in drawn_in.items()}
    found = []
    for n in sorted(groups):
        for part in cut_alike(groups[n]):
            together = [x for node in part for x in ([products[node], node] if node in products else [node])]
            found.append(Group(part[0] not in calls, late, together))
    return found


def cut_alike(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """Part operations into runs of about MOST of them, each up to where they go on as it began.

    Runs of equal layers, or steps, are equal then, and code is compiled once for them.
    """
    kinds = [_describe(x) for x in nodes]
    begin = 0
    while len(nodes) - begin > MOST:
        start = kinds[begin : begin + ALIKE]
        places = range(begin + MOST // 2, min(begin + 2 * MOST, len(nodes) - ALIKE))
        alike = [i for i in places if kinds[i] == start[0] and kinds[i : i + ALIKE] == start]
        end = min(alike, key=lambda i: abs(i - begin - MOST), default=begin + MOST)
        yield nodes[begin:end]
        begin = end
    yield nodes[begin:]


def _describe(node: Node) -> Hashable:
    """Say what an operation is, but for where its operands are."""
    return (
        type(node.op),
        getattr(node.op, "name", ""),
        node.shape,
        node.dtype.char,
        tuple(getattr(x, "shape", None) for x in node.inputs),
    )


def _place(nodes: Sequence[Node], calls: Container[Node], loops_first: bool) -> dict[Node, int]:
    """Number the groups that operations go to: of the even ones all are loops, or all calls."""
    number: dict[Node, int] = {}
    kind = {node: node in calls for node in nodes}
    operands = {node: [x for x in find_sources(node.inputs) if x in kind] for node in nodes}
    for node in nodes:
        first = int(kind[node] == loops_first)
        number[node] = max([first, *(number[x] + (kind[x] != kind[node]) for x in operands[node] if x in number)])
    latest: dict[Node, int] = {}
    for node in reversed(nodes):
        if node in latest and not kind[node] and is_elementwise(node):
            number[node] = latest[node]
        for x in operands[node]:
            here = number[node] - (kind[x] != kind[node])
            latest[x] = min(latest.get(x, here), here)
    return number
