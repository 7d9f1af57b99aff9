"""The tables of the tour's page: what each training came to, how far the gradients are off, what an update takes."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.app.tour.chapter import Chapter
from minigrad.app.tour.checks import QUANTITIES
from minigrad.app.tour.figures import DARK, LIGHT
from minigrad.app.tour.problems import MODES, OPTIMIZERS
from minigrad.app.tour.runs import best, write_loss
from minigrad.app.tour.words import Words


def table_results(chapter: Chapter, words: Words) -> str:
    """Write E and the accuracy on the test half, a row for each update rule, a column for each mode of learning."""
    named = {(run.optimizer, run.mode): run for run in chapter.runs}
    winner = best(chapter.runs)
    rows = []
    for name in OPTIMIZERS:
        cells = []
        for mode in MODES:
            run = named[name, mode]
            accuracy = "" if run.accuracy is None else f" <small>{run.accuracy:.1%}</small>"
            cells.append(f"<td{' class=best' if run is winner else ''}>{write_loss(run.loss)}{accuracy}</td>")
        rows.append(f"<tr><th scope=row>{swatch(name)}{name}</th>{''.join(cells)}</tr>")
    caption = words["results table" if chapter.problem.kind == "regression" else "results table share"]
    return _table(caption, ["", *(words[mode] for mode in MODES)], rows)


def swatch(optimizer: str) -> str:
    """Write a spot of the color that an update rule's curves have."""
    return f'<span class="swatch" style="background:light-dark({LIGHT[optimizer]},{DARK[optimizer]})"></span>'


def table_differences(chapter: Chapter, words: Words) -> str:
    """Write how far each layer's gradients are from those of the code by hand."""
    rows = [
        f"<tr><th scope=row>{words['layer'].format(number=number)}</th>"
        f"{''.join(f'<td>{layer[q]:.1e}</td>' for q in QUANTITIES)}</tr>"
        for number, layer in enumerate(chapter.differences, 1)
    ]
    return _table(words["compared says"], ["", *QUANTITIES], rows)


def table_prices(chapter: Chapter, words: Words) -> str:
    """Write how long an update takes, beside the code by hand."""
    rows = [
        f"<tr><th scope=row>{words[p.mode]}</th><td>{1e6 * p.engine:.0f} µs</td><td>{1e6 * p.hand:.0f} µs</td>"
        f"<td>{p.ratio:.2f}×</td></tr>"
        for p in chapter.prices
    ]
    return _table(words["prices say"], ["", "minigrad", words["hand"], words["ratio"]], rows)


def _table(caption: str, head: Sequence[str], rows: Sequence[str]) -> str:
    heads = "".join(f"<th scope=col>{cell}</th>" if cell else "<td></td>" for cell in head)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
