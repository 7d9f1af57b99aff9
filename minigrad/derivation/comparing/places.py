"""What of a derivation can be compared, the values on the way to E and the gradients, and by which keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from minigrad.algebra.graph import Graph
from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.slips.base import Slip, formula_of
from minigrad.derivation.comparing.slips.catalog import slips_in_gradient, slips_in_value, two_slips_in_gradient
from minigrad.derivation.wording import Said, say
from minigrad.engine.messages.absent import find_close
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import split_name
from minigrad.notation.writers.ascii import ASCII
from minigrad.ops.common.libraries import bring
from minigrad.structure.reading import NOT_THE_LOSS


class ComparedLine(Protocol):
    """What is needed of a derivation's line."""

    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def of(self) -> str: ...  # noqa: D102
    @property
    def formula(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> Any: ...  # noqa: D102
    @property
    def target(self) -> Any: ...  # noqa: D102
    @property
    def supposing(self) -> Any: ...  # noqa: D102


class Compared(Protocol):
    """What is needed of a derivation: its graph, what is called what in it, and its lines."""

    graph: Graph

    @property
    def named(self) -> dict[Node, str]: ...  # noqa: D102
    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, eq=False)
class Place:
    """One thing to compare: a Node with a name, its value (``forward``) or its gradient, which may have a line."""

    node: Node
    names: tuple[str, ...]
    line: ComparedLine | None = None
    forward: bool = False
    indexed: tuple[str, ...] = ()

    @property
    def symbol(self) -> str:
        """The symbol of the value, or of the gradient."""
        if self.forward:
            return self.names[0]
        return self.line.symbol if self.line else f"∂E/∂{self.names[0]}"

    @property
    def spellings(self) -> list[str]:
        """The keys for it, as ``_plain`` has them; the first is the one to show."""
        symbols = self.names if self.forward else (self.symbol, *(f"∂E/∂{name}" for name in self.names))
        return list(dict.fromkeys(map(_plain, symbols)))

    @property
    def indexed_spellings(self) -> list[str]:
        """The keys by what a folded derivation calls it, H₆ and ∂E/∂H₆."""
        if self.forward:
            return [_plain(name) for name in self.indexed if not name.startswith("δ")]
        return [_plain(name if name.startswith("δ") else f"∂E/∂{name}") for name in self.indexed]

    def means(self, key: str) -> str:
        """Give the name that a key speaks of: δ₂ speaks of U₂, whose gradient it is."""
        plain = _plain(key)
        return next((name for name in self.names if plain in (_plain(name), _plain(f"∂E/∂{name}"))), self.names[0])

    def equation(self, way: Calculation) -> Said:
        """Write what it should be."""
        if self.forward:
            return say("{left} = {formula}", left=self.symbol, formula=formula_of(self.node, way))
        left = " = ".join(dict.fromkeys([self.symbol, f"∂E/∂{self.names[0]}"]))
        if self.line is None:
            return say("{left}, of shape {shape}", left=left, shape=self.node.shape)
        formula: str = self.line.formula
        shorter = self.line.supposing
        if shorter:
            formula = say(
                "{formula} = {shorter} {reason}", formula=formula, shorter=shorter.formula, reason=shorter.reason
            )
        return say("{left} = {formula}", left=left, formula=formula)

    def value_in(self, way: Calculation) -> Any:
        """Give the array that a calculation gives."""
        return way.values[self.node] if self.forward else way.gradient(self.node)

    def put_in(self, way: Calculation, array: Any) -> Calculation:
        """Give the calculation that goes on with this array."""
        return way.with_values({self.node: array}) if self.forward else way.with_gradient(self.node, array)

    def slips(self, way: Calculation, array: Any) -> Iterator[Slip]:
        """Give what each slip makes of it; the array is for those that have an unknown number in them."""
        return (slips_in_value if self.forward else slips_in_gradient)(way, self.node, array)

    def two_slips(self, way: Calculation) -> Iterator[Slip]:
        """Give what two slips at once make of it."""
        return iter(()) if self.forward else two_slips_in_gradient(way, self.node)

    def comes_from(self, other: Place, way: Calculation) -> bool:
        """Say whether it is computed from another one."""
        if not other.forward:
            return not self.forward and other.node in set(way.tape.above(self.node))
        return not self.forward or self.node in set(way.tape.above(other.node))


def places_of(derivation: Compared, indexed: Mapping[Node, tuple[str, ...]] | None = None) -> list[Place]:
    """Give all that can be compared: the values in the order of evaluation, then the gradients in the lines'.

    ``indexed`` says what Nodes are called where what repeats is folded: H₆ may be the output of the sixth layer.
    """
    names = derivation.named
    lines = {line.target: line for line in derivation if isinstance(line.target, Node)}
    order = list(lines)
    for x in derivation.graph.nodes[::-1]:
        if x in names and x not in lines:
            before = set(order_nodes([x])) - {x}
            order.insert(next((i for i, other in enumerate(order) if other in before), len(order)), x)

    def called(x: Node) -> tuple[str, ...]:
        written = [*([lines[x].of] if x in lines else []), names[x]]
        return tuple(dict.fromkeys("E" if name == NOT_THE_LOSS else name for name in written))

    results = [x for x in derivation.graph.nodes if x in names and x.op is not None]
    values = [Place(x, called(x)[::-1], forward=True) for x in results]
    (output,) = derivation.graph.outputs
    if isinstance(output, Node) and not {"E", NOT_THE_LOSS} & {*names.values()}:
        values.append(Place(output, ("E",), forward=True))
    found = [*values, *(Place(x, called(x), lines.get(x)) for x in order if x in names)]
    if not indexed:
        return found
    more = [(x, called) for x, called in indexed.items() if x not in names and x.op is not None and x is not output]
    return [
        *(replace(place, indexed=indexed.get(place.node, ())) for place in found),
        *(Place(x, called[:1], None, is_value, called) for x, called in more for is_value in (True, False)),
    ]


def find_places(
    arrays: Mapping[str, Any], places: Sequence[Place], called: str = "compare"
) -> dict[Place, list[tuple[str, Any]]]:
    """Find the place of each key, and check that each value is an array of numbers.

    Of U and Y of a layer without a function each may be given, though they are one.

    Raises ``ValueError`` for no key, an unknown one, and two of one meaning; ``TypeError`` for what is no such array.
    """
    known, whole = _spell(places, indexed=True), _spell(places)
    keys = {_plain(key) for key in arrays if isinstance(key, str)}
    known = whole | known
    if len({known.get(key) for key in keys}) < len(keys):  # not of one kind, so by the layers' numbers
        known = known | whole
    of = [", ".join(p.spellings[0] for p in places if p.forward is forward) for forward in (False, True)]
    there = f"there are {of[0]}, and of the way there {of[1]}"
    if not arrays:
        raise ValueError(f"{called}: there is nothing to compare; {there}")
    found: dict[Place, list[tuple[str, Any]]] = {}
    for key, x in arrays.items():
        if not isinstance(key, str) or _plain(key) not in known:
            close = find_close(_plain(str(key)), known)
            suggestion = f". Did you mean {close}?" if close else ""
            raise ValueError(f"{called}: no gradient or value is called {key!r}; {there}{suggestion}")
        place = known[_plain(key)]
        for other, _ in found.get(place, []):
            if place.means(other) == place.means(key):
                kind = "value" if place.forward else "gradient"
                raise ValueError(f"{called}: {other!r} and {key!r} are the same {kind}, {place.symbol}")
        array = bring(x.array if isinstance(x, Tensor) else x)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{called}: {key!r} is no array of real numbers, but {type(x).__name__} of {array.dtype}")
        found.setdefault(place, []).append((key, array))
    return found


def _spell(places: Sequence[Place], indexed: bool = False) -> dict[str, Place]:
    """Give the place of each key: by the names of layers, or of what is ``indexed``."""

    def spellings(place: Place) -> list[str]:
        return place.indexed_spellings if indexed else place.spellings

    known = {spelling: place for place in reversed(places) if not place.forward for spelling in spellings(place)}
    for place in places:
        if place.forward:
            for spelling in spellings(place):
                known.setdefault(spelling, place)
        elif place.node.op is None and not indexed:
            known.setdefault(_plain(place.names[0]), place)
    return known


def find_other_place(key: str, place: Place, places: Sequence[Place]) -> Place | None:
    """Give what a key means where nothing is folded, if that is not the place: Y₃ of the third layer, not of t = 3."""
    other = _spell(places).get(_plain(key))
    return None if other is place else other


def _plain(symbol: str) -> str:
    """Spell a symbol in ASCII: δ₂ and δ_2 are delta2, ∂E/∂W₁ and dE/dW1 are dW1, and Y⁽¹⁾₄ is Y(1)4."""
    name = split_name(symbol)
    if name.above:
        return f"{'d' * name.gradient}{ASCII.word(name.base)}({name.above}){name.below}"
    return ASCII.symbol(symbol.strip()).replace("dE/d", "d").replace(" ", "_")
