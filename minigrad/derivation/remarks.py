"""What is said beside a line: by which step it came, the facts that it needs, which of many it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation.wording import Said, in_language, join_and, say
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.symbols import Symbol, pretty_name
from minigrad.notation.term import Term, find_notes
from minigrad.ops.arithmetic import add, subtract
from minigrad.ops.linalg import matmul
from minigrad.structure.plan import Plan

FORWARD = say("forward")


def say_step(plan: Plan, x: Node, names: Mapping[Node, Symbol] | None = None) -> Said:
    """Say in a few words by which step the gradient of x comes; ``names`` go before the plan's symbols."""
    users, symbols = plan.users.get(x, []), names or plan.symbols
    called = symbols[x] if names else plan.called(x)
    if len(users) != 1:
        return say("sum over the {n} uses of {name}", n=len(users), name=called) if users else say("E itself")
    (user,) = users
    if user.op == matmul:
        return say("product {product}", product=text(user, symbols, expand=user))
    if user.op in (add, subtract):
        summed = x.shape != user.shape
        return say("sum over the batch: {name} was broadcast", name=called) if summed else say("a term of a sum")
    return say("chain rule through {name}", name=user.op.name if user.op else user.name)


def say_fact(fact: SumsToOne, short: bool = False) -> Said:
    """Say a fact, ``short`` without the axis where that is the last one."""
    if short and fact.axis == -1:
        return say("Σ {name} = 1", name=pretty_name(fact.name))
    return say("Σ {name} = 1 along axis {axis}", name=pretty_name(fact.name), axis=fact.axis)


def say_supposed(facts: Sequence[SumsToOne]) -> Said:
    """Say what is supposed: ``if Σ T = 1, as in this T``."""
    names = join_and([pretty_name(fact.name) for fact in facts])
    return say("if {facts}, as in this {names}", facts=join_and([say_fact(x, short=True) for x in facts]), names=names)


@dataclass(frozen=True, eq=False)
class Supposing:
    """The shorter formula that a line would have by facts which nobody declared and the traced values bear out.

    ``node`` is the formula as an expression of the graph's inputs, as a line's is.
    """

    formula: str
    node: Any
    facts: tuple[SumsToOne, ...]

    @property
    def reason(self) -> Said:
        """Say what is supposed: ``if Σ T = 1, as in this T``."""
        return say_supposed(self.facts)


def write_facts(facts: Iterable[SumsToOne], terms: Iterable[Term] = (), lang: str = "en") -> str:
    """Write the facts that a line used, and what has to be said of the Terms that it is written with; or nothing."""
    said: list[Any] = [*map(say_fact, facts), *map(say, find_notes(terms))]
    return "; ".join(in_language(x, lang) for x in said)
