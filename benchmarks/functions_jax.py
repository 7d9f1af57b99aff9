"""The pure functions of `functions` by JAX under jit."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg

from benchmarks import gaussian
from benchmarks.functions import points, rosenbrock
from benchmarks.survival import loss_in, make_study

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def hessian_times(x: Any, v: Any) -> Any:
    """Give H v, the derivative of ∇f along v."""
    return jax.jvp(jax.grad(rosenbrock), (x,), (v,))[1]


def fifth_derivative(small: bool = False) -> Callable[[], Any]:
    f: Any = jnp.tanh
    for _ in range(5):
        f = jax.grad(f)
    return _ready(f, jnp.asarray(0.3))


def gradient_of_rosenbrock(small: bool = False) -> Callable[[], Any]:
    return _ready(jax.grad(rosenbrock), jnp.asarray(points(small)[0]))


def curvature_of_rosenbrock(small: bool = False) -> Callable[[], Any]:
    return _ready(hessian_times, *map(jnp.asarray, points(small)))


def likelihood(small: bool = False) -> Callable[[], Any]:
    return _ready(jax.value_and_grad(loss_in(jnp)), *map(jnp.asarray, make_study(20 if small else 1000)))


def curvature_of_likelihood(small: bool = False) -> Callable[[], Any]:
    return _ready(jax.hessian(loss_in(jnp)), *map(jnp.asarray, make_study(20 if small else 1000)))


def gaussian_process(small: bool = False) -> Callable[[], Any]:
    loss = gaussian.loss_in(jnp, partial(jax.scipy.linalg.solve_triangular, lower=True))
    return _ready(jax.value_and_grad(loss), *map(jnp.asarray, gaussian.make_samples(20 if small else 200)))


def _ready(f: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    compiled = partial(jax.jit(f), *args)
    return lambda: jax.block_until_ready(compiled())


CASES: dict[str, Callable[..., Callable[[], Any]]] = {
    "Rosenbrock's gradient, 1000-d": gradient_of_rosenbrock,
    "Rosenbrock's Hessian-vector product, 1000-d": curvature_of_rosenbrock,
    "Weibull likelihood of 1000, value and gradient": likelihood,
    "Weibull likelihood of 1000, Hessian": curvature_of_likelihood,
    "tanh⁽⁵⁾ of a number": fifth_derivative,
    "W10: Gaussian process, n = 200": gaussian_process,
}
