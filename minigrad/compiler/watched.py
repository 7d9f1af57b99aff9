"""What compiled code writes in place, and records outside of it may hold: they notice, and do not lie."""

from __future__ import annotations

from types import CellType

from minigrad.compiler.record import Record
from minigrad.compiler.trace.sources import Data
from minigrad.engine.recording import records_left
from minigrad.engine.tensor import Tensor
from minigrad.engine.watch import seal_array


class Watched:
    """The parameters that a step updates; ``seen`` is up to which record they have been kept for comparison.

    Asking whether there has been one since costs 30 ns, in a step of 700; keeping them, a copy of the small ones and a
    sample of the large.
    """

    def __init__(self, record: Record) -> None:
        sources = (record.inputs[node] for node, _ in record.updates)
        self.tensors: list[Tensor] = [source.tensor for source in sources if isinstance(source, Data)]
        self.seen = CellType(0)

    def look(self) -> None:
        """Keep what the parameters are now, for ``backward`` through what was recorded before to compare with."""
        for t in self.tensors:
            seal_array(t.array)
        self.seen.cell_contents = records_left()
