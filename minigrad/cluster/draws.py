"""Random numbers of some rows out of many: those that one process would draw for them, if it drew for all at once."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.engine.recording import compilation

ADVANCING = (np.random.PCG64, np.random.PCG64DXSM)  # whose ``advance`` passes over as many numbers as it is told


class RowDraws:
    """What draws in the place of ``rng.random(shape)`` for rows ``start`` to ``stop`` of ``rows``, within ``drawn_by``.

    Of an array with as many rows the generator passes over those of the rows before, and afterwards over those of the
    rows behind: what comes does not depend on how rows are cut in blocks, nor on who has them. Any other shape is drawn
    as it is, the same for all.
    """

    def __init__(self) -> None:
        self.start = self.stop = self.rows = 0
        self.known: dict[int, _Drawn] = {}

    def random(self, rng: Any, shape: tuple[int, ...]) -> Any:
        """Draw; or, within what is compiled, write down that each call is to draw so."""
        tracing = compilation()
        if tracing is None:
            return self.draw(rng, shape)
        drawn = self.known.setdefault(id(rng), _Drawn(self, rng))
        return tracing.random(drawn, shape)

    def draw(self, rng: Any, shape: tuple[int, ...]) -> Any:
        """Give the numbers of these rows."""
        count = self.stop - self.start
        if not shape or shape[0] != count:
            if any(n % count == 0 for n in shape if n > 1 and count > 1):
                raise ValueError(
                    f"fit: a layer draws random numbers of shape {shape} for {count} rows; on a cluster, rows must "
                    f"come first"
                )
            return rng.random(shape)
        each = prod(shape[1:])
        rng.bit_generator.advance(self.start * each)
        drawn = rng.random(shape)
        rng.bit_generator.advance((self.rows - self.stop) * each)
        return drawn


class _Drawn:
    """A generator as compiled code calls it."""

    def __init__(self, draws: RowDraws, rng: Any) -> None:
        self.draws, self.rng = draws, rng

    def random(self, size: Any = None, out: Any = None) -> Any:
        """Give numbers, or fill an array with them."""
        if out is None:
            return self.draws.draw(self.rng, size)
        out[...] = self.draws.draw(self.rng, out.shape)
        return out
