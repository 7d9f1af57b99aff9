"""W6 and W7 by JAX, each step compiled as a whole by jit."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.networks import HEADS, Start
from benchmarks.workloads import Array

jax.config.update("jax_platforms", "cpu")


class Network:
    """value_and_grad of a loss and the update, in one compiled function that may reuse the old weights' memory."""

    def __init__(self, start: Start) -> None:
        self.params = [jnp.asarray(p) for p in start.copies()]
        X, T = jnp.asarray(start.X), jnp.asarray(start.T)

        def step(params: Any) -> Any:
            E, gradients = jax.value_and_grad(self.loss)(params, X, T)
            return E, [p - start.lr * g for p, g in zip(params, gradients, strict=True)]

        self.step = jax.jit(step, donate_argnums=0)

    def parameters(self) -> list[Array]:
        return [np.asarray(p) for p in self.params]

    @staticmethod
    def loss(params: Any, X: Any, T: Any) -> Any:
        raise NotImplementedError

    def __call__(self) -> Any:
        E, self.params = jax.block_until_ready(self.step(self.params))
        return E


class Cnn(Network):
    """conv_general_dilated and reduce_window."""

    @staticmethod
    def loss(params: Any, X: Any, T: Any) -> Any:
        W1, b1, W2, b2, W3, b3 = params
        y = X
        for W, b in ((W1, b1), (W2, b2)):
            u = jax.lax.conv_general_dilated(y, W, (1, 1), "VALID") + b[:, None, None]
            y = jax.lax.reduce_window(jax.nn.relu(u), -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return -(T * jax.nn.log_softmax(y.reshape(len(y), -1) @ W3 + b3)).sum()


class Block(Network):
    """Written with jax.numpy and jax.nn."""

    @staticmethod
    def loss(params: Any, X: Any, T: Any) -> Any:
        γ1, β1, Wq, Wk, Wv, Wo, bq, bk, bv, bo, γ2, β2, V1, c1, V2, c2 = params
        n, steps, d = X.shape

        def norm(x: Any, γ: Any, β: Any) -> Any:
            centered = x - x.mean(-1, keepdims=True)
            return centered / jnp.sqrt((centered**2).mean(-1, keepdims=True) + 1e-5) * γ + β

        h = norm(X, γ1, β1)
        Q, K, V = ((h @ W + b).reshape(n, steps, HEADS, -1) for W, b in ((Wq, bq), (Wk, bk), (Wv, bv)))
        a = jax.nn.dot_product_attention(Q, K, V, is_causal=True).reshape(n, steps, d)
        r = X + a @ Wo + bo
        y = r + jax.nn.gelu(norm(r, γ2, β2) @ V1 + c1, approximate=False) @ V2 + c2
        return 0.5 * ((y - T) ** 2).sum()


STEPS: dict[str, type[Network]] = {"W6": Cnn, "W7": Block}
