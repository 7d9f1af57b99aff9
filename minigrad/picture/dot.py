"""A scene -> a program in Graphviz's language DOT, whose layout comes out as two mirrored lanes.

Lanes stay straight because every edge is declared from left to right, those of the backward pass with dir=back; the
edges of a lane weigh 100, and where parameters stand in columns above and below it, invisible points let it through.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

import graphviz  # type: ignore[import-untyped]

from minigrad.picture import style
from minigrad.picture.layout.lanes import Lanes
from minigrad.picture.scene.parts import Arrow, Box, Operation, Scene
from minigrad.picture.setting import Setting
from minigrad.picture.style import Line, Run, Typesetter

_GRAPH = {
    "rankdir": "LR", "nodesep": ".22", "ranksep": ".34", "splines": "spline", "pad": ".25",
    "fontname": style.SANS, "fontsize": "12", "labelloc": "b", "compound": "true",
}  # fmt: skip


class Program:
    """One scene, written as DOT; every id begins with ``prefix``."""

    def __init__(self, scene: Scene, prefix: str, setting: Setting) -> None:
        self.scene, self.prefix, self.setting, self.look = scene, prefix, setting, setting.look
        self.type, self.largest = Typesetter(scene, setting.look, setting.words), style.largest(scene)
        self.gradient = {box.of: box.id for box in scene.boxes if box.of}
        self.lanes = Lanes(scene)
        paper = {"bgcolor": "transparent" if setting.transparent else self.look.paper, "fontcolor": self.look.title}
        self.dot = graphviz.Digraph("backward", graph_attr=_GRAPH | paper | {"id": f"{prefix}graph"})
        self.dot.attr("node", shape="plain", fontname=style.SANS, fontsize="11", fontcolor=self.look.ink)
        self.dot.attr(
            "edge", arrowsize=".7", penwidth="1.6", fontname=style.SANS, fontsize="10", fontcolor=self.look.ink
        )
        self._through: dict[str, tuple[str, str]] = {}  # operation -> the points in its column, forward and backward
        homes: dict[str | None, list[Box | Operation]] = {}
        parts: list[Box | Operation] = [*scene.boxes, *scene.operations]
        for part in parts:
            homes.setdefault(part.cluster, []).append(part)
        self._columns(None, homes.pop(None, []), self.dot)
        for cluster in scene.clusters:
            frame = {"label": cluster.title, "labeljust": "l", "labelloc": "t", "style": "rounded,filled",
                     "margin": "12", "color": self.look.frame, "fillcolor": self.look.ground, "id": prefix + cluster.id,
                     "tooltip": graphviz.escape(cluster.title)}  # fmt: skip
            with self.dot.subgraph(name=f"cluster_{cluster.id}", graph_attr=frame) as sub:
                self._columns(cluster.id, homes.get(cluster.id, []), sub)
        self._edges()
        self.dot.attr(label=_legend(bool(self.gradient), setting))

    @property
    def source(self) -> str:
        """The program's text."""
        return str(self.dot.source)

    def _columns(self, cluster: str | None, parts: list[Box | Operation], graph: graphviz.Digraph) -> None:
        """Declare the nodes of a frame, and which of them stand one above the other."""
        for part in parts:
            if isinstance(part, Box):
                self._box(part, graph)
            else:
                self._operation(part, graph)
        for part in parts:
            if isinstance(part, Operation):
                self._column(part, cluster, graph)
        for part in parts:
            if isinstance(part, Box) and part.id in self.gradient and self.lanes.on_lane(part.id):
                self._rank(graph, cluster, [self.gradient[part.id], part.id], "dotted")

    def _column(self, op: Operation, cluster: str | None, graph: graphviz.Digraph) -> None:
        """Stand an operation's own inputs above the lane that passes, and their gradients below it."""
        main, side = self.lanes.main.get(op.id), self.lanes.side[op.id]
        if not side or main is None:
            return
        wire = self.look.lines["value"]
        graph.node(f"{op.id}_i", "", shape="box", style="filled", width=".08", height=".009", fixedsize="true",
                   color=wire, fillcolor=wire, penwidth="1", group="f", id=f"{self.prefix}{op.id}_i",
                   tooltip=" ")  # fmt: skip
        points = [f"{op.id}_i"]
        if main in self.gradient:
            graph.node(f"{op.id}_j", "", shape="point", style="invis", width=".01", height=".01", fixedsize="true",
                       color=self.look.lines["gradient"], group="b", id=f"{self.prefix}{op.id}_j",
                       tooltip=" ")  # fmt: skip
            points.insert(0, f"{op.id}_j")
        below = [self.gradient[x] for x in reversed(side) if x in self.gradient]
        self._rank(graph, cluster, [*below, *points, *side], "invis")
        self._through[op.id] = (points[-1], points[0])

    def _rank(self, graph: graphviz.Digraph, cluster: str | None, column: list[str], kind: str) -> None:
        """Place nodes one above the other, from the bottom to the top.

        Within a cluster dot wants the edges of a column upwards, and outside of one downwards: declared the same way
        in both, one half of a picture stands on its head.
        """
        with graph.subgraph(graph_attr={"rank": "same"}) as rank:
            for a, b in pairwise(column if cluster else column[::-1]):
                name = {"id": self.prefix + "-".join(sorted((a, b), key=len))} if kind == "dotted" else {}
                rank.edge(
                    a, b, style=kind, color=self.look.pale, arrowhead="none", tooltip=self.setting.words["same"], **name
                )

    def _box(self, box: Box, graph: graphviz.Digraph) -> None:
        lines = self.type.lines(box, self.setting.values)
        mark = self.look.lines[box.kind], self.look.tints[box.kind]
        group = {"group": "b" if box.of else "f"} if (box.of or box.id) in self.lanes.spine else {}
        tip = graphviz.escape(self.type.tooltip(box))
        graph.node(box.id, _table(lines, mark, 2 if box.kind == "loss" else 1), id=self.prefix + box.id, tooltip=tip,
                   **group)  # fmt: skip

    def _operation(self, op: Operation, graph: graphviz.Digraph) -> None:
        short = len(op.label) <= 2
        size = {"width": ".36", "height": ".36"} if short else {"width": f"{0.2 + 0.077 * len(op.label):.2f}"}
        group = {"group": "f"} if op.id in self.lanes.spine else {}
        dark, white = self.look.operation, self.look.on_operation
        font = (
            f'<<FONT POINT-SIZE="{13 if short else 9}" COLOR="{white}" FACE="{style.SERIF}">{escape(op.label)}</FONT>>'
        )
        graph.node(op.id, font, shape="circle" if short else "ellipse", style="filled", fillcolor=dark,
                   color=dark, fixedsize="true", height=size.pop("height", ".36"), id=self.prefix + op.id,
                   tooltip=graphviz.escape(op.op.replace("_", " ")), **size, **group)  # fmt: skip

    def _edges(self) -> None:
        arrows = {(arrow.source, arrow.target): arrow for arrow in self.scene.arrows}
        boxes = self.lanes.boxes
        for op in self.scene.operations:
            for x in op.inputs:
                self._forward(arrows[x, op.id], boxes[x], op)
            self._edge(op.id, op.output, arrows[op.id, op.output], "value", op.output in self.lanes.spine)
        for arrow in self.scene.arrows:
            if arrow.kind == "backward":
                y, x = boxes[arrow.source].of or "", boxes[arrow.target].of or ""
                self._backward(arrow, self.lanes.made[y], x)

    def _forward(self, arrow: Arrow, x: Box, op: Operation) -> None:
        kind = "value" if x.kind in ("value", "loss") or self.lanes.main.get(op.id) == x.id else x.kind
        main = self.lanes.main.get(op.id) == x.id
        if main and op.id in self._through:
            point = self._through[op.id][0]
            self.dot.edge(x.id, point, color=self.look.lines[kind], arrowhead="none", weight="100", headclip="false",
                          id=f"{self.prefix}{arrow.id}_1", tooltip=self.setting.words["forward"])  # fmt: skip
            self._edge(point, op.id, arrow, kind, True, tailclip="false")
        else:
            self._edge(x.id, op.id, arrow, kind, main)

    def _edge(self, a: str, b: str, arrow: Arrow, kind: str, main: bool, **more: str) -> None:
        self.dot.edge(a, b, color=self.look.lines[kind], weight="100" if main else "1", id=self.prefix + arrow.id,
                      tooltip=self.setting.words["forward"], **more)  # fmt: skip

    def _backward(self, arrow: Arrow, op: Operation, x: str) -> None:
        """Draw a gradient's arrow, from right to left though declared from left to right."""
        main = self.lanes.main.get(op.id) == x
        label = f"<{_html(self.type.label(arrow.upstream, arrow.local, arrow.left), 11)}>"
        pen = f"{style.pen(arrow.magnitude, self.largest):.2g}"
        look = {"dir": "back", "style": "dashed", "color": self.look.lines["gradient"], "penwidth": pen,
                "tooltip": graphviz.escape(arrow.label), "weight": "100" if main else "1"}  # fmt: skip
        if main and op.id in self._through:
            point = self._through[op.id][1]
            self.dot.edge(arrow.target, point, id=f"{self.prefix}{arrow.id}_2", headclip="false", **look)
            self.dot.edge(
                point, arrow.source, label=label, id=self.prefix + arrow.id, arrowtail="none", tailclip="false", **look
            )
        else:
            self.dot.edge(arrow.target, arrow.source, label=label, id=self.prefix + arrow.id, **look)


def _html(runs: tuple[Run, ...], size: float, font: str = style.SERIF) -> str:
    parts = []
    for run in runs:
        if not run.text:  # <B></B> is an error to dot
            continue
        text = escape(run.text).replace(" ", "&#160;").replace("\\", "\\\\")  # else \\N is the node's name
        text = f"<B>{text}</B>" if run.bold else text
        text = f"<I>{text}</I>" if run.italic else text
        parts.append(f'<FONT COLOR="{run.color}">{text}</FONT>' if run.color else text)
    return f'<FONT FACE="{font}" POINT-SIZE="{size:g}">{"".join(parts)}</FONT>'


def _table(lines: list[Line], mark: tuple[str, str], border: int) -> str:
    """Write the HTML-like label of a box."""
    head, *rest = lines
    *symbol, shape = head.runs
    cells = [
        _html(tuple(symbol), head.size)
        + f'<FONT COLOR="{shape.color}" POINT-SIZE="8">{shape.text.replace(" ", "&#160;")}&#160;</FONT>'
    ]
    cells += [f"{_html(line.runs, line.size, line.font)}&#160;" for line in rest if line.font != style.MONO]
    values = [_html(line.runs, line.size, line.font) for line in rest if line.font == style.MONO]
    if values:
        cells.append("".join(f'{value}&#160;<BR ALIGN="LEFT"/>' for value in values))
    rows = [f'<TR><TD ALIGN="LEFT" BALIGN="LEFT">{cell}</TD></TR>' for cell in cells]
    if len(rows) > 1:
        rows.insert(1, "<HR/>")
    return (
        f'<<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" STYLE="ROUNDED" '
        f'COLOR="{mark[0]}" BGCOLOR="{mark[1]}">{"".join(rows)}</TABLE>>'
    )


def _legend(backward: bool, setting: Setting) -> str:
    look, words = setting.look, {key: escape(said) for key, said in setting.words.items()}
    gap = "&#160;&#160;&#160;"
    cells = [
        f'<TD BORDER="1" COLOR="{look.lines[kind]}" BGCOLOR="{look.tints[kind]}" WIDTH="22"></TD>'
        f'<TD ALIGN="LEFT">{words[kind]}{gap}</TD>'
        for kind in ("data", "parameter", "value", "gradient")
        if backward or kind != "gradient"
    ]
    cells.append(f'<TD><FONT COLOR="{look.lines["value"]}"><B>──▶</B></FONT></TD><TD>{words["forward"]}{gap}</TD>')
    if backward:
        back = words["backward"].replace(" ", "&#160;")
        cells.append(
            f'<TD><FONT COLOR="{look.lines["gradient"]}"><B>◀ ─ ─</B></FONT></TD><TD>{back}'
            f'<FONT COLOR="{look.upstream}"><B>{words["upstream"]}</B></FONT>&#160;×&#160;'
            f'<FONT COLOR="{look.local}">{words["local"]}</FONT>{words["width"]}{gap}</TD>'
            f'<TD><FONT COLOR="{look.pale}">┄┄</FONT></TD><TD>{words["same"]}</TD>'
        )
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="2"><TR>{"".join(cells)}</TR></TABLE>>'
