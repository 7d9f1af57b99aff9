"""The tour itself: train, compare, time and draw each problem, print it as it comes, and write the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.graph.derive import derive
from minigrad.graph.draw import draw
from minigrad.graph.facts import sums_to_one
from minigrad.tensor import Tensor
from minigrad.tour import figures
from minigrad.tour.chapter import Chapter
from minigrad.tour.checks import QUANTITIES, differences, price, record
from minigrad.tour.page import page
from minigrad.tour.problems import MODES, OPTIMIZERS, Problem, problems
from minigrad.tour.runs import Run, best, trained

TOLERANCE = 1e-12  # of a gradient that came out of the graph, against the hand-derived one


def tour(out: Path, seed: int = 0, quick: bool = False) -> int:
    """Go through the three problems and write ``out/index.html``; 0, or 1 if a gradient is not the textbook's.

    Raises ``OSError`` if ``out`` cannot be written to.
    """
    out.mkdir(parents=True, exist_ok=True)
    chapters, notes = [], _missing()
    for note in notes:
        print(note)
    for problem in problems(seed):
        print(f"\n{problem.title}, {problem.layout}")
        runs = list(_with_progress(trained(problem, seed, quick), len(MODES) * len(OPTIMIZERS)))
        chapter = Chapter(
            problem,
            runs,
            differences(problem, [problem.model(seed), best(runs).model]),
            price(problem, seed),
            _derived(problem, best(runs)),
        )
        _draw(chapter, out, plots=not any("plot" in note for note in notes))
        print(_results(chapter), _compared(chapter), _timed(chapter), sep="\n\n")
        chapters.append(chapter)
    (out / "results.json").write_text(json.dumps(_figures(chapters, seed), indent=1, ensure_ascii=False), "utf-8")
    (out / "index.html").write_text(page(chapters, notes, seed), "utf-8")
    print(f"\nAll of it, with pictures: {out / 'index.html'}")
    wrong = [chapter for chapter in chapters if not chapter.worst <= TOLERANCE]
    for chapter in wrong:
        print(f"\n{chapter.problem.title}: a gradient differs from the textbook's by {chapter.worst:.1e}, a defect")
    return 1 if wrong else 0


def _missing() -> list[str]:
    """Name each extra that is not installed, and the command that installs it."""
    notes = []
    for module, extra in (("tqdm", "progress"), ("matplotlib", "plot")):
        try:
            require(module, extra)
        except ImportError as error:
            notes.append(str(error))
    return notes


def _with_progress(runs: Iterator[Run], total: int) -> Iterator[Run]:
    """Show a bar, or a line a run where tqdm is missing."""
    try:
        tqdm = require("tqdm", "progress").tqdm
    except ImportError:
        for run in runs:
            print(f"  {run.optimizer}, {run.mode}")
            yield run
        return
    yield from tqdm(runs, total=total, unit="run", desc="training", leave=False)


def _derived(problem: Problem, run: Run) -> str:
    """Write the derivation of the network's gradients, as it comes out of the graph."""
    X, T = (Tensor(a[:4], name=name) for a, name in zip(problem.train, "XT", strict=True))
    given = [sums_to_one(T)] if problem.kind == "classification" else []
    return str(derive(problem.loss(run.model(X), T), given=given))


def _draw(chapter: Chapter, out: Path, plots: bool) -> None:
    problem, run = chapter.problem, best(chapter.runs)
    x, t = (array[:1] for array in problem.train)
    recorded = record(problem, run.model, Tensor(x, name="x"), t)
    chapter.pictures["graph"] = f"{problem.key}-graph.svg"
    draw(recorded.E, out / chapter.pictures["graph"])
    if not plots:
        return
    for mode in MODES:
        chapter.pictures[mode] = figures.learning_curves(problem, chapter.runs, mode)
    chapter.pictures["learned"] = figures.learned(problem, run.model)
    for name in (*MODES, "learned"):
        (out / f"{problem.key}-{name}.svg").write_text(chapter.pictures[name], "utf-8")
        chapter.pictures[name] = f"{problem.key}-{name}.svg"


def result(run: Run) -> str:
    """Write a run's test result: E per sample, and the share classified correctly."""
    return f"{run.loss:.4f}" if run.accuracy is None else f"{run.loss:.3f}  {run.accuracy:6.1%}"


def _results(chapter: Chapter) -> str:
    named = {(run.optimizer, run.mode): run for run in chapter.runs}
    rows = [[name, *(result(named[name, mode]) for mode in MODES)] for name in OPTIMIZERS]
    what = "E per test sample" + ("" if chapter.problem.kind == "regression" else ", and accuracy")
    return f"  {what}, after training\n" + _table([["", *MODES], *rows])


def _compared(chapter: Chapter) -> str:
    rows = [
        [f"layer {number}", *(f"{layer[quantity]:.1e}" for quantity in QUANTITIES)]
        for number, layer in enumerate(chapter.differences, 1)
    ]
    return "  largest difference from the hand-derived formulas\n" + _table([["", *QUANTITIES], *rows])


def _timed(chapter: Chapter) -> str:
    rows = [
        [p.mode, f"{1e6 * p.engine:.0f} µs", f"{1e6 * p.hand:.0f} µs", f"{p.ratio:.2f}×"] for p in chapter.prices
    ]
    head = ["", "minigrad", "by hand", "ratio"]
    return "  time of an update, beside the hand-written δ code\n" + _table([head, *rows])


def _table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        lines.append("   ".join(["  " + first.ljust(widths[0]), *cells]))
    return "\n".join(lines)


def _figures(chapters: list[Chapter], seed: int) -> dict[str, Any]:
    """Give every figure, for those who want to compute with them."""
    return {
        "seed": seed,
        "problems": {
            c.problem.key: {
                "runs": [
                    {"optimizer": r.optimizer, "mode": r.mode, "lr": r.lr, "loss": r.loss, "accuracy": r.accuracy}
                    for r in c.runs
                ],
                "differences": [{q: (v if np.isfinite(v) else str(v)) for q, v in d.items()} for d in c.differences],
                "seconds": {p.mode: {"minigrad": p.engine, "by hand": p.hand} for p in c.prices},
            }
            for c in chapters
        },
    }
