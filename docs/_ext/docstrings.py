"""Docstrings as they are written here, for Sphinx: text in paragraphs, and what is lined up by hand left as it is.

A docstring of ours is read in a terminal first: formulas and lists of arguments are lined up by spaces, names stand in
double backticks, and ``*`` and ``|`` are arithmetic. Each paragraph whose lines are indented or lined up becomes a
literal block; in the others what reStructuredText would take for markup is escaped.
"""

import re
from typing import Any

from sphinx.application import Sphinx

LINED_UP = re.compile(r"^\s|\S {3,}\S", re.MULTILINE)
CODE = re.compile(r"(``.+?``)", re.DOTALL)


def format_docstring(lines: list[str]) -> list[str]:
    """Give the lines of a docstring as reStructuredText."""
    written: list[str] = []
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")):
        if paragraph.lstrip().startswith(">>>") or LINED_UP.search(paragraph):
            language = "pycon" if ">>>" in paragraph else "text"
            written += [f".. code-block:: {language}", "", *(f"   {line}" for line in paragraph.splitlines()), ""]
        else:
            written += [*escape_text(paragraph).splitlines(), ""]
    return written


def escape_text(paragraph: str) -> str:
    """Escape what is no code; a name in single backticks becomes code, too."""
    parts = CODE.split(re.sub(r"(?<!`)`([^`\n]+)`(?!`)", r"``\1``", paragraph))
    return "".join(part if part.startswith("``") else re.sub(r"([\\*_|`:])", r"\\\1", part) for part in parts)


def process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Put a docstring's lines in the place of those that autodoc found."""
    lines[:] = format_docstring(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Format each docstring before autodoc reads it."""
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
