"""Parts that an array is joined of, whose addresses follow each other in what code is given: one loop for all of them.

A network's thousand weights are so many parts of the array that a loop over its layers reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minigrad.compiler.native.registry import DTYPES, Lines
from minigrad.compiler.native.values import write_element
from minigrad.compiler.passes.layouts import Layout, contiguous_strides
from minigrad.engine.node import Node
from minigrad.ops.base import Shape

LEAST = 4  # parts of a loop
Region = tuple[Any, Shape, Layout]


@dataclass(frozen=True)
class Rows:
    """Regions of one shape: the address of each part is ``step`` words behind the last one's, the first at ``word``.

    Their places in the array are ``gap`` elements apart.
    """

    regions: Sequence[Region]
    word: int
    step: int
    gap: int

    def write(self, target: str, at: int, sign: str) -> Lines:
        """Write the loop that copies or adds them to where a pointer's element ``at`` is the array's first."""
        x, shape, region = self.regions[0]
        kind = DTYPES[x.dtype.name]
        letters = [f"i{k}" for k in range(len(shape))]
        heads = [f"for {letter} in range({n}):" for letter, n in zip(letters, shape, strict=True)]
        result = write_element(at + region.offset, [self.gap, *region.strides], ["e", *letters])
        part = write_element(0, contiguous_strides(shape), letters)
        lines = [f"for e in range({len(self.regions)}):"]
        lines.append(f"    each_{kind} = pointer{kind}(context[{write_element(self.word, [self.step], ['e'])}])")
        lines += ["    " * depth + head for depth, head in enumerate(heads, 1)]
        return [*lines, "    " * (1 + len(shape)) + f"{target}[{result}] {sign}= each_{kind}[{part}]"]


def part_regions(
    regions: Sequence[Region], dtype: Any, find_word: Callable[[Node], int | None]
) -> Iterator[Region | Rows]:
    """Give regions one after the other, those together that make a loop; ``find_word`` says where a part's address is.

    They keep their order: one may be written over another.
    """
    words = [find_word(x) if isinstance(x, Node) and x.shape and x.dtype == dtype else None for x, _, _ in regions]
    i = 0
    while i < len(regions):
        end = _find_end(regions, words, i)
        if end - i < LEAST:
            yield regions[i]
            i += 1
            continue
        first, second = words[i], words[i + 1]
        assert first is not None
        assert second is not None
        yield Rows(regions[i:end], first, second - first, regions[i + 1][2].offset - regions[i][2].offset)
        i = end


def _find_end(regions: Sequence[Region], words: Sequence[int | None], i: int) -> int:
    """Give how far regions from the i-th on go on evenly."""
    x, shape, at = regions[i]
    step: tuple[int, int] | None = None
    for j in range(i, len(regions)):
        y, other, to = regions[j]
        now, before = words[j], words[j - 1] if j > i else None
        alike = now is not None and y.shape == other == x.shape == shape and to.strides == at.strides
        if not alike or len(to.strides) != len(shape):
            return j
        if now is not None and before is not None:
            moved = now - before, to.offset - regions[j - 1][2].offset
            if moved != (step or moved):
                return j
            step = moved
    return len(regions)
