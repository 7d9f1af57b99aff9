"""The one look of all plots: colors for light and dark paper, fonts, axes without clutter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from minigrad.engine.messages.arguments import shown
from minigrad.engine.messages.errors import warn_user
from minigrad.extras import require
from minigrad.fonts import WAY_OUT, find_japanese
from minigrad.plot.words import find_words


@dataclass(frozen=True)
class Theme:
    """Colors: of letters, of what stands back, of the paper; lines with the tints that go with them; a ramp.

    The lines are apart also for those who see fewer colors (after Okabe and Ito 2008). The ramp goes from what is low
    to what is high.
    """

    ink: str
    soft: str
    paper: str
    lines: tuple[str, ...]
    tints: tuple[str, ...]
    ramp: tuple[str, ...]


THEMES = {
    "light": Theme(
        ink="#222222",
        soft="#6b6b6b",
        paper="#ffffff",
        lines=("#0072b2", "#d55e00", "#00694d", "#a2398a", "#c99700", "#6b6b6b"),
        tints=("#d6e8f4", "#fbdfcb", "#b9e0d2", "#ecd3e6", "#f3e6bd", "#e3e3e3"),
        ramp=("#2c6e9b", "#6aa5c8", "#a9cde2", "#d9e8f1", "#f5f7f9"),
    ),
    "dark": Theme(
        ink="#e8eaed",
        soft="#a6afba",
        paper="#16191d",
        lines=("#56b4e9", "#f0894a", "#3fc79a", "#d98ccb", "#e6c04a", "#a6afba"),
        tints=("#173a52", "#4d2b17", "#123f33", "#44263f", "#453a17", "#33383e"),
        ramp=("#4aa3d6", "#2c759f", "#1f5272", "#1b3548", "#1b2228"),
    ),
}
SANS = ("DejaVu Sans", "Verdana", "Helvetica", "Arial")
JAPANESE = (  # the first that is installed writes what the fonts before it have no letters for
    *("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Hiragino Sans", "Yu Gothic", "Meiryo"),
    *("IPAexGothic", "IPAGothic", "TakaoPGothic", "MS Gothic"),
)  # or else any that has them


@dataclass(frozen=True)
class Look:
    """What a drawing is dressed in: a theme's colors and a language's words."""

    theme: Theme
    words: dict[str, str]

    def line(self, i: int) -> str:
        """Give the color of the i-th line; they begin anew when they are used up."""
        return self.theme.lines[i % len(self.theme.lines)]

    def tint(self, i: int) -> str:
        """Give the tint that goes with it."""
        return self.theme.tints[i % len(self.theme.tints)]

    def ramp(self) -> Any:
        """Give the ramp as a Matplotlib color map: 0 is what is low, 1 what is high."""
        return require("matplotlib.colors", "plot").LinearSegmentedColormap.from_list("minigrad", self.theme.ramp)

    def dress(self, ax: Any) -> None:
        """Give axes the colors of the theme, and no lines that say nothing."""
        ax.set_facecolor("none")
        for side, spine in ax.spines.items():
            spine.set(visible=side in ("left", "bottom"), color=self.theme.soft, linewidth=0.8)
        ax.tick_params(colors=self.theme.soft, labelcolor=self.theme.ink, width=0.8, which="both")
        for text in (ax.xaxis.label, ax.yaxis.label, ax.title):
            text.set_color(self.theme.ink)

    def rule(self, ax: Any, axis: str = "y") -> None:
        """Draw faint lines to read values by."""
        ax.grid(axis=axis, color=self.theme.soft, alpha=0.25, linewidth=0.6)
        ax.set_axisbelow(True)

    def legend(self, ax: Any, **where: Any) -> Any:
        """Draw the legend, without a frame."""
        return ax.legend(frameon=False, fontsize="small", labelcolor=self.theme.ink, **where)

    def legend_above(self, ax: Any, columns: int, **what: Any) -> Any:
        """Draw the legend over the axes, where it hides nothing."""
        where = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": columns, "borderaxespad": 0.3}
        return self.legend(ax, **where, handletextpad=0.5, columnspacing=1.2, **what)


@contextmanager
def drawing(
    called: str, ax: Any, theme: str, lang: str, size: tuple[float, float] = (5.0, 3.8)
) -> Iterator[tuple[Any, Look]]:
    """Give the axes to draw into, dressed, and the look; needs the extra `plot`.

    ``ax`` None makes a figure of a size in inches. ValueError for a theme or a language that there is none of.
    """
    if not isinstance(theme, str) or theme not in THEMES:
        raise ValueError(f"{called}: theme must be one of {', '.join(map(repr, THEMES))}, not {shown(theme)}")
    look = Look(THEMES[theme], find_words(called, lang))
    if ax is not None and not hasattr(ax, "plot"):
        raise TypeError(
            f"{called}: ax must be the axes of a Matplotlib figure, not {shown(ax)}; leave it out for new ones"
        )
    matplotlib = require("matplotlib", "plot")
    with matplotlib.rc_context({"font.family": list_fonts(lang), "font.sans-serif": SANS, "font.size": 9}):
        if ax is None:
            ax = require("matplotlib.pyplot", "plot").subplots(
                figsize=size, layout="constrained", facecolor=look.theme.paper
            )[1]
        look.dress(ax)
        yield ax, look


def list_fonts(lang: str) -> list[str]:
    """Name the fonts that write a language: one without serifs, and one for the letters that it has not.

    Warns where none is installed that has them, and a picture would show boxes; not where the text of an SVG stays text
    (``rcParams["svg.fonttype"] = "none"``), which is written in the reader's fonts.
    """
    if lang != "ja":
        return ["sans-serif"]
    installed = set(require("matplotlib.font_manager", "plot").get_font_names())
    found = next((name for name in JAPANESE if name in installed), None)
    if found is None and require("matplotlib", "plot").rcParams["svg.fonttype"] == "none":
        return ["sans-serif"]
    if found is None and (path := find_japanese()):
        manager = require("matplotlib.font_manager", "plot")
        manager.fontManager.addfont(path)
        found = manager.FontProperties(fname=path).get_name()
    if found is None:
        warn_user(
            f"plot: no font with Japanese letters is installed; boxes will stand for them; {WAY_OUT}", UserWarning
        )
        return ["sans-serif"]
    return ["sans-serif", found]
