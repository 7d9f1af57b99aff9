"""One text for many: what segment l of a repeat says, where its numbers go up or down evenly: Uₗ = Yₗ₋₁ Wₗ + bₗ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from minigrad.ops.alphabet import LOWERED_DIGITS, plain_digits, to_subscript

_NUMBER = re.compile(r"[₀-₉]+|(?<![\d.])\d+(?![\d.])")


def counted(texts: Sequence[str], first: int = 1, exceptions: bool = True) -> str | None:
    """Write texts number ``first``, ``first`` + 1 … as one in terms of l; None where they follow no rule.

    With ``exceptions``, the first and the last text may follow none: the first step's operand and the last step's
    upstream come from elsewhere.
    """
    ends = [(0, len(texts)), (1, len(texts)), (0, len(texts) - 1), (1, len(texts) - 1)]
    for start, end in ends if exceptions else ends[:1]:
        if end - start >= min(2, len(texts)):
            found = _fitted(texts[start:end], first + start)
            if found is not None:
                return found
    return None


def _fitted(texts: Sequence[str], first: int) -> str | None:
    parts = _NUMBER.split(texts[0])
    if len(set(texts)) == 1:
        return texts[0]
    if any(_NUMBER.split(text) != parts for text in texts[1:]):
        return None
    rows = [_NUMBER.findall(text) for text in texts]
    written = parts[0]
    for column, part in zip(zip(*rows, strict=True), parts[1:], strict=True):
        numbers = [int(plain_digits(number)) for number in column]
        steps = {b - a for a, b in pairwise(numbers)}
        if len(steps) != 1:
            return None
        (step,) = steps
        rule = _rule(step, numbers[0] - step * first)
        written += (to_subscript(rule) if column[0][0] in LOWERED_DIGITS else rule) + part
    return written


def _rule(step: int, offset: int) -> str:
    """Write step l + offset; a falling number as offset − l."""
    if not step:
        return str(offset)
    l = "l" if abs(step) == 1 else f"{abs(step)}l"  # noqa: E741
    if step < 0:
        return f"{offset}−{l}"
    return l if not offset else f"{l}{'+' if offset > 0 else '−'}{abs(offset)}"
