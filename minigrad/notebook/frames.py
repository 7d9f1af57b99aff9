"""A wide picture, or a whole page, in a cell."""

from __future__ import annotations

from html import escape

# A picture narrower than the cell keeps its size, a wider one shrinks to READABLE of it and is scrolled beyond that.
READABLE = 0.62


def picture(svg: str, width: float, kind: str, style: str = "") -> str:
    """Write an SVG of some width in pixels so that it fits the cell, and scrolls where it would get too small."""
    size = f"width:max({READABLE * width:.0f}px, min(100%, {width:.0f}px))"
    rules = f".{kind} > svg {{ height: auto; display: block; }}\n{style}"
    resized = svg.replace("<svg ", f'<svg style="{size}" ', 1)
    return f'<style>{rules}</style><div class="{kind}" style="overflow-x:auto;max-width:100%">{resized}</div>'


def page(html: str, title: str, height: int) -> str:
    """Write a page as a frame that knows nothing of the notebook around it, and runs its own script alone.

    It is one line: what joins lines or leaves empty ones out, as Markdown's readers do, would make the script another
    than that which the page's policy lets in.
    """
    held = escape(html, quote=True).replace("\n", "&#10;")
    return (
        f'<iframe srcdoc="{held}" title="{escape(title, quote=True)}" sandbox="allow-scripts" '
        f'style="width:100%;height:{height}px;border:1px solid color-mix(in srgb, currentColor 20%, transparent);'
        f'border-radius:8px" loading="lazy"></iframe>'
    )
