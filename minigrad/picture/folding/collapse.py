"""A frame that is folded by its name: one operation in the place of all that is in it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from minigrad.picture.scene.parts import Arrow, Cluster, Operation, Scene


def part_fold(fold: Any) -> tuple[Any, tuple[str, ...]]:
    """Give what ``fold`` says of repeats, and the frames that it names: "Layer 1", or a list of such names."""
    if isinstance(fold, str) and fold != "auto":
        return "auto", (fold,)
    if isinstance(fold, list | tuple) and fold and all(isinstance(name, str) for name in fold):
        return "auto", tuple(fold)
    return fold, ()


def collapse(scene: Scene, names: Iterable[str]) -> Scene:
    """Show each frame of a name, "Layer 1", as one operation between what enters it and what leaves it.

    Raises ``ValueError`` for a name that no frame has, and for a frame that several values leave.
    """
    for name in names:
        found = [cluster for cluster in scene.clusters if _called(cluster).casefold() == name.casefold()]
        if not found:
            titles = ", ".join(repr(_called(cluster)) for cluster in scene.clusters) or "none"
            raise ValueError(
                f'fold is "auto", True, False, the least number of repeats that are folded, 2 or more, or the name of '
                f"a frame, of which there are {titles}; not {name!r}"
            )
        scene = _collapse_frame(scene, found[0])
    return scene


def _called(cluster: Cluster) -> str:
    return cluster.title.partition(" · ")[0]


def _collapse_frame(scene: Scene, cluster: Cluster) -> Scene:
    inside = [op for op in scene.operations if op.cluster == cluster.id]
    made = {op.output for op in inside}
    used = {x for op in scene.operations if op not in inside for x in op.inputs}
    leaving = [x for x in made if x in used or scene.by_id[x] is scene.loss]
    if len(leaving) != 1:
        raise ValueError(f"draw: fold={_called(cluster)!r}: {len(leaving)} values leave this frame, and one must")
    (y,) = leaving
    own = {box.id for box in scene.boxes if box.cluster == cluster.id and (box.of or box.id) != y}
    entering = tuple(dict.fromkeys(x for op in inside for x in op.inputs if x not in made | own))
    op = Operation(inside[-1].id, _called(cluster), cluster.title, entering, y)
    output: Any = scene.by_id[y]
    operands = ", ".join(scene.by_id[x].symbol for x in entering)  # type: ignore[union-attr]
    y_box = replace(output, cluster=None, formula=f"{_called(cluster)} ({operands})", term=None)
    boxes = [y_box if box.id == y else replace(box, cluster=None) if box.of == y else box for box in scene.boxes]
    operations = [x for x in scene.operations if x not in inside or x is inside[-1]]
    gone = own | {x.id for x in inside}
    arrows = [a for a in scene.arrows if not {a.source, a.target} & gone and not _leads_in(a, scene, y, entering)]
    return Scene(
        tuple(box for box in boxes if box.id not in own),
        tuple(op if x is inside[-1] else x for x in operations),
        (*arrows, *_arrows(scene, op)),
        tuple(x for x in scene.clusters if x is not cluster),
    )


def _leads_in(arrow: Arrow, scene: Scene, y: str, entering: Container[Any]) -> bool:
    """Say whether a backward arrow goes through the frame from its output to an input, as that of one operation."""
    ends = [getattr(scene.by_id[key], "of", None) for key in (arrow.source, arrow.target)]
    return arrow.kind == "backward" and ends[0] == y and ends[1] in entering


def _arrows(scene: Scene, op: Operation) -> list[Arrow]:
    """Give the arrows through a folded frame: forward, and back by the derivative of its output by each input."""
    gradient = {box.of: box for box in scene.boxes if box.of}
    y: Any = scene.by_id[op.output]
    found = [Arrow(f"{x}-{op.id}", x, op.id, "forward") for x in op.inputs]
    found.append(Arrow(f"{op.id}-{y.id}", op.id, y.id, "forward"))
    for x in op.inputs:
        if x in gradient and y.id in gradient:
            g, f, operand = gradient[y.id], gradient[x], scene.by_id[x]
            local = f"∂{y.symbol}/∂{operand.symbol}"  # type: ignore[union-attr]
            found.append(Arrow(f"{g.id}-{f.id}", g.id, f.id, "backward", g.symbol, local, f.magnitude))
    return found
