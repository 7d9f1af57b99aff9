"""SciPy's solution of ordinary differential equations, for tensors too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.custom import CustomVjp
from minigrad.engine.products import vjp
from minigrad.extras import require
from minigrad.ops.base import Recorder, as_array

_scipy: Any = require("scipy.integrate", "native")
Slope = Callable[..., Any]


def __getattr__(name: str) -> Any:
    return getattr(_scipy, name)


def odeint(func: Slope, y0: Any, t: Any, args: Sequence[Any] = (), **options: Any) -> Any:
    """Give y at each time of t, a row each, with dy/dt = func(y, t, *args) and y = y0, a vector, at the first.

    Gradients flow to y0, t and args, which are numbers and arrays; ``func`` is in NumPy's syntax and reads no tensor
    from outside. They are those of the adjoint equation, which is solved backwards in time with the same ``options``,
    SciPy's: L. S. Pontryagin et al., The mathematical theory of optimal processes, 1962; R. T. Q. Chen et al., "Neural
    ordinary differential equations", 2018. The solver is SciPy's, so that no compiled function can have it.
    """
    start = as_array(y0)
    if start.ndim != 1:
        raise ValueError(f"odeint: wanted a vector y0, not an array of shape {start.shape}")
    given = [start, as_array(t), *map(as_array, args)]
    y = _solve(func, options, *given)
    tensor: Any = next((x for x in given if isinstance(x, Recorder)), None)
    return y if tensor is None or isinstance(y, Recorder) else tensor.as_constant(y)


def _integrate(func: Slope, options: dict[str, Any], y0: Any, t: Any, *args: Any) -> Any:
    return _scipy.odeint(lambda y, s: np.asarray(func(y, s, *args)), np.array(y0), np.array(t), **options)


def _keep(func: Slope, options: dict[str, Any], y0: Any, t: Any, *args: Any) -> tuple[Any, Any]:
    y = _solve(func, options, y0, t, *args)
    return y, (y, t, args)


def _pull_back(func: Slope, options: dict[str, Any], kept: Any, g: Any) -> tuple[Any, ...]:
    """Solve, with s = −t, dy/ds = −f, da/ds = aᵀ ∂f/∂y and dθ̄/ds = aᵀ ∂f/∂θ, adding ∂E/∂y to a at each time.

    At the first time a is ∂E/∂y0, and θ̄ is ∂E/∂θ. ∂E/∂tᵢ is ∂E/∂yᵢ f; at the first time, a shift of all others, −a f.
    """
    y, t, args = kept
    n = y.shape[1]
    shapes = [np.shape(x) for x in args]
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)]).tolist()

    def backwards(state: Any, s: Any, *args: Any) -> Any:
        slope, pull = vjp(lambda y, *args: func(y, -s, *args), state[:n], *args)
        return np.concatenate([-slope, *map(np.ravel, pull(state[n : 2 * n]))])

    a, of_args, of_times = 0 * y[0], np.zeros(ends[-1], y.dtype), []
    for i in range(t.shape[0] - 1, 0, -1):
        of_times.append(np.sum(g[i] * func(y[i], t[i], *args)))
        state = np.concatenate([y[i], a + g[i], of_args])
        state = _solve(backwards, options, state, np.stack([-t[i], -t[i - 1]]), *args)[1]
        a, of_args = state[n : 2 * n], state[2 * n :]
    of_times.append(-np.sum(a * func(y[0], t[0], *args)))
    parts = [np.reshape(of_args[i:j], shape) for i, j, shape in zip(ends, ends[1:], shapes, strict=False)]
    return a + g[0], np.stack(of_times[::-1]), *parts


_solve = CustomVjp(_integrate, nondiff_argnums=(0, 1))
_solve.defvjp(_keep, _pull_back)
