"""A numeric check of gradients, for users and for our own tests."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from itertools import product
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import as_array
from minigrad.ops.common.libraries import alike, bring

Array = np.ndarray[Any, Any]


class GradientError(AssertionError):
    """A gradient that does not agree with finite differences."""


def gradcheck(
    f: Callable[..., Any],
    *arrays: Any,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    step: float | None = None,
    rng: np.random.Generator | int | None = 0,
) -> bool:
    """Compare the gradient of ``f`` with central differences, at ``arrays``; return True or raise.

    With E = Σ r ⊙ f(…) for a random r (E = f(…) itself if that is a scalar), the slope of E along a random direction d
    must be Σ ∂E/∂x ⊙ d. That costs two evaluations for each input, whatever its size:

        (E(x + h d) − E(x − h d)) / 2h,   h = ε^⅓ · max(1, |x|)

    with an error of order h² (Nocedal & Wright, Numerical Optimization, 2nd ed., section 8.1). Where the two disagree
    by more than ``atol`` + ``rtol`` · |numeric|, every element is looked at by itself. Differences are taken in
    float64; a float32 input is allowed errors of float32's size. Of complex numbers r and d are complex, too, and E and
    the slope are the real parts: what f does to the real and to the imaginary parts of x is looked at.

    Raises ``GradientError`` that names each input and element that differs with its analytic and its numeric value,
    and says so where the point is a kink, at which the slopes from the left and from the right differ and any value
    between them is a subgradient.
    """
    if not callable(f):
        raise TypeError(
            f"gradcheck: f must be a function of the arrays, not {shown(f)}; write gradcheck(lambda w: …, w.data)"
        )
    if not arrays and _wants_arguments(f):
        raise TypeError("gradcheck: f is to be looked at somewhere: give the arrays too, gradcheck(f, w.data)")
    rng = np.random.default_rng(rng)
    given = [as_array(x) for x in arrays]
    points = [np.array(bring(x)) for x in given]
    if any(x.dtype.kind not in "fc" for x in points):
        raise TypeError(f"gradcheck: wanted floating-point or complex arrays, not {[str(x.dtype) for x in points]}.")
    leaves = [Tensor(alike(x, like), requires_grad=True) for x, like in zip(points, given, strict=True)]
    value = f(*leaves)
    if not isinstance(value, Tensor):
        raise TypeError(f"gradcheck: f must return a Tensor, not {type(value).__name__}; is the gradient lost in it?")
    weights = _draw(rng, value) if value.shape or value.dtype.kind == "c" else np.ones(())
    if value.requires_grad:
        value.backward(alike(weights, value))
    pairs = zip(points, leaves, strict=True)
    gradients = [np.zeros_like(x) if leaf.grad is None else bring(leaf.grad.array) for x, leaf in pairs]
    precision = max((np.finfo(x.dtype).eps for x in points), default=0.0) / np.finfo(np.float64).eps
    rtol, atol = (max(tolerance, tolerance * min(precision, 1e4)) for tolerance in (rtol, atol))

    doubles = [x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) for x in points]

    def energy(i: int, x: Array) -> float:
        inputs = [Tensor(alike(x if i == j else other, given[j])) for j, other in enumerate(doubles)]
        return float(np.real(np.sum(weights * bring(f(*inputs).array))))

    faults: list[str] = []
    for i, (x, gradient) in enumerate(zip(doubles, gradients, strict=True)):
        if gradient.shape != x.shape or gradient.dtype != points[i].dtype:
            wanted, came = (points[i].dtype, x.shape), (gradient.dtype, gradient.shape)
            faults.append(f"input {i}: the gradient must be {wanted[0]} {wanted[1]}, not {came[0]} {came[1]}")
            continue
        direction = _draw(rng, x)
        left, right, noise = _slopes(lambda z, i=i: energy(i, z), x, direction, step)  # type: ignore[misc]
        analytic = float(np.real(np.sum(gradient * direction)))
        scale = max(float(np.sum(np.abs(gradient * direction))), abs(left), abs(right))
        within = atol + noise
        if _agree(analytic, (left + right) / 2, rtol, within, scale) and not _kink(left, right, within, scale):
            continue
        found = _elements(lambda z, i=i: energy(i, z), x, gradient, i, step, rtol, atol)  # type: ignore[misc]
        numeric = (left + right) / 2
        faults += found or [f"input {i}, along a random direction: analytic {analytic:.8g}, numeric {numeric:.8g}"]
    if faults:
        more = f"\n… and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise GradientError("gradcheck: the gradient and finite differences disagree\n" + "\n".join(faults[:10]) + more)
    return True


def _wants_arguments(f: Callable[..., Any]) -> bool:
    try:
        signature(f).bind()
    except (TypeError, ValueError):  # the second of what says nothing of them, as some of NumPy's functions
        return True
    return False


def _draw(rng: np.random.Generator, like: Any) -> Array:
    """Give numbers from ½ to 1½ of either sign, and as many imaginary ones where the others are complex."""
    real, imag = (rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1.0, 1.0], like.shape) for _ in "ab")
    return np.asarray(real + 1j * imag if like.dtype.kind == "c" else real)


def _slopes(
    energy: Callable[[Array], float], x: Array, direction: Array, step: float | None
) -> tuple[float, float, float]:
    """Give the slopes of E from the left and from the right along a direction, and what of them is rounding."""
    h = step or np.finfo(np.float64).eps ** (1 / 3) * max(1.0, float(np.max(np.abs(x), initial=0.0)))
    below, at, above = energy(x - h * direction), energy(x), energy(x + h * direction)
    rounding = 8 * np.finfo(np.float64).eps * max(abs(below), abs(at), abs(above)) / h
    return (at - below) / h, (above - at) / h, rounding


def _agree(a: float, b: float, rtol: float, atol: float, scale: float) -> bool:
    return bool(abs(a - b) <= atol + rtol * scale)


def _kink(left: float, right: float, atol: float, scale: float) -> bool:
    """Say whether two slopes differ by more than curvature within one step explains."""
    return not _agree(left, right, 1e-2, atol, scale)


def _elements(
    energy: Callable[[Array], float], x: Array, gradient: Array, i: int, step: float | None, rtol: float, atol: float
) -> list[str]:
    """Describe each element of input i whose derivative disagrees, or that sits on a kink."""
    faults = []
    units = (1.0, 1j) if x.dtype.kind == "c" else (1.0,)
    for index, unit in product(np.ndindex(x.shape), units):
        direction = np.zeros_like(x)
        direction[index] = unit
        left, right, noise = _slopes(energy, x, direction, step)
        analytic, numeric = float(np.real(gradient[index] * unit)), (left + right) / 2
        scale = max(abs(left), abs(right), abs(analytic))
        along = " along i" if unit == 1j else ""
        where = f"input {i}, element {index}{along}: analytic {analytic:.8g}, numeric {numeric:.8g}"
        if _kink(left, right, atol + noise, scale):
            inside = min(left, right) - atol - 1e-4 * scale <= analytic <= max(left, right) + atol + 1e-4 * scale
            verdict = "a subgradient" if inside else "which lies outside them: wrong at the kink too"
            faults.append(f"{where}; a kink: slope {left:.6g} from the left, {right:.6g} from the right, {verdict}")
        elif not _agree(analytic, numeric, rtol, atol + noise, scale):
            faults.append(where)
    return faults
