"""Worksheets -> one HTML page that asks, checks and hints in a browser, without a network or this library."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from minigrad.engine.messages.paths import PAGES, check_path
from minigrad.exercises.page_content import Sheet, content

_HERE = Path(__file__).parent
SCRIPTS = ("formula.js", "judge.js", "page.js")


def write_page(sheets: Iterable[Sheet], path: str | os.PathLike[str], lang: str = "en") -> Path:
    """Write a page with some exercises; give its path.

    The page is one file that fetches nothing and runs no script but its own. Raises ``TypeError`` for what is no path,
    ``ValueError`` for one that does not end in .html, ``FileNotFoundError`` for a folder that does not exist.
    """
    path = check_path("exercise", path, PAGES, "is no name for a page; end it in .html", "exercises.html")
    found = content(sheets, lang)
    style = (_HERE / "page.css").read_text("utf-8")
    script = "\n".join((_HERE / name).read_text("utf-8") for name in SCRIPTS)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    words = {key: escape(said) for key, said in found["words"].items()}
    data = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = words | {"policy": policy, "style": style, "script": script, "lang": lang, "content": data}
    path.write_text(Template((_HERE / "page.html").read_text("utf-8")).substitute(parts), encoding="utf-8")
    return path


def _hash(text: str) -> str:
    """Give the source expression by which a content security policy lets exactly this text in."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
