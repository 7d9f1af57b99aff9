"""The tour's page: one HTML file beside its pictures, with nothing to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from minigrad.app.tour.chapter import Chapter
from minigrad.app.tour.checks import QUANTITIES
from minigrad.app.tour.figures import DARK, LIGHT
from minigrad.app.tour.problems import MODES, OPTIMIZERS
from minigrad.app.tour.runs import Run, best, write_loss
from minigrad.app.tour.work import Work
from minigrad.derivation.documents import opening
from minigrad.derivation.lines import Line
from minigrad.derivation.step_documents import table

CSS = (Path(__file__).parent / "page.css").read_text("utf-8")

INTRODUCTION = """
<p class="lead">Nobody told the engine the formulas of backpropagation. It knows the local derivative of each operation,
walks the recorded graph backwards, and the textbook’s derivation comes out: written, checked line by line,
and drawn.</p>
<p>Three small networks, trained on real and textbook data. Each is a chain of layers <i>U</i> = <i>Y W</i> + <i>b</i>;
hidden layers apply the sigmoid, the last one nothing (regression) or softmax (classification). The loss is
<i>E</i> = ½ Σ (<i>Y</i> − <i>T</i>)² or <i>E</i> = −Σ <i>T</i> log <i>Y</i>.</p>
"""

INSIDE = {
    "landscape": "E of the training half over the two largest weights of layer 1, all others as they were learned.",
    "flow": "δ of each layer, before and after training: each layer back it is multiplied by Wᵀ and by σ′ ≤ ¼.",
    "weights": "The weights and biases that were learned.",
    "confusion": "The test half: which class was taken for which.",
}


def page(chapters: Sequence[Chapter], notes: Sequence[str], seed: int) -> str:
    """Give the page as HTML text."""
    worst, line = (max(x) for x in zip(*((c.worst, c.work.worst) for c in chapters), strict=True))
    links = " · ".join(f'<a href="#{c.problem.key}">{escape(c.problem.title)}</a>' for c in chapters)
    warnings = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>minigrad: a tour</title>
<style>{CSS}</style>
</head>
<body>
<header><h1>Backpropagation that shows its work</h1><nav>{links}</nav></header>
<main>
{INTRODUCTION}
<p>Every line was compared with finite differences and with the engine: the largest difference is
<strong>{line:.0e}</strong> of a gradient’s scale. Every δ and gradient was also compared with δ code written by hand,
which shares nothing with the engine: the largest difference is <strong>{worst:.1e}</strong>.</p>
{warnings}
{"".join(map(_section, chapters))}
</main>
<footer>minigrad tour, seed {seed}. The numbers are in <a href="results.json">results.json</a>.</footer>
</body>
</html>
"""


def _section(chapter: Chapter) -> str:
    problem, run = chapter.problem, best(chapter.runs)
    return f"""<section id="{problem.key}">
<h2>{escape(problem.title)} <small>{problem.layout}, {problem.kind}</small></h2>
{_work(chapter.work, problem.title)}
<div class="work code">{_code(chapter.work)}{_learned(chapter, run)}</div>
<h3>Results on the test half</h3>
{_results(chapter)}
{_curves(chapter)}
{_inside(chapter)}
<div class="pair"><div><h3>Compared with the formulas</h3>{_differences(chapter)}</div>
<div><h3>Time of an update</h3>{_prices(chapter)}</div></div>
</section>
"""


def _learned(chapter: Chapter, run: Run) -> str:
    if "learned" not in chapter.pictures:
        return ""
    said = f"The best network: {run.optimizer}, {run.mode} learning, η = {run.lr:g}."
    return f'<figure class="learned">{_plot(chapter, "learned", said)}<figcaption>{said}</figcaption></figure>'


def _work(work: Work, title: str) -> str:
    rows = "".join(
        f"<tr><th scope=row>{opening(equation, table(line.steps().rows()))}{_facts(line)}</th>"
        f"<td>{_size(line.shape)}</td><td>{_share(found.engine)}</td><td>{_share(found.numeric)}</td></tr>"
        for line, equation, found in zip(work.derivation, work.derivation.to_mathml(), work.differences, strict=True)
    )
    picture = _image(work.picture, f"The backward graph of {title}")
    heads = "".join(f"<th scope=col>{head}</th>" for head in ("line", "shape", "engine", "numeric"))
    return f"""<div class="work">
<div><h3>What came out of the graph</h3>
<div class="scroll"><table class="derivation"><caption>Each line, which opens on how it came, and how far it is from the
engine’s gradient and from finite differences</caption>
<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>
<div><h3>The backward graph of three samples</h3>
<div class="wide" tabindex="0" role="group" aria-label="Picture, scrollable">
{picture}</div>
<p class="links"><a class="button" href="{work.page}">Step through it, forward and back</a>
<a href="{work.picture}">The picture by itself</a></p></div>
</div>"""


def _code(work: Work) -> str:
    return f"""<div><h3>The same as NumPy code</h3>
<p class="links"><span>Written by minigrad, needs NumPy alone:</span> <a href="{work.code}">{work.code}</a></p>
<pre tabindex="0" role="group" aria-label="NumPy code, scrollable">{escape(_function(work.source))}</pre></div>"""


def _function(source: str) -> str:
    """Leave out what stands before the function: imports, and helpers such as softmax."""
    return source[source.index("def loss_and_gradients") :].rstrip()


def _facts(line: Line) -> str:
    return "".join(f"<small>as {escape(str(fact))}</small>" for fact in line.facts)


def _share(x: float) -> str:
    return f"{x:.0e}" if x else "0"


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _image(name: str, alt: str) -> str:
    return f'<img src="{name}" alt="{escape(alt)}" loading="lazy">'


def _results(chapter: Chapter) -> str:
    named = {(run.optimizer, run.mode): run for run in chapter.runs}
    winner = best(chapter.runs)
    rows = []
    for name in OPTIMIZERS:
        cells = []
        for mode in MODES:
            run = named[name, mode]
            accuracy = "" if run.accuracy is None else f" <small>{run.accuracy:.1%}</small>"
            cells.append(f"<td{' class=best' if run is winner else ''}>{write_loss(run.loss)}{accuracy}</td>")
        swatch = f'<span class="swatch" style="background:light-dark({LIGHT[name]},{DARK[name]})"></span>'
        rows.append(f"<tr><th scope=row>{swatch}{name}</th>{''.join(cells)}</tr>")
    what = "E per test sample" + ("" if chapter.problem.kind == "regression" else " and share classified correctly")
    return _table(f"{what}; the best is marked", ["", *MODES], rows)


def _curves(chapter: Chapter) -> str:
    parts = "".join(
        f"<figure>{_plot(chapter, mode, f'Learning curves, {mode} learning')}<figcaption>{mode}</figcaption></figure>"
        for mode in MODES
        if mode in chapter.pictures
    )
    words = "<p>E per sample against the epoch: thick on the test half, thin on the training half.</p>"
    return f'{words}<div class="row">{parts}</div>' if parts else ""


def _inside(chapter: Chapter) -> str:
    """Show what became of the best network inside: its loss, its δ, its weights, what it takes for what."""
    parts = "".join(
        f"<figure>{_plot(chapter, name, said)}<figcaption>{said}</figcaption></figure>"
        for name, said in INSIDE.items()
        if name in chapter.pictures
    )
    return f'<h3>Inside the best network</h3><div class="row">{parts}</div>' if parts else ""


def _plot(chapter: Chapter, name: str, alt: str) -> str:
    """Write a plot that is another one on dark paper."""
    light, dark = (chapter.pictures[name].replace(".svg", end) for end in (".svg", "-dark.svg"))
    source = f'<source srcset="{dark}" media="(prefers-color-scheme: dark)">'
    return f'<picture class="plot">{source}{_image(light, alt)}</picture>'


def _differences(chapter: Chapter) -> str:
    rows = [
        f"<tr><th scope=row>layer {number}</th>{''.join(f'<td>{layer[q]:.1e}</td>' for q in QUANTITIES)}</tr>"
        for number, layer in enumerate(chapter.differences, 1)
    ]
    return _table("Largest difference from the hand-derived δ code", ["", *QUANTITIES], rows)


def _prices(chapter: Chapter) -> str:
    rows = [
        f"<tr><th scope=row>{p.mode}</th><td>{1e6 * p.engine:.0f} µs</td><td>{1e6 * p.hand:.0f} µs</td>"
        f"<td>{p.ratio:.2f}×</td></tr>"
        for p in chapter.prices
    ]
    return _table("Forward, loss, backward and gradient descent", ["", "minigrad", "by hand", "ratio"], rows)


def _table(caption: str, head: Sequence[str], rows: Sequence[str]) -> str:
    heads = "".join(f"<th scope=col>{cell}</th>" if cell else "<td></td>" for cell in head)
    return (
        f'<div class="scroll"><table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
