"""The plots of the tour, as SVG text, for light and for dark paper: how the networks learned, and what they came to."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigrad import nn, plot
from minigrad.app.tour.chapter import Chapter
from minigrad.app.tour.problems import MODES, OPTIMIZERS, Problem
from minigrad.app.tour.runs import Run, best
from minigrad.app.tour.words import find_words
from minigrad.engine.recording import no_grad
from minigrad.extras import require
from minigrad.plot.theme import THEMES, drawing

STYLE = {
    "font.size": 9,
    "svg.hashsalt": "minigrad",
    "svg.fonttype": "none",  # text stays text: it can be selected, and takes the fonts of the page
    "axes.formatter.use_mathtext": False,
}
POINTS = 150  # that a curve is drawn with at most
SHADES = dict(zip(OPTIMIZERS, (5, 0, 2, 1, 3, 4), strict=True))  # which of the lines of the look each optimizer has

LIGHT, DARK = ({name: look[i] for name, i in SHADES.items()} for look in (THEMES["light"].lines, THEMES["dark"].lines))

Draw = Callable[[Any, str], None]  # into axes, in a theme


def figures(chapter: Chapter, seed: int, lang: str = "en") -> dict[str, dict[str, str]]:
    """Give each figure of a chapter by its name, and by its theme, as SVG text; needs the extra `plot`."""
    problem, run = chapter.problem, best(chapter.runs)
    X, T = problem.test
    drawn: dict[str, tuple[Draw, tuple[float, float]]] = {}
    for mode in MODES:
        drawn[mode] = (partial(_learning_curves, lang=lang, runs=chapter.runs, mode=mode), (4.0, 3.0))
    drawn["learned"] = (lambda ax, theme: _learned(ax, theme, lang, problem, run.model), (4.8, 4.0))
    drawn["landscape"] = (lambda ax, theme: _landscape(ax, theme, lang, problem, run.model), (4.2, 3.6))
    flow = {0: _deltas(problem, problem.model(seed)), len(run.history.loss): _deltas(problem, run.model)}
    drawn["flow"] = (lambda ax, theme: plot.gradient_flow(flow, ax=ax, theme=theme, lang=lang), (4.2, 3.6))
    drawn["weights"] = (lambda ax, theme: plot.weight_histograms(run.model, ax=ax, theme=theme, lang=lang), (4.2, 3.6))
    if problem.classes:
        names = [name.split()[0] for name in problem.classes]
        confused: Draw = partial(_confusion, lang=lang, names=names, y=run.model(X), T=T)
        drawn["confusion"] = (confused, (3.6, 3.6))
    return {name: {theme: write_svg(draw, theme, size) for theme in THEMES} for name, (draw, size) in drawn.items()}


def _confusion(ax: Any, theme: str, lang: str, names: list[str], y: Any, T: Any) -> None:
    plot.confusion_matrix(y, T, names, ax=ax, theme=theme, lang=lang)


def _deltas(problem: Problem, model: nn.MLP) -> list[float]:
    sizes: list[float] = plot.measure_deltas(model, problem.loss, *problem.train)
    return sizes


def _landscape(ax: Any, theme: str, lang: str, problem: Problem, model: nn.MLP) -> None:
    """Draw E of the training samples around what the network has learned, over the two largest weights of layer 1."""
    W = model.parameters()[0]
    order = np.argsort(-np.abs(W.data), axis=None)[:2]
    w1, w2 = (W[tuple(map(int, np.unravel_index(i, W.shape)))] for i in order)
    X, T = problem.train
    here = {find_words(lang)["learned here"]: [[w1.item(), w2.item()]]}
    reach = max(2.0, 1.5 * float(np.abs(W.data).max()))
    around = [(w.item() - reach, w.item() + reach) for w in (w1, w2)]
    plot.landscape(problem.loss(model(X), T), w1, w2, here, ranges=around, points=41, ax=ax, theme=theme, lang=lang)


def _learning_curves(ax: Any, theme: str, lang: str, runs: list[Run], mode: str) -> None:
    """Draw E per sample against the epoch for every update rule in one mode: test samples strong, training thin.

    The modes of one problem share their vertical axis.
    """
    losses = [E for run in runs for E in (*run.history.loss, *run.history.validation_loss) if E]
    with drawing("tour", ax, theme, lang) as (_, look):
        for run in (run for run in runs if run.mode == mode):
            epochs = np.arange(1, len(run.history.loss) + 1)
            shown = np.unique(np.linspace(0, len(epochs) - 1, POINTS).astype(int))
            for values, width, alpha in ((run.history.loss, 0.7, 0.6), (run.history.validation_loss, 1.5, 1.0)):
                E = np.asarray(values, float)[shown]
                ax.plot(epochs[shown], E, color=look.line(SHADES[run.optimizer]), linewidth=width, alpha=alpha)
        ax.set(yscale="log", ylim=(0.8 * min(losses), 1.2 * max(losses)), xlim=(0, len(epochs)))
        words = find_words(lang)
        ax.set(xlabel=words["epoch"], ylabel=words["E axis"])
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("")
        look.rule(ax)


def _learned(ax: Any, theme: str, lang: str, problem: Problem, model: nn.MLP) -> None:
    """Draw the fitted curve, or the regions of the classes with the test samples.

    Of more than two inputs the last two span the plane, and the others are held at their mean.
    """
    if problem.kind == "regression":
        _fit(ax, theme, lang, problem, model)
        return
    X, T = problem.test
    last = X.shape[1] - 2, X.shape[1] - 1
    plot.decision_regions(
        lambda x: model((x - problem.mean) / problem.std), X * problem.std + problem.mean, T, last, problem.classes,
        problem.inputs, ax=ax, theme=theme, lang=lang,
    )  # fmt: skip


def _fit(ax: Any, theme: str, lang: str, problem: Problem, model: nn.MLP) -> None:
    """Draw the curve, the samples, the network, and what each hidden unit adds to it: wⱼyⱼ."""
    first, sigmoid, last = model.layers
    assert isinstance(last, nn.Linear)
    x = np.linspace(-1, 1, 200)[:, None]
    with no_grad():
        y, hidden = model(x).data, sigmoid(first(x)).data
    parts, words = hidden * last.W.data[:, 0], find_words(lang)
    with drawing("tour", ax, theme, lang) as (_, look):
        ax.plot(x, parts - parts.mean(axis=0), color=look.line(2), linewidth=0.9, alpha=0.7)
        ax.plot([], [], color=look.line(2), linewidth=0.9, alpha=0.7, label=words["fit parts"])
        ax.plot(*problem.train, "o", color=look.line(1), markersize=3.5, label=words["fit t"])
        ax.plot(x, y, color=look.line(0), linewidth=1.8, label=words["fit x"])
        ax.set(xlabel="x", ylabel="t, y")
        look.legend(ax)


def write_svg(draw: Draw, theme: str, size: tuple[float, float]) -> str:
    """Give a figure as SVG text, always the same for the same drawing."""
    matplotlib = require("matplotlib", "plot")
    file = io.StringIO()
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # text stays text, and the page's reader has the font
        figure = require("matplotlib.figure", "plot").Figure(figsize=size, layout="constrained")
        draw(figure.subplots(), theme)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return file.getvalue()
