"""Layers and initial weights: what a network is put together from.

``base`` says what a layer is; a file a family has the layers: ``linear``, ``dropout``, ``sequential`` (one layer after
another) and ``mlp``; ``init`` draws initial weights. It imports ``engine`` and ``ops``.
"""

from typing import Any

from minigrad.engine.absent import absent
from minigrad.nn.dropout import Dropout
from minigrad.nn.init import he, normal, xavier
from minigrad.nn.linear import Linear
from minigrad.nn.mlp import MLP
from minigrad.nn.sequential import Sequential

_MEANT = {
    "dense": "It is nn.Linear(inputs, outputs)",
    "relu": "It is minigrad.relu, a function, and a layer as it stands",
    "sigmoid": "It is minigrad.sigmoid, a function, and a layer as it stands",
    "softmax": "It is minigrad.softmax, a function, and a layer as it stands",
    "tanh": "It is np.tanh, a function, and a layer as it stands",
    "module": "A layer is any callable; with parameters(), what it learns is found",
    "crossentropyloss": "It is minigrad.losses.softmax_cross_entropy(u, t), on logits",
    "mseloss": "It is minigrad.losses.squared_error(y, t), half the sum of squares",
    "parameter": "It is minigrad.Tensor(data, requires_grad=True)",
}


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.nn'", name, _MEANT, __all__)


__all__ = ["MLP", "Dropout", "Linear", "Sequential", "he", "normal", "xavier"]
