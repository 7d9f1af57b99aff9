"""A picture or a piece of code as HTML for a page."""

import inspect
import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from minigrad.picture.draw import Drawing


def show_picture(picture: Drawing | str, says: str) -> str:
    """Give a drawing, or an SVG, as a figure on light ground that scrolls if it is wide; `says` is its caption."""
    svg = picture.svg() if isinstance(picture, Drawing) else picture
    svg = svg[svg.index("<svg") :]  # a page has one XML declaration at most, and this is not its place
    return (
        f'<figure class="made"><div class="picture" role="img" aria-label="{escape(says)}" tabindex="0">{svg}</div>'
        f"<figcaption>{escape(says)}</figcaption></figure>"
    )


def show_code(function: Callable[..., Any]) -> str:
    """Give the body of a function as Markdown, without its docstring and what it returns to the page."""
    lines = inspect.getsource(function).splitlines()
    body = textwrap.dedent("\n".join(lines[1:])).strip()
    if body.startswith('"""'):
        body = body.split('"""', 2)[2].strip()
    return f"```python\n{body}\n```"
