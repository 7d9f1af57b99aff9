"""Paths of files that are to be written, checked before any work is done for them.

Apart from ``arguments``, since ``pathlib`` takes a tenth of the time that all of minigrad takes to import.
"""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

from minigrad.engine.messages.arguments import shown

PAGES = (".html", ".htm")


def check_path(
    called: str, path: str | os.PathLike[str], suffixes: Container[str], lacks: str, example: str = "E.svg"
) -> Path:
    """Give the path of a file that is to be written, in a folder that is there.

    Raises ``TypeError`` for what is no path, ``ValueError`` for one that ends in none of ``suffixes``, saying what it
    ``lacks``, ``FileNotFoundError`` for a folder that does not exist.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{called}: path must be the name of a file, such as {example!r}, not {shown(path)}")
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"{called}: {path.name!r} {lacks}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{called}: the folder {str(path.parent)!r} does not exist; make it first")
    return path
