"""The step by JAX, compiled as a whole by jit; its first call, which compiles, is not measured."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.workloads import Array, Start

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


class Step:
    """value_and_grad of the loss and the update, in one compiled function that may reuse the old weights' memory."""

    def __init__(self, start: Start) -> None:
        self.params = [jnp.asarray(p) for p in start.parameters]
        self.X, self.T = jnp.asarray(start.X), jnp.asarray(start.T)
        softmax = start.output == "softmax"

        def loss(params: Any, X: Any, T: Any) -> Any:
            *hidden, (W, b) = zip(params[::2], params[1::2], strict=True)
            for V, c in hidden:
                X = jax.nn.sigmoid(X @ V + c)
            u = X @ W + b
            return -(T * jax.nn.log_softmax(u)).sum() if softmax else 0.5 * ((u - T) ** 2).sum()

        def step(params: Any, X: Any, T: Any) -> Any:
            E, grads = jax.value_and_grad(loss)(params, X, T)
            return E, [p - start.lr * g for p, g in zip(params, grads, strict=True)]

        self.step = jax.jit(step, donate_argnums=0)

    def parameters(self) -> list[Array]:
        return [np.asarray(p) for p in self.params]

    def __call__(self) -> Any:
        E, self.params = jax.block_until_ready(self.step(self.params, self.X, self.T))
        return E


class Scan(Step):
    """lax.scan: one call is so many steps in compiled code, over batches that are all the same."""

    def __init__(self, start: Start) -> None:
        super().__init__(start)
        self.steps = start.steps
        step = self.step
        self.batches = [jnp.tile(x, (self.steps, 1, 1)) for x in (self.X, self.T)]

        def epoch(params: Any, batches: Any) -> Any:
            def body(params: Any, batch: Any) -> Any:
                E, params = step(params, *batch)
                return params, E

            return jax.lax.scan(body, params, batches)

        self.epoch = jax.jit(epoch, donate_argnums=0)

    def __call__(self) -> Any:
        self.params, E = jax.block_until_ready(self.epoch(self.params, self.batches))
        return E
