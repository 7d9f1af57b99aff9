"""What is called by an index: the values of a repeat's segments are one symbol each, Hₜ or Yₗ, for all of them.

``find_indexing`` reads the repeats of a graph beside its layers. A repeat whose segments share their weights goes on
in time, t; one whose segments have weights of their own goes through layers, l.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from minigrad.engine.node import Node
from minigrad.notation.symbols import split_name
from minigrad.ops.arithmetic import divide, multiply
from minigrad.ops.common.alphabet import to_subscript, to_superscript
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import matmul
from minigrad.structure.gates import name_gates
from minigrad.structure.layers import Layer
from minigrad.structure.loss import name_loss
from minigrad.structure.reading import Reading
from minigrad.structure.repeats import LEAST, Repeat, accumulates, find_repeats, find_starts
from minigrad.structure.rows import Indexing, Loop, Row, find_joined
from minigrad.structure.wiring import enters_product, numbers_of


def find_indexing(reading: Reading, operations: Sequence[Node], least: int = LEAST) -> tuple[Reading, Indexing]:
    """Give a reading in which what repeats is called by an index, and the rows of that; layers that repeat are one.

    ``operations`` come in the order of computation, and ``least`` is how often is enough, as for ``find_repeats``.

    A row has the user's name where one of its Nodes has one. Otherwise an output that the next step takes is H, another
    one Y, a total input U; what else is carried from step to step is H where it enters a layer, and else C. Where a
    segment has several layers, they have their number raised, Y⁽²⁾ₜ, and so do layers outside of a repeat in time.
    """
    repeats = find_repeats(operations, least)
    namer = _Namer(reading, repeats, {node: i for i, node in enumerate(operations)})
    loops = [namer.loop(repeat) for repeat in repeats]
    rows = [row for loop in loops for row in namer.rows(loop)]
    place: dict[Node, tuple[Row, int]] = {}
    for row in rows:
        for i, node in enumerate(row.nodes):
            place.setdefault(node, (row, row.first + i))
    indexing = Indexing(tuple(rows), place, tuple(loops), find_joined(reading.graph.nodes, place))
    return namer.rename(indexing), indexing


class _Namer:
    def __init__(self, reading: Reading, repeats: Sequence[Repeat], order: Mapping[Node, int]) -> None:
        self.reading, self.repeats, self.order = reading, repeats, order
        self.layers = sorted(reading.layers, key=lambda layer: order[layer.u])
        self.of_u = {layer.u: layer for layer in self.layers}
        self.of_y = {layer.y: layer for layer in self.layers}
        self.repeated = {node for repeat in repeats for node in repeat.places}
        self.taken = {name for x, name in reading.symbols.items() if x not in self.repeated and self._is_users(x)}
        kept = (x for x in reading.symbols if x.op is None and x not in self.repeated | self._owned())
        self.bases = {split_name(reading.symbols[x]).base for x in kept}  # of arrays and inputs that are not of a row
        self.before = self._find_layers_before()
        self.stands = self._find_stands()
        self.numbers = self._number_layers()
        self.of_users = self._find_names_of_users()
        self.gates = name_gates(repeats, self.layers, reading.users)

    def _owned(self) -> set[Node]:
        """Give the inputs and arrays that each segment has for itself."""
        return {x for repeat in self.repeats for nodes in repeat.own for x in nodes if x.op is None}

    def _is_users(self, x: Node) -> bool:
        """Say whether a symbol is the user's own."""
        return (x.op is None and x.value is None) or x in self.reading.named

    def _find_names_of_users(self) -> dict[tuple[Node, ...], str]:
        """Give the user's names of rows: two rows of one name, as the h of two layers in time, are numbered."""
        found: dict[tuple[Node, ...], str] = {}
        for nodes in (repeat.row(number) for repeat in self.repeats for number in range(len(repeat.segments[0]))):
            named = next((self.reading.named[x] for x in nodes if x in self.reading.named), "")
            if named and not _moves(nodes):
                found[nodes] = split_name(named).base
        many, so_far = Counter(found.values()), Counter[str]()
        for nodes, name in found.items():
            so_far[name] += 1
            found[nodes] = name if many[name] == 1 else name + _raised(str(so_far[name]))
        return found

    def _products(self, layer: Layer) -> dict[Node, Node]:
        """Give what a layer multiplies each parameter with."""
        pairs = [x.inputs for x in layer.sum if x.op == matmul]
        pairs += [(b, a) for a, b in pairs]
        return {b: a for a, b in pairs if b in self.reading.parameters and isinstance(a, Node)}

    def _find_layers_before(self) -> dict[Node, Layer]:
        """Give, for the first total inputs of repeats, the layer of the step before, if that is another kind of step.

        It has a weight in common, as tanh(X₁ Wx) has with tanh(Xₜ Wx + Hₜ₋₁ Wh), or is what the first of equal layers
        is computed from.
        """
        found: dict[Node, Layer] = {}
        alone = [layer for layer in self.layers if layer.u not in self.repeated]
        for repeat in self.repeats:
            starts = set(find_starts(repeat).values())
            begin = self.order[repeat.segments[0][0]]
            for layer in (self.of_u[x] for x in repeat.segments[0] if x in self.of_u):
                before = [one for one in alone if self.order[one.u] < begin and one not in found.values()]
                before = [one for one in before if one.u.shape == layer.u.shape]
                shared = [one for one in before if self._products(one).keys() & self._products(layer).keys()]
                linked = [one for one in before if one.y in starts and layer.y.shape == one.y.shape]
                if len(shared or linked) == 1:
                    found[layer.u] = (shared or linked)[0]
        return found

    def _find_stands(self) -> dict[Node, Node]:
        """Give what stands, in a step before the first, for a layer's total input, output and inputs."""
        found: dict[Node, Node] = {}
        for u, before in self.before.items():
            layer = self.of_u[u]
            found |= {u: before.u, layer.y: before.y}
            products, others = self._products(layer), self._products(before)
            found |= {x: others[weight] for weight, x in products.items() if weight in others}
        return found

    def _number_layers(self) -> dict[Node, str]:
        """Give each layer's total input its raised number, if it needs one: those of a repeat count once."""
        key: dict[Node, tuple[int, int]] = {}
        for i, repeat in enumerate(self.repeats):
            key |= {x: (i, repeat.places[x][0]) for x in self.of_u if x in repeat.places}
        key |= {layer.u: key[x] for x, layer in self.before.items()}
        rows = set(key.values())
        inside = Counter(i for i, _ in rows)
        self.simple = all(self.letter(repeat) == "l" and inside[i] < 2 for i, repeat in enumerate(self.repeats))
        groups: dict[object, list[Node]] = {}
        for layer in self.layers:
            groups.setdefault(key.get(layer.u, layer), []).append(layer.u)
        found: dict[Node, str] = {}
        for number, nodes in enumerate(groups.values(), 1):
            alone = nodes[0] in key and len(rows) == 1
            found |= dict.fromkeys(nodes, "" if alone or self.simple else str(number))
        return found

    def letter(self, repeat: Repeat) -> str:
        """Give t to a repeat that goes on in time, l to one whose segments have parameters of their own."""
        parameters = self.reading.parameters
        weights = {x for node in repeat.segments[0] if node.op == matmul for x in node.inputs if x in parameters}
        own = any(row[0] in parameters for row in repeat.own)
        return "l" if own and weights.isdisjoint(repeat.shared) else "t"

    def loop(self, repeat: Repeat) -> Loop:
        """Give a repeat with its index."""
        letter = self.letter(repeat)
        return Loop(repeat, letter, self._first(repeat, letter, find_starts(repeat)))

    def rows(self, loop: Loop) -> list[Row]:
        """Give the rows of a repeat that have a symbol, in the order of computation."""
        repeat, letter, first = loop.repeat, loop.letter, loop.first
        starts, width = find_starts(repeat), len(repeat.segments[0])
        carried = {number for number in repeat.carried if not accumulates(repeat, number)}
        found: list[Row] = []
        for number in range(width):
            nodes = repeat.row(number)
            row = self._results(nodes, letter, first, number in carried, self._states(repeat, carried))
            start = starts.get(number) if number in carried else self.stands.get(nodes[0])
            if row is not None:
                found.append(_extended(row, start))
                self.taken.add(row.name)  # of several that are carried, each has a name of its own
        for nodes in repeat.own:
            if all(x.op is None for x in nodes):
                found.append(_extended(self._inputs(nodes, letter, first), self.stands.get(nodes[0])))
                self.taken.add(found[-1].name)
        return found

    def _states(self, repeat: Repeat, carried: Iterable[int]) -> set[Node]:
        """Give the carried values that enter a product, or all if none does: H, and not the C of a cell."""
        values = {repeat.segments[0][number] for number in carried}
        return {x for x in values if enters_product(x, self.reading.users)} or values

    def _first(self, repeat: Repeat, letter: str, starts: Mapping[int, object]) -> int:
        """Number the first segment: as its layer is, or 2 where what it takes from before is a step's, and else 1."""
        if letter == "l" and self.simple:
            layers = [layer for layer in self.reading.layers if repeat.places.get(layer.u, (0, -1))[1] >= 0]
            numbers = [int(split_name(f"U{layer.number}").below) for layer in layers]
            if numbers and numbers == list(range(numbers[0], numbers[0] + repeat.count)):
                return numbers[0]
        before = [x for place, x in starts.items() if isinstance(x, Node) and not accumulates(repeat, place)]
        return 2 if any(x in self.of_y or x in self.reading.named for x in before if x.op is not None) else 1

    def _results(
        self, nodes: tuple[Node, ...], letter: str, first: int, carried: bool, states: Container[Node]
    ) -> Row | None:
        """Name what the segments compute at one place; None for what needs no name."""
        middle = nodes[len(nodes) // 2]  # at the ends other operations may act on a layer, a number or the loss
        u, y = middle in self.of_u, middle in self.of_y
        raised = _raised(self.numbers[middle if u else self.of_y[middle].u] if u or y else "")
        delta, total = f"δ{raised}" if u else "", self._free(f"U{raised}") if u and y else ""
        if _moves(nodes):
            source = nodes[0].inputs[0]
            same = source is nodes[-1].inputs[0] and numbers_of(nodes[0].op)
            name = (self.reading.symbols.get(source) if same else None) or self._free("X")
        elif nodes in self.of_users:
            name = self.of_users[nodes]
        elif y:
            name = self._free(f"{'H' if carried and letter == 't' else 'Y'}{raised}")
        elif u:
            name = self._free(f"U{raised}")
        elif carried:
            name = self._free(*("HCS" if nodes[0] in states else "CS"))
        elif nodes in self.gates:
            name = self._free(self.gates[nodes][0] + _raised(self.gates[nodes][1]))
        else:
            return None
        return Row(name, letter, first, nodes, delta, total, carried)

    def _inputs(self, nodes: tuple[Node, ...], letter: str, first: int) -> Row:
        """Name inputs that each segment has for itself: by what their names have in common, numbered as they are."""
        if not nodes[0].ndim and nodes[0].value is not None:  # numbers: what is multiplied is the data
            factors = any(user.op in (multiply, divide) for user in self.reading.users.get(nodes[0], ()))
            return Row(self._free(*("xd" if factors else "td")), letter, first, nodes)
        names = [split_name(self.reading.symbols[x]) for x in nodes]
        bases = {name.base for name in names}
        if len(bases) == 1 and all(
            name.below.isdigit() and x.value is None for name, x in zip(names, nodes, strict=True)
        ):
            numbers = [int(name.below) for name in names]
            if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
                return Row(names[0].base, letter, numbers[0], nodes)
        learns = nodes[0] in self.reading.parameters
        multiplied = any(user.op == matmul for user in self.reading.users.get(nodes[0], ()))
        roles = sorted(bases - {"c"} - self.taken) or [self._free(*("xcd" if multiplied else "cd"))]  # arrays: x or t
        name = roles[0] if not learns or len(bases) == 1 else self._free("W" if multiplied else "b")
        return Row(name, letter, first, nodes)

    def _free(self, *names: str) -> str:
        """Give the first of some names that nothing is called by, with an index or without; else the first, primed."""
        free = [name for name in names if name not in self.taken and (len(names) == 1 or name not in self.bases)]
        name = free[0] if free else names[0]
        while name in self.taken:
            name += "′"
        return name

    def rename(self, indexing: Indexing) -> Reading:
        """Give the reading with the rows' symbols, and raised numbers for the layers on none."""
        reading = self.reading
        symbols: dict[Node, str] = dict(reading.symbols)
        totals, deltas = dict(reading.totals), dict(reading.deltas)
        for node in self.repeated - indexing.place.keys():  # what is no more than a part of a formula
            if node.op is not None and node not in reading.named:
                symbols.pop(node, None)
        for layer in self.layers:
            if layer.u in indexing.place and layer.y not in indexing.place and layer.y not in reading.named:
                symbols.pop(layer.y, None)
        for layer in () if self.simple else self.layers:
            raised = _raised(self.numbers[layer.u])
            for x, name in ((layer.y, "Y"), (layer.u, "U")):
                if x in symbols and x not in reading.named and not (name == "U" and layer.u is layer.y):
                    symbols[x] = self._free(name + raised)
            totals |= {layer.u: self._free(f"U{raised}")} if layer.u in totals else {}
            deltas |= {layer.u: f"δ{raised}"} if layer.u in deltas else {}
        for node in indexing.place:
            for of, found in (("name", symbols), ("delta", deltas), ("total", totals)):
                called = indexing.name(node, of=of)
                keeps = of == "name" and node.op is None and node.value is None and node not in self.repeated  # h₀
                if called is not None and not keeps and node is not reading.graph.outputs[0]:
                    found[node] = str(called)
        symbols |= {x: self._free("S") for x in indexing.joined if x not in symbols}
        ordered = {x: symbols[x] for x in reading.graph.nodes if x in symbols}
        loss = self._find_loss(indexing)
        kind = name_loss(loss) if loss != reading.loss else reading.loss_kind
        return replace(
            reading, symbols=ordered, totals=totals, deltas=deltas, layers=self._renumber(), loss=loss, loss_kind=kind
        )

    def _find_loss(self, indexing: Indexing) -> frozenset[Node]:
        """Give what the loss alone needs after the last of what has an index: H₆ is none of the loss in Σ H₆²."""
        loss, users, found = self.reading.loss, self.reading.users, set[Node]()
        for x in reversed(self.reading.graph.nodes):
            if x in loss and x not in indexing.place and found.issuperset(users.get(x, ())):
                found.add(x)
        return frozenset(found)

    def _renumber(self) -> tuple[Layer, ...]:
        """Give the layers with the numbers that their symbols have raised; one that is alone in time is the first."""
        if self.simple:
            return self.reading.layers
        number = {x: to_subscript(raised or 1) for x, raised in self.numbers.items()}
        return tuple(replace(layer, number=number[layer.u]) for layer in self.reading.layers)


def _extended(row: Row, start: object) -> Row:
    """Put at the front of a row what stands in its place before the first segment."""
    if isinstance(start, Node) and start.shape == row.nodes[0].shape and start not in set(row.nodes):
        return replace(row, nodes=(start, *row.nodes), first=row.first - 1)
    return row


def _moves(nodes: Sequence[Node]) -> bool:
    """Say whether Nodes take one part after another of the same thing: X[0], X[1], …"""
    return isinstance(nodes[0].op, Index) and nodes[0].op != nodes[-1].op


def _raised(number: str) -> str:
    return f"⁽{to_superscript(number)}⁾" if number else ""
