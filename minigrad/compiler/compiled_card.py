"""A compiled function as a notebook shows it: which backend runs, how often it was traced, and the code."""

from __future__ import annotations

from typing import Any

from minigrad.notebook.cards import card, code, part


def compiled_html(called: str, backend: str, step: Any) -> str:
    """Write a card of a compiled function; ``backend`` is the one that was asked for, until a call says which runs."""
    kept = step.cache_info()
    if not kept.misses:
        return card(f"compiled {called}", [backend, "traced at its first call"])
    facts = [f"{step.backend} code", f"{kept.misses} traced, {kept.hits} replayed"]
    said = str(step.report()).partition("\n")[2]
    refused = part("", code(said)) if said else ""
    return card(f"compiled {called}", facts, refused, part("", code(step.source, "Code of the latest call")))
