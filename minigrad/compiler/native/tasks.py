"""What a product of matrices is to native code: where its factors lie, and what of its sums is done at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.compiler.native.tile import ACROSS, BYTES
from minigrad.compiler.native.values import write_element

FAR = 1 << 20  # bytes, half of a cache that is near
PAGE = 4096  # bytes
PANEL = ACROSS * BYTES  # of a row of B that is copied
AT_A_TIME = 128  # steps of a sum that goes farther


@dataclass(frozen=True)
class Matrix:
    """Elements [i, j] at offset + i · down + j · right from a pointer, and as far on as ``batch`` says in a batch."""

    pointer: str
    offset: int
    batch: tuple[int, ...]
    down: int
    right: int

    def at(self, letters: list[str], i: str = "", j: str = "") -> str:
        """Write the place of an element; of the first in its row or column where a letter is left out."""
        steps = [*zip(letters, self.batch, strict=True), (i, self.down), (j, self.right)]
        named = [(letter, step) for letter, step in steps if letter]
        return write_element(self.offset, [step for _, step in named], [letter for letter, _ in named])

    @property
    def turned(self) -> Matrix:
        """Its transpose."""
        return replace(self, down=self.right, right=self.down)

    def for_blas(self, rows: int, columns: int) -> str:
        """Write it as BLAS takes a matrix, behind the letter of how it lies; nothing if it does not lie so."""
        for letter, near, far, length, many in (
            ("N", self.right, self.down, columns, rows),
            ("T", self.down, self.right, rows, columns),
        ):
            if near == 1 and (many == 1 or far >= length):
                return f"{ord(letter)}, {self.pointer}, {self.offset}, {max(far, length)}"
        return ""


@dataclass(frozen=True)
class Task:
    """C ← A B for A of m rows and k columns and B of k rows and n columns, each of a batch.

    With a ``sign`` C ← C ± A B; with a ``bias`` each row of C starts from that.
    """

    m: int
    n: int
    k: int
    a: Matrix
    b: Matrix
    c: Matrix
    sign: int
    bias: Matrix | None
    dtype: np.dtype[Any]
    batch: list[str]  # the letters that count through it
    turns: int = 1  # of a loop over t around it, which threads share
    whole: int = 0  # the steps of the sum that it is a part of: f of those come before it

    @property
    def turned(self) -> Task:
        """Cᵀ ← Bᵀ Aᵀ."""
        return replace(self, m=self.n, n=self.m, a=self.b.turned, b=self.a.turned, c=self.c.turned)

    @property
    def b_in_pages(self) -> bool:
        """Say whether each row of B is in a page of memory of its own."""
        return abs(self.b.down) * self.dtype.itemsize > PAGE

    @property
    def goes_far(self) -> bool:
        """Say whether its sums read memory that is far apart: C is summed in parts then, each near in all blocks.

        Steps of 2 KB put the lines of the cache that they read into few places of it, and each in another page. The
        gradient of 512 × 128 weights by 1 024 rows took twice the time. Of B columns are copied where they lie so.
        """
        a, b = (abs(x) * self.dtype.itemsize for x in (self.a.right, self.b.down))
        copied = self.b.right != 1 or self.b_in_pages
        return self.k * max(a, PANEL if copied else b) > FAR and self.k >= 2 * AT_A_TIME and not self.batch

    @property
    def part(self) -> Task:
        """C ← C ± A B for some of the columns of A and rows of B, from f on."""
        moving = (self.a, self.a.right), (self.b, self.b.down), (self.c, 0)
        a, b, c = (replace(x, batch=(*x.batch, step)) for x, step in moving)
        sign, batch = self.sign or 1, [*self.batch, "f"]
        return replace(self, a=a, b=b, c=c, sign=sign, bias=None, batch=batch, k=AT_A_TIME, whole=self.k)

    @property
    def steps(self) -> str:
        """Write over how many steps it sums: the last part has what is left."""
        return f"min({self.k}, {self.whole} - f)" if self.whole % self.k else str(self.k)
