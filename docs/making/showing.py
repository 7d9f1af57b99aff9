"""A picture or a piece of code as HTML or Markdown for a page."""

import inspect
import re
import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from minigrad.derivation.lines import Derivation
from minigrad.picture.draw import Drawing

WIDTH = 1000  # pixels of a drawing that is to be read on a page of the site, which has 730


def show_picture(picture: Any, says: str) -> str:
    """Give a figure of a drawing, or of an SVG that the site's style gives colors; `says` is its caption."""
    html = picture.html() if isinstance(picture, Drawing) else picture
    html = re.sub(r"\n\s*\n", "\n", html)  # Markdown would take an empty line for HTML's end
    return (
        f'<figure class="made"><div class="picture" role="group" aria-label="{escape(says)}" tabindex="0">\n'
        f"{html}</div><figcaption>{escape(says)}</figcaption></figure>"
    )


def show_anything(shown: Any, says: str) -> str:
    """Give HTML of what a function of the gallery gives: a picture, a derivation, a page, or what prints itself."""
    if isinstance(shown, Drawing):
        return show_picture(shown, says)
    html = shown.to_html() if isinstance(shown, Derivation) else getattr(shown, "_repr_html_", lambda: None)()
    return re.sub(r"\n\s*\n", "\n", html) if html else f"```\n{shown}\n```"


def show_code(function: Callable[..., Any]) -> str:
    """Give the body of a function as Markdown, without docstring, the word ``return`` and the theme of a plot."""
    body = textwrap.dedent("\n".join(inspect.getsource(function).splitlines()[1:])).strip()
    if body.startswith('"""'):
        body = body.split('"""', 2)[2].strip()
    body = re.sub(r"(, )?theme=theme|  # fmt: skip", "", body)
    return f"```python\n{re.sub(r'^return ', '', body, flags=re.MULTILINE)}\n```"
