"""A picture or a piece of code as HTML or Markdown for a page."""

import inspect
import io
import re
import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from minigrad.derivation.lines import Derivation
from minigrad.picture.draw import Drawing

WIDTH = 1000  # pixels of a drawing that is to be read on a page of the site, which has 730


def show_picture(picture: Any, says: str) -> str:
    """Give a figure of a drawing, dark where the page is, or of an SVG or matplotlib's axes; `says` is its caption."""
    paper = "own" if isinstance(picture, Drawing) else "light"
    html = picture if isinstance(picture, str) else picture.html() if paper == "own" else write_svg(picture)
    html = re.sub(r"\n\s*\n", "\n", html)  # Markdown would take an empty line for HTML's end
    return (
        f'<figure class="made"><div class="picture {paper}" role="group" aria-label="{escape(says)}" tabindex="0">\n'
        f"{html}</div><figcaption>{escape(says)}</figcaption></figure>"
    )


def write_svg(axes: Any) -> str:
    """Give the picture that matplotlib's axes are part of as SVG, always the same for the same picture."""
    import matplotlib  # the only ones here that are an extra

    written = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "minigrad"}):
        axes.figure.savefig(written, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return re.sub(
        r"(<svg[^>]*) width=\"[^\"]*\"", r"\1", re.sub(r" height=\"[^\"]*pt\"", "", written.getvalue(), count=1)
    )


def show_anything(shown: Any, says: str) -> str:
    """Give HTML of whatever a function of the gallery gives: a picture, a derivation, a page, or what prints itself."""
    if isinstance(shown, Drawing) or hasattr(shown, "figure"):
        return show_picture(shown, says)
    html = shown.to_html() if isinstance(shown, Derivation) else getattr(shown, "_repr_html_", lambda: None)()
    return re.sub(r"\n\s*\n", "\n", html) if html else f"```\n{shown}\n```"


def show_code(function: Callable[..., Any]) -> str:
    """Give the body of a function as Markdown, without its docstring, and without the word ``return``."""
    body = textwrap.dedent("\n".join(inspect.getsource(function).splitlines()[1:])).strip()
    if body.startswith('"""'):
        body = body.split('"""', 2)[2].strip()
    return f"```python\n{re.sub(r'^return ', '', body, flags=re.MULTILINE)}\n```"
