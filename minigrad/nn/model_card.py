"""A model as a notebook shows it: its layers, the shapes of what they learn, and how many numbers that is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from minigrad.notebook.cards import card, part, table


def model_html(model: Any) -> str:
    """Write a card of a model or of one layer; a parameter that two layers share counts once in the sum."""
    layers = list(model.flat()) if hasattr(model, "flat") else [model]
    rows = [(str(i), _named(layer), *_learned(_parameters(layer))) for i, layer in enumerate(layers, 1)]
    every = list({id(p): p for layer in layers for p in _parameters(layer)}.values())
    total = f"{sum(p.size for p in every):,}"
    foot = ("", "all", "", total) if len(rows) > 1 else ()
    kinds = ("number", "", "long", "number")
    body = table(["", "layer", "learns", "parameters"], rows, kinds, foot)
    dtypes = ", ".join(dict.fromkeys(str(p.dtype) for p in every))
    layers_said = f"{len(rows)} layers" if len(rows) > 1 else ""
    return card(type(model).__name__, [layers_said, f"{total} parameters", dtypes], part("", body))


def _parameters(layer: Any) -> list[Any]:
    return list(getattr(layer, "parameters", list)())


def _named(layer: Any) -> str:
    return escape(getattr(layer, "__name__", None) or repr(layer))


def _learned(parameters: Iterable[Any]) -> tuple[str, str]:
    """Give the names and shapes of parameters, and the number of their elements."""
    found = list(parameters)
    said = [f"{escape(p.name or 'a tensor')}&nbsp;{'&nbsp;×&nbsp;'.join(map(str, p.shape)) or 'scalar'}" for p in found]
    return ", ".join(said), f"{sum(p.size for p in found):,}" if found else ""
