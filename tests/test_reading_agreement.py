"""What a line of a derivation says of a gradient, its box in the picture says too."""

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, nn, softmax
from tests.reading_cases import CASES, T, X, error, parameter, total_input

ONE_HOT = Tensor(data.one_hot(np.arange(5) % 3, 3), name="T")


def softmax_by_hand(u):
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def attention():
    Q, K, V = (X @ parameter(name, 4, 3) for name in ("Wq", "Wk", "Wv"))
    return losses.squared_error(softmax(Q @ K.T / np.sqrt(3)) @ V, T)


def two_losses():
    """What is taken away comes first, and a mean of halves after it."""
    y = softmax(total_input())
    return -(ONE_HOT * np.log(y)).mean() + 0.5 * ((y - 0.5) ** 2).mean() + 0.01 * (y * np.log(y)).sum(axis=1).mean()


def decayed():
    b = parameter("b", 3)
    y = b + X @ parameter("W", 4, 3)
    return (T - y).sum() ** 2 * 0.5 + (0.3 * np.abs(b)).sum()


MORE = {
    "two losses": two_losses,
    "a bias before the product, decayed": decayed,
    "mean of sums": lambda: (0.5 * ((total_input() - T) ** 2).sum(axis=1)).mean(),
    "softmax by hand": lambda: -(ONE_HOT * np.log(softmax_by_hand(total_input()))).sum(axis=1).mean(),
    "sigmoid by hand": lambda: error(lambda u: 1 / (1 + np.exp(-u))),
    "relu by where": lambda: error(lambda u: np.where(u > 0, u, 0)),
    "softplus by hand": lambda: error(lambda u: np.log(1 + np.exp(u))),
    "attention": attention,
    "mean cross-entropy": lambda: losses.cross_entropy(nn.MLP([4, 5, 3], rng=0)(X), ONE_HOT, "mean"),
    "one sample": lambda: losses.cross_entropy(nn.MLP([4, 5, 3], rng=0)(X.data[:1]), T.data[:1]),
    "x of one axis": lambda: losses.cross_entropy(nn.MLP([4, 5, 3], rng=0)(X.data[0]), T.data[0]),
}


@pytest.mark.parametrize("name", [*CASES, *MORE])
def test_a_line_and_its_box_say_the_same(name):
    """But where the picture has a box, v₁, for what the line writes out."""
    E = MORE[name]() if name in MORE else CASES[name][0]()
    boxes = {frozenset(box.heading.split(" = ")): box.formula for box in draw(E, fold=False).scene.boxes}
    derivation = derive(E)
    lines = {frozenset(line.names): line.formula for line in (*derivation.forward_lines, *derivation)}
    common = [key for key in lines if key in boxes and ("v" in boxes[key]) <= ("v" in lines[key])]
    assert {key: boxes[key] for key in common} == {key: lines[key] for key in common}
    assert len(common) >= 4
