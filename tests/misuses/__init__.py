"""A table of misuses as users write them, and what the message of each must say.

A row has the code, its last line being the misuse; the error or warning; and, in parts that are set apart by " | ",
what the message names (the tensor or the argument), where (the operation, and the line that made the tensor), and how
to go on. ``tensors``, ``functions``, ``networks``, ``shown``, ``habits``, ``libraries`` and ``newcomers`` have the
rows; ``SETTING`` is run before each.
"""

from typing import NamedTuple


class Misuse(NamedTuple):
    """One row of the table."""

    code: str
    error: type[BaseException]
    what: str
    where: str
    how: str


SETTING = """
import math
import numpy as np, scipy.fft, scipy.integrate, scipy.interpolate, scipy.linalg, scipy.special, scipy.stats
import minigrad
from minigrad import *
from minigrad import compare, compile, derive, draw, draw_matrices, simplify, stepper, sums_to_one, trace
from minigrad import callbacks, data, losses, nn, optim, textbook

X = np.random.default_rng(0).normal(size=(5, 4))
labels = np.array([0, 1, 2, 0, 1])
T = data.one_hot(labels, 3)
target = X[:, 0].copy()
w = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="w")
W = Tensor(np.arange(12.0).reshape(4, 3) / 10, requires_grad=True, name="W")
n = Tensor([1, 2, 3], name="n")
model = nn.MLP([4, 6, 3], rng=0)
other = nn.MLP([4, 6, 3], rng=1)
regression = nn.Sequential(nn.Linear(4, 1, rng=0), nn.Dropout(0.5, rng=0))
optimizer = optim.SGD(model.parameters(), lr=0.1)
u = X @ W
y = softmax(u)
E = losses.cross_entropy(y, T)
"""
