"""What a network takes each point of a plane for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.recording import no_grad
from minigrad.metrics import classify, find_guesses
from minigrad.ops.common.alphabet import to_subscript
from minigrad.plot.theme import Look, drawing

GRID = 160  # points of the plane, in each direction, that the network is asked for
MARGIN = 0.05


@with_usage
def decision_regions(
    model: Callable[[Any], Any],
    X: Any,
    T: Any = None,
    features: tuple[int, int] = (0, 1),
    classes: Sequence[str] | None = None,
    inputs: Sequence[str] | None = None,
    threshold: float = 0.5,
    *,
    ax: Any = None,
    theme: str = "light",
    lang: str = "en",
) -> Any:
    """Draw the regions of the plane that a classifier takes for each class, and the samples; give the axes.

    model      a callable of inputs (samples, inputs): its largest output is the class, or of one output, whether it
               exceeds ``threshold``. For data that was standardized write ``lambda x: model((x - mean) / std)``
    X, T       samples (samples, inputs), and their classes, as numbers or one-hot rows; rings mark the wrong ones
    features   the columns of X that span the plane; the others are held at their means
    classes    names of the classes, for the legend; inputs: names of the columns of X, for the axes

    A model with dropout should be in ``eval()``.
    """
    X, plane = _check_samples(X, features)
    low, high = plane.min(axis=0), plane.max(axis=0)
    margin = MARGIN * np.where(high > low, high - low, 1.0)
    axes = [np.linspace(a, b, GRID) for a, b in zip(low - margin, high + margin, strict=True)]
    asked = np.tile(X.mean(axis=0), (GRID * GRID, 1)).astype(X.dtype if X.dtype.kind == "f" else float)
    asked[:, list(features)] = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    with no_grad():
        outputs, answers = (_as_outputs(model(x), len(x)) for x in (asked, X))
    if outputs.shape[1] == 1:
        outputs = np.concatenate([threshold - outputs, outputs - threshold], axis=1)
    count = outputs.shape[1]
    if classes is not None and len(classes) != count:
        raise ValueError(f"decision_regions: the model tells {count} classes apart, and classes= names {len(classes)}")
    labels = None if T is None else classify("decision_regions", answers, T, threshold)[1]
    with drawing("decision_regions", ax, theme, lang, size=(4.8, 4.2)) as (ax, look):
        _draw_regions(ax, look, axes, outputs)
        names = [look.words["class"].format(number=k) for k in range(count)] if classes is None else list(classes)
        if labels is None:
            ax.plot(*plane.T, "o", color=look.theme.ink, markersize=3, alpha=0.7)
        else:
            _draw_samples(ax, look, plane, labels, find_guesses(answers, threshold), names)
        titles = [f"x{to_subscript(i + 1)}" for i in features]
        titles = titles if inputs is None else [inputs[i] for i in features]
        ax.set(xlabel=titles[0], ylabel=titles[1], xlim=axes[0][[0, -1]], ylim=axes[1][[0, -1]])
    return ax


def _check_samples(X: Any, features: Any) -> tuple[Any, Any]:
    """Give the samples, and the two columns that span the plane."""
    X = np.asarray(X)
    if X.ndim != 2 or not len(X) or X.shape[1] < 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"decision_regions: X must hold samples of two inputs or more, (samples, inputs), not {X.dtype} {X.shape}"
        )
    columns = X.shape[1]
    if np.shape(features) != (2,) or any(not 0 <= i < columns for i in features) or features[0] == features[1]:
        raise ValueError(
            f"decision_regions: features must be two different columns of X, 0 to {columns - 1}, not {features!r}"
        )
    return X, X[:, list(features)].astype(float)


def _as_outputs(y: Any, rows: int) -> Any:
    y = np.asarray(getattr(y, "array", y))
    if y.ndim not in (1, 2) or len(y) != rows or y.dtype.kind not in "biuf":
        raise ValueError(
            f"decision_regions: model must give a row of outputs for each sample, (samples, classes), and gave "
            f"{shown(y)} of shape {y.shape} for {rows} samples"
        )
    return y.reshape(rows, -1)


def _draw_regions(ax: Any, look: Look, axes: list[Any], outputs: Any) -> None:
    """Draw a tint for each class where it is ahead, and lines between them."""
    for k in range(outputs.shape[1]):
        ahead = (outputs[:, k] - np.delete(outputs, k, axis=1).max(axis=1)).reshape(GRID, GRID)
        if ahead.max() >= 0:
            ax.contourf(*axes, ahead, levels=[0, max(ahead.max(), 1e-300) * 2], colors=[look.tint(k)])
        if ahead.min() < 0 < ahead.max():
            ax.contour(*axes, ahead, levels=[0], colors=[look.theme.soft], linewidths=0.7)


def _draw_samples(ax: Any, look: Look, plane: Any, labels: Any, guesses: Any, names: list[str]) -> None:
    for k, name in enumerate(names):
        ax.plot(*plane[labels == k].T, "o", color=look.line(k), markersize=4, markeredgewidth=0, label=name)
    wrong = plane[guesses != labels]
    if len(wrong):
        ax.plot(
            *wrong.T, "o", color=look.theme.ink, fillstyle="none", markersize=8, markeredgewidth=0.9,
            label=look.words["wrong"],
        )  # fmt: skip
    look.legend_above(ax, min(len(names) + bool(len(wrong)), 4), markerscale=1.2)
