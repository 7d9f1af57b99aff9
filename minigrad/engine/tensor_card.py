"""A tensor as a notebook shows it: what it is and where it is from, its value, and its gradient below the same name."""

from __future__ import annotations

from typing import Any

from minigrad.engine.messages.errors import name_or
from minigrad.notebook.cards import card, part
from minigrad.notebook.grids import grid, summary


def tensor_html(t: Any) -> str:
    """Write a card of a tensor; nothing is computed for it, and no gradient flows because of it."""
    gradient = getattr(t, "stored_grad", None)
    name = name_or(t, "Tensor")
    parts = [_part("value", t.array)]
    if gradient is not None:
        parts.append(_part(f"∂E/∂{name}" if t.name else "gradient", gradient.array, "gradient"))
    shape = " × ".join(map(str, t.shape))
    return card(name, [shape or "scalar", str(t.dtype), _origin(t)], *parts)


def _part(name: str, array: Any, kind: str = "") -> str:
    said = summary(array)
    return part(f"{name} · {said}" if said else name, grid(array), kind)


def _origin(t: Any) -> str:
    if t.op is not None:
        return f"computed by {t.op.name.replace('_', ' ')}"
    learned = "requires a gradient" if t.serial > 0 else "constant"
    return f"{learned}, made at {t.place}" if t.place else learned
