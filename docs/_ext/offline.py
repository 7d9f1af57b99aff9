"""Holds the built site to its word: no page, style or script loads anything from elsewhere. Links may lead away."""

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

LOADS = re.compile(
    r"""<(?:script|img|iframe|video|audio|source|embed|object|image|use)\b[^>]*?\b(?:src|srcset|data|href)=["']?(?:https?:)?//[^"'\s>]+
    |<link\b(?=[^>]*rel=["']?(?:stylesheet|preload|icon|shortcut|preconnect|dns-prefetch))[^>]*?href=["']?(?:https?:)?//[^"'\s>]+
    |url\(\s*["']?(?:https?:)?//[^)]+
    |@import\s+["'](?:https?:)?//[^"']+""",
    re.VERBOSE | re.IGNORECASE,
)


class OnlineError(SphinxError):
    """A file of the site loads something from another machine."""

    category = "Not readable offline"


def find_loads(text: str) -> list[str]:
    """Give every place of a page or a style sheet that loads from elsewhere."""
    return [found.group() for found in LOADS.finditer(text)]


def read_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Give each file that can load another, and what is in it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".css"):
            yield path, path.read_text(encoding="utf-8")


def check_site(app: Sphinx, failure: Exception | None) -> None:
    """Raise for what is loaded from elsewhere, once everything is written."""
    if failure is None and app.builder.format == "html":
        found = [f"{path.name}: {load}" for path, text in read_files(Path(app.outdir)) for load in find_loads(text)]
        if found:
            raise OnlineError("\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at what was built when it is finished."""
    app.connect("build-finished", check_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
