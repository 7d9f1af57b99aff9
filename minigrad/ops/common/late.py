"""Modules that are imported when something of them is first asked for: what most programs never come to."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Late:
    """A module by its full name; what it holds is an attribute, as of the module itself.

    With an error's words, functions that are seldom called and writing into tensors, importing minigrad would take
    three fifths more instructions.
    """

    def __init__(self, module: str) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.module), name)
        setattr(self, name, value)  # so that Python finds it itself, the next time
        return value
