"""Which updates are loops over parameters, and what of a record there is to be computed before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.compiler.passes.plan import root
from minigrad.compiler.trace.repeated import UpdateBody, Updated, write_out
from minigrad.engine.node import Node, order_nodes


@dataclass(eq=False)
class Repeat:
    """One rule, and the parameters that it is for: each with its gradient and running values, as a body is given them.

    ``more`` are the settings that all of them share.
    """

    body: UpdateBody
    params: list[tuple[Node, ...]]
    more: tuple[Node, ...]

    @property
    def gradients(self) -> list[Node]:
        """What is computed before the loop."""
        return [given[1] for given in self.params]


@dataclass(eq=False)
class Parted:
    """What a call computes, ``outputs``, of which the last are the gradients for ``repeats``, and other ``updates``."""

    outputs: list[Any]
    updates: list[tuple[Node, Any]]
    repeats: list[Repeat] = field(default_factory=list)

    @property
    def gradients(self) -> int:
        """How many of the outputs are gradients for the loops."""
        return sum(len(x.params) for x in self.repeats)


def part_updates(
    returned: Sequence[Any], updates: Sequence[tuple[Node, Any]], grads: Sequence[Any], least: int
) -> Parted:
    """Part what a call computes: what it returns, its updates, and gradients that it leaves behind.

    Loops are over ``least`` parameters, or more; with 0 each update is written out.
    """
    outputs = [*returned, *(x for _, x in updates), *grads]
    if not any(isinstance(x, Node) and isinstance(x.op, Updated) for _, x in updates):
        return Parted(outputs, list(updates))
    others = {x for x in (*returned, *grads) if isinstance(x, Node)}
    found = _find_repeats(outputs, updates, others, least) if least else {}
    out = {x for repeat in found.values() for w, _, *states in repeat.params for x in (w, *states)}
    rest = [(x, new) for x, new in updates if x not in out]
    n, m = len(returned), len(rest)
    gradients = [g for repeat in found.values() for g in repeat.gradients]
    written = write_out([*returned, *(x for _, x in rest), *grads, *gradients])
    rest = [(x, new) for (x, _), new in zip(rest, written[n : n + m], strict=True)]
    left = iter(written[len(written) - len(gradients) :])
    repeats = [Repeat(x.body, [(w, next(left), *states) for w, _, *states in x.params], x.more) for x in found.values()]
    return Parted(written, rest, repeats)


def _find_repeats(
    outputs: Sequence[Any], updates: Sequence[tuple[Node, Any]], others: set[Node], least: int
) -> dict[Any, Repeat]:
    """Find the loops: rules for enough parameters, whose new values nothing else reads.

    A parameter and its running values must be inputs that hold the new ones in the end, and the gradient no input: it
    could lie in memory that is written to before its turn comes.
    """
    read = {x for node in order_nodes(outputs) for x in node.inputs if isinstance(x, Node)} | others
    if any(isinstance(x.op, Updated) for x in read):
        return {}
    held: dict[tuple[int, ...], list[tuple[Node, Node, Updated]]] = {}
    for x, new in updates:
        if isinstance(new, Node) and isinstance(new.op, Updated):
            held.setdefault(tuple(map(id, new.inputs)), []).append((x, new, new.op))
    found: dict[Any, Repeat] = {}
    for values in held.values():
        _, first, op = values[0]
        body, n = op.body, len(op.body.values)
        params, more = first.inputs[: n + 1], first.inputs[n + 1 :]
        w, g, *states = params
        places = {op.part: x for x, _, op in values}
        whole = len(values) == n and all(places.get(i) is x for i, x in enumerate((w, *states)))
        if whole and root(g).op is not None and not others & {w, *states}:
            key = (id(body), *map(id, more))
            found.setdefault(key, Repeat(body, [], more)).params.append(params)
    return {key: repeat for key, repeat in found.items() if len(repeat.params) >= least}
