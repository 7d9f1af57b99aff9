"""What is below ``ja/`` is in Japanese, and says so to browsers, screen readers and hyphenation."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def say_language(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None) -> None:
    """Set the language of a page by where it lies."""
    if page.startswith("ja/"):
        context["language"] = "ja"


def setup(app: Sphinx) -> dict[str, bool]:
    """Set it before each page is written."""
    app.connect("html-page-context", say_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
