"""Functions of numbers by CasADi, called through its buffers: the quickest way in, without a conversion of arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import casadi
import numpy as np

from benchmarks.workloads import Array


class Numpy:
    """What `loops` needs of NumPy, of CasADi's symbols."""

    sin, log, eye = staticmethod(casadi.sin), staticmethod(casadi.log), staticmethod(casadi.DM.eye)


class Call:
    """Some expressions of symbols, as a function of arrays; the results are written to the same ones in each call.

    CasADi has matrices by columns, as the transposes of NumPy's.
    """

    def __init__(self, symbols: Sequence[Any], expressions: Sequence[Any], *given: Any) -> None:
        function = casadi.Function("f", list(symbols), list(expressions))
        self.buffer, self.run = function.buffer()
        self.given = [np.array(x, dtype=float).T.ravel() for x in given]
        self.found: list[Array] = []
        for i, x in enumerate(self.given):
            self.buffer.set_arg(i, memoryview(x))
        for i, x in enumerate(expressions):
            self.found.append(np.zeros(x.shape[::-1]))
            self.buffer.set_res(i, memoryview(self.found[-1]))
        self.results: Any = [x.T for x in self.found]

    def __call__(self) -> Any:
        self.run()
        return self.results


def value_and_gradient(f: Callable[..., Any], *given: Any) -> Call:
    """Give the call of a function of numbers and matrices, and of its derivatives by all of them."""
    symbols = [casadi.SX.sym(f"x{i}", *(np.shape(x) or (1, 1))) for i, x in enumerate(given)]
    value = f(*symbols)
    call = Call(symbols, [value, *(casadi.gradient(value, x) for x in symbols)], *given)
    call.results = call.results[0], tuple(call.results[1:])
    return call
