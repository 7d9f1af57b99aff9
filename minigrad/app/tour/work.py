"""The work of one network's backward pass: derived, checked line by line, written as code, drawn, stepped through."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minigrad.algebra.facts import SumsToOne, sums_to_one
from minigrad.app.tour.problems import Problem
from minigrad.derivation.checked import Difference
from minigrad.derivation.derive import derive
from minigrad.derivation.lines import Derivation
from minigrad.engine.tensor import Tensor
from minigrad.nn import MLP
from minigrad.picture.draw import draw
from minigrad.picture.stepper.page import stepper

SAMPLES = 3  # as many rows as a picture shows in numbers
TOLERANCE = 1e-6  # of a line, against the engine and finite differences, as a share of the gradient's scale


@dataclass(frozen=True)
class Work:
    """A derivation, how far each of its lines is from the truth, and the files of its code, picture and page.

    ``source`` is the NumPy code, ``off`` how far the gradients that it computed are from the lines.
    """

    derivation: Derivation
    differences: list[Difference]
    source: str
    off: float
    code: str
    picture: str
    dark: str
    page: str

    @property
    def worst(self) -> float:
        """The largest difference of any line."""
        return max(found.difference for found in self.differences)


def work(problem: Problem, model: MLP, out: Path, lang: str = "en") -> Work:
    """Derive the gradients of a network from three training samples, and write its code, pictures and page."""
    X, T = (Tensor(array[:SAMPLES], name=name) for array, name in zip(problem.train, "XT", strict=True))
    given = [sums_to_one(T)] if problem.kind == "classification" else []
    return show_work(problem.key, problem.loss(model(X), T), given, out, lang)


def show_work(key: str, loss: Tensor, given: Sequence[SumsToOne], out: Path, lang: str = "en") -> Work:
    """Derive the gradients of a loss, and write its code, pictures and page, whose files begin with a key."""
    derivation = derive(loss, given=given, lang=lang)
    picture, dark = f"{key}-graph.svg", f"{key}-graph-dark.svg"
    draw(loss, out / picture, given=given, theme="light", lang=lang)
    draw(loss, out / dark, given=given, theme="dark", lang=lang)
    page = stepper(loss, out / f"{key}-steps.html", given=given, lang=lang)
    code = out / f"{key}_gradients.py"
    source = derivation.to_numpy()
    code.write_text(source, "utf-8")
    off = _off(derivation, code)
    return Work(derivation, derivation.check(), source, off, code.name, picture, dark, page.name)


def _off(derivation: Derivation, code: Path) -> float:
    """Run the written code, and give the largest difference of its gradients from the derivation's values."""
    computed = runpy.run_path(str(code))["loss_and_gradients"](*derivation.graph.values.values())[1]
    true = {line.target: line.value for line in derivation}
    wanted = [true[x] for x in derivation.graph.values if x in true]
    return max(float(np.abs(a - b).max()) for a, b in zip(computed.values(), wanted, strict=True))
