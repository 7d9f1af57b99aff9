"""W8, W9 and W11 by JAX under jit, their loops as ``scan``: unrolled they take seconds to compile."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.loops import RATE, count_steps, draw_filter, draw_network, filter_one, step_pendulum

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


class Recurrent:
    """value_and_grad of a loss and the update, in one compiled function that may reuse the old weights' memory."""

    def __init__(self, small: bool = False) -> None:
        parameters, X, T = draw_network(small)
        self.parameters = [jnp.asarray(p) for p in parameters]
        X, T = jnp.asarray(X), jnp.asarray(T)

        def loss(p: Any) -> Any:
            Wx, Wh, b, V = p
            start = jnp.zeros((X.shape[1], Wh.shape[0]), X.dtype)
            h, _ = jax.lax.scan(lambda h, x: (jnp.tanh(x @ Wx + h @ Wh + b), None), start, X)
            return ((h @ V - T) ** 2).mean()

        def step(p: Any) -> Any:
            E, gradients = jax.value_and_grad(loss)(p)
            return E, [w - jnp.float32(RATE) * g for w, g in zip(p, gradients, strict=True)]

        self.step = jax.jit(step, donate_argnums=0)

    def __call__(self) -> Any:
        E, self.parameters = jax.block_until_ready(self.step(self.parameters))
        return E


def kalman(small: bool = False) -> Callable[[], Any]:
    *parameters, Y = map(jnp.asarray, draw_filter(small))
    H = jnp.array([[1.0, 0.0]])

    def likelihood(F: Any, q: Any, r: Any) -> Any:
        def turn(state: Any, y: Any) -> Any:
            return filter_one(jnp, H, F, q, r, *state, y), None

        return jax.lax.scan(turn, (jnp.zeros(2), jnp.eye(2), 0.0), Y)[0][2]

    return _ready(jax.value_and_grad(likelihood, (0, 1, 2)), *parameters)


def pendulum(small: bool = False) -> Callable[[], Any]:
    def distance(g: Any, c: Any) -> Any:
        def turn(state: Any, _: Any) -> Any:
            return step_pendulum(jnp, g, c, *state), None

        (a, w), _ = jax.lax.scan(turn, (jnp.float64(1.0), jnp.float64(0.0)), length=count_steps(small))
        return (a - 0.3) ** 2 + w**2

    return _ready(jax.value_and_grad(distance, (0, 1)), jnp.float64(9.81), jnp.float64(0.1))


def _ready(f: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    compiled = partial(jax.jit(f), *args)
    return lambda: jax.block_until_ready(compiled())


CASES: dict[str, Callable[..., Callable[[], Any]]] = {
    "W8: recurrent network, 100 steps": Recurrent,
    "W9: Kalman filter, 100 steps": kalman,
    "W11: pendulum, 1 000 steps": pendulum,
}
