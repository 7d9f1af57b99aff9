"""A derivation -> the code that one would write by hand for it: a NumPy function, forward and backward."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.derivation.equations import Equations
from minigrad.derivation.python_names import Spelling, variable
from minigrad.engine.claims import is_whole
from minigrad.engine.node import Node, order_nodes
from minigrad.notation.formula import text
from minigrad.notation.helpers import HELPERS
from minigrad.notation.python import write_python
from minigrad.ops.common.alphabet import printable
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import BroadcastTo, Reshape, Transpose

_WIDTH = 110
_SHORT, _LONG = 8, 100  # arrays of more elements have a name; of more than that, they are arguments


def to_numpy(equations: Equations, loss: Any, name: str = "loss_and_gradients") -> str:
    """Write a module with one function of the graph's inputs that gives E and the gradients, in NumPy alone.

    Its arguments are the data, then the parameters in the order of their use, and then the targets, which are what the
    loss alone needs; the gradients are in the same order.
    Variables have the derivation's names (U1, Y1, δ2, dW2), and each assignment its formula as a comment. A part that
    several formulas need and that has no symbol is computed once, as z1, z2. Numbers that tracing read, such as the
    1/N of a mean, are those of the traced call; an array among them of more than 100 elements is an argument, c1, of
    its own, and ``names=locals()`` calls it by its name. Raises ``ValueError`` if ``name`` is no identifier.
    """
    if not name.isidentifier():
        raise ValueError(f"to_numpy: a function cannot be called {name!r}")
    return _Function(equations, loss).source(name)


class _Function:
    """The statements of one such function, and the names in it."""

    def __init__(self, equations: Equations, loss: Any) -> None:
        self.equations, self.loss, graph = equations, loss, equations.graph
        gradients = {line.symbol for line in equations.lines}
        self.values = {node: symbol for node, symbol in equations.symbols.items() if symbol not in gradients}
        roots = [self.loss, *(line.node for line in equations.lines)]
        self.nodes = order_nodes(roots)
        self.spelling = Spelling({x: x.name or "?" for x in graph.inputs.values()}, {*HELPERS, "np", "E"})
        self.names: dict[Node, str] = {x: self.spelling.inputs[x] for x in graph.inputs.values()}
        self.written: dict[Node, str] = {x: self.values.get(x) or x.name or "?" for x in graph.inputs.values()}
        constants = [
            x
            for x in self.nodes
            if x.op is None and x.value is not None and (x in self.values or np.size(x.value) > _SHORT)
        ]
        for i, x in enumerate(constants, 1):
            self.written[x] = self.values.get(x, f"c{i}")
            self.names[x] = self.spelling.fresh(variable(self.written[x]))
        self.arrays = [x for x in constants if x.size > _LONG]
        self.shared = self._shared(roots)
        self.lines = [  # assignments, and their comments
            (f"{self.names[x]} = {write_python(x, {})}", f"a constant of shape {_shape(x)}")
            for x in constants
            if x.size <= _LONG
        ]

    def _shared(self, roots: Iterable[Any]) -> set[Node]:
        """Find what several expressions have in common and no symbol names, but for what costs nothing."""
        uses: dict[Node, int] = {}
        for x in [*roots, *(x for node in self.nodes for x in node.inputs)]:
            if isinstance(x, Node):
                uses[x] = uses.get(x, 0) + 1
        free = Transpose | BroadcastTo | Reshape | Index
        soon = {line.node for line in self.equations.lines if self._is_short(line.node)}  # δ = Y − T, also in the loss
        return {
            x
            for x, n in uses.items()
            if n > 1 and x.op is not None and not isinstance(x.op, free) and x not in soon and self._is_worth_a_name(x)
        }

    def _is_worth_a_name(self, x: Node) -> bool:
        """Tell whether something is an array, or long: numbers that need each other are written once."""
        return bool(x.shape) or not self._is_short(x)

    def _is_short(self, x: Any) -> bool:
        """Tell whether an expression is one operation between what has names."""
        return isinstance(x, Node) and all(
            not isinstance(y, Node) or y in self.written or y in self.values for y in x.inputs
        )

    def _assign(self, variable: str, left: str, node: Any, known: Mapping[Node, str]) -> None:
        """Write an assignment, and before it those of the shared parts that it is the first to need."""
        names = {x: self.names[x] for x in known if x in self.names} | self._temporary
        written = {**known, **{x: names[x] for x in self._temporary}}
        for x in order_nodes([node]) if isinstance(node, Node) else []:
            if x in self.shared and x not in names and x is not node:
                names[x] = written[x] = self._temporary[x] = self.spelling.fresh(f"z{len(self._temporary) + 1}")
                self.lines.append((f"{names[x]} = {write_python(x, names, x)}", f"{names[x]} = {text(x, written, x)}"))
        expand = None if isinstance(node, Node) and node in names else node
        self.lines.append(
            (f"{variable} = {write_python(node, names, expand)}", f"{left} = {text(node, written, expand)}")
        )

    def source(self, name: str) -> str:
        """Write the module."""
        self._temporary: dict[Node, str] = {}
        known = dict(self.written)
        for x in self.nodes:  # forward
            if x in self.values and x.op is not None:
                variable = self.spelling.variable(self.values[x])
                self._assign(variable, self.values[x], x, known)
                self.names[x], known[x] = variable, self.values[x]
        self._assign("E", "E", self.loss, known)
        forward, self.lines = self.lines, []
        returned: dict[Node, str] = {}
        leaves = set(self.equations.graph.inputs.values())
        for i, line in enumerate(self.equations.lines):
            variable = self.spelling.variable(line.symbol)
            left = " = ".join(dict.fromkeys([line.symbol, f"∂E/∂{line.of}"]))
            before = self.equations.known(i)
            self._assign(variable, left, line.node, {**known, **{x: s for x, s in before.items() if x in self.names}})
            if isinstance(line.node, Node):
                self.names.setdefault(line.node, variable)
            if line.target in leaves:
                returned[line.target] = self._whole(variable, line)
        return self._module(name, forward, self.lines, returned)

    def _whole(self, variable: str, line: Any) -> str:
        """Give a gradient in the shape of what it belongs to, where the formula is a mere number."""
        shape = line.target.shape
        return variable if np.shape(line.node) == shape else f"np.full({shape}, {variable})"

    def _module(
        self, name: str, forward: list[tuple[str, str]], backward: list[tuple[str, str]], returned: Mapping[Node, str]
    ) -> str:
        inputs = {*self.equations.graph.inputs.values(), *self.arrays}
        arguments = [x for x in self.equations.inputs if x in inputs]
        shapes = [f"    {self.names[x]}: {_shape(x)}" for x in arguments]
        given = ", ".join(f'"{self.names[x]}": {returned[x]}' for x in arguments if x in returned)
        body = [
            f"def {name}({', '.join(self.names[x] for x in arguments)}):",
            '    """Give E, and a dictionary of its gradients, for arrays of these shapes:',
            "",
            *shapes,
            '    """',
            *(f"    {self.names[x]} = np.asarray({self.names[x]}, np.{x.dtype.name})" for x in self._whole_numbers()),
            *_commented(forward),
            "",
            *_commented(backward),
            "",
            f"    return E, {{{given}}}",
        ]
        called = {word for word in HELPERS if any(re.search(rf"\b{word}\(", code) for code, _ in [*forward, *backward])}
        helpers = [f"{HELPERS[word]}\n" for word in HELPERS if word in called]
        title = '"""The loss E and its gradients, derived by hand."""\n\nimport numpy as np\n'
        if any(re.search(r"\bspecial\.", code) for code, _ in [*forward, *backward]):
            title += "from scipy import special\n"
        return "\n".join([title, "", *helpers, *body, ""])

    def _whole_numbers(self) -> list[Node]:
        """Give the inputs that came as whole numbers or truth values, which would wrap, or have no sign."""
        values = self.equations.graph.values
        return [x for x in self.equations.inputs if x in values and is_whole(values[x])]


def _commented(lines: list[tuple[str, str]]) -> list[str]:
    """Put the formulas beside the code, in one column, or above it where that would be too wide."""
    lines = [(code, printable(comment)) for code, comment in lines]  # on one line, whatever an operation is called
    column = max((len(code) for code, comment in lines if len(code) + len(comment) + 8 <= _WIDTH), default=0)
    done: list[str] = []
    for code, comment in lines:
        if len(code) <= column and column + len(comment) + 8 <= _WIDTH:
            done.append(f"    {code:{column}}  # {comment}")
        else:
            done += [f"    # {comment}", f"    {code}"]
    return done


def _shape(x: Node) -> str:
    return f"({', '.join(map(str, x.shape))}{',' if x.ndim == 1 else ''})" if x.shape else "a number"
