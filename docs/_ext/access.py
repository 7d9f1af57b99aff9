"""What the theme leaves out for keyboards and screen readers: code that scrolls is reached, headings have a level."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

AFTER_THE_THEME = 900  # which fills in its navigation at 500


def complete_page(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None) -> None:
    """Let Tab reach blocks of code, and give the captions of the navigation a level."""
    if "body" in context:
        context["body"] = context["body"].replace("<pre>", '<pre tabindex="0">')
    for part in ("body", "furo_navigation_tree"):
        if isinstance(context.get(part), str):
            context[part] = context[part].replace('role="heading">', 'role="heading" aria-level="2">')


def setup(app: Sphinx) -> dict[str, bool]:
    """Complete each page before it is written."""
    app.connect("html-page-context", complete_page, priority=AFTER_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
