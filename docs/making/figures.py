"""Matplotlib's pictures as part of a page, on light and on dark paper, of which the page shows one."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from html import escape
from itertools import count
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot

from making import networks
from making.showing import WIDTH
from minigrad import draw, plot
from minigrad.plot.theme import drawing

THEMES = ("light", "dark")
_next_number = count(1).__next__
WORDS = {
    "en": {
        "train": "training data", "test": "test data", "network": "the network", "curve": "sin πx",
        "epoch": "epoch", "E": "E per sample, test data", "batch": "batch", "mini-batch": "mini-batch, 8",
        "online": "online",
    },
    "ja": {
        "train": "訓練データ", "test": "テストデータ", "network": "ネットワークの出力", "curve": "sin πx",
        "epoch": "エポック", "E": "テストデータの誤差（1 サンプルあたり）", "batch": "バッチ学習",
        "mini-batch": "ミニバッチ学習（8）", "online": "オンライン学習",
    },
}  # fmt: skip


def show_plot(make: Callable[[str], Any], says: str, kind: str = "plain") -> str:
    """Give a figure of what `make` draws on paper of a theme: axes, or SVG."""
    with mpl.rc_context({"svg.fonttype": "none"}):  # text stays text, for which no font with its letters is needed here
        drawn = {theme: make(theme) for theme in THEMES}
        svgs = {theme: x if isinstance(x, str) else write_svg(x) for theme, x in drawn.items()}
    said = escape(says)
    both = "".join(
        f'<div class="picture only-{theme}" role="group" aria-label="{said}" tabindex="0">{svg}</div>'
        for theme, svg in svgs.items()
    )
    return f'<figure class="{kind}">{both}<figcaption>{said}</figcaption></figure>'


def write_svg(axes: Any) -> str:
    """Give the picture that axes are part of as SVG without a background, with ids that no other has."""
    written = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "minigrad", "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the letters are text, which the reader has fonts for
        axes.figure.savefig(written, format="svg", metadata={"Date": None}, transparent=True)
    pyplot.close(axes.figure)
    prefix = f"p{_next_number()}-"
    svg = re.sub(r"<metadata>.*?</metadata>", "", written.getvalue(), flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}", svg)
    svg = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), svg)  # of a point
    return re.sub(r"\n\s*", "\n", svg[svg.index("<svg") :]).strip()


def draw_path(name: str, theme: str) -> Any:
    """Draw the path of one rule through the valley."""
    E, w1, w2 = networks.make_valley()
    with drawing("landscape", None, theme, "en", (3.6, 2.1)) as (ax, _):
        rule = networks.make_rule(name, [w1, w2])
        ranges = ((-8.0, 4.0), (-2.6, 2.6))
        plot.landscape(E, w1, w2, {name: rule}, networks.STEPS, ranges, 31, ax=ax, theme=theme)
        ax.legend_.remove()
    return ax


def draw_by_heart(lang: str, theme: str) -> Any:
    """Draw what a network makes of samples that it has learned by heart."""
    run, words = networks.train_by_heart(), WORDS[lang]
    x = np.linspace(-1, 1, 400)[:, None]
    with drawing("samples", None, theme, lang, (5.6, 2.9)) as (ax, look):
        ax.plot(x, np.sin(np.pi * x), color=look.theme.soft, lw=1.2, ls="--", label=words["curve"])
        ax.plot(x, run.model(x).data, color=look.line(0), lw=1.6, label=words["network"])
        ax.plot(*run.train, "o", color=look.line(0), ms=6, label=words["train"])
        ax.plot(*run.test, "o", color=look.line(1), mfc="none", ms=6, label=words["test"])
        ax.set(ylim=(-2, 2), xlabel="x", ylabel="y")
        look.legend_above(ax, 4)
    return ax


def draw_graph(problem: str, lang: str, theme: str) -> str:
    """Draw the backward graph of a batch, with its numbers."""
    loss = networks.make_loss(problem, networks.SAMPLES)
    svg = draw(loss, width=WIDTH, theme=theme, transparent=True, lang=lang).svg()  # type: ignore[arg-type]
    return re.sub(r"\n\s*\n", "\n", svg[svg.index("<svg") :])


def draw_modes(lang: str, theme: str) -> Any:
    """Draw the loss against the epoch, for the three ways of learning."""
    words = WORDS[lang]
    with drawing("modes", None, theme, lang, (5.6, 2.9)) as (ax, look):
        for i, mode in enumerate(networks.MODES):
            losses = networks.train_mode(mode).history.validation_loss
            ax.plot(range(1, len(losses) + 1), losses, color=look.line(i), lw=1.4, label=words[mode])
        ax.set(yscale="log", xlabel=words["epoch"], ylabel=words["E"])
        look.rule(ax)
        look.legend_above(ax, 3)
    return ax
