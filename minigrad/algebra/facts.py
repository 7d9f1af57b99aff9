"""Facts about inputs, declared by whoever knows them and checked against the data; never assumed."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.engine.claims import is_one_hot
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import pretty_name
from minigrad.ops.common.libraries import on_host
from minigrad.ops.reduction import Sum, normalize_axis


@dataclass(frozen=True)
class SumsToOne:
    """The fact that the input called ``name`` sums to 1 along ``axis``."""

    name: str
    axis: int = -1

    def __str__(self) -> str:
        return f"Σ {pretty_name(self.name)} = 1 along axis {self.axis}"


@with_usage
def sums_to_one(t: Tensor | str, axis: int = -1) -> SumsToOne:
    """Declare that t, a Tensor or its name, sums to 1 along an axis, as one-hot and soft targets do.

    Raises ``ValueError`` if the Tensor has no name, or its values contradict the fact.
    """
    check_axis(axis)
    if isinstance(t, str):
        return SumsToOne(t, axis)
    if not isinstance(t, Tensor):
        raise TypeError(
            f"sums_to_one: wanted a Tensor with a name, or the name that the graph knows it by, not {shown(t)}. Write "
            f"sums_to_one('T'); a data.one_hot array needs none, since it carries the fact"
        )
    if not t.name:
        raise ValueError("sums_to_one: the tensor has no name for the graph to know it by; write Tensor(…, name='T')")
    fact = SumsToOne(t.name, axis)
    _check(fact, on_host(t.array))
    return fact


def check_axis(axis: Any) -> None:
    """Raise ``TypeError`` for an axis that is no integer."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"sums_to_one: axis must be an integer, such as -1 for the last one, not {shown(axis)}")


def check_facts(given: Iterable[Any]) -> list[SumsToOne]:
    """Give the facts, or raise ``TypeError`` for what is none."""
    if isinstance(given, SumsToOne):
        raise TypeError("given must be a list of facts; write given=[sums_to_one(…)]")
    facts = given if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for fact in facts if isinstance(facts, list) else [facts]:
        if not isinstance(fact, SumsToOne):
            name = repr(fact) if isinstance(fact, str) else "'T'"
            raise TypeError(
                f"given must be a list of facts, and holds {shown(fact)}; write given=[minigrad.sums_to_one({name})]"
            )
    return list(facts)


def check_fact(fact: SumsToOne, graph: Graph) -> Node:
    """Give the input that a fact is about; ``ValueError`` if there is none, or the traced values contradict it."""
    if fact.name not in graph.inputs:
        raise ValueError(f"given {fact}: no input is called {fact.name!r}; there are {', '.join(graph.inputs)}")
    node = graph.inputs[fact.name]
    if node in graph.values:
        _check(fact, graph.values[node])
    return node


def carried_facts(graph: Graph) -> list[SumsToOne]:
    """Give the facts that inputs bring along: rows of a ``one_hot`` array sum to 1, unless it was written to since.

    So do those of a view of its rows, such as ``T[:3]``.

    They hold for the traced values, so a graph that is to run on others should not be simplified by them.
    """
    facts = []
    for name, node in graph.inputs.items():
        fact = SumsToOne(name)
        if node in graph.values and is_one_hot(graph.values[node]) and _off(fact, graph.values[node]) is None:
            facts.append(fact)
    return facts


def borne_out(expressions: Iterable[Any], graph: Graph, about: Container[Node]) -> list[SumsToOne]:
    """Give the facts that nobody declared and that the traced values bear out, of inputs ``about`` which they may be.

    Only those that expressions could be shorter by: of a sum that stands in one of them.
    """
    names = {x: name for name, x in graph.inputs.items() if x in about and x in graph.values}
    found: dict[SumsToOne, bool] = {}
    for node in order_nodes(expressions):
        t = node.inputs[0] if isinstance(node.op, Sum) else None
        if not isinstance(node.op, Sum) or t not in names:
            continue
        axes = normalize_axis(node.op.axis, t.ndim)
        if len(axes) == 1:
            fact = SumsToOne(names[t], axes[0] - t.ndim if axes[0] == t.ndim - 1 else axes[0])
            found.setdefault(fact, _off(fact, graph.values[t]) is None)
    return [fact for fact, holds in found.items() if holds]


def _check(fact: SumsToOne, values: Any) -> None:
    worst = _off(fact, values)
    if worst is not None:
        raise ValueError(f"given {fact}: the values contradict it, a sum is off by {worst:.3g}")


def _off(fact: SumsToOne, values: Any) -> float | None:
    """Say by how much a sum differs from 1, or None if it does not by more than rounding."""
    totals = np.sum(values, axis=fact.axis)
    worst = float(np.max(np.abs(totals - 1), initial=0.0))
    return None if worst <= np.sqrt(np.finfo(np.result_type(totals, np.float32)).eps) else worst
