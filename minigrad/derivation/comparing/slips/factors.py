"""Slips of a number that a whole gradient is multiplied by: a sign, ½, 2, 1/N."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.wording import Said, say
from minigrad.ops.arithmetic import divide


def sizes_of(way: Calculation) -> tuple[list[int], list[int]]:
    """Give each N that E is divided by, a mean's, and the numbers of samples that there may be."""
    nodes = way.tape.nodes
    divisors = [x.inputs[1] for x in nodes if x.op == divide and not x.shape]
    batch = {n for x in nodes if x.op is None and x.value is None and x.ndim > 1 for n in x.shape[:-1]}
    return sorted({int(n) for n in divisors if isinstance(n, int | float) and n == int(n) > 1}), sorted(batch)


def usual_factors(sizes: tuple[Sequence[int], Sequence[int]]) -> dict[float, Said | None]:
    """Give the numbers by which a gradient is wrong if a usual factor is, and what is said of each; 1 is right.

    ``sizes`` are those that E is divided by, and the numbers of samples. The last of two that fit is the one to name.
    """
    divisors, batch = sizes
    usual: dict[float, Said | None] = {
        1.0 / n: say("it is divided by {n}, and E is not, which is a sum", n=n) for n in batch if n > 2
    }
    usual |= {1.0: None, 2.0: say("a factor ½ is missing"), 0.5: say("there is a factor ½ too many")}
    usual |= {1.0 / n: say("1/N is there twice, as of a mean instead of a sum, N = {n}", n=n) for n in divisors}
    return usual | {float(n): say("1/N is missing, N = {n}", n=n) for n in divisors}


def with_wrong_sign(says: Said | None) -> Said:
    """Say that the sign is wrong, and what else is."""
    sign = say("the sign is wrong")
    return sign if says is None else say("{first} and {second}", first=sign, second=says)
