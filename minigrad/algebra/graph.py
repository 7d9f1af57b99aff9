"""Graph: expressions with their inputs; it prints as assignments, evaluates, and differentiates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

import numpy as np

from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, flatten_nodes, order_nodes, restore_nodes, seed_node
from minigrad.notation.formula import mathml, text
from minigrad.notebook.cards import card, part, table
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise

SHOWN = 60  # operations of a graph that a repr writes


class Graph:
    """Expressions (``outputs``) of named inputs; immutable, like the Nodes in it.

    ``values`` holds what an input was when the graph was traced; ``graph(x=array)`` evaluates with others in their
    place. ``len(graph)`` is the number of operations.
    """

    def __init__(self, outputs: Sequence[Any], values: Mapping[Node, Any]) -> None:
        self.outputs = tuple(outputs)
        self.nodes = order_nodes(self.outputs)
        inside = set(self.nodes)
        self.values = {x: value for x, value in values.items() if x in inside}
        self.inputs: dict[str, Node] = {}
        for x in values:
            name = x.name or "?"
            if self.inputs.setdefault(name, x) is not x:
                raise ValueError(f"graph: two inputs are called {name!r}; give one of them another name")

    def __deepcopy__(self, memo: Any) -> Graph:
        other = copy(self)
        memo[id(self)], other.values = other, deepcopy(self.values, memo)
        return other

    def __copy__(self) -> Graph:
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    def __reduce__(self) -> Any:
        """Be copied and kept as rows of operations."""
        inputs = list(self.inputs.values())
        nodes = order_nodes([*self.outputs, *inputs])
        place = {x: i for i, x in enumerate(nodes)}
        outputs = [(True, place[x]) if isinstance(x, Node) else (False, x) for x in self.outputs]
        values = [(place[x], self.values.get(x), x in self.values) for x in inputs]
        return _restore_graph, (type(self), flatten_nodes([*self.outputs, *inputs]), outputs, values)

    def __len__(self) -> int:
        return sum(node.op is not None for node in self.nodes)

    def __call__(self, **values: Any) -> Any:
        """Evaluate: the one output, or a tuple of several. Inputs that are not given keep their traced values."""
        unknown = values.keys() - self.inputs.keys()
        if unknown:
            raise TypeError(f"graph: no input is called {sorted(unknown)[0]!r}; there are {', '.join(self.inputs)}")
        known = self.values | {self.inputs[name]: value for name, value in values.items()}
        found = evaluate(self.outputs, known)
        return found[0] if len(found) == 1 else tuple(found)

    def gradient(self, wrt: str | Sequence[str] | None = None) -> Graph:
        """Give the graph of ∂(output)/∂(input) for the inputs named ``wrt``, by default all; zeros where none flows.

        Raises ``ValueError`` if there are several outputs or the one is no scalar, or there is no input of that name.
        """
        names = list(self.inputs) if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
        missing = [name for name in names if name not in self.inputs]
        if missing:
            raise ValueError(f"gradient: no input is called {missing[0]!r}; there are {', '.join(self.inputs)}")
        if len(self.outputs) != 1 or np.shape(self.outputs[0]) != ():
            shapes = [np.shape(output) for output in self.outputs]
            raise ValueError(f"gradient: wanted one scalar output, not outputs of shapes {shapes}")
        (output,) = self.outputs
        found: dict[Node, Any] = {}
        if isinstance(output, Node):
            found = pullback(output, seed_node(output))
        return Graph([found.get(self.inputs[name], 0.0) for name in names], self.values)

    def __str__(self) -> str:
        """Write one assignment a line, in the order of evaluation, each named after its place: ``v3 = v1 ⊙ v2``."""
        names = self._names()
        return "\n".join(
            [*(f"{names[x]} = {text(x, names, expand=x)}" for x in self._computed()), self._returned(names)]
        )

    @text_or_reason
    def __repr__(self) -> str:
        names = self._names()
        lines = [f"{names[x]} = {text(x, names, expand=x)}" for x in self._computed()[:SHOWN]]
        left = len(self) - len(lines)
        more = [f"… {left} more, which print(graph) writes"] if left else []
        return "\n".join(
            [f"<Graph of {len(self)} operations on {', '.join(self.inputs) or 'no inputs'}>", *lines, *more]
        )

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the assignments as formulas in a notebook, the shape of each beside it."""
        names = self._names()
        rows = [
            (mathml(x, names), mathml(x, names, expand=x), " × ".join(map(str, x.shape)) or "scalar")
            for x in self._computed()[:SHOWN]
        ]
        left = len(self) - len(rows)
        more = part("", f"… {left} more, which print(graph) writes") if left else ""
        facts = [
            f"{len(self)} operations",
            f"of {', '.join(self.inputs)}" if self.inputs else "",
            self._returned(names),
        ]
        return card("Graph", facts, part("", table(["", "is", "shape"], rows)), more)

    def _computed(self) -> list[Node]:
        return [node for node in self.nodes if node.op is not None]

    def _names(self) -> dict[Node, str]:
        """Give what each Node is called: an input by its name, an operation by its place."""
        count = 0
        names: dict[Node, str] = {}
        for node in self.nodes:
            count += node.op is not None
            names[node] = f"v{count}" if node.op is not None else node.name or text(node)
        return names

    def _returned(self, names: Mapping[Node, str]) -> str:
        return f"return {', '.join(names[x] if isinstance(x, Node) else text(x) for x in self.outputs)}"


def _restore_graph(kind: type[Graph], rows: Any, outputs: Any, values: Any) -> Graph:
    nodes = restore_nodes(rows)
    graph = kind([nodes[x] if is_place else x for is_place, x in outputs], {nodes[i]: x for i, x, _ in values})
    graph.values = {nodes[i]: x for i, x, known in values if known}
    return graph


def evaluate(
    outputs: Sequence[Any], known: Mapping[Node, Any], each: Callable[[Node, Any], Any] | None = None
) -> list[Any]:
    """Compute the outputs from the values of their inputs, each operation once; ``each`` gives what becomes of one."""
    found: dict[Node, Any] = {}
    for node in order_nodes(outputs):
        if node in known:
            found[node] = known[node]
        elif node.op is None:
            if node.value is None:
                raise ValueError(f"graph: the input {node.name!r} has no value; give it as an argument")
            found[node] = node.value
        else:
            promotes = isinstance(node.op, Elementwise | Where)  # by the types of Python numbers; others take arrays
            inputs = [(found[x], x.weak) if isinstance(x, Node) else (x, False) for x in node.inputs]
            made = node.op.forward(*(np.asarray(x)[()] if weak and not promotes else x for x, weak in inputs))
            made = made if each is None else each(node, made)
            found[node] = made.item() if node.weak and isinstance(made, np.generic) else made  # float32 stays that
    return [found[x] if isinstance(x, Node) else x for x in outputs]
