"""W6 and W7 in plain NumPy, as one writes them who knows the formulas: windows and matrix products, no loops."""

from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks.networks import HEADS, Start
from benchmarks.workloads import Array


class Network:
    """Parameters of one's own, and the batch."""

    def __init__(self, start: Start) -> None:
        self._parameters, self.X, self.T, self.lr = start.copies(), start.X, start.T, start.lr

    def parameters(self) -> list[Array]:
        return self._parameters

    def __call__(self) -> Any:
        E, gradients = self.differentiate()
        for p, g in zip(self._parameters, gradients, strict=True):
            p -= self.lr * g
        return E

    def differentiate(self) -> tuple[Any, list[Array]]:
        """Give E and its gradient by each parameter."""
        raise NotImplementedError


class Cnn(Network):
    """Windows as columns, (samples · places, channels · 9); the largest of 2 × 2 by halves of both axes."""

    def differentiate(self) -> tuple[Any, list[Array]]:
        W1, b1, W2, b2, W3, b3 = self._parameters
        u1, columns1 = convolve(self.X, W1, b1)
        y1, mask1 = pool(u1)
        u2, columns2 = convolve(y1, W2, b2)
        y2, mask2 = pool(u2)
        rows = y2.reshape(len(y2), -1)
        u3 = rows @ W3 + b3
        z = np.exp(u3 - u3.max(axis=1, keepdims=True))
        y3 = z / z.sum(axis=1, keepdims=True)
        E = -(self.T * np.log(y3)).sum()

        δ3 = y3 - self.T
        δ2 = unpool((δ3 @ W3.T).reshape(y2.shape), mask2, u2)
        back, dW2, db2 = turn_back(δ2, W2, columns2, y1.shape)
        δ1 = unpool(back, mask1, u1)
        _, dW1, db1 = turn_back(δ1, W1, columns1, None)
        return E, [dW1, db1, dW2, db2, rows.T @ δ3, δ3.sum(axis=0)]


def convolve(x: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """Give relu(x ∗ W + b), and the windows."""
    n, c, h, w = x.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[2:], (2, 3)).transpose(0, 2, 3, 1, 4, 5)
    columns = windows.reshape(-1, c * 9)
    u = columns @ W.reshape(len(W), -1).T + b
    return np.maximum(u, 0).reshape(n, h - 2, w - 2, -1).transpose(0, 3, 1, 2), columns


def pool(u: Array) -> tuple[Array, Array]:
    """Give the largest of 2 × 2, and where it is; what does not fill a window is left out."""
    n, c, h, w = u.shape
    halves = u[:, :, : h - h % 2, : w - w % 2].reshape(n, c, h // 2, 2, w // 2, 2)
    y = halves.max(axis=(3, 5))
    mask = halves == y[:, :, :, None, :, None]
    return y, mask / mask.sum(axis=(3, 5), keepdims=True, dtype=u.dtype)


def unpool(g: Array, mask: Array, u: Array) -> Array:
    """Give the gradient ahead of relu and pooling."""
    n, c, h, w = u.shape
    back = np.zeros_like(u)
    back[:, :, : h - h % 2, : w - w % 2] = (g[:, :, :, None, :, None] * mask).reshape(n, c, h - h % 2, w - w % 2)
    return back * (u > 0)


def turn_back(δ: Array, W: Array, columns: Array, shape: Any) -> tuple[Any, Array, Array]:
    """Give the gradient by x, if it has a shape, by W and by b."""
    rows = δ.transpose(0, 2, 3, 1).reshape(-1, len(W))
    back = None
    if shape is not None:
        n, c, h, w = shape
        windows = (rows @ W.reshape(len(W), -1)).reshape(n, h - 2, w - 2, c, 3, 3).transpose(0, 3, 1, 2, 4, 5)
        back = np.zeros(shape, δ.dtype)
        for i in range(3):
            for j in range(3):
                back[:, :, i : i + h - 2, j : j + w - 2] += windows[..., i, j]
    return back, (rows.T @ columns).reshape(W.shape), rows.sum(axis=0)


class Block(Network):
    """Each matrix of weights on all steps at once, each head's attention as one of a batch of products."""

    def differentiate(self) -> tuple[Any, list[Array]]:
        γ1, β1, Wq, Wk, Wv, Wo, bq, bk, bv, bo, γ2, β2, V1, c1, V2, c2 = self._parameters
        n, steps, d = self.X.shape
        x, T = self.X.reshape(-1, d), self.T.reshape(-1, d)
        x1, _ = normalize(x)
        h = x1 * γ1 + β1
        Q, K, V = (split(h @ W + b, n) for W, b in ((Wq, bq), (Wk, bk), (Wv, bv)))
        S = Q @ K.swapaxes(-1, -2) / np.float32(np.sqrt(d // HEADS))
        S += np.where(np.tri(steps, dtype=bool), np.float32(0), np.float32(-np.inf))
        A = np.exp(S - S.max(axis=-1, keepdims=True))
        A /= A.sum(axis=-1, keepdims=True)
        a = merge(A @ V)
        r = x + a @ Wo + bo
        x2, root2 = normalize(r)
        h2 = x2 * γ2 + β2
        u = h2 @ V1 + c1
        Φ = ndtr(u)
        z = u * Φ
        δ = r + z @ V2 + c2 - T
        E = 0.5 * (δ * δ).sum()

        δu = (δ @ V2.T) * (Φ + u * np.exp(-0.5 * u * u) * np.float32(1 / np.sqrt(2 * np.pi)))
        δh2 = δu @ V1.T
        δr = δ + normalize_back(δh2 * γ2, x2, root2)
        δa = split(δr @ Wo.T, n)
        δA = δa @ V.swapaxes(-1, -2)
        δS = A * (δA - (A * δA).sum(axis=-1, keepdims=True)) / np.float32(np.sqrt(d // HEADS))
        δq, δk, δv = (merge(g) for g in (δS @ K, δS.swapaxes(-1, -2) @ Q, A.swapaxes(-1, -2) @ δa))
        δh = δq @ Wq.T + δk @ Wk.T + δv @ Wv.T
        dW = [h.T @ δq, h.T @ δk, h.T @ δv, a.T @ δr]
        db = [g.sum(axis=0) for g in (δq, δk, δv, δr)]
        first, second = ([(g * y).sum(axis=0), g.sum(axis=0)] for g, y in ((δh, x1), (δh2, x2)))
        return E, [*first, *dW, *db, *second, h2.T @ δu, δu.sum(axis=0), z.T @ δ, δ.sum(axis=0)]


def normalize(x: Array) -> tuple[Array, Array]:
    """Give each row with mean 0 and variance 1, and the root that it was divided by."""
    centered = x - x.mean(axis=1, keepdims=True)
    root = np.sqrt((centered * centered).mean(axis=1, keepdims=True) + np.float32(1e-5))
    return centered / root, root


def normalize_back(g: Array, y: Array, root: Array) -> Array:
    """Give the gradient ahead of a normalization."""
    return (g - g.mean(axis=1, keepdims=True) - y * (g * y).mean(axis=1, keepdims=True)) / root


def split(x: Array, samples: int) -> Array:
    """Give each head its columns."""
    return x.reshape(samples, -1, HEADS, x.shape[1] // HEADS).swapaxes(1, 2)


def merge(x: Array) -> Array:
    """Put the heads' columns side by side again."""
    n, heads, steps, d = x.shape
    return x.swapaxes(1, 2).reshape(n * steps, heads * d)


STEPS: dict[str, type[Network]] = {"W6": Cnn, "W7": Block}
