"""minigrad.scipy.integrate, of SciPy 1.17 for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy
from scipy.integrate import (
    BDF as BDF,
    DOP853 as DOP853,
    DenseOutput as DenseOutput,
    IntegrationWarning as IntegrationWarning,
    LSODA as LSODA,
    ODEintWarning as ODEintWarning,
    OdeSolution as OdeSolution,
    OdeSolver as OdeSolver,
    RK23 as RK23,
    RK45 as RK45,
    Radau as Radau,
    complex_ode as complex_ode,
    cubature as cubature,
    cumulative_simpson as cumulative_simpson,
    cumulative_trapezoid as cumulative_trapezoid,
    dblquad as dblquad,
    fixed_quad as fixed_quad,
    lebedev_rule as lebedev_rule,
    newton_cotes as newton_cotes,
    nquad as nquad,
    nsum as nsum,
    ode as ode,
    qmc_quad as qmc_quad,
    quad as quad,
    quad_vec as quad_vec,
    romb as romb,
    simpson as simpson,
    solve_bvp as solve_bvp,
    solve_ivp as solve_ivp,
    tanhsinh as tanhsinh,
    tplquad as tplquad,
    trapezoid as trapezoid,
)

from minigrad.engine.tensor import Tensor

_Array = numpy.ndarray[Any, numpy.dtype[Any]]

@overload
def odeint(func: Callable[..., Any], y0: Any, t: Any, args: tuple[Tensor] | tuple[Tensor, Any] | tuple[Any, Tensor], *, tfirst: bool = ..., **options: Any) -> Tensor: ...
@overload
def odeint(func: Any, y0: Tensor, t: Any, args: Any = ..., *, tfirst: Any = ..., **options: Any) -> Tensor: ...
@overload
def odeint(func: Any, y0: Any, t: Tensor, args: Any = ..., *, tfirst: Any = ..., **options: Any) -> Tensor: ...
@overload
def odeint(func: Any, y0: _Array, t: _Array | complex, args: tuple[_Array | complex, ...] = ..., *, tfirst: Any = ..., **options: Any) -> _Array: ...
@overload
def odeint(func: Any, y0: Any, t: Any, args: Any = ..., *, tfirst: Any = ..., **options: Any) -> Any: ...
