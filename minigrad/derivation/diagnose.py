"""From a wrong gradient to the slip in it: it is compared with what each usual slip would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.derivation.slips import Loss
from minigrad.engine.node import Node


def close(a: Any, b: Any, smallest: float) -> bool:
    """Say whether two arrays are one but for rounding, by the largest element; below ``smallest`` all is rounding."""
    if np.shape(a) != np.shape(b):
        return False
    kinds = [np.asarray(x).dtype for x in (a, b)]
    eps = max((np.finfo(kind).eps for kind in kinds if kind.kind == "f"), default=0.0)
    scale = max(float(np.max(np.abs(b), initial=0.0)), smallest, 1e-300)
    return bool(np.max(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0.0) <= max(1e-6, np.sqrt(eps)) * scale)


def diagnosis(array: Any, x: Node, value: Any, losses: Sequence[Loss], smallest: float) -> str:
    """Say in a clause what is wrong with ∂E/∂x, or, where it is no usual slip, how it differs.

    The last of ``losses`` has the gradients that were given before it in place of the true ones.
    """
    if not np.isfinite(array).all():
        return "it holds NaN or infinity"
    batch = {n for leaf in losses[0].values if leaf.op is None and leaf.ndim > 1 for n in leaf.shape[:-1]}
    sizes = losses[0].divisors(), sorted(batch)
    for loss in reversed(losses):
        behind = "" if loss is losses[0] else ", besides what follows from the wrong ones before it"
        base = value if loss is losses[0] else loss.gradients([x])[0]
        plain = _factor(array, base, sizes, smallest)
        if plain:
            return plain + behind
        slips = list(loss.slips(x))
        exact = [slip.says for slip in slips if close(array, slip.value, smallest)]
        if exact:
            return exact[0] + behind
        factors = [(slip.says, _factor(array, slip.value, sizes, smallest)) for slip in slips]
        combined = [f"{says}, and {factor}" for says, factor in factors if factor]
        if combined:
            return combined[0] + behind
    return _shape(array, value, smallest) or _multiple(array, value, smallest) or "it is no usual slip"


def _factor(array: Any, value: Any, sizes: tuple[Sequence[int], Sequence[int]], smallest: float) -> str:
    """Name the number by which array is value times it, if that is a sign, a power of 2, or a number of samples."""
    if np.shape(array) != np.shape(value) or not np.any(value):
        return ""
    divisors, batch = sizes
    usual = {1.0: "", 2.0: "a factor ½ is missing", 0.5: "there is a factor ½ too many"}
    usual = {**{1.0 / n: f"it is divided by {n}, and E is not, which is a sum" for n in batch if n > 2}, **usual}
    usual |= {1.0 / n: f"1/N is there twice, as of a mean instead of a sum, N = {n}" for n in divisors}
    usual |= {float(n): f"1/N is missing, N = {n}" for n in divisors}
    for c, says in reversed(usual.items()):
        for sign, minus in ((1, ""), (-1, "the sign is wrong")):
            if (says or minus) and close(array, sign * c * np.asarray(value), smallest):
                return " and ".join(filter(None, (minus, says)))
    return ""


def _multiple(array: Any, value: Any, smallest: float) -> str:
    """Name any other such number."""
    if np.shape(array) != np.shape(value) or np.size(value) < 2 or not np.any(value):
        return ""
    c = float(np.vdot(array, value) / np.vdot(value, value))
    return f"it is {c:.6g} times what it should be" if close(array, c * value, smallest) and c else ""


def _shape(array: Any, value: Any, smallest: float) -> str:
    """Say what is wrong with a shape, and whether the numbers are right in another."""
    there, wanted = np.shape(array), np.shape(value)
    if there == wanted:
        return ""
    if np.size(array) == np.size(value) and close(np.reshape(array, wanted), value, smallest):
        return f"its numbers are right, in shape {there} instead of {wanted}"
    extra = len(there) - len(wanted)
    if extra > 0 and close(np.sum(array, axis=tuple(range(extra))), value, smallest):
        return f"it is not summed over {'axis 0' if extra == 1 else f'the first {extra} axes'}"
    return f"its shape is {there}, and should be {wanted}"
