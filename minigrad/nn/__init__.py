"""Layers and initial weights: what a network is put together from.

``base`` says what a layer is; a file a family has the layers: ``linear``, ``convolution``, ``pooling``,
``normalization``, ``dropout``, ``sequential`` (one layer after another) and ``mlp``; ``functional`` has what they
compute as functions, under PyTorch's names; ``init`` draws initial weights, ``summary`` is the table of a model's
layers, ``model_card`` shows a model in a notebook. It imports ``engine`` and ``ops``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.engine.absent import absent
from minigrad.nn.dropout import Dropout
from minigrad.nn.init import he, normal, xavier
from minigrad.nn.linear import Linear
from minigrad.nn.mlp import MLP
from minigrad.nn.sequential import Sequential

if TYPE_CHECKING:
    from minigrad.nn import functional
    from minigrad.nn.convolution import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
    from minigrad.nn.normalization import BatchNorm, GroupNorm, LayerNorm
    from minigrad.nn.pooling import AvgPool1d, AvgPool2d, AvgPool3d, Flatten, MaxPool1d, MaxPool2d, MaxPool3d

# Layers whose file is loaded when the first of them is asked for.
_LATE = {
    name: file
    for file, names in {
        "convolution": ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
        "pooling": ("AvgPool1d", "AvgPool2d", "AvgPool3d", "Flatten", "MaxPool1d", "MaxPool2d", "MaxPool3d"),
        "normalization": ("BatchNorm", "GroupNorm", "LayerNorm"),
    }.items()
    for name in names
}

_MEANT = {
    **{f"batchnorm{n}d": "It is nn.BatchNorm(channels), for any number of axes" for n in (1, 2, 3)},
    "dense": "It is nn.Linear(inputs, outputs)",
    "relu": "It is minigrad.relu, a function, and a layer as it stands",
    "sigmoid": "It is minigrad.sigmoid, a function, and a layer as it stands",
    "softmax": "It is minigrad.softmax, a function, and a layer as it stands",
    "tanh": "It is np.tanh, a function, and a layer as it stands",
    "module": "A layer is any callable; with parameters(), what it learns is found",
    "crossentropyloss": "It is minigrad.losses.softmax_cross_entropy(u, t), on logits",
    "mseloss": "It is minigrad.losses.squared_error(y, t), half the sum of squares",
    "parameter": "It is minigrad.Tensor(data, requires_grad=True)",
    "nllloss": "It is minigrad.losses.cross_entropy(y, t), on probabilities",
    "bceloss": "It is minigrad.losses.binary_cross_entropy(y, t), on probabilities",
    "bcewithlogitsloss": "It is minigrad.losses.sigmoid_cross_entropy(u, t), on logits",
    "l1loss": "It is minigrad.losses.absolute_error(y, t)",
    "dropout2d": "It is nn.Dropout(rate)",
    "embedding": "Write W[numbers], for a Tensor W of one row each",
    "utils": "It is minigrad.optim.clip_norm(optimizer.params, most), and clip_value",
    **dict.fromkeys(("rnn", "lstm", "gru"), "Write its step in Python, and loop over time"),
}


def __getattr__(name: str) -> Any:
    if name == "functional":
        return import_module("minigrad.nn.functional")
    if name not in _LATE:
        raise absent("module 'minigrad.nn'", name, _MEANT, __all__)
    value = globals()[name] = getattr(import_module(f"minigrad.nn.{_LATE[name]}"), name)
    return value


__all__ = [
    "MLP",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BatchNorm",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Dropout",
    "Flatten",
    "GroupNorm",
    "LayerNorm",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Sequential",
    "functional",
    "he",
    "normal",
    "xavier",
]
