"""Random functions that assign in place, of matrices that lie in memory in every way: NumPy is the judge of views."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import Tensor, compile, grad
from tests.fuzz.assigning import run_program, write_program
from tests.fuzz.programs import laid_out

X = np.array([[0.3, -0.7, 1.1], [0.9, -0.2, 0.6]])
LAYOUTS = ("plain", "fortran", "strided", "reversed")


def slopes(f: Any, layout: str, h: float = 1e-6) -> Any:
    """The gradient by central differences, each of a call with an array of its own."""
    found = np.zeros(X.shape)
    for at in np.ndindex(*X.shape):
        step = np.zeros(X.shape)
        step[at] = h
        found[at] = (f(laid_out(X + step, layout)) - f(laid_out(X - step, layout))) / (2 * h)
    return found


def find_difference(f: Any, layout: str, code: Any) -> str | None:
    """Say what a Tensor or compiled code makes of a function that is not NumPy's, for an array that lies so."""
    right = laid_out(X, layout)
    with np.errstate(all="ignore"):
        try:
            wanted = f(right)
        except (IndexError, ValueError):  # what it searches for is not there, or what is a view here is read-only
            return None
        t, mine = Tensor(laid_out(X, layout)), laid_out(X, layout)
        for called, value, left in (("eager", f(t).data, t.data), ("compiled", code(mine), mine)):
            if not np.allclose(value, wanted, rtol=1e-8, atol=1e-9, equal_nan=True):
                return f"{layout}: its value is {wanted}, and {called} {value}"
            if not np.allclose(left, right, rtol=1e-8, atol=1e-9, equal_nan=True):
                return f"{layout}: it leaves {right} in its argument, and {called} {left}"
    return None


def check_layouts(seed: int) -> str | None:
    """Give a seed's function, if it is not right for arrays in some layout, with what is wrong."""
    rng = np.random.default_rng(seed)
    first = LAYOUTS[seed % len(LAYOUTS)]
    source = write_program(rng, int(rng.integers(3, 9)), laid_out(X, first))
    f = run_program(source)
    try:
        code = compile(f)
        for layout in (first, *LAYOUTS):
            if (said := find_difference(f, layout, code)) is not None:
                return f"seed {seed}\n{source}{said}"
        wanted, gradient = slopes(f, first), grad(f)(laid_out(X, first))
    except Exception as error:
        return f"seed {seed}\n{source}{first}: {type(error).__name__}: {error}"
    if not np.allclose(gradient, wanted, rtol=1e-4, atol=1e-5):
        return f"seed {seed}\n{source}{first}: its gradient is {gradient}, and should be {wanted}"
    return None
