"""Sums: of expressions, and the terms of one that are each about one t."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minigrad.structure.loss import split_terms


def add_up(parts: Iterable[Any]) -> Any:
    """Give the sum of some expressions; 0 of none."""
    total: Any = None
    for part in parts:
        total = part if total is None else total + part
    return 0.0 if total is None else total


def place_terms(
    sums: Iterable[Any], places: Callable[[Any], Iterable[tuple[str, int]]]
) -> tuple[list[tuple[str, dict[int, Any]]], list[Any]]:
    """Part sums into terms that are about one t each, by the letter and the last t in it, and all others."""
    placed: dict[str, dict[int, Any]] = {}
    others: list[Any] = []
    for x in (term for whole in sums for term in split_terms(whole)):
        found = list(places(x))
        letters = {letter for letter, _ in found}
        row = placed.setdefault(letters.pop(), {}) if len(letters) == 1 else None
        index = max((i for _, i in found), default=0)
        if row is None or index in row:
            others.append(x)
        else:
            row[index] = x
    return list(placed.items()), others
