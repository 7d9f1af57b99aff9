"""The gallery: each function is shown with its code, and with what it gives."""

from typing import Any

import numpy as np

import minigrad
from making import gallery_of_training
from making.figures import show_plot
from making.showing import show_anything, show_code
from minigrad import Tensor, data, derive, draw, draw_matrices, losses, nn, optim, stepper


def present(name: str) -> str:
    """Give the code of a function of the gallery, and what it makes."""
    plotted = getattr(gallery_of_training, name, None)
    function = plotted or globals()[name]
    says = (function.__doc__ or "").split("\n")[0]
    return f"{show_code(function)}\n\n{show_plot(plotted, says) if plotted else show_anything(function(), says)}\n"


def one_neuron() -> Any:
    """One neuron: two inputs, a bias, σ, and half the squared error."""
    x = Tensor([[0.5, -1.0]], name="x")
    w = Tensor([[0.8], [0.3]], requires_grad=True, name="w")
    b = Tensor([0.1], requires_grad=True, name="b")
    y = minigrad.sigmoid(x @ w + b)
    return draw(losses.squared_error(y, np.array([[1.0]])), width=1000)


def two_layers() -> Any:
    """Softmax and cross-entropy at the output: δ₂ = Y₂ − T."""
    X, labels = data.iris()
    model = nn.MLP((4, 3, 3), hidden="sigmoid", output="softmax", rng=0)
    E = losses.cross_entropy(model(X[::50]), Tensor(data.one_hot(labels[::50], 3), name="T"))
    return draw(E, width=1000)


def your_own_activation() -> Any:
    """An activation that is nobody's block, u σ(u), written in NumPy."""
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(3, 2)), name="x")
    W = Tensor(rng.normal(size=(2, 2)), requires_grad=True, name="W")
    u = x @ W
    return draw((u / (1 + np.exp(-u))).sum(), width=1000)


def recurrent() -> Any:
    """Fifty equal steps are drawn once, and marked ×50."""
    rng = np.random.default_rng(0)
    sizes = (3, 4), (4, 4), (4, 2)
    Wx, Wh, V = (Tensor(rng.normal(size=n), requires_grad=True) for n in sizes)
    H = np.zeros((5, 4))
    for x in rng.normal(size=(50, 5, 3)):
        H = np.tanh(x @ Wx + H @ Wh)
    E = losses.squared_error(H @ V, np.ones((5, 2)))
    return draw(E, names={"Wx": Wx, "Wh": Wh, "V": V}, width=1000)


def attention() -> Any:
    """Attention, softmax(Q Kᵀ / √d) V, derived."""
    rng = np.random.default_rng(0)
    X = Tensor(rng.normal(size=(5, 4)), name="X")
    Wq, Wk, Wv = (
        Tensor(rng.normal(size=(4, 3)), requires_grad=True, name=name)
        for name in ("Wq", "Wk", "Wv")
    )  # fmt: skip
    A = minigrad.softmax((X @ Wq) @ (X @ Wk).T / np.sqrt(3))
    return derive(losses.squared_error(A @ (X @ Wv), np.ones((5, 3))))


def page_of_steps() -> Any:
    """A page that goes through it, one operation at a time."""
    x = Tensor([[0.5, -1.0]], name="x")
    W = Tensor([[0.8], [0.3]], requires_grad=True, name="W")
    return stepper(losses.squared_error(np.tanh(x @ W), np.array([[1.0]])))


def as_matrices() -> Any:
    """The same equations as matrices: edges of one color are one axis, and have one length."""
    X = Tensor(np.random.default_rng(0).normal(size=(4, 2)), name="X")
    model = nn.MLP((2, 3, 1), hidden="tanh", output="identity", rng=0)
    return draw_matrices(losses.squared_error(model(X), np.ones((4, 1))))


def formula_of_adam() -> Any:
    """An update rule's formula, read from the code that runs."""
    return optim.Adam.formula()
