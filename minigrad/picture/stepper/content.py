"""A scene -> what the page knows: its nodes and its steps, as what JSON can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.notation.term import Term, write_term
from minigrad.notation.writers.mathml import MATHML
from minigrad.picture.scene.parts import Arrow, Box, Operation, Scene
from minigrad.picture.stepper.products import Product, products
from minigrad.picture.stepper.words import ENGLISH, PageWords, list_symbols

LARGEST = (8, 8)  # rows and columns of an array whose numbers are all shown


def content(scene: Scene, prefix: str = "", words: PageWords = ENGLISH) -> dict[str, Any]:
    """Give the nodes by id, and the steps in order: inputs, each operation forward, ∂E/∂E = 1, each one backward.

    A step ``shows`` the boxes that it fills, ``uses`` those that it reads, and says so in one sentence. ``prefix`` is
    what the picture's ids begin with, and ``words`` are those of the page's language.
    """
    return _Story(scene, words).told() | {"prefix": prefix}


class _Story:
    def __init__(self, scene: Scene, words: PageWords) -> None:
        self.scene, self.words = scene, words
        self.boxes = {box.id: box for box in scene.boxes}
        self.gradients = {box.of: box for box in scene.boxes if box.of}
        self.products = products(scene)
        self.arrows = [arrow for arrow in scene.arrows if arrow.kind == "backward"]
        self.steps: list[dict[str, Any]] = []

    def told(self) -> dict[str, Any]:
        loss = next(box for box in self.scene.boxes if box.kind == "loss")
        made = {operation.output for operation in self.scene.operations}
        inputs = [box.id for box in self.scene.boxes if not box.of and box.id not in made]
        symbols = list_symbols([self.boxes[key].symbol for key in inputs], self.words)
        self._step("start", self.words["given"], inputs, [], self._say("inputs", symbols=symbols))
        for operation in self.scene.operations:
            self._forward(operation)
        if loss.id in self.gradients:
            seed = self.gradients[loss.id]
            said = self._say("begins", symbol=seed.symbol)
            self._step("backward", self.words["seed"], [seed.id], [loss.id], said)
            for operation in reversed(self.scene.operations):
                self._backward(operation)
        return {
            "title": f"{loss.symbol} = {loss.formula}",
            "steps": self.steps,
            "nodes": {box.id: self._box(box) for box in self.scene.boxes},
            "words": dict(self.words),
            "operations": {x.id: {"label": x.op.replace("_", " "), "output": x.output} for x in self.scene.operations},
        }  # fmt: skip

    def _step(
        self, phase: str, label: str, shows: Sequence[str], uses: Sequence[str], said: str, **more: Any
    ) -> None:  # fmt: skip
        self.steps.append(
            {"phase": phase, "label": label, "shows": list(shows), "uses": list(uses), "said": said, **more}
        )

    def _forward(self, operation: Operation) -> None:
        box = self.boxes[operation.output]
        name = operation.op.replace("_", " ")
        key = "forward" if box.formula else "forward, unwritten"
        said = self._say(key, name=name, symbol=box.symbol, formula=box.formula)
        arrows = [a.id for a in self.scene.arrows if operation.id in (a.source, a.target)]
        self._step(
            "forward", name, [box.id], operation.inputs, said, operation=operation.id, arrows=arrows,
        )  # fmt: skip

    def _backward(self, operation: Operation) -> None:
        upstream = self.gradients.get(operation.output)
        leaving = [arrow for arrow in self.arrows if upstream and arrow.source == upstream.id]
        leaving = [arrow for arrow in leaving if self.boxes[arrow.target].of in operation.inputs]
        if upstream is None or not leaving:
            return
        label = operation.op.replace("_", " ")
        said = self.words["; "].join(self._said(arrow) for arrow in leaving)
        self._step(
            "backward", label, [a.target for a in leaving], [upstream.id], self._say("back", name=label, said=said),
            operation=operation.id, arrows=[arrow.id for arrow in leaving],
        )  # fmt: skip

    def _said(self, arrow: Arrow) -> str:
        several = sum(other.target == arrow.target for other in self.arrows) > 1
        summed = f"{sign} " if (sign := self._sum(arrow)) else ""
        symbol = self.boxes[arrow.target].symbol
        return self._say("gets" if several else "is", symbol=symbol, product=f"{summed}{arrow.label}")

    def _say(self, key: str, **parts: str) -> str:
        return self.words[key].format(**parts)

    def _sum(self, arrow: Arrow) -> str:
        """Give the sign of the sum by which a product becomes a gradient of what was broadcast: Σₙ over a batch."""
        upstream, target = self.boxes[arrow.source], self.boxes[arrow.target]
        elementwise = arrow.local == "1" or np.shape(self._product(arrow).local) == upstream.shape
        extra = len(upstream.shape) - len(target.shape)
        kept = (1,) * extra + target.shape
        spread = extra >= 0 and all(m in (1, n) for n, m in zip(upstream.shape, kept, strict=True))
        if upstream.count > 1 or target.count > 1 or not spread or not elementwise:
            return ""
        axes = [i for i, (n, m) in enumerate(zip(upstream.shape, kept, strict=True)) if i < extra or n != m]
        letters = "".join("ₙₖ"[i] for i in axes) if len(upstream.shape) == 2 else ""
        return f"Σ{letters}" if axes else ""

    def _product(self, arrow: Arrow) -> Product:
        return self.products.get(arrow.id, Product())

    def _box(self, box: Box) -> dict[str, Any]:
        own = box.of is None
        gradient = self.gradients.get(box.id)
        found = {
            "symbol": box.symbol, "heading": box.heading or box.symbol, "kind": box.kind,
            "shape": list(box.shape), "formula": box.formula, "math": _math(box.term), "value": numbers(box.value),
            "count": box.count,
        }  # fmt: skip
        if own:
            return found | {"gradient": gradient.id if gradient else None}
        terms = [self._term(arrow) for arrow in self.arrows if arrow.target == box.id]
        return found | {"of": box.of, "terms": terms}

    def _term(self, arrow: Arrow) -> dict[str, Any]:
        product = self._product(arrow)
        return {
            "arrow": arrow.id, "from": arrow.source, "upstream": arrow.upstream, "local": arrow.local,
            "left": arrow.left, "sum": self._sum(arrow),
            "product": numbers(product.value), "derivative": numbers(product.local),
        }  # fmt: skip


def _math(term: Term | None) -> str:
    return f"<math>{write_term(term, MATHML)}</math>" if term else ""


def numbers(array: Any) -> Any:
    """Give a small array as its rows, another as its mean, norm and extremes; None for none.

    What JSON has no number for is a string.
    """
    if array is None:
        return None
    array = np.asarray(array)
    rows = np.atleast_2d(array)
    if rows.ndim == 2 and rows.size and rows.shape[0] <= LARGEST[0] and rows.shape[1] <= LARGEST[1]:
        return {"rows": [[_number(x) for x in row] for row in rows.tolist()]}
    if not array.size:
        return {"empty": True}
    with np.errstate(over="ignore", invalid="ignore"):
        figures = {"mean": array.mean(), "norm": np.linalg.norm(array), "least": array.min(), "most": array.max()}
    return {name: _number(x.item() if array.dtype.kind == "c" else float(x)) for name, x in figures.items()}


def _number(x: Any) -> Any:
    if isinstance(x, complex):
        return f"{x.real:.4g}{x.imag:+.4g}i".replace("-", "−")
    if isinstance(x, float) and not np.isfinite(x):
        return "NaN" if np.isnan(x) else "∞" if x > 0 else "−∞"
    return float(f"{x:.6g}") if isinstance(x, float) else int(x)
