"""What networks see, as the examples learn it: filters, attention, how far back a gradient reaches."""

import contextlib
import io
import os
import runpy
import tempfile
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot

from making.figures import show_plot
from making.showing import WIDTH, show_picture
from minigrad import Tensor, data, draw, losses, nn, plot, relu
from minigrad.plot.theme import drawing

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@lru_cache
def run_example(name: str) -> dict[str, Any]:
    """Run an example, whose files go nowhere; give its variables."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), mpl.rc_context():
        os.chdir(folder)
        pyplot.close("all")  # an example draws into the figure that is open
        try:
            return runpy.run_path(str(EXAMPLES / f"{name}.py"))
        finally:
            os.chdir(before)
            pyplot.close("all")


def draw_filters() -> str:
    """Draw the filters of the network that reads digits, their gradients and what they see."""
    found = run_example("digits")
    W = found["first"].W
    rows = {"filters": W.data[:, 0], "∂E/∂W": W.grad.data[:, 0], f"a {found['t'][0]}": found["seen"]}
    return show_plot(partial(_tiles, rows, None), "Eight filters of 3 × 3, their gradients, and what they see.")


def draw_convolution() -> str:
    """Draw a small network of a convolution, pooling and a layer of ten outputs."""
    X, labels = data.digits()
    conv = nn.Conv2d(1, 4, 3, padding=1, rng=0)
    model = nn.Sequential(conv, relu, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10, rng=1))
    E = losses.softmax_cross_entropy(model(Tensor(X[:2], name="X")), labels[:2])
    return show_picture(draw(E, width=WIDTH), "Two digits on their way through four filters, and the gradients back.")


def draw_attention() -> str:
    """Draw where the model that copies words looks."""
    found = run_example("attention_maps")
    draw = partial(_tiles, {"A": found["A"].data[0]}, (found["text"], found["text"]))
    return show_plot(draw, "To write a letter of the second word, it looks at what followed in the first.")


def _tiles(rows: dict[str, Any], letters: Any, theme: str) -> Any:
    return plot.matrices(rows, letters, theme=theme)


def draw_vanishing() -> str:
    """Draw how large a gradient arrives at each step."""
    found = run_example("vanishing_gradient")["found"]
    says = "Sizes of ∂E/∂xₜ, as shares of that of the last step; E is of the last state alone."
    return show_plot(partial(_reach, found), says)


def _reach(found: dict[str, Any], theme: str) -> Any:
    with drawing("vanishing", None, theme, "en", (5.6, 2.9)) as (ax, look):
        for i, (name, size) in enumerate(found.items()):
            ax.plot(range(1, len(size) + 1), size / size[-1], color=look.line(i), lw=1.6, label=name)
        ax.set(yscale="log", xlabel="t", ylabel="‖∂E/∂xₜ‖")
        look.rule(ax)
        look.legend_above(ax, 3)
    return ax


def draw_pendulum() -> str:
    """Draw what was seen of a pendulum, and what was found."""
    found = run_example("pendulum")
    length, k = found["found"].data
    says = f"Angles that were seen, those of l = 1 m, k = 0, and those of what is found: {length:.2f} m and {k:.2f}/s."
    return show_plot(partial(_swings, found), says)


def _swings(found: dict[str, Any], theme: str) -> Any:
    with drawing("pendulum", None, theme, "en", (5.6, 2.9)) as (ax, look):
        time = found["dt"] * np.arange(1, found["steps"] + 1)
        ax.plot(time, found["seen"], ".", color=look.theme.soft, ms=3, label="seen")
        ax.plot(time, found["start"], "--", color=look.line(1), lw=1.2, label="at first")
        ax.plot(time, found["swing"](found["found"].data), color=look.line(0), lw=1.6, label="found")
        ax.set(xlabel="t / s", ylabel="θ")
        look.legend_above(ax, 3)
    return ax
