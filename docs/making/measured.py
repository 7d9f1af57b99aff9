"""Benchmarks as they were measured: the figures of a stored run, written by what writes every report of them."""

import json
from pathlib import Path
from typing import Any

from benchmarks.report import markdown

STORED = Path(__file__).parents[1] / "benchmarks.json"


def report() -> str:
    """Give the stored run as Markdown, a level lower than a report by itself."""
    return markdown(read_results()).replace("\n## ", "\n### ").replace("# Benchmarks\n", "", 1)


def read_results() -> dict[str, Any]:
    """Give what ``python -m benchmarks --out docs`` left."""
    found: dict[str, Any] = json.loads(STORED.read_text("utf-8"))
    return found
