"""The tour itself: derive, draw, train, compare and time each problem, print it as it comes, and write the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.app.tour import figures
from minigrad.app.tour.chapter import Chapter
from minigrad.app.tour.checks import QUANTITIES, differences, price
from minigrad.app.tour.digits import SIZES, Digits, read_digits
from minigrad.app.tour.page import page
from minigrad.app.tour.problems import MODES, OPTIMIZERS, problems
from minigrad.app.tour.runs import Run, best, trained, write_loss
from minigrad.app.tour.words import Words, find_words
from minigrad.app.tour.work import TOLERANCE as LINE_TOLERANCE
from minigrad.app.tour.work import Work, work
from minigrad.derivation.wording import count_cells
from minigrad.extras import require

TOLERANCE = 1e-12  # of a gradient that came out of the graph, against the hand-derived one


def tour(out: Path, seed: int = 0, quick: bool = False, lang: str = "en") -> int:
    """Go through the problems and the digits, and write ``out/index.html``; 0, or 1 if a gradient is wrong.

    Raises ``OSError`` if ``out`` cannot be written to, ``ValueError`` for a language that there are no words of.
    """
    words = find_words(lang)
    out.mkdir(parents=True, exist_ok=True)
    chapters, notes = [], _missing()
    for note in notes:
        print(note)
    for problem in problems(seed):
        print(f"\n{words[problem.key]}, {problem.layout}\n")
        shown = work(problem, problem.model(seed), out, lang)
        print(_derived(shown, words), end="\n\n")
        runs = list(_with_progress(trained(problem, seed, quick), len(MODES) * len(OPTIMIZERS), words))
        chapter = Chapter(
            problem,
            runs,
            differences(problem, [problem.model(seed), best(runs).model]),
            price(problem, seed),
            shown,
        )
        if not any("plot" in note for note in notes):
            _plot(chapter, out, seed, lang)
        print(*(write(chapter, words) for write in (_results, _compared, _timed)), sep="\n\n")
        chapters.append(chapter)
    digits = _read(out, seed, quick, lang, plots=not any("plot" in note for note in notes))
    (out / "results.json").write_text(
        json.dumps(_figures(chapters, digits, seed), indent=1, ensure_ascii=False), "utf-8"
    )
    (out / "index.html").write_text(page(chapters, digits, notes, seed, lang), "utf-8")
    print("\n" + words["printed page"].format(path=out / "index.html"))
    wrong = [*_defects(chapters), *_defects_of(digits.work, "digits", digits.by_hand)]
    for defect in wrong:
        print(f"\n{defect}, a defect")
    return 1 if wrong else 0


def _defects(chapters: list[Chapter]) -> Iterator[str]:
    for chapter in chapters:
        title = chapter.problem.title
        if not chapter.worst <= TOLERANCE:
            yield f"{title}: a gradient differs from the textbook's by {chapter.worst:.1e}"
        yield from _defects_of(chapter.work, title)


def _defects_of(work: Work, title: str, by_hand: float = 0.0) -> Iterator[str]:
    """Name each line that is not the engine's, and what was written or computed by hand and differs."""
    for found in work.differences:
        if not found.difference <= LINE_TOLERANCE:
            yield f"{title}: the line of {found.symbol} is off by {found.difference:.1e}"
    for what, off in (("the written code", work.off), ("∂E/∂W by hand", by_hand)):
        if not off <= TOLERANCE:
            yield f"{title}: {what} is off by {off:.1e}"


def _read(out: Path, seed: int, quick: bool, lang: str, plots: bool) -> Digits:
    """Let a convolutional network read digits, and print what came of it."""
    words = find_words(lang)
    print(f"\n{words['digits']}, {SIZES}\n")
    digits = read_digits(out, seed, quick, lang, plots)
    print(_derived(digits.work, words), end="\n\n")
    print(f"  {words['printed digits'].format(test=digits.test, accuracy=f'{digits.accuracy:.1%}')}")
    return digits


def _missing() -> list[str]:
    """Name each extra that is not installed, and the command that installs it."""
    notes = []
    for module, extra in (("tqdm", "progress"), ("matplotlib", "plot")):
        try:
            require(module, extra)
        except ImportError as error:
            notes.append(str(error))
    return notes


def _with_progress(runs: Iterator[Run], total: int, words: Words) -> Iterator[Run]:
    """Show a bar, in a terminal, or a line a run where tqdm is missing."""
    try:
        tqdm = require("tqdm", "progress").tqdm
    except ImportError:
        for run in runs:
            print(f"  {run.optimizer}, {words[run.mode]}")
            yield run
        return
    yield from tqdm(runs, total=total, unit="run", desc=words["training"], leave=False, disable=None)


def _plot(chapter: Chapter, out: Path, seed: int, lang: str) -> None:
    """Write each plot twice, for light and for dark paper."""
    for name, themes in figures.figures(chapter, seed, lang).items():
        for theme, svg in themes.items():
            end = "" if theme == "light" else f"-{theme}"
            (out / f"{chapter.problem.key}-{name}{end}.svg").write_text(svg, "utf-8")
        chapter.pictures[name] = f"{chapter.problem.key}-{name}.svg"


def result(run: Run) -> str:
    """Write a run's test result: E per sample, and the share classified correctly."""
    return write_loss(run.loss) if run.accuracy is None else f"{write_loss(run.loss)}  {run.accuracy:6.1%}"


def _derived(shown: Work, words: Words) -> str:
    """Write each line of the derivation beside how far it is from the engine and from finite differences."""
    lines = [str(line) for line in shown.derivation]
    wide = max(map(count_cells, lines))
    heads = (" " * (least - count_cells(x)) + x for x, least in ((words["engine"], 7), (words["numeric"], 8)))
    head = "  ".join(["    " + " " * wide, *heads])
    return "\n".join(
        [head, *(f"    {line}{' ' * (wide - count_cells(line))}  {found.engine:7.0e}  {found.numeric:8.0e}"
                 for line, found in zip(lines, shown.differences, strict=True))]
    )  # fmt: skip


def _results(chapter: Chapter, words: Words) -> str:
    named = {(run.optimizer, run.mode): run for run in chapter.runs}
    rows = [[name, *(result(named[name, mode]) for mode in MODES)] for name in OPTIMIZERS]
    what = words["printed results" if chapter.problem.kind == "regression" else "printed results share"]
    return f"  {what}\n" + _table([["", *(words[mode] for mode in MODES)], *rows])


def _compared(chapter: Chapter, words: Words) -> str:
    rows = [
        [words["layer"].format(number=number), *(f"{layer[quantity]:.1e}" for quantity in QUANTITIES)]
        for number, layer in enumerate(chapter.differences, 1)
    ]
    return f"  {words['printed compared']}\n" + _table([["", *QUANTITIES], *rows])


def _timed(chapter: Chapter, words: Words) -> str:
    rows = [
        [words[p.mode], f"{1e6 * p.engine:.0f} µs", f"{1e6 * p.hand:.0f} µs", f"{p.ratio:.2f}×"] for p in chapter.prices
    ]
    head = ["", "minigrad", words["hand"], words["ratio"]]
    return f"  {words['printed prices']}\n" + _table([head, *rows])


def _table(rows: list[list[str]]) -> str:
    widths = [max(map(count_cells, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = (" " * (width - count_cells(cell)) + cell for cell, width in zip(others, widths[1:], strict=True))
        lines.append("   ".join([f"  {first}{' ' * (widths[0] - count_cells(first))}", *cells]))
    return "\n".join(lines)


def _figures(chapters: list[Chapter], digits: Digits, seed: int) -> dict[str, Any]:
    """Give every figure, for those who want to compute with them."""
    return {
        "seed": seed,
        "problems": {
            c.problem.key: {
                "runs": [
                    {"optimizer": r.optimizer, "mode": r.mode, "lr": r.lr, "loss": r.loss, "accuracy": r.accuracy}
                    for r in c.runs
                ],
                "derivation": _lines(c.work),
                "differences": [{q: (v if np.isfinite(v) else str(v)) for q, v in d.items()} for d in c.differences],
                "seconds": {p.mode: {"minigrad": p.engine, "by hand": p.hand} for p in c.prices},
            }
            for c in chapters
        },
        "digits": {"accuracy": digits.accuracy, "by hand": digits.by_hand, "derivation": _lines(digits.work)},
    }


def _lines(work: Work) -> list[dict[str, Any]]:
    """Give each line of a derivation, and how far it is from the engine's gradient and from finite differences."""
    return [
        {"line": str(line), "engine": found.engine, "numeric": found.numeric}
        for line, found in zip(work.derivation, work.differences, strict=True)
    ]
