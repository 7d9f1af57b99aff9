"""The plots of the tour, as SVG text: learning curves, and what the best network has learned."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import nn
from minigrad.app.tour.problems import OPTIMIZERS, Problem
from minigrad.app.tour.runs import Run
from minigrad.engine.recording import no_grad
from minigrad.extras import require

INK, GRAY = "#222222", "#6b6b6b"
CLASSES = (("#d55e00", "#fbdfcb"), ("#0072b2", "#d6e8f4"), ("#00694d", "#b9e0d2"))  # line and tint, as in the graph
LINES = dict(zip(OPTIMIZERS, ("#6b6b6b", "#0072b2", "#00694d", "#d55e00", "#a2398a", "#c99700"), strict=True))
STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial"],
    "font.size": 9,
    "svg.hashsalt": "minigrad",
    "svg.fonttype": "none",  # text stays text: it can be selected, and takes the colours of the page
    "text.color": INK,
    "axes.edgecolor": GRAY,
    "axes.labelcolor": INK,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
POINTS = 150  # that a curve is drawn with at most
GRID = 140  # points of the plane, in each direction, that the network is asked for


def learning_curves(problem: Problem, runs: list[Run], mode: str) -> str:
    """Draw E per sample against the epoch for every update rule in one mode: test samples strong, training thin.

    The modes of one problem share their vertical axis.
    """
    losses = [E for run in runs for E in (*run.history.loss, *run.history.validation_loss) if E]

    def draw(ax: Any) -> None:
        for run in (run for run in runs if run.mode == mode):
            epochs = np.arange(1, len(run.history.loss) + 1)
            shown = np.unique(np.linspace(0, len(epochs) - 1, POINTS).astype(int))
            for values, width, alpha in ((run.history.loss, 0.7, 0.6), (run.history.validation_loss, 1.5, 1.0)):
                E = np.asarray(values, float)[shown]
                ax.plot(epochs[shown], E, color=LINES[run.optimizer], linewidth=width, alpha=alpha)
        ax.set(yscale="log", ylim=(0.8 * min(losses), 1.2 * max(losses)), xlim=(0, len(epochs)))
        ax.set(xlabel="epoch", ylabel="E per sample")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("")
        ax.grid(axis="y", color=GRAY, alpha=0.25, linewidth=0.6)

    return _svg(draw, (4.0, 3.0))


def learned(problem: Problem, model: nn.MLP) -> str:
    """Draw what a network has learned: the fitted curve, or the regions of the classes with the test samples."""
    draw = _fit if problem.kind == "regression" else _regions
    return _svg(lambda ax: draw(ax, problem, model), (4.8, 4.0))


def _fit(ax: Any, problem: Problem, model: nn.MLP) -> None:
    """Draw the curve, the samples, the network, and what each hidden unit adds to it: wⱼyⱼ."""
    first, sigmoid, last = model.layers
    assert isinstance(last, nn.Linear)
    x = np.linspace(-1, 1, 200)[:, None]
    with no_grad():
        y, hidden = model(x).data, sigmoid(first(x)).data
    parts = hidden * last.W.data[:, 0]
    ax.plot(x, parts - parts.mean(axis=0), color=CLASSES[2][0], linewidth=0.9, alpha=0.7)
    ax.plot([], [], color=CLASSES[2][0], linewidth=0.9, alpha=0.7, label="each hidden unit’s wⱼyⱼ, centred")
    ax.plot(*problem.train, "o", color=CLASSES[0][0], markersize=3.5, label="training samples")
    ax.plot(x, y, color=CLASSES[1][0], linewidth=1.8, label="the network, y")
    ax.set(xlabel="x", ylabel="t, y")
    ax.legend(frameon=False, fontsize=8)


def _regions(ax: Any, problem: Problem, model: nn.MLP) -> None:
    """Draw the regions where each class is the likeliest, and the test samples; rings mark the wrong ones.

    Of more than two inputs the last two span the plane, and the others are held at their mean.
    """
    X, T = problem.test
    plane = (X * problem.std + problem.mean)[:, -2:]
    low, high = plane.min(axis=0), plane.max(axis=0)
    margin = 0.04 * (high - low)
    axes = [np.linspace(a, b, GRID) for a, b in zip(low - margin, high + margin, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    asked = np.zeros((len(grid), X.shape[1]))
    asked[:, -2:] = (grid - problem.mean[-2:]) / problem.std[-2:]
    with no_grad():
        P, guess = model(asked).data, model(X).data.argmax(axis=1)
    labels = T.argmax(axis=1)
    for k, (name, (line, tint)) in enumerate(zip(problem.classes, CLASSES, strict=False)):
        ahead = (P[:, k] - np.delete(P, k, axis=1).max(axis=1)).reshape(GRID, GRID)
        ax.contourf(*axes, ahead, levels=[0, 1], colors=[tint])
        ax.contour(*axes, ahead, levels=[0], colors=[GRAY], linewidths=0.6)
        ax.plot(*plane[labels == k].T, "o", color=line, markersize=3.5, label=name)
    ax.plot(*plane[guess != labels].T, "o", color=INK, fillstyle="none", markersize=8, label="wrong")
    ax.set(xlabel=problem.inputs[-2], ylabel=problem.inputs[-1])
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False, fontsize=8, handletextpad=0.2)


def _svg(draw: Callable[[Any], None], size: tuple[float, float]) -> str:
    """Give a figure as SVG text, always the same for the same drawing; needs the extra `plot`."""
    matplotlib = require("matplotlib", "plot")
    file = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure = require("matplotlib.figure", "plot").Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return file.getvalue()
