"""Benchmarks as they were measured: the figures of a stored run, written by what writes every report of them."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.report import markdown

STORED = Path(__file__).parents[1] / "benchmarks.json"


def show_part(title: str = "Benchmarks") -> str:
    """Give a part of the stored run's report as Markdown, by its heading; the first is of the day and the machine."""
    parts = dict(part.split("\n", 1) for part in re.split(r"^#+ ", markdown(read_results()), flags=re.MULTILINE)[1:])
    return parts[title]


def read_results() -> dict[str, Any]:
    """Give what ``python -m benchmarks --out docs`` left."""
    found: dict[str, Any] = json.loads(STORED.read_text("utf-8"))
    return found
