"""Networks and their gradients in plain NumPy, written as a learner writes them, each with switches for mistakes.

Nothing here knows the engine but ``loss_of``, which records the same network, for compare to look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad import Tensor, losses, relu, sigmoid, softmax

Array = np.ndarray[Any, Any]


def logistic(u: Array) -> Array:
    """1 / (1 + e⁻ᵘ)."""
    return 1 / (1 + np.exp(-u))


def soft(u: Array) -> Array:
    """The softmax of each row."""
    e = np.exp(u)
    return e / e.sum(axis=-1, keepdims=True)


FORWARD = {
    "sigmoid": logistic,
    "tanh": np.tanh,
    "relu": lambda u: np.where(u > 0, u, 0),
    "identity": lambda u: u,
    "softmax": soft,
}
RECORDED = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": relu, "identity": lambda u: u, "softmax": softmax}


def slope(name: str, u: Array, y: Array) -> Array:
    """f′ by u and y, as a textbook has it."""
    return {"sigmoid": y * (1 - y), "tanh": 1 - y**2, "relu": (u > 0).astype(u.dtype), "identity": np.ones_like(u)}[
        name
    ]


def through_softmax(g: Array, y: Array) -> Array:
    """(diag y − y yᵀ) g for each row, by its Jacobian written out."""
    jacobian = y[:, :, None] * np.eye(y.shape[1], dtype=y.dtype) - y[:, :, None] * y[:, None, :]
    return np.einsum("nij,nj->ni", jacobian, g)


@dataclass
class Layers:
    """A network of layers U = Y W + b, Y = f(U); ``error`` is SE, ½ Σ (y − t)², or CE, −Σ t ln y."""

    sizes: tuple[int, ...]
    functions: tuple[str, ...]
    error: str
    rows: int = 7
    X: Array = field(init=False)
    T: Array = field(init=False)
    p: dict[str, Array] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(sum(self.sizes))
        self.X = rng.normal(size=(self.rows, self.sizes[0]))
        self.T = soft(rng.normal(size=(self.rows, self.sizes[-1])))
        self.p = {}
        for i, (m, n) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            self.p |= {f"W{i}": rng.normal(size=(m, n)), f"b{i}": rng.normal(size=n)}

    def loss_of(self, dtype: Any = np.float64) -> Tensor:
        """Record the same network."""
        y = Tensor(self.X.astype(dtype), name="X")
        for i, name in enumerate(self.functions, 1):
            W, b = (Tensor(self.p[k].astype(dtype), requires_grad=True, name=k) for k in (f"W{i}", f"b{i}"))
            y = RECORDED[name](y @ W + b)
        error = losses.squared_error if self.error == "SE" else losses.cross_entropy
        return error(y, Tensor(self.T.astype(dtype), name="T"))

    def forward(self, forgotten: int = 0, functions: tuple[str, ...] = ()) -> dict[str, Array]:
        """Compute U and Y of each layer, without the bias of layer ``forgotten``."""
        values = {"Y0": self.X}
        for i, name in enumerate(functions or self.functions, 1):
            u = values[f"Y{i - 1}"] @ self.p[f"W{i}"]
            values[f"U{i}"] = u if i == forgotten else u + self.p[f"b{i}"]
            values[f"Y{i}"] = FORWARD[name](values[f"U{i}"])
        y = values[f"Y{len(self.functions)}"]
        values["E"] = ((y - self.T) ** 2).sum() / 2 if self.error == "SE" else -(self.T * np.log(y)).sum()
        return values

    def backward(
        self,
        v: dict[str, Array],
        slopes: dict[int, Any] | None = None,
        weights: dict[str, Array] | None = None,
        fed: dict[str, Array] | None = None,
    ) -> dict[str, Array]:
        """Compute the gradients from the values v.

        ``slopes`` has another f′ for a layer, a function of u and y, ``weights`` others for ∂E/∂Y = δ Wᵀ, and ``fed``
        other inputs for ∂E/∂W = Yᵀ δ.
        """
        n, found, slopes, w = len(self.functions), {}, slopes or {}, {**self.p, **(weights or {})}
        g = v[f"Y{n}"] - self.T if self.error == "SE" else -self.T / v[f"Y{n}"]
        for i in range(n, 0, -1):
            u, y = v[f"U{i}"], v[f"Y{i}"]
            found[f"dY{i}"] = g
            if i in slopes:
                δ = g * slopes[i](u, y)
            elif self.functions[i - 1] == "softmax":
                δ = through_softmax(g, y)
            else:
                δ = g * slope(self.functions[i - 1], u, y)
            found |= {f"δ{i}": δ, f"dW{i}": {**v, **(fed or {})}[f"Y{i - 1}"].T @ δ, f"db{i}": δ.sum(axis=0)}
            g = δ @ w[f"W{i}"].T
        return found


TWO_LAYERS = Layers((4, 5, 3), ("sigmoid", "sigmoid"), "SE")
THREE_LAYERS = Layers((4, 6, 5, 3), ("tanh", "sigmoid", "softmax"), "CE")
OTHER_LAYERS = Layers((3, 5, 4, 2), ("relu", "tanh", "identity"), "SE", rows=6)
FOUR_LAYERS = Layers((3, 4, 5, 4, 3), ("tanh", "tanh", "relu", "softmax"), "CE", rows=5)
LAYERS = (TWO_LAYERS, THREE_LAYERS, OTHER_LAYERS, FOUR_LAYERS)


@dataclass
class Recurrent:
    """Hₜ = tanh(Xₜ Wx + Hₜ₋₁ Wh + b) for t = 1 … steps, Yₜ = Hₜ V; SE at the end alone, or at each step."""

    steps: int = 5
    every: bool = False
    rows: int = 3
    inputs: int = 4
    hidden: int = 5

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.steps)
        n, m, k = self.rows, self.inputs, self.hidden
        self.X = rng.normal(size=(self.steps, n, m))
        self.T = rng.normal(size=(self.steps, n, 2))
        shapes = {"Wx": (m, k), "Wh": (k, k), "b": (k,), "V": (k, 2)}
        self.p = {name: rng.normal(size=shape) * 0.7 for name, shape in shapes.items()}

    def loss_of(self) -> Tensor:
        """Record the same network."""
        Wx, Wh, b, V = (Tensor(value, requires_grad=True, name=name) for name, value in self.p.items())
        h, total = Tensor(np.zeros((self.rows, self.hidden)), name="H0"), None
        for t in range(self.steps):
            h = np.tanh(Tensor(self.X[t], name=f"X{t + 1}") @ Wx + h @ Wh + b)
            if self.every or t == self.steps - 1:
                e = losses.squared_error(h @ V, Tensor(self.T[t], name=f"T{t + 1}"))
                total = e if total is None else total + e
        return total

    def gradients(self, **mistake: Any) -> dict[str, Array]:
        """Go through time and back: ``last`` steps alone, ``reach`` steps back of each error, ``assign`` the result.

        Other mistakes are another ``slope``, ``no_bias``, ``u_for_y`` in ∂E/∂Wh, and another ``Wh`` on the way back.
        """
        last, reach = mistake.get("last", self.steps), mistake.get("reach", self.steps)
        H, U = [np.zeros((self.rows, self.hidden))], [np.zeros((self.rows, self.hidden))]
        for t in range(self.steps):
            bias = 0 if mistake.get("no_bias") else self.p["b"]
            U.append(self.X[t] @ self.p["Wx"] + H[-1] @ self.p["Wh"] + bias)
            H.append(np.tanh(U[-1]))
        slope = mistake.get("slope", lambda u, y: 1 - y**2)
        fed = U if mistake.get("u_for_y") else H
        found = {name: np.zeros_like(value) for name, value in self.p.items()}
        later = np.zeros((self.steps + 1, self.steps + 1, self.rows, self.hidden))  # ∂(error of s)/∂Hₜ, of later steps
        for t in range(self.steps, 0, -1):
            for s in range(t, self.steps + 1) if self.every else [self.steps]:
                g = later[s, t]
                if s == t:
                    e = H[s] @ self.p["V"] - self.T[s - 1]
                    found["V"] += H[s].T @ e
                    g = e @ self.p["V"].T
                later[s, t] = g if t > max(self.steps - last, s - reach) else 0
                if t > max(self.steps - last, s - reach):
                    later[s, t - 1] = (g * slope(U[t], H[t])) @ mistake.get("Wh", self.p["Wh"]).T
            δ = later[:, t].sum(axis=0) * slope(U[t], H[t])
            parts = {"Wx": self.X[t - 1].T @ δ, "Wh": fed[t - 1].T @ δ, "b": δ.sum(axis=0)}
            for name, part in parts.items():
                found[name] = part if mistake.get("assign") else found[name] + part
        return {f"d{name}": value for name, value in found.items()}


RECURRENT = (Recurrent(), Recurrent(every=True), Recurrent(steps=3, rows=2, every=True), Recurrent(steps=7))


@dataclass
class Words:
    """Y = softmax(E[i] W), CE: the rows of E that a list of indices takes, some of them several times."""

    rows: int = 6
    indices: tuple[int, ...] = (0, 2, 2, 5, 0, 2, 1)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(len(self.indices))
        self.i = np.array(self.indices)
        self.p = {"A": rng.normal(size=(self.rows, 4)), "W": rng.normal(size=(4, 3))}
        self.T = soft(rng.normal(size=(len(self.i), 3)))

    def loss_of(self) -> Tensor:
        """Record the same network."""
        A, W = (Tensor(value, requires_grad=True, name=name) for name, value in self.p.items())
        return losses.cross_entropy(softmax(A[self.i] @ W), Tensor(self.T, name="T"))

    def rows_gradient(self) -> Array:
        """∂E/∂(A[i])."""
        return (soft(self.p["A"][self.i] @ self.p["W"]) - self.T) @ self.p["W"].T


WORDS = (Words(), Words(3, (1, 1, 0, 2)), Words(5, (4, 3, 4)))
