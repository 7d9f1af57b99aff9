"""The letter of each index, and which symbols need the number of their layer: i, j, k as a book has it, if possible."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from minigrad.engine.node import Node, order_nodes
from minigrad.notation.index.along import NoIndexForm, Table
from minigrad.notation.index.choices import is_weights
from minigrad.notation.index.classes import Classes, Place
from minigrad.notation.index.conditions import Labels, depends_on_index
from minigrad.notation.index.lookups import Tables
from minigrad.notation.index.position import (
    AxisIndex,
    Position,
    add_positions,
    join_labels,
    label_of,
    letters_of,
    position_of,
)
from minigrad.notation.index.terms import index_term, with_layer
from minigrad.notation.index.windows import SAMPLES, axis_letters
from minigrad.notation.symbols import Indexed, Symbol, split_name
from minigrad.notation.term import Term, symbol_term
from minigrad.ops.linalg import matmul

_FREE = "ijklmpstuvaehox"
_SUMMED = "rspouvaeh"
_BACKWARDS = "rqp"  # the sums over the units of the last layer, of the one before, and so on


class Lettering:
    """The letters of one derivation.

    An axis that runs through a network has one letter: n the samples; i the inputs, j the hidden units, k the outputs.
    In a chain of layers a sum over an axis runs over its letter, uₖ = Σⱼ yⱼ wⱼₖ + bₖ, and what comes back from the
    outputs is summed over r, from the hidden units over q: Σ_q δ_q w_iq. With more layers than that, letters say only
    the place, wᵢⱼ from unit i to unit j, all sums run over r, and symbols keep the number of their layer:
    Σᵣ δ⁽³⁾ᵣ w⁽³⁾ⱼᵣ.

    ``names`` are the symbols of all Nodes, ``same`` pairs of Nodes whose axes are the same, and
    ``others`` what else is going to be written; ``learned`` are the inputs that gradients are wanted of. ``tables``
    are the letters of arrays, where others write lines of the same derivation.
    """

    def __init__(
        self,
        forward: Iterable[Node],
        names: Mapping[Node, Symbol],
        same: Iterable[tuple[Node, Node]],
        others: Iterable[Node] = (),
        learned: Container[Node] = (),
        tables: Tables | None = None,
    ) -> None:
        self.names = names
        forward = list(forward)
        self.classes = Classes(order_nodes([*forward, *names, *others]), same)
        self._weighed = [product for product in (_weights(x, learned) for x in forward if x.op == matmul) if product]
        complex_too = any(x.dtype.kind == "c" for x in order_nodes([*forward, *names, *others]))
        self._free = _FREE.replace("i", "") if complex_too else _FREE  # where i² = −1
        self.likes: dict[Place, str] = {}  # the letters that books have for positions, channels, kernels
        for x in order_nodes([*forward, *names, *others]):
            for part, axis, letters in axis_letters(x):
                if part.shape[axis] != 1:
                    self.likes.setdefault(self.classes[part, axis], letters)
        self._tables, self._numbers = tables or Tables()
        self._spread_likes()
        self.samples = self._samples()
        layers = self._units(self.classes.of(W)[::order] for W, _, order in self._weighed)
        self.deep = len(layers) > 3
        units = dict.fromkeys([*layers, *self._units(map(self.classes.of, forward))])
        units = {x: None for x in units if x not in self.likes and x not in self.classes.digits}
        taken = {letters[0] for letters in self.likes.values()}
        free = [letter for letter in self._free if letter not in taken]
        self.letters = {} if self.deep else dict(zip(units, free, strict=False))
        self._chain = layers if self._is_chain() else []
        self._bases, self._numbered = self._clashes()

    def _spread_likes(self) -> None:
        """Give an axis that is a part of another, or has it as one, the letters that the other likes."""
        pairs = [(self.classes[a], self.classes[b]) for a, b in self.classes.beside]
        for a, b in [*pairs, *pairs[::-1]]:
            for one, other in ((a, b), (b, a)):
                if one in self.likes:
                    self.likes.setdefault(other, self.likes[one])

    def _is_chain(self) -> bool:
        """Say whether the layers, few enough for letters of their own, follow each other."""
        ends = [self.classes.of(W)[::order][-2:] for W, _, order in self._weighed]
        return not self.deep and all(one[-1] == next_one[0] for one, next_one in pairwise(ends))

    def _sums_after(self, labels: Labels) -> dict[Place, str]:
        """Give the letters of sums over the layers after the last that has an index here: of what comes back to it."""
        own = [i for i, place in enumerate(self._chain) if self.letters.get(place) in labels]
        return dict(zip(self._chain[max(own, default=len(self._chain)) + 1 :][::-1], _BACKWARDS, strict=False))

    def _samples(self) -> Place | None:
        """Find the axis of the samples: that of images, or of what is first multiplied by a parameter.

        Of that it is the axis other than the summed one.
        """
        images = [place for place, letters in self.likes.items() if letters == SAMPLES]
        if images:
            return images[0]
        for _, data, order in self._weighed:
            if data.ndim > 1:
                return self.classes.of(data)[-2:][::order][0]
        return None

    def _units(self, axes: Iterable[Iterable[Place | None]]) -> list[Place]:
        """Give the classes of some axes other than the samples', in order."""
        found = dict.fromkeys(place for some in axes for place in some)
        return [place for place in found if place is not None and place != self.samples]

    def places(self) -> list[Place]:
        """Give the axes that have a letter of their own, in its order: those of the samples, and of the units."""
        return [*([] if self.samples is None else [self.samples]), *self.letters]

    def letter(self, place: Place) -> str:
        """Give the letter of an axis that has one of its own, n of the samples; nothing for another."""
        return "n" if place == self.samples else self.letters.get(place, "")

    def labels(self, node: Node) -> Labels:
        """Give an index to each axis of a Node, all different."""
        classes = self.classes.of(node)
        used: set[str] = set()
        found: list[AxisIndex] = []
        units = sum(place is not None and place != self.samples for place in classes)
        places = iter("j" + self._free.replace("j", "") if units == 1 else self._free)
        for place in classes:
            own: AxisIndex
            if place is None:
                own = None
            elif place == self.samples and "n" not in used:
                own = "n"
            elif place in self.classes.digits:
                own = self._of_digits(place, used, self._digit)
            elif place in self.likes:
                own = self._digit(place, used)
            elif self.deep:
                own = next(places)
            else:
                known = self.letters.get(place, "")
                own = known if known and known not in used else self._unused(used)
            used |= set(letters_of(own))
            found.append(own)
        return tuple(found)

    def _of_digits(
        self, place: Place | str, used: Iterable[str], letter: Callable[[Place | str, set[str]], str]
    ) -> AxisIndex:
        """Give a place by its digits: 9c + 3i + j of an image made a row. Each digit has a ``letter`` of its own."""
        whole, taken, places = Position(), set(used), 1
        for part, size in self.classes.digits[place]:
            own: AxisIndex = None
            if size != 1:
                nested = part in self.classes.digits
                own = self._of_digits(part, taken, letter) if nested else letter(part, taken)
            taken |= set(letters_of(own))
            whole = add_positions([whole.times(size), position_of(own, size)])
            places *= size
        return label_of(whole, places)

    def _digit(self, place: Place | str, used: set[str]) -> str:
        """Give a letter that an axis likes, or another that is not in use."""
        likes = place if isinstance(place, str) else self.likes.get(place, self.letters.get(place, ""))
        return next((letter for letter in likes if letter not in used), None) or self._unused(used)

    def _unused(self, used: set[str]) -> str:
        taken = used | set(self.letters.values())
        return next((letter for letter in self._free if letter not in taken), None) or next(
            letter for letter in self._free if letter not in used
        )

    def name(self, name: Symbol, labels: Labels) -> Symbol:
        """Give the symbol of an element: Y₁ at j is yⱼ, or y⁽¹⁾ⱼ where a y of another layer could be meant."""
        common = _common(name)
        gradient, _, above, below = split_name(common)
        layer = _layer(above, below) if self.deep or common in self._numbered else ""
        whole = ("∂E/∂" if gradient else "") + with_layer(self._bases[common], layer)
        at = name.at if isinstance(name, Indexed) else None
        index = join_labels(labels)
        return Indexed(whole, at, index) if at or index else whole

    def _clashes(self) -> tuple[dict[str, str], set[str]]:
        """Give each symbol its letter, small where that is unambiguous, and those that cannot do without a number."""
        kept = {split_name(_common(name))[:2] for name in self.names.values()}
        bases: dict[str, str] = {}
        seen: dict[tuple[Any, ...], set[str]] = {}
        for node, called in self.names.items():
            name = _common(called)
            gradient, base, _, below = split_name(name)
            small = base.lower() if len(base) == 1 and (gradient, base.lower()) not in kept else base
            small += f"_{below}" if below and not below.isdigit() else ""
            bases[name] = small
            axes = [place for place in self.classes.of(node) if place is not None and place != self.samples]
            places = () if self.classes.moves else tuple(axes)
            seen.setdefault((gradient, small, places), set()).add(name)
        return bases, {name for names in seen.values() if len(names) > 1 for name in names}

    def element(self, expression: Any, labels: Labels, names: Mapping[Node, Symbol]) -> tuple[Term, Labels]:
        """Give the Term of an expression's element, and the labels that it still has."""
        (term,), left = self.elements([expression], labels, names)
        return term, left

    def elements(
        self, expressions: Sequence[Any], labels: Labels, names: Mapping[Node, Symbol]
    ) -> tuple[list[Term], Labels]:
        """Give the Terms of one element of each of some equal expressions, and the labels that they still have.

        Where the samples run through both sides of an equation alike, n is left out, as in δⱼ = yⱼ − tⱼ. A gradient
        without a letter of its own that is one Σ is written out: δⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ. Raises ``NoIndexForm``.
        """
        mixed, back = False, self._sums_after(labels)
        tables: dict[Table, str] = {}
        weights: list[Table] = []

        def bound(x: Node | str | Table, axis: int, used: frozenset[str]) -> AxisIndex:
            nonlocal mixed
            if isinstance(x, Table):
                known = None if x.node is None else names.get(x.node)
                return tables.setdefault(x, str(self.name(known, ())) if known else self._tables.letter(x))
            if isinstance(x, str):
                return summed(x, used)
            place = self.classes[x, axis]
            if place != self.samples and place in self.classes.digits:
                return self._of_digits(place, used, summed)
            mixed |= place == self.samples
            return summed(place, used)

        def summed(place: Place | str, used: Container[str]) -> str:
            if isinstance(place, str):
                letters = place
            elif place == self.samples:
                letters = "nm"
            else:
                own = self.letters.get(place, "") if place in self._chain else ""
                letters = self.likes.get(place, back.get(place, "") + own)
            return _first_free(letters + _SUMMED, used)

        def named(node: Node, at: Labels) -> Term | None:
            nonlocal mixed
            known = names.get(node)
            if known is None and is_weights(node):
                symbol, table = self._numbers.weigh(node, at)
                weights.append(table)
                return symbol
            if known is None or (node.op == matmul and split_name(known).gradient):
                return None
            mixed |= any("n" in letters_of(x) and str(x) != "n" for x in at)
            return symbol_term(self.name(known, tuple(None if str(x) in left_out else x for x in at)))

        left_out: set[str | None] = set()
        terms = [index_term(x, labels, named, bound) for x in expressions]
        if "n" in labels and not (mixed or any(depends_on_index(term, "n") for term in terms)):
            left_out.add("n")
            terms = [index_term(x, labels, named, bound) for x in expressions]
        own = [table for table in tables if table.node not in names]
        said = [terms[0].note, *self._tables.say(own, terms, names), *self._numbers.say(weights, terms, names)]
        terms[0] = replace(terms[0], note="; ".join(filter(None, said)))
        return terms, tuple(None if label in left_out else label for label in labels)


def _first_free(letters: str, used: Container[str]) -> str:
    """Give the first letter that is not in use. Raises ``NoIndexForm`` where there is none."""
    for letter in letters:
        if letter not in used:
            return letter
    raise NoIndexForm("more indices than letters")


def _common(name: Symbol) -> str:
    """Give what all have in common whose symbols differ in an index alone."""
    return name.name if isinstance(name, Indexed) else name


def _layer(above: str, below: str) -> str:
    return above or (below if below.isdigit() else "")


def _weights(product: Node, learned: Container[Node]) -> tuple[Node, Node, int] | None:
    """Give the factor of a product that weighs the other, that, and 1 if it stands to the right of it, else −1.

    A parameter, or else an input to the right; its axes in that order go from a layer's inputs to its outputs.
    """
    a, b = product.inputs
    for W, data, order in ((b, a, 1), (a, b, -1)):
        if W in learned and W.op is None and isinstance(data, Node):
            return W, data, order
    return (b, a, 1) if isinstance(a, Node) and isinstance(b, Node) and b.op is None else None
