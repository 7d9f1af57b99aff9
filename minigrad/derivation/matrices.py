"""A derivation drawn as matrices: which of its lines, and what each axis and each symbol is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation.derive import derive
from minigrad.derivation.lines import Derivation
from minigrad.derivation.reasons.symbol_terms import SymbolTerms
from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.picture.matrices.drawing import MatrixDrawing, check_drawing_path
from minigrad.picture.matrices.pieces import Axis, Cutter, Equation


@with_usage
def draw_matrices(
    of: Tensor | Derivation,
    path: str | os.PathLike[str] | None = None,
    *,
    lines: Iterable[str] | None = None,
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
) -> MatrixDrawing:
    """Draw the equations of a loss, forward and backward, as matrices: rows × columns as rectangles, products lined up.

    Y = X W + b, ∂E/∂W = Xᵀ δ, ∂E/∂b = Σₙ δ and ∂E/∂Y = δ Wᵀ are drawn as they came out of the recorded graph. Axes
    that run together have one color, and equal lengths; a vector that is added to every row is dashed where it is
    repeated.

    of     a loss, or the derivation of one
    path   a file to write, .svg or .png
    lines  the symbols on the left of those equations that are wanted, such as ``["U₁", "∂E/∂W₁"]``, by default all
           but the loss's; names and given are as in ``derive``

    Raises ``ValueError`` for a line that there is not, another kind of file, and a derivation that is folded.
    """
    if path is not None:
        check_drawing_path(path)
    derivation = of if isinstance(of, Derivation) else derive(of, names=names, given=given, fold=False)
    if any(line.ranges for line in derivation):
        raise ValueError("draw_matrices: these lines stand for many each; give derive(E, fold=False)")
    drawing = MatrixDrawing(_cut_lines(derivation, None if lines is None else list(lines)))
    if path is not None:
        drawing.write(path)
    return drawing


def _cut_lines(derivation: Derivation, wanted: list[str] | None) -> list[Any]:
    ways = derivation._ways
    forward: list[tuple[Any, Any]] = [(line, ways.definitions[line.atom]) for line in derivation.forward_lines]
    backward: list[tuple[Any, Any]] = [(line, ways.formula[line.target]) for line in derivation]
    every = [(line, x) for line, x in (*forward, *backward) if line.shape]
    known = {name for line, _ in every for name in line.names}
    if wanted is not None and (missing := [name for name in wanted if name not in known]):
        there = ", ".join(" = ".join(line.names) for line, _ in every)
        raise ValueError(f"draw_matrices: there is no line for {', '.join(map(repr, missing))}; there are {there}")
    shown = [(line, x) for line, x in every if wanted is None or not set(wanted).isdisjoint(line.names)]
    letters = SymbolTerms(ways, [x for _, x in every])._letters
    numbers = {place: i for i, place in enumerate(letters.places())}

    def axes(x: Node) -> list[Axis | None]:
        places = letters.classes.of(x)
        return [
            None if place is None else Axis(numbers.setdefault(place, len(numbers)), letters.letter(place))
            for place in places
        ]

    gradients, inputs = set(ways.gradient.values()), set(ways.plan.graph.inputs.values())
    learned = {x for x in ways.plan.wanted if x.op is None}

    def kind(x: Node) -> str:
        if x in gradients:
            return "gradient"
        return "parameter" if x in learned else "data" if x in inputs else "value"

    cutter = Cutter(ways.names, axes, kind)
    return [cutter.cut(Equation(line.names, line.target, x)) for line, x in shown]
