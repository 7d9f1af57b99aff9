"""A recorded loss -> a picture of its backward graph, in Graphviz's language DOT.

Two lanes: values on top, from left to right, and below each its gradient, dashed and orange, from right to left. A
box says symbol, shape, formula (a gradient's as the operation's own rule writes it) and the numbers, if they are few.
"""

from __future__ import annotations

import os
import warnings
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import graphviz  # type: ignore[import-untyped]
import numpy as np

from minigrad.autodiff import pullback
from minigrad.graph.node import Node
from minigrad.graph.notation import text
from minigrad.tensor import Tensor

INK, OPERATION = "#222222", "#2F4B66"
DATA, PARAMETER, LOSS = ("#6B6B6B", "#EDEDED"), ("#00694D", "#B9E0D2"), (INK, "#FFFFFF")  # line and tint
VALUE, GRADIENT = ("#0072B2", "#D6E8F4"), ("#D55E00", "#FBDFCB")
SANS = {"fontname": "DejaVu Sans,Verdana,Helvetica,sans-serif", "fontcolor": INK}
SERIF, MONO = "DejaVu Serif,STIX Two Text,Cambria,Georgia,serif", "DejaVu Sans Mono,Menlo,Consolas,monospace"
DIGITS = "₀₁₂₃₄₅₆₇₈₉"


def graphviz_source(loss: Tensor) -> str:
    """Give the backward graph of a recorded scalar as DOT; ValueError if it has no record or is no scalar."""
    return str(_Picture(loss).dot.source)


def draw(loss: Tensor, path: str | os.PathLike[str] | None = None) -> Path:
    """Write the backward graph of a recorded scalar as SVG to ``path``, or to ``backward.svg``; give the path.

    Where Graphviz's program ``dot`` is missing, the DOT text is written instead, to the same name with the ending
    ``.dot``, and a warning says how to get the picture.
    """
    path, dot = Path(path or "backward.svg"), _Picture(loss).dot
    try:
        path.write_text(dot.pipe(format="svg", encoding="utf-8"), encoding="utf-8")
    except graphviz.ExecutableNotFound:
        source = path.with_suffix(".dot")
        source.write_text(dot.source, encoding="utf-8")
        hint = f"install Graphviz (https://graphviz.org), then:  dot -Tsvg {source} -o {path}"
        warnings.warn(f"draw: the program dot is missing; for the picture {hint}", RuntimeWarning, stacklevel=2)
        return source
    return path


class _Picture:
    """One loss, drawn operation by operation in the order in which it was computed."""

    def __init__(self, loss: Tensor) -> None:
        if loss.op is None or loss.shape:
            raise ValueError("draw: wanted a recorded scalar; reduce it, with .sum() say, and outside of no_grad().")
        values = _recorded(loss)
        found = pullback(loss, loss.data.dtype.type(1), keep=set(values))
        self.gradients = {id(x): np.asarray(g) for x, g in found.items()}
        self.largest = max([1.0, *map(_largest, self.gradients.values())])
        self.nodes: dict[int, Node] = {}  # tensors and arrays by id, named as formulas call them; numbers are not here
        for x in (x for y in values for x in (*y.inputs, y)):
            if id(x) not in self.nodes and (isinstance(x, Tensor) or np.ndim(x)):
                name = "E" if x is loss else "v" + "".join(DIGITS[int(digit)] for digit in str(len(self.nodes) + 1))
                self.nodes[id(x)] = Node(name=getattr(x, "name", None) or name, shape=x.shape, dtype=x.dtype)
        self.loss, self.formulas = loss, {id(loss): ["1"]}  # of the gradients, one term for each use
        for y in reversed(values):
            self._differentiate(y)
        graph = {"rankdir": "LR", "nodesep": ".22", "ranksep": ".34", "bgcolor": "white", "pad": ".25"}
        self.dot = graphviz.Digraph("backward", graph_attr=graph | SANS | {"label": _legend(), "labelloc": "b"})
        self.dot.attr("node", shape="plain", **SANS)
        self.dot.attr("edge", arrowsize=".7", penwidth="1.6")
        self.boxes: dict[int, list[str]] = {}  # the names of what is drawn of a tensor: its box, that of its gradient
        for number, y in enumerate(values):
            self._operation(f"op{number}", y)

    def _differentiate(self, y: Tensor) -> None:
        """Let the rules of y's operation write their terms of its inputs' gradients."""
        op: Any = y.op
        g, inputs = Node(name=self._gradient(y)[0], shape=y.shape), [self.nodes.get(id(x), x) for x in y.inputs]
        for i, x in enumerate(y.inputs):
            if id(x) in self.gradients and id(y) in self.gradients and op.vjps[i]:
                term = op.vjps[i](op, g, self.nodes[id(y)], *inputs)
                spread = "" if term.shape == x.shape else "Σ "  # over the axes along which x was broadcast
                self.formulas.setdefault(id(x), []).append(spread + text(term))

    def _gradient(self, x: Any) -> tuple[str, str]:
        """Give the symbol of ∂E/∂x and the heading of its box; that of a total input u is the textbook's δ."""
        name = str(self.nodes[id(x)].name)
        symbol = f"∂{self.nodes[id(self.loss)].name}/∂{name}"
        return (f"δ{name[1:]}", f"δ{name[1:]} = {symbol}") if name.rstrip(DIGITS) == "u" else (symbol, symbol)

    def _operation(self, op: str, y: Tensor) -> None:
        """Draw an operation, its result and its operands; new leaves stand above the one that comes along the lane."""
        operands = list({id(x): x for x in y.inputs if id(x) in self.nodes}.values())
        main = max(operands, key=lambda x: x.serial if getattr(x, "op", None) else 0)
        leaves = [x for x in operands if x is not main and id(x) not in self.boxes]
        for x in (main, y):
            self._tensor(x, lane=True)
        for x in leaves:
            self._tensor(x, lane=False)
        above = [self.boxes[id(x)][0] for x in (*leaves[::-1], main)]
        below = [self.boxes[id(x)][-1] for x in (main, *leaves) if x is main or id(x) in self.gradients]
        self._column([*pairwise(above), *pairwise(below)], "invis")
        self.dot.node(op, getattr(y.op, "name", "").replace("_", " "), shape="ellipse", style="filled", group="lane",
                      color=OPERATION, fillcolor=OPERATION, fontcolor="white", fontsize="9", height=".3",
                      margin=".06,.03")  # fmt: skip
        self.dot.edge(op, self.boxes[id(y)][0], color=VALUE[0], weight="100")
        for x in operands:
            weight = "100" if x is main else "1"
            self.dot.edge(self.boxes[id(x)][0], op, color=self._style(x)[0], weight=weight)
            if id(x) in self.gradients and id(y) in self.gradients:
                width = f"{1 + 3 * _largest(self.gradients[id(x)]) / self.largest:.1f}"
                self.dot.edge(self.boxes[id(x)][1], self.boxes[id(y)][1], dir="back", style="dashed",
                              color=GRADIENT[0], penwidth=width, weight=weight)  # fmt: skip

    def _tensor(self, x: Any, lane: bool) -> None:
        """Draw a tensor and, if it has one, its gradient, unless they are drawn already."""
        if id(x) in self.boxes:
            return
        node, op, key = self.nodes[id(x)], getattr(x, "op", None), f"t{len(self.boxes)}"
        formula = text(op(*(self.nodes.get(id(part), part) for part in x.inputs))) if op else ""
        label = _box(str(node.name), formula, np.asarray(getattr(x, "data", x)), self._style(x))
        self.dot.node(key, label, id=key, group="lane" if lane else "")
        self.boxes[id(x)] = [key]
        if id(x) in self.gradients:
            label = _box(self._gradient(x)[1], " + ".join(self.formulas[id(x)]), self.gradients[id(x)], GRADIENT)
            self.dot.node(f"g{key}", label, id=f"g{key}", group="back" if lane else "")
            self.boxes[id(x)].append(f"g{key}")
            if lane:
                self._column([(key, f"g{key}")], "dotted")

    def _column(self, edges: list[tuple[str, str]], style: str) -> None:
        """Place boxes one above the other, from the top to the bottom."""
        with self.dot.subgraph(graph_attr={"rank": "same"}) as rank:
            for a, b in edges:
                rank.edge(a, b, style=style, color="#9A9A9A", arrowhead="none")

    def _style(self, x: Any) -> tuple[str, str]:
        if x is self.loss:
            return LOSS
        return VALUE if getattr(x, "op", None) else PARAMETER if id(x) in self.gradients else DATA


def _recorded(loss: Tensor) -> list[Tensor]:
    """Give the results of the record that leads to a loss, each after the tensors that it was computed from."""
    found, stack = {id(loss): loss}, [loss]
    while stack:
        for x in stack.pop().inputs:
            if isinstance(x, Tensor) and x.op is not None and id(x) not in found:
                found[id(x)] = x
                stack.append(x)
    return sorted(found.values(), key=lambda y: y.serial)


def _largest(g: Any) -> float:
    """Give max |g|, and 0 where there is none or it is not finite."""
    return float(np.nan_to_num(np.abs(g), nan=0, posinf=0).max(initial=0))


def _box(symbol: str, formula: str, array: Any, style: tuple[str, str]) -> str:
    """Give the HTML-like label of one tensor: symbol and shape, formula, numbers or their mean and norm."""
    rows = np.atleast_2d(array)
    if rows.ndim == 2 and len(rows) <= 3 and 0 < rows.shape[1] <= 4:
        lines = ["[" + " ".join(f"{round(v, 2) + 0:5.2f}" for v in row) + " ]" for row in rows.tolist()]
    else:
        lines = [f"mean {array.mean():.2g}, norm {np.linalg.norm(array):.2g}"] if array.size else ["empty"]
    numbers = "<BR/>".join(lines).replace("-", "−").replace(" ", "&#160;")
    shape = "×".join(map(str, array.shape)) or "scalar"
    cells = [
        f'<FONT FACE="{SERIF}" POINT-SIZE="14"><B>{escape(symbol)}</B></FONT>'
        f'<FONT COLOR="#555555" POINT-SIZE="8">&#160;&#160;{shape}&#160;</FONT>',
        f'<FONT FACE="{SERIF}" POINT-SIZE="10">{escape(formula)}&#160;</FONT>' if formula else "",
        f'<FONT FACE="{MONO}" POINT-SIZE="9">{numbers}&#160;</FONT>',
    ]
    head, *rest = (f'<TR><TD ALIGN="LEFT" BALIGN="LEFT">{cell}</TD></TR>' for cell in cells if cell)
    border = 2 if style is LOSS else 1
    return (
        f'<<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" STYLE="ROUNDED" '
        f'COLOR="{style[0]}" BGCOLOR="{style[1]}">{head}<HR/>{"".join(rest)}</TABLE>>'
    )


def _legend() -> str:
    styles = {"data": DATA, "parameter": PARAMETER, "value, forward →": VALUE, "gradient, ← backward": GRADIENT}
    cells = (
        f'<TD BORDER="1" COLOR="{line}" BGCOLOR="{tint}" WIDTH="22"></TD><TD>{name}&#160;&#160;&#160;</TD>'
        for name, (line, tint) in styles.items()
    )
    return f'<<TABLE BORDER="0" CELLSPACING="4"><TR>{"".join(cells)}</TR></TABLE>>'
