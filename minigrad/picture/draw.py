"""A recorded loss -> a picture of its backward graph: SVG, PNG, PDF or Graphviz's DOT.

Two lanes: values on top, from left to right, and below each its gradient, dashed and orange, from right to left, every
arrow with what the chain rule multiplies there. Graphviz's program ``dot`` lays it out where it is installed, and our
own layout where it is not.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from html import escape
from itertools import count
from pathlib import Path
from subprocess import CalledProcessError, TimeoutExpired, run
from typing import Any, Literal

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import Graph
from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.messages.paths import check_path
from minigrad.engine.tensor import Tensor
from minigrad.fonts import find_japanese, is_japanese
from minigrad.notebook.frames import picture
from minigrad.notebook.safety import say_error, text_or_reason
from minigrad.picture.dot import Program
from minigrad.picture.look import adapt
from minigrad.picture.pdf import pdf
from minigrad.picture.png import png
from minigrad.picture.scene.build import Scene, scene
from minigrad.picture.setting import Setting, choose_setting
from minigrad.picture.svg import POINT, svg

SUFFIXES = (".svg", ".png", ".pdf", ".dot")
LARGEST_PNG = 200  # boxes and operations; a picture of more is too wide for pixels, and is written as SVG
LARGEST_DOT = 1000  # of as many, dot takes 1.2 s; of 3000, more than a minute, where our own layout takes 0.3 s
DOT_SECONDS = 5.0  # that dot may take before our own layout steps in
_next_number = count(1).__next__


_MEANT = dict.fromkeys(("save", "savefig", "render", "view", "show"), "Write draw(E).write('E.svg'), or 'E.png'")


class Drawing:
    """A picture of a backward graph; a notebook shows it, ``svg()`` and ``source`` give it as SVG and as DOT.

    ``path`` is the file that was written, None for none; ``how`` says in one line what made it; the ids in its SVG
    are those of its ``scene`` after ``prefix``.
    """

    def __init__(self, content: Scene, setting: Setting, themed: bool = True) -> None:
        self.scene, self.setting = content, setting
        self._themed = themed  # or else a notebook shows it as the notebook is
        self.path: Path | None = None
        self.prefix = f"d{_next_number()}-"  # so that two pictures on one page have no id in common
        self._svg: str | None = None
        self._how = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise absent("'Drawing' object", name, _MEANT, dir(self))

    @property
    def source(self) -> str:
        """The picture as a program in Graphviz's language DOT."""
        return Program(self.scene, self.prefix, self.setting).source

    @property
    def how(self) -> str:
        """One line that says how the picture was made."""
        if not self._how:
            self.svg()
        return self._how

    def svg(self) -> str:
        """Give the picture as SVG, laid out by Graphviz's program dot where there is one."""
        if self._svg is None:
            reason = self._without_dot()
            if not reason:
                try:
                    self._svg = _say_what_it_is(self._piped("svg").decode(), self.setting.words["picture"])
                    self._how = "laid out by Graphviz's dot"
                    return self._svg
                except CalledProcessError as error:
                    reason = f"dot failed: {(error.stderr or b'').decode(errors='replace').strip()[:80]}"
                except TimeoutExpired:
                    reason = f"dot took longer than {DOT_SECONDS:g} s"
            self._svg = svg(self.scene, self.prefix, self.setting)
            self._how = f"laid out by minigrad itself ({reason})"
        return self._svg

    def html(self) -> str:
        """Give the picture as HTML that is as wide as there is room, and scrolls where that is too little to read.

        It is dark where the page is, unless a ``theme`` was asked for.
        """
        svg = self.svg()
        width, unit = re.search(r'<svg\b[^>]*? width="([\d.]+)(pt)?', svg).groups()  # type: ignore[union-attr]
        kind = "minigrad-drawing-themed" if self._themed else "minigrad-drawing"
        rules = "" if self._themed else adapt(f".{kind}")
        return picture(svg[svg.index("<svg") :], float(width) * (POINT if unit else 1), kind, rules)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, in the format that its suffix names; give the path.

        A PNG of more than 200 boxes and operations is written as SVG, to the same name with that suffix.

        Raises ``ValueError`` for another suffix, ``FileNotFoundError`` for a folder that does not exist,
        ``ImportError`` for a PNG with neither dot nor the extra ``png``, or a PDF with neither dot nor ``pdf``; of one
        that dot cannot lay out, by a ``width`` or down a page, without the extra.
        """
        path = checked(path)
        kind, note = path.suffix.lower(), ""
        if kind == ".png" and len(self.scene) > LARGEST_PNG:
            path, kind = path.with_suffix(".svg"), ".svg"
            note = f"; SVG instead of PNG, which cannot show {len(self.scene)} boxes and operations"
        if kind == ".dot":
            path.write_text(self.source, encoding="utf-8")
            self._how = "written as DOT"
        elif kind == ".svg":
            path.write_text(self.svg(), encoding="utf-8")
        else:
            path.write_bytes(self._pdf() if kind == ".pdf" else self._png())
        self._how, self.path = self._how + note, path
        return path

    def _without_dot(self) -> str:
        """Say why dot is not asked, or nothing."""
        if self.setting.down or self.setting.width:
            return "dot has no lanes from top to bottom, and no bands"
        if not shutil.which("dot"):
            return "the program dot is not installed"
        return f"more than {LARGEST_DOT} boxes and operations" if len(self.scene) > LARGEST_DOT else ""

    def _without_dot_or_letters(self) -> str:
        """Say why dot is not asked for what is no text any more; its letters are those of this system's fonts."""
        reason = self._without_dot()
        if not reason and is_japanese(self.source) and not find_japanese(installed=True):
            reason = "no font with Japanese letters is installed"
        return reason

    def _pdf(self) -> bytes:
        if not self._without_dot_or_letters():
            try:
                self._how = "laid out by Graphviz's dot"
                return self._piped("pdf")
            except (CalledProcessError, TimeoutExpired):
                pass  # a dot without a renderer for PDF, or too slow a one
        try:
            document = pdf(self.svg())
        except ImportError as error:
            raise ImportError(
                f"draw: {error}; or install Graphviz's program dot, https://graphviz.org/download, if no width and no "
                f"direction is asked for; or draw to .svg, which a browser prints as PDF",
                name=error.name,
            ) from error
        self._how += ", made a PDF by typst"
        return document

    def _png(self) -> bytes:
        if not self._without_dot_or_letters():
            try:
                self._how = "laid out and rendered by Graphviz's dot"
                return self._piped("png")
            except (CalledProcessError, TimeoutExpired):
                pass  # a dot without a renderer for PNG, or too slow a one
        image = png(self.svg())
        self._how += ", rendered by resvg"
        return image

    def _piped(self, form: str) -> bytes:
        extra = ["-Gdpi=144"] if form == "png" else []
        source = self.source.encode()
        done = run(["dot", f"-T{form}", *extra], input=source, capture_output=True, check=True, timeout=DOT_SECONDS)
        return done.stdout

    def __fspath__(self) -> str:
        if self.path is None:
            raise TypeError("draw: this picture was written to no file; give draw a path, or call write(path)")
        return str(self.path)

    @text_or_reason
    def __repr__(self) -> str:
        where = f" in {self.path}" if self.path else ""
        return f"<Drawing of {len(self.scene)} boxes and operations{where}: {self.how}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show the picture in a notebook; where that fails, text: an exception in here would end its run."""
        try:
            return {"text/html": self.html(), "image/svg+xml": self.svg(), "text/plain": repr(self)}
        except Exception as error:
            return {"text/plain": f"<Drawing that cannot be shown: {say_error(error)}>"}


@with_usage
def draw(
    loss: Tensor | Graph,
    path: str | os.PathLike[str] | None = None,
    *,
    values: bool = True,
    backward: bool = True,
    fold: Any = "auto",
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
    direction: Literal["right", "down"] = "right",
    width: float | None = None,
    theme: Literal["light", "dark"] | None = None,
    transparent: bool = False,
    lang: str = "en",
) -> Drawing:
    """Draw the backward graph of a recorded scalar, or of a traced Graph; write it to ``path`` if there is one.

    The suffix says as what: .svg, .png, .pdf or .dot. ``values=False`` leaves the numbers out and ``backward=False``
    the gradients. ``names=locals()`` names what has no name of its own; ``given`` declares facts that formulas may use,
    as in ``derive``. A block that repeats four times or more is drawn once, in a frame that says ×50; ``fold=False``
    draws every operation, and a whole number is the least number of repeats that are folded; ``fold="Layer 1"``, or a
    list of such names, shows a frame as one operation.

    ``direction="down"`` is for a page that is higher than wide. ``width``, in pixels, is for a slide: a picture that is
    wider is cut between its layers into bands, one below the other, and made smaller only where that is not enough.
    ``theme="dark"`` is for dark paper, and ``transparent`` leaves the paper out; without a theme a file is light, and a
    notebook shows the picture as the notebook is. ``lang="ja"`` has titles and legend in Japanese.

    Raises ``ValueError`` for a loss that is no scalar or has no record, an unknown suffix, another fold, direction,
    theme or language, and a width below 200, ``TypeError`` for what is no loss, ``FileNotFoundError`` for a folder that
    does not exist.
    """
    if isinstance(loss, str | os.PathLike):
        raise TypeError(f"draw: the loss comes first, and then the path: draw(E, {os.fspath(loss)!r})")
    if path is not None:
        checked(path)
    setting = choose_setting("draw", values, direction, width, theme, transparent, lang)
    words = setting.words
    content = scene(loss, values=values, backward=backward, fold=fold, names=names, given=given, words=words)
    drawing = Drawing(content, setting, theme is not None)
    if path is not None:
        drawing.write(path)
    return drawing


def _say_what_it_is(svg: str, what: str) -> str:
    """Make dot's SVG one picture to a screen reader; dot titles each part by its id, beside the tooltip of ours."""
    return re.sub(r"<title>.*?</title>\n", "", svg).replace("<svg ", f'<svg role="img" aria-label="{escape(what)}" ', 1)


def checked(path: str | os.PathLike[str]) -> Path:
    """Give a path that a picture can be written to."""
    return check_path("draw", path, SUFFIXES, f"names no format; end it in {', '.join(SUFFIXES)}")
