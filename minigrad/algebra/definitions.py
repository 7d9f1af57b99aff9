"""The definitions of operations as what an expression may be: their forms, and the fields that they may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import Any

from minigrad.algebra.normal.forms import Forms, is_defined
from minigrad.algebra.normal.quotients import Quotient
from minigrad.engine.node import Node
from minigrad.notation.ops_table import operations
from minigrad.ops.base import Op
from minigrad.ops.reduction import Reduction, normalize_axis

MOST_NUMBERS = 4  # tried as what an operation is made with
KINDS = frozenset(("exp", "log", "sum", "step", "root", "normal"))  # atoms that an operation is told by


@lru_cache(maxsize=256)
def _kinds_of(op: Op, ndim: int) -> frozenset[str]:
    """Say which kinds of atoms the form of an operation has, of an operand that nothing is known of."""
    forms = Forms()
    return forms.atoms.kinds(forms.of(op(Node(name="a", shape=(3,) * ndim, table={})))) & KINDS


@dataclass(frozen=True)
class Definition:
    """What is known of an operation by its definition: the kinds of atoms in its form, and how many terms it has.

    ``above`` and ``below`` are None where the number of terms depends on what the operation is applied to.
    """

    op: Op
    kinds: frozenset[str]
    above: int | None
    below: int | None

    def may_be(self, form: Quotient, kinds: frozenset[str]) -> bool:
        """Say whether a form may be that of the operation; of one with a step in it, little is known."""
        if not self.kinds <= kinds:
            return False
        return "step" in kinds or (self.above in (None, len(form.above)) and self.below in (None, len(form.below)))


@cache
def read_definitions() -> tuple[Definition, ...]:
    """Read the definition of each operation of one operand that has one, by what it makes of a, a + b and −a."""
    found = []
    for op in operations():
        if is_defined(op) and len(op.letters) == 1:
            forms, table = Forms(), dict[Any, Any]()
            a, b = (Node(name=name, shape=(2, 3), table=table) for name in "ab")
            made = [forms.of(op(u)) for u in (a, a + b, -a)]
            sizes = ({len(part) for part in parts} for parts in zip(*made, strict=True))
            above, below = (min(size) if len(size) == 1 else None for size in sizes)
            kinds = forms.atoms.kinds(made[0]) & KINDS
            found.append(Definition(op, kinds, above, below))
    return tuple(found)


def vary_operation(known: Definition, u: Node, axes: Set[Any], numbers: Sequence[float]) -> Iterator[Op]:
    """Give an operation along each of the axes that are summed over, and with each of the numbers that are written.

    But one of which another number makes less: leaky_relu with the slope 1 is what it is applied to.
    """
    op = known.op
    kind: Any = type(op)
    if isinstance(op, Reduction):
        yield from (kind(axis, keepdims) for axis in axes if _fits(axis, u) for keepdims in (False, True))
        return
    choices: list[Sequence[Any]] = []
    for field in op.fields:
        value = getattr(op, field)
        if field == "axis":
            several = isinstance(value, tuple)
            places = [normalize_axis(axis, u.ndim) for axis in axes if _fits(axis, u)]
            named = [tuple(-1 if i == u.ndim - 1 else i for i in some) for some in places if several or len(some) == 1]
            choices.append(named if several else [some[0] for some in named])
        else:
            least = [0.0] if field == "eps" else []  # a small ε may be none
            choices.append([value, *numbers, *least] if isinstance(value, float) else [value])
    made = (kind(*fields) for fields in product(*choices)) if op.fields else (op,)
    yield from (one for one in made if not op.fields or _kinds_of(one, u.ndim) >= known.kinds)


def _fits(axis: Any, u: Node) -> bool:
    try:
        normalize_axis(axis, u.ndim)
    except ValueError:  # there is no such axis, or it is twice the same
        return False
    return True


def find_numbers(nodes: Iterable[Node]) -> list[float]:
    """Give the first few numbers that are written among some operations: the slope of a leaky relu, a small ε."""
    parts = (
        x for node in nodes for x in node.inputs if not isinstance(x, Node) or (x.value is not None and not x.shape)
    )
    values = (x.value.item() if isinstance(x, Node) else x for x in parts)
    found = dict.fromkeys(float(x) for x in values if isinstance(x, int | float) and x)
    return list(found)[:MOST_NUMBERS]
