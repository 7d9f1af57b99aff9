"""What the theme leaves out for keyboards and screen readers.

Code that scrolls is reached, headings have a level, what stands beside the text has a name, the search page a title.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SCROLLING = "<pre>", '<pre class="literal-block">', '<div class="table-wrapper'  # what may be wider than the page
AFTER_THE_THEME = 900  # which fills in its navigation at 500


def complete_page(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None) -> None:
    """Let Tab reach blocks of code and tables, and give the captions of the navigation a level."""
    if "body" in context:
        for opening in SCROLLING:
            tag = opening.split(" ")[0].rstrip(">")
            reached = f'{tag} tabindex="0"{opening.removeprefix(tag)}'
            context["body"] = context["body"].replace(opening, reached)
    for part in ("body", "furo_navigation_tree"):
        if isinstance(context.get(part), str):
            context[part] = context[part].replace('role="heading">', 'role="heading" aria-level="2">')


BESIDE = {"sidebar-drawer": ("All pages", "すべてのページ"), "toc-drawer": ("On this page", "このページの内容")}
RESULTS = '<div id="search-results">'


def name_parts(app: Sphinx, error: Exception | None) -> None:
    """Name both columns beside the text, which are in the theme's own templates, and head the search page."""
    for path in Path(app.outdir).rglob("*.html") if error is None and app.builder.format == "html" else ():
        page = path.read_text("utf-8")
        japanese = '<html class="" lang="ja"' in page or '<html lang="ja"' in page
        named = page
        for part, names in BESIDE.items():
            named = named.replace(f'<aside class="{part}', f'<aside aria-label="{names[japanese]}" class="{part}')
        if path.name == "search.html" and "<h1" not in named:
            named = named.replace(RESULTS, f"<h1>Search</h1>\n{RESULTS}")
        if named != page:
            path.write_text(named, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Complete each page before it is written."""
    app.connect("html-page-context", complete_page, priority=AFTER_THE_THEME)
    app.connect("build-finished", name_parts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
