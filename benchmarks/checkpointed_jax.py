"""W8 over thousands of steps by JAX: a scan over parts of √T steps, each a scan within ``jax.checkpoint``."""

from math import isqrt
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.workloads import Array

jax.config.update("jax_platforms", "cpu")


def compiled(parameters: list[Array], X: Array, T: Array) -> Any:
    """Give the compiled value and gradient."""
    n = isqrt(len(X))

    def loss(p: Any, X: Any) -> Any:
        Wx, Wh, b, V = p

        def part(h: Any, some: Any) -> Any:
            return jax.lax.scan(lambda h, x: (jnp.tanh(x @ Wx + h @ Wh + b), None), h, some)

        start = jnp.zeros((X.shape[1], Wh.shape[0]), X.dtype)
        h, _ = jax.lax.scan(jax.checkpoint(part), start, X.reshape(len(X) // n, n, *X.shape[1:]))
        return ((h @ V - T) ** 2).mean()

    return jax.jit(jax.value_and_grad(loss)).lower([jnp.asarray(p) for p in parameters], jnp.asarray(X)).compile()


def bytes_of(parameters: list[Array], X: Array, T: Array) -> int:
    """Give the bytes of memory that it computes in."""
    return int(compiled(parameters, X, T).memory_analysis().temp_size_in_bytes)
