"""A recorded loss -> one HTML page that goes through it, forward and backward, one operation at a time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import Graph
from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.messages.paths import PAGES, check_path
from minigrad.engine.tensor import Tensor
from minigrad.notebook import frames
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.picture.draw import draw
from minigrad.picture.look import adapt
from minigrad.picture.stepper.content import content
from minigrad.picture.stepper.words import LANGUAGES, PageWords

_HERE = Path(__file__).parent
HEIGHT = 720  # pixels of the frame in a notebook's cell


@with_usage
def stepper(
    loss: Tensor | Graph,
    path: str | os.PathLike[str] | None = None,
    *,
    fold: Any = "auto",
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
    lang: str = "en",
) -> Any:
    """Make a page that steps through a loss and its backward pass.

    With a ``path`` the page is written there, and its path is given; without one the ``Page`` itself, which a notebook
    shows in the cell. Every step computes one value, or multiplies one upstream gradient by the local derivatives of
    one operation. The page is one file that fetches nothing and runs no script but its own. ``fold``, ``names``,
    ``given`` and ``lang``, "en" or "ja", are as in ``draw``.

    Raises ``TypeError`` for what is no loss, ``ValueError`` for a loss that is no scalar or has no record and for a
    path that does not end in .html, ``FileNotFoundError`` for a folder that does not exist.
    """
    if isinstance(loss, str | os.PathLike):
        raise TypeError(f"stepper: the loss comes first, and then the path: stepper(E, {os.fspath(loss)!r})")
    if path is not None:
        path = _checked(path)
    try:
        drawing = draw(loss, fold=fold, names=names, given=given, lang=lang)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("draw: ", "stepper: ", 1)) from None
    svg = drawing.svg()
    found = content(drawing.scene, drawing.prefix, LANGUAGES[lang])
    html = _page(found, svg[svg.index("<svg") :], lang)
    page = Page(html, found["title"], len(found["steps"]), lang)
    return page if path is None else page.write(path)


@dataclass(frozen=True, repr=False)
class Page:
    """A page that steps through a loss: ``html`` is all of it; a notebook shows it in its cell."""

    html: str
    title: str
    steps: int
    lang: str = "en"

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file whose name ends in .html; give its path."""
        path = _checked(path)
        path.write_text(self.html, encoding="utf-8")
        return path

    @text_or_reason
    def __repr__(self) -> str:
        return f"<Page of {self.steps} steps through {self.title}; write(path) makes a file of it>"

    @html_or_text
    def _repr_html_(self) -> str | None:
        return frames.page(self.html, LANGUAGES[self.lang]["title"].format(title=self.title), HEIGHT)


def _checked(path: str | os.PathLike[str]) -> Path:
    """Give a path that a page can be written to."""
    return check_path("stepper", path, PAGES, "is no name for a page; end it in .html", "E.html")


KEYS = {"left": "←", "right": "→", "home": "Home", "end": "End", "p": "P", "tab": "Tab", "enter": "Enter"}


def _page(found: Mapping[str, Any], svg: str, lang: str) -> str:
    style, script = ((_HERE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    style += adapt("#frame")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    end = len(found["steps"]) - 1
    return Template((_HERE / "page.html").read_text("utf-8")).substitute(
        _words(LANGUAGES[lang], found["title"], end),
        policy=policy, style=style, script=script, svg=svg, title=escape(found["title"]), end=end, lang=lang,
        content=json.dumps(found, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
    )  # fmt: skip


def _words(words: PageWords, title: str, end: int) -> dict[str, str]:
    """Give what the page says itself, by names that a template may have."""
    filled = {
        "page_title": words["title"].format(title=title),
        "at": words["at"].format(at=0, last=end),
        "no_script": words["no script"],
    }
    plain = (
        *("skip", "heading", "steps", "first", "previous", "next", "last", "play", "link", "step", "picture"),
        *("frame", "fit", "details"),
    )
    texts = {key: escape(text) for key, text in (filled | {key: words[key] for key in plain}).items()}
    return texts | {"keys": words["keys"].format(**{name: f"<kbd>{key}</kbd>" for name, key in KEYS.items()})}


def _hash(text: str) -> str:
    """Give the source expression by which a content security policy lets exactly this text in."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
