"""How far back a step goes on alike, which tells a turn that holds a loop from a turn of that loop.

Of a loop in a loop, the nearest operation that looks the same is one of the inner turn before, and agrees with what
comes before it for the inner loop alone; the same one of the outer turn before agrees all the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

NEARLY = 0.8  # of the furthest agreement, with which the nearest operation is taken: two turns at once agree as far
MOST = 2048  # operations of one look that are compared with the last of them
BASE, MODULUS = 1_000_003, (1 << 61) - 1


class Agreement:
    """Of a row of numbers, how many before two places are the same: by hashes of all beginnings (Karp & Rabin 1987)."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.hashes = list(accumulate(numbers, lambda h, n: (h * BASE + n + 2) % MODULUS, initial=0))
        self.powers = list(accumulate(numbers, lambda p, _: p * BASE % MODULUS, initial=1))

    def measure(self, i: int, j: int) -> int:
        """Count the numbers that agree up to and with those at i and, earlier, j."""
        low, high = 0, j + 1
        while low < high:
            n = (low + high + 1) // 2
            low, high = (n, high) if self.hash(i, n) == self.hash(j, n) else (low, n - 1)
        return low

    def hash(self, last: int, n: int) -> int:
        """Give the hash of n numbers up to one."""
        return (self.hashes[last + 1] - self.hashes[last + 1 - n] * self.powers[n]) % MODULUS


def find_turns(kinds: Sequence[int], looks: Sequence[int | None], least: int, outer: bool) -> list[tuple[int, int]]:
    """Give places a turn apart, the later one first; those of the longest loops come first.

    ``kinds`` are the operations, in order, ``looks`` what they look like to some depth, None for what is in no loop.
    Of ``outer`` loops the turns hold loops: places are none of the nearest that look alike.
    """
    places: dict[int, list[int]] = {}
    for i, look in enumerate(looks):
        if look is not None:
            places.setdefault(look, []).append(i)
    agreement = Agreement(kinds)
    found = []
    for where in places.values():
        if len(where) >= (2 * least if outer else least):
            last, *earlier = where[: -MOST - 1 : -1]
            lengths = [agreement.measure(last, j) for j in earlier]
            n, j = next((n, j) for n, j in zip(lengths, earlier, strict=True) if n >= NEARLY * max(lengths))
            if (j != earlier[0] or not outer) and n >= (least - 1) * (last - j):
                found.append((n, last, j))
    return [(last, j) for _, last, j in sorted(found, reverse=True)]
