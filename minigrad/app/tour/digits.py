"""Handwritten digits by a convolutional network: its filters and their gradients, what they see, what it misreads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import data, losses, nn, optim, plot
from minigrad.algebra.facts import sums_to_one
from minigrad.app.tour.figures import write_svg
from minigrad.app.tour.words import Words, find_words
from minigrad.app.tour.work import SAMPLES, Work, show_work
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.functional import grad
from minigrad.plot.theme import THEMES
from minigrad.training import fit

SIZES = "8×8 → 8×6×6 → 16×2×2 → 10"
FILTERS = 8
EPOCHS = 6  # to 97 % of unseen digits, in a second or two
MOST = 50  # images that gradients are drawn and computed by hand of


@dataclass
class Digits:
    """What became of the network: its work, the share of test images that it reads, how far ∂E/∂W is from by hand."""

    model: nn.Sequential
    work: Work
    train: int
    test: int
    accuracy: float
    by_hand: float
    label: int
    pictures: dict[str, str] = field(default_factory=dict)

    @property
    def worst(self) -> float:
        """The largest difference of a gradient from that by hand."""
        return self.by_hand


def make_reader(seed: int) -> nn.Sequential:
    """Give the network: 8 filters of 3×3, 16 of 4×4 two apart, tanh after each, a linear layer; smooth everywhere."""
    return nn.Sequential(
        *(nn.Conv2d(1, FILTERS, 3, init=nn.xavier, rng=seed), np.tanh),
        *(nn.Conv2d(FILTERS, 16, 4, stride=2, init=nn.xavier, rng=seed + 1), np.tanh),
        *(nn.Flatten(), nn.Linear(64, 10, rng=seed + 2)),
    )


def read_digits(out: Path, seed: int, quick: bool = False, lang: str = "en", plots: bool = True) -> Digits:
    """Train the network, derive its gradients, and write its pictures into ``out``."""
    X, labels, X_test, labels_test = data.split(*data.digits(), test=0.25, rng=seed)
    model = make_reader(seed)
    few, T = (Tensor(a[:SAMPLES], name=name) for a, name in ((X_test, "X"), (data.one_hot(labels_test, 10), "T")))
    work = show_work("digits", losses.softmax_cross_entropy(model(few), T), [sums_to_one(T)], out, lang)
    before = _gradients(model, X[:MOST], labels[:MOST])
    fit(
        model,
        losses.softmax_cross_entropy,
        optim.Adam(model.parameters(), lr=0.01),
        (X, labels),
        epochs=1 if quick else EPOCHS,
        batch_size=16,
        progress=False,
        rng=seed,
    )
    with no_grad():
        y = model(X_test).data
    found = _gradients(model, X[:MOST], labels[:MOST])
    digits = Digits(
        model, work, len(X), len(X_test), float(np.mean(y.argmax(axis=1) == labels_test)),
        max(before.off, found.off), int(labels[0]),
    )  # fmt: skip
    if plots:
        _draw(digits, before, found, (y, labels_test), out, lang)
    return digits


@dataclass
class _Gradients:
    """The first layer's filters, ∂E/∂W, Y₁ and δ₁; ``off`` is how far ∂E/∂W is from the sum over places by hand."""

    X: Any
    W: Any
    dW: Any
    Y: Any
    delta: Any
    off: float


def _gradients(model: nn.Sequential, X: Any, labels: Any) -> _Gradients:
    """Compute ∂E/∂W₁ by the engine, and by hand: Σ over samples and places of δ₁ times what lay under the filter."""
    first, *rest = model.layers
    assert isinstance(first, nn.Conv2d)
    behind = nn.Sequential(*rest)
    U = first(X).data
    W = first.W.data.copy()
    delta = grad(lambda u: losses.softmax_cross_entropy(behind(u), labels))(U).data
    for p in model.parameters():
        p.grad = None
    losses.softmax_cross_entropy(model(X), labels).backward()
    assert first.W.grad is not None
    dW = first.W.grad.data
    under = np.lib.stride_tricks.sliding_window_view(X[:, 0], W.shape[2:], axis=(1, 2))
    by_hand = np.einsum("nijab,nkij->kab", under, delta)
    off = float(np.abs(dW[:, 0] - by_hand).max() / (1 + np.abs(by_hand).max()))
    return _Gradients(X, W, dW, np.tanh(U), delta, off)


def _draw(digits: Digits, before: _Gradients, found: _Gradients, read: tuple[Any, Any], out: Path, lang: str) -> None:
    """Write each picture twice, for light and for dark paper."""
    words = find_words(lang)
    drawn = {
        "filters": (partial(_filters, before=before, found=found, words=words), (5.4, 3.4)),
        "sees": (partial(_seen, found=found, words=words), (5.4, 2.7)),
        "read": (partial(_read, read=read, lang=lang), (4.2, 4.2)),
    }
    for name, (draw, size) in drawn.items():
        for theme in THEMES:
            end = "" if theme == "light" else f"-{theme}"
            (out / f"digits-{name}{end}.svg").write_text(write_svg(draw, theme, size), "utf-8")
        digits.pictures[name] = f"digits-{name}.svg"


def _filters(ax: Any, theme: str, before: _Gradients, found: _Gradients, words: Words) -> None:
    rows = {
        words["W first"]: before.W,
        words["dW first"]: before.dW,
        words["W last"]: found.W,
        words["dW last"]: found.dW,
    }
    plot.matrices({name: W[:, 0] for name, W in rows.items()}, ax=ax, theme=theme)


def _seen(ax: Any, theme: str, found: _Gradients, words: Words) -> None:
    plot.matrices({words["image"]: found.X[0], "Y₁": found.Y[0], "δ₁": found.delta[0]}, ax=ax, theme=theme)


def _read(ax: Any, theme: str, read: tuple[Any, Any], lang: str) -> None:
    plot.confusion_matrix(*read, [str(k) for k in range(10)], ax=ax, theme=theme, lang=lang)
