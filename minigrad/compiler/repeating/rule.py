"""What a loop over parameters does to one of them, lowered and planned once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.compiler.passes.lower import (
    Spread,
    hold_output,
    is_view,
    lower_exactly,
    lower_outputs,
    restore_type,
    unspread,
)
from minigrad.compiler.repeating.part import Repeat
from minigrad.engine.node import Node, order_nodes

Fit = Callable[[Sequence[Any]], list[Any]]


@dataclass(eq=False)
class Rule:
    """A rule as a backend writes it: the new values (``updates``) of stand-ins, ``given``, for each of ``params``.

    ``shared`` are stand-ins for what is the same for all parameters, and what that is: it is computed before the loop.
    """

    given: tuple[Node, ...]
    updates: dict[Node, Any]
    params: list[tuple[Node, ...]]
    shared: dict[Node, Node]

    @property
    def needed(self) -> list[Node]:
        """What must be there before the loop begins."""
        return [*(x[1] for x in self.params), *self.shared.values()]

    @property
    def written(self) -> list[Node]:
        """The inputs that get new contents."""
        return [x for w, _, *states in self.params for x in (w, *states)]

    @property
    def read(self) -> list[Node]:
        """All that the loop reads: what it is given for each parameter, and settings."""
        return [*(x for given in self.params for x in given), *(x for x in order_nodes(self.values) if x.op is None)]

    @property
    def values(self) -> list[Any]:
        """All that a turn computes."""
        return list(self.updates.values())


def lower_rules(repeats: Sequence[Repeat], gradients: Sequence[Node], fit: Fit, exact: bool) -> list[Rule]:
    """Lower what loops do, for gradients that are lowered already, in the order in which the loops have them."""
    left = iter(gradients)
    return [
        _lower_rule(repeat, [(w, next(left), *states) for w, _, *states in repeat.params], fit, exact)
        for repeat in repeats
    ]


def describe_rules(rules: Sequence[Rule]) -> Iterator[str]:
    """Say of each loop for how many parameters it is, and which operations a turn is."""
    for rule in rules:
        ops = [x.op for x in order_nodes(rule.values) if x.op is not None and not is_view(x.op)]
        names = Counter(op.name for op in ops if not isinstance(op, Spread))
        listed = ", ".join(f"{n} {name}" if n > 1 else name for name, n in names.most_common())
        yield f"×{len(rule.params)}, a parameter each, of {listed}"


def _lower_rule(repeat: Repeat, params: list[tuple[Node, ...]], fit: Fit, exact: bool) -> Rule:
    body = repeat.body
    n = len(body.values) + 1
    settings = dict(zip(body.given[n:], repeat.more, strict=True))
    values = substitute_nodes(body.values, settings)
    lower = lower_exactly if exact else lower_outputs
    values = fit(lower(values, (), ()))
    values = [hold_output(restore_type(x, like)) for x, like in zip(values, body.values, strict=True)]
    w, g, *states = body.given[:n]
    values, shared = _lift(values, {w, g, *states})
    updates = {x: unspread(value) for x, value in zip((w, *states), values, strict=True)}
    return Rule((w, g, *states), updates, params, shared)


def _lift(values: Sequence[Any], given: set[Node]) -> tuple[list[Any], dict[Node, Node]]:
    """Part what is the same for all parameters from the rest."""
    own = set(given)
    shared: dict[Node, None] = {}
    for node in order_nodes(values):
        operands = [x for x in node.inputs if isinstance(x, Node)]
        if any(x in own for x in operands):
            own.add(node)
            shared |= dict.fromkeys(x for x in operands if x not in own and x.op is not None)
    shared |= dict.fromkeys(x for x in values if isinstance(x, Node) and x not in own and x.op is not None)
    becomes = {x: Node(shape=x.shape, dtype=x.dtype, table=x.table, weak=x.weak) for x in shared}
    return substitute_nodes(values, becomes), {new: x for x, new in becomes.items()}
