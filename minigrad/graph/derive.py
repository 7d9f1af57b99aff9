"""A loss -> the textbook's derivation: δ of each layer, ∂E/∂W, ∂E/∂b and ∂E/∂Y, as they come out of the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.autodiff import pullback
from minigrad.graph.facts import SumsToOne
from minigrad.graph.graph import Graph, evaluate
from minigrad.graph.layers import SUBSCRIPTS, layers
from minigrad.graph.node import Node
from minigrad.graph.notation import text
from minigrad.graph.simplify import simplify
from minigrad.graph.trace import lifted
from minigrad.ops.linalg import matmul
from minigrad.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a derivation, ``symbol = ∂E/∂of = formula``: ∂E/∂of itself where it has no symbol of its own."""

    symbol: str
    of: str
    formula: str
    node: Any
    value: Any
    facts: tuple[SumsToOne, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the gradient, which is that of what it belongs to."""
        return tuple(np.shape(self.value))

    def __str__(self) -> str:
        middle = "" if self.symbol == _gradient(self.of) else f" = {_gradient(self.of)}"
        reason = f"    ({'; '.join(str(fact) for fact in self.facts)})" if self.facts else ""
        return f"{self.symbol}{middle} = {self.formula}{reason}"


class Derivation(Sequence[Line]):
    """The lines of a derivation, from the loss back to the inputs; each refers to symbols of the lines before it."""

    def __init__(self, lines: Sequence[Line], graph: Graph) -> None:
        self._lines, self.graph = tuple(lines), graph
        self._raw: dict[str, Any] = {}

    def __getitem__(self, i: Any) -> Any:
        return self._lines[i]

    def __len__(self) -> int:
        return len(self._lines)

    def __str__(self) -> str:
        return "\n".join(str(line) for line in self)

    to_text = __str__

    def check(self) -> list[tuple[str, float]]:
        """Give, for each line, the largest difference between its formula's value and the engine's gradient.

        The engine's are those of the graph as it was recorded, before anything was simplified; the formulas are
        evaluated one operation at a time.
        """
        raw = evaluate([self._raw[line.of] for line in self], self.graph.values)
        return [
            (line.symbol, float(np.max(np.abs(np.asarray(line.value) - value), initial=0.0)))
            for line, value in zip(self, raw, strict=True)
        ]


def derive(
    loss: Tensor,
    wrt: Sequence[Tensor] | None = None,
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
) -> Derivation:
    """Write the gradient of a loss the way a textbook does, one line for each δ, ∂E/∂W, ∂E/∂b and ∂E/∂Y.

    Nothing is known of any network: the lines are the gradient's graph, simplified, with a symbol for each total input
    U, layer output Y and gradient. ``wrt`` are the tensors whose gradients are wanted, by default all inputs that
    require one; ``names=locals()`` names tensors that have no name of their own; ``given`` declares facts such as
    ``sums_to_one(t)``, and the lines that need them say so.

    Raises ``ValueError`` for a loss that is no scalar or has no record, a tensor that the loss does not depend on, a
    fact that the data contradict, and a name that stands for two tensors.
    """
    if loss.shape != ():
        raise ValueError(f"derive: wanted a scalar loss, and this has shape {loss.shape}; reduce it, with .sum() say")
    if loss.op is None:
        raise ValueError("derive: the loss was not recorded; compute it from tensors with requires_grad=True")
    given = tuple(given)
    called = {t: name for name, t in (names or {}).items() if isinstance(t, Tensor) and t.name is None}
    graph, nodes = lifted([loss], called)
    leaves = [t for t in nodes if t.op is None and t.requires_grad] if wrt is None else list(wrt)
    for t in leaves:
        if t not in nodes:
            raise ValueError(f"derive: the loss does not depend on {t.name or 'a tensor in wrt'}")
    wanted = {nodes[t]: _pretty(nodes[t].name or called.get(t) or "?") for t in leaves}
    return _derivation(graph, wanted, given)


def _derivation(graph: Graph, wanted: dict[Node, str], given: tuple[SumsToOne, ...]) -> Derivation:
    found = layers(graph, wanted)
    symbols: dict[Node, str] = {x: _pretty(name) for name, x in graph.inputs.items()}  # of values
    targets: dict[Node, tuple[str, str]] = {}  # what has a line, in order: its name, and its gradient's symbol
    outputs = {layer.y: layer for layer in found}
    for layer in found:
        symbols[layer.u] = f"U{layer.number}"
        symbols[layer.y] = f"Y{layer.number}"
    for layer in reversed(found):
        targets[layer.u] = (f"U{layer.number}", f"δ{layer.number}")
        for x in _operands(layer.u):
            earlier = outputs.get(x)
            if earlier is not None and earlier.u is not earlier.y:
                targets[x] = (symbols[x], _gradient(symbols[x]))
            elif x in wanted:
                targets[x] = (wanted[x], _gradient(wanted[x]))
    for x, name in wanted.items():
        targets.setdefault(x, (name, _gradient(name)))
    (output,) = graph.outputs
    seed = Node(value=np.ones((), output.dtype), dtype=output.dtype, table=output.table)
    raw = pullback(output, seed, keep=set(targets))
    everything = Graph([*(raw.get(x, 0.0) for x in targets), *symbols], graph.values)
    simple = simplify(everything, given).outputs
    formulas = _formulas(simple, targets, symbols)
    without = _formulas(simplify(everything).outputs, targets, symbols) if given else formulas
    values = evaluate(simple[: len(targets)], graph.values)
    derivation = Derivation(
        [
            Line(symbol, of, formula, node, value, () if formula == unaided else given)
            for (of, symbol), formula, unaided, node, value in zip(
                targets.values(), formulas, without, simple, values, strict=False
            )
        ],
        graph,
    )
    derivation._raw = {of: raw.get(x, 0.0) for x, (of, _) in targets.items()}
    return derivation


def _formulas(
    outputs: Sequence[Any], targets: Mapping[Node, tuple[str, str]], symbols: Mapping[Node, str]
) -> list[str]:
    """Write the gradients, which come first, by the symbols of the values, which come last, and of gradients before."""
    names = {x: name for x, name in zip(outputs[len(targets) :], symbols.values(), strict=True) if isinstance(x, Node)}
    formulas = []
    for (_, symbol), x in zip(targets.values(), outputs, strict=False):
        formulas.append(text(x, names))
        if isinstance(x, Node):
            names.setdefault(x, symbol)
    return formulas


def _operands(u: Node) -> list[Node]:
    """Give W, b and y of u = y W + b, in the order in which a textbook differentiates by them."""
    product = u if u.op == matmul else next(x for x in u.inputs if isinstance(x, Node) and x.op == matmul)
    bias = [x for x in u.inputs if x is not product] if u is not product else []
    return [product.inputs[1], *bias, product.inputs[0]]


def _gradient(of: str) -> str:
    return f"∂E/∂{of}"


def _pretty(name: str) -> str:
    """Write the digits at the end of a name as a subscript: W₁."""
    return re.sub(r"\d+$", lambda digits: digits[0].translate(SUBSCRIPTS), name)
