"""The step by JAX on a GPU, as one jitted function."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.workloads import Start

Timer = Callable[[Callable[[], Any], int, Callable[[], None]], float]


def time_columns(start: Start, calls: int, time_step: Timer) -> dict[str, float]:
    """Give µs a step."""
    jax.config.update("jax_default_matmul_precision", "float32")
    X, T = jnp.asarray(start.X), jnp.asarray(start.T)
    params = [jnp.asarray(p) for p in start.parameters]

    def loss(params: Any) -> Any:
        y = X
        *hidden, (W, b) = zip(params[::2], params[1::2], strict=True)
        for V, c in hidden:
            y = jax.nn.sigmoid(y @ V + c)
        return -(T * jax.nn.log_softmax(y @ W + b)).sum()

    update = jax.jit(lambda params: [p - start.lr * g for p, g in zip(params, jax.grad(loss)(params), strict=True)])

    def step() -> None:
        params[:] = update(params)

    return {"jax": time_step(step, calls, lambda: jax.block_until_ready(params) and None)}
