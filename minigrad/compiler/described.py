"""What a compiled function says of itself: its backend, its code, what was refused, how often it was traced."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import CellType
from typing import Any

from minigrad.algebra.graph import Graph
from minigrad.compiler.variant import CacheInfo, Report, Variant

MOST_TRACES = 64


class Described(partial[Any]):
    """A function that is called by its latest trace; ``_variants`` are all of them, by kinds of arguments."""

    _variants: dict[Any, list[Variant]]
    _last: Variant | None
    _hits: CellType
    _misses: int

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the latest call's code as a module of its own, which needs NumPy alone: ``make(…)`` gives ``step(…)``.

        It is not written anew where a Jacobian has NaN, of an infinite slope beside elements that it is not of: for
        code that has 0 there export after such a call.

        Raises ``ValueError`` if an operation in it is not NumPy's, or if it writes into arguments.
        """
        if self._latest().record.written or self._latest().record.puts:
            raise ValueError("export: the function writes into its arguments, which code alone does not. Return them")
        Path(path).write_text(self._latest().write_module(), encoding="utf-8")

    @property
    def backend(self) -> str:
        """The name of the backend that runs the latest call: another than was asked for, where that had no loops."""
        return self._latest().backend.name

    def report(self) -> Report:
        """Say which backend runs the latest call, which operations are calls between its loops, or refused, and why.

        >>> from minigrad import compile
        >>> step = compile(lambda x: x + 1)
        >>> step(1.0), step.report()
        (2.0, The step runs as numpy code.)
        """
        return self._latest().report()

    @property
    def source(self) -> str:
        """The code of the latest call."""
        return self._latest().program.source

    @property
    def graph(self) -> Graph:
        """The expressions that the code of the latest call computes."""
        return self._latest().graph

    def _latest(self) -> Variant:
        if self._last is None:
            raise RuntimeError("compile: the function has not been called yet, and is traced at its first call")
        return self._last

    def cache_info(self) -> CacheInfo:
        """Give the numbers of replays and traces."""
        size = sum(len(variants) for variants in self._variants.values())
        return CacheInfo(self._hits.cell_contents, self._misses, MOST_TRACES, size)
