"""Networks that repeat, for the tests of repeats and of what is written of them once."""

import numpy as np

from minigrad import Tensor, losses, sigmoid
from minigrad.nn import MLP

SHAPES = {"Wx": (3, 4), "Wh": (4, 4), "b": (4,), "V": (4, 2), "h0": (5, 4)}


def parameter(name, shape=None):
    rng = np.random.default_rng(sum(map(ord, name)))
    return Tensor(rng.normal(size=shape or SHAPES[name]) / 2, requires_grad=True, name=name)


def data(steps):
    return np.random.default_rng(1).normal(size=(steps, 5, 3))


def recurrent(steps, each=False, start="zeros", sliced=False):
    """A recurrent network: Hₜ = tanh(Xₜ Wx + Hₜ₋₁ Wh + b), with the loss at the end or at each step."""
    Wx, Wh, b, V = (parameter(name) for name in ("Wx", "Wh", "b", "V"))
    inputs, target = data(steps), np.ones((5, 2))
    X = Tensor(inputs, name="X") if sliced else inputs
    h = {"zeros": np.zeros((5, 4)), "given": parameter("h0"), "none": None}[start]
    E = 0
    for t in range(steps):
        h = np.tanh(X[t] @ Wx + b if h is None else X[t] @ Wx + h @ Wh + b)
        if each:
            E = E + losses.squared_error(h @ V, target)
    return E if each else losses.squared_error(h @ V, target)


def gated(steps):
    """A long short-term memory: the cell C and the output H are carried."""
    gates = {g: (parameter(f"W{g}", (3, 4)), parameter(f"U{g}", (4, 4)), parameter(f"b{g}", (4,))) for g in "ifog"}
    h = c = np.zeros((5, 4))
    for x in data(steps):
        i, f, o = (sigmoid(x @ gates[g][0] + h @ gates[g][1] + gates[g][2]) for g in "ifo")
        g = np.tanh(x @ gates["g"][0] + h @ gates["g"][1] + gates["g"][2])
        c = f * c + i * g
        h = o * np.tanh(c)
    return (h * h).sum()


def gru(steps):
    """A gated recurrent unit; gives the loss, and the names of what it computes."""
    Wz, Uz, Wr, Ur, W, U = (parameter(n, (3, 4) if n[0] == "W" else (4, 4)) for n in ("Wz", "Uz", "Wr", "Ur", "W", "U"))
    X, h = data(steps), parameter("h0")
    for t in range(steps):
        z = sigmoid(X[t] @ Wz + h @ Uz)
        r = sigmoid(X[t] @ Wr + h @ Ur)
        g = np.tanh(X[t] @ W + (r * h) @ U)
        h = (1 - z) * h + z * g
    return (h * h).sum(), {"z": z, "r": r, "g": g, "h": h}


def residual(blocks):
    h = Tensor(np.ones((5, 4)), name="X")
    for l in range(1, blocks + 1):  # noqa: E741
        h = h + np.tanh(h @ parameter(f"W{l}", (4, 4)) + parameter(f"b{l}", (4,))) @ parameter(f"V{l}", (4, 4))
    return (h * h).sum()


def equal_layers(count):
    rows = np.random.default_rng(2).normal(size=(4, 2))
    model = MLP([2, *[3] * (count + 1), 1], output="identity", rng=0)
    return losses.squared_error(model(Tensor(rows, name="X")), Tensor(np.ones((4, 1)), name="T"))


def stacked(steps):
    """Two recurrent layers, one on the other."""
    A, B, C, D = parameter("A", (3, 4)), parameter("B", (4, 4)), parameter("C", (4, 2)), parameter("D", (2, 2))
    X, h, k = data(steps), np.zeros((5, 4)), np.zeros((5, 2))
    for t in range(steps):
        h = np.tanh(X[t] @ A + h @ B)
        k = np.tanh(h @ C + k @ D)
    return (k * k).sum()
