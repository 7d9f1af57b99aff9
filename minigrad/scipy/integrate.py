"""SciPy's solution of ordinary differential equations, for tensors too."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.operand import Operand
from minigrad.engine.transforms.custom import CustomVjp
from minigrad.engine.transforms.products import vjp
from minigrad.extras import require
from minigrad.ops.base import EachInput, Op, Recorder, Shape, as_array
from minigrad.ops.composed.arguments import as_tensors
from minigrad.ops.indexing import hash_key

_scipy: Any = require("scipy.integrate", "native")
Slope = Callable[..., Any]


def __getattr__(name: str) -> Any:
    return getattr(_scipy, name)


@dataclass(frozen=True)
class _Rates:
    """The user's function of the slope, as one of (y, t, *args) that gives a vector."""

    func: Slope
    time_first: bool

    def __call__(self, y: Any, t: Any, *args: Any) -> Any:
        rates = self.func(t, y, *args) if self.time_first else self.func(y, t, *args)
        return np.stack(as_tensors(rates)) if isinstance(rates, list | tuple) else rates


@with_usage
def odeint(func: Slope, y0: Any, t: Any, args: Any = (), *, tfirst: bool = False, **options: Any) -> Any:
    """Give y at each time of t, a row each, with dy/dt = func(y, t, *args) and y = y0, a vector, at the first.

    Gradients flow to y0, t and args, which are numbers and arrays; ``func`` is in NumPy's syntax and reads no tensor
    from outside; with ``tfirst`` it is one of (t, y, *args). They are those of the adjoint equation, which is solved
    backwards in time with the same ``options``, SciPy's: L. S. Pontryagin et al., The mathematical theory of optimal
    processes, 1962; R. T. Q. Chen et al., "Neural ordinary differential equations", 2018. In a compiled function both
    are calls of SciPy's solver, whose gradient has no derivative of its own there.
    """
    if not callable(func):
        raise TypeError(f"odeint: func, which comes first, must be a function of y and t, not {shown(func)}")
    start = as_array(y0)
    if start.ndim > 1:
        raise ValueError(f"odeint: wanted a vector y0, not an array of shape {start.shape}")
    if not isinstance(args, list | tuple):
        raise TypeError("odeint: args must be a tuple, also where there is one: args=(a,)")
    given = [np.reshape(start, -1), as_array(t), *map(as_array, args)]
    if options.get("full_output") and any(isinstance(x, Recorder) for x in given):
        raise TypeError(
            "odeint: full_output gives more than y, of which no gradient is known. Leave it out, or call "
            "scipy.integrate.odeint with arrays, .data of a tensor."
        )
    rates = _Rates(func, tfirst)
    if any(isinstance(x, Operand) and not x.has_data for x in given):  # traced, or lanes
        return Solution(rates, tuple(sorted(options.items())))(*given)
    y = _solve(rates, options, *given)
    tensor: Any = next((x for x in given if isinstance(x, Recorder)), None)
    return y if tensor is None or isinstance(y, Recorder) else tensor.as_constant(y)


def _integrate(func: Slope, options: dict[str, Any], y0: Any, t: Any, *args: Any) -> Any:
    """Let SciPy solve; ``func`` is called with arrays, apart from what is differentiated or mapped around it."""

    def solve() -> Any:
        return _scipy.odeint(lambda y, s: np.asarray(func(y, s, *args)), np.array(y0), np.array(t), **options)

    return Context().run(solve)


def _keep(func: Slope, options: dict[str, Any], y0: Any, t: Any, *args: Any) -> tuple[Any, Any]:
    y = _solve(func, options, y0, t, *args)
    return y, (y, t, args)


# What SciPy is told of one equation, and is not so of another that is solved backwards.
_OF_ITS_OWN = frozenset(("Dfun", "col_deriv", "ml", "mu", "tcrit"))


def _options_backwards(options: dict[str, Any]) -> dict[str, Any]:
    """Give the options of the adjoint equation; of an error that is allowed for each of y's, the least."""
    return {
        name: np.min(x) if name in ("rtol", "atol") else x for name, x in options.items() if name not in _OF_ITS_OWN
    }


def _pull_back(func: Slope, options: dict[str, Any], kept: Any, g: Any) -> tuple[Any, ...]:
    """Solve, with s = −t, dy/ds = −f, da/ds = aᵀ ∂f/∂y and dθ̄/ds = aᵀ ∂f/∂θ, adding ∂E/∂y to a at each time.

    At the first time a is ∂E/∂y0, and θ̄ is ∂E/∂θ. ∂E/∂tᵢ is ∂E/∂yᵢ f; at the first time, a shift of all others, −a f.
    """
    y, t, args = kept
    n, options = y.shape[1], _options_backwards(options)
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


def _identify(func: Slope) -> Any:
    """Give what a function is the same by when it is made again in each call, as a lambda is."""
    if isinstance(func, _Rates):
        return (func.time_first, _identify(func.func))
    cells = getattr(func, "__closure__", None) or ()
    return (getattr(func, "__code__", func), *(id(cell.cell_contents) for cell in cells))


class Solution(Op):
    """The rows y of dy/dt = func(y, t, *args) as one operation, of y₀, t and args that are not known yet."""

    name, letters, text, broadcasts = "odeint", "y", "odeint({y})", True
    fields = ("func", "options")
    vjps = EachInput(lambda i, op, g, y, *inputs: op.pull(i, g, y, inputs))

    def __init__(self, func: Slope, options: tuple[tuple[str, Any], ...]) -> None:
        self.func, self.options = func, options

    def forward(self, *arrays: Any) -> Any:
        """Solve."""
        return _integrate(self.func, dict(self.options), *arrays)

    def pull(self, i: int, g: Any, y: Any, inputs: tuple[Any, ...]) -> Any:
        """Give one of the adjoint's gradients."""
        ends = np.cumsum([0, *(int(np.prod(x.shape)) for x in inputs)]).tolist()
        return np.reshape(Adjoint(self.func, self.options)(g, y, *inputs[1:])[ends[i] : ends[i + 1]], inputs[i].shape)

    def shape(self, *shapes: Shape) -> Shape:
        """Give a row of y for each time."""
        return (shapes[1][0], shapes[0][0])

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of SciPy's solver."""
        return np.dtype(np.float64)

    def _key(self) -> tuple[Any, ...]:
        return (_identify(self.func), hash_key(self.options))


class Adjoint(Solution):
    """The gradients that the adjoint equation gives, by y₀, t and args, in one vector; of g, y, t and args."""

    name, letters, text = "odeint_adjoint", "g", "odeint_adjoint({g})"

    def forward(self, *arrays: Any) -> Any:
        """Solve backwards."""
        g, y, t, *args = arrays
        parts = Context().run(_pull_back, self.func, dict(self.options), (y, t, args), g)
        return np.concatenate([np.ravel(x) for x in parts])

    def pull(self, i: int, g: Any, y: Any, inputs: tuple[Any, ...]) -> Any:
        """Refuse: its derivative is that of an eager call alone."""
        raise TypeError(
            "odeint: the gradient of a solution has no derivative in a compiled function or in lanes. Call the "
            "function that takes second derivatives uncompiled, and for one example after the other."
        )

    def shape(self, *shapes: Shape) -> Shape:
        """Give the length of all gradients in a row."""
        return (shapes[0][1] + sum(int(np.prod(shape)) for shape in shapes[2:]),)


_solve = CustomVjp(_integrate, nondiff_argnums=(0, 1))
_solve.defvjp(_keep, _pull_back)
