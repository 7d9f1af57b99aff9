"""Layers and initial weights: what a network is put together from.

``base`` says what a layer is; a file a family has the layers: ``linear``, ``convolution``, ``pooling``,
``normalization``, ``dropout``, ``embedding`` (with places of a sequence), ``recurrent`` (of ``steps`` that count),
``attention``, ``sequential`` (one layer after another, and what all layers made of layers share), ``combining`` (layers
side by side) and ``mlp``; ``functional`` has what they compute as functions, under PyTorch's names, with ``sizes`` as
users write them; ``init`` draws
initial weights, ``freezing`` lets layers stand still, ``state`` is what a model keeps, by name, and ``summary``
the table of its layers. It imports ``engine`` and ``ops``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.engine.messages.absent import absent
from minigrad.nn.dropout import Dropout, Dropout2d
from minigrad.nn.freezing import freeze, unfreeze
from minigrad.nn.init import he, normal, xavier
from minigrad.nn.linear import Linear
from minigrad.nn.mlp import MLP
from minigrad.nn.sequential import Sequential

if TYPE_CHECKING:
    from minigrad.nn import functional
    from minigrad.nn.attention import MultiHeadAttention, TransformerBlock
    from minigrad.nn.combining import Parallel, Residual
    from minigrad.nn.convolution import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
    from minigrad.nn.embedding import Embedding, LearnedPositions, SinusoidalPositions
    from minigrad.nn.normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
    from minigrad.nn.pooling import (
        AvgPool1d,
        AvgPool2d,
        AvgPool3d,
        Flatten,
        GlobalAvgPool,
        GlobalMaxPool,
        MaxPool1d,
        MaxPool2d,
        MaxPool3d,
    )
    from minigrad.nn.recurrent import GRU, LSTM, RNN

# Layers whose file is loaded when the first of them is asked for.
_LATE = {
    name: file
    for file, names in {
        "convolution": ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
        "pooling": (
            *("AvgPool1d", "AvgPool2d", "AvgPool3d", "GlobalAvgPool", "Flatten"),
            *("MaxPool1d", "MaxPool2d", "MaxPool3d", "GlobalMaxPool"),
        ),
        "normalization": ("BatchNorm", "GroupNorm", "LayerNorm", "RMSNorm"),
        "embedding": ("Embedding", "LearnedPositions", "SinusoidalPositions"),
        "recurrent": ("GRU", "LSTM", "RNN"),
        "attention": ("MultiHeadAttention", "TransformerBlock"),
        "combining": ("Parallel", "Residual"),
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
    **{f"dropout{n}d": "It is nn.Dropout2d(rate), for any number of axes" for n in (1, 3)},
    **{f"adaptiveavgpool{n}d": "For one place write nn.GlobalAvgPool()" for n in (1, 2, 3)},
    **{f"depthwiseconv{n}d": f"It is nn.Conv{n}d(n, n, kernel, groups=n)" for n in (1, 2, 3)},
    **{f"{kind}cell": f"It is nn.{kind.upper()}(inputs, units).step(x, state)" for kind in ("rnn", "lstm", "gru")},
    "transformerencoderlayer": "It is nn.TransformerBlock(size, heads)",
    "positionalencoding": "It is nn.SinusoidalPositions(size), or nn.LearnedPositions(count, size)",
    "concatenate": "It is nn.Parallel(layer, layer)",
    "add": "It is nn.Residual(layer), or nn.Parallel(layer, layer, join=sum)",
    "modulelist": "Keep layers in a list; what trains them is nn.Sequential(*layers), or a class with parameters()",
    "moduledict": "Keep layers in a dict; a class of yours with parameters() gives what they learn",
    "gelu": "It is minigrad.gelu, a function, and a layer as it stands",
    "leakyrelu": "It is minigrad.leaky_relu, a function, and a layer as it stands",
    "elu": "It is minigrad.elu, a function, and a layer as it stands",
    "silu": "It is minigrad.silu, a function, and a layer as it stands",
    "softplus": "It is minigrad.softplus, a function, and a layer as it stands",
    "logsoftmax": "It is minigrad.log_softmax, a function, and a layer as it stands",
    "identity": "It is nn.Sequential(), or lambda x: x",
    "input": "The first layer knows its size: nn.Linear(inputs, outputs)",
    "utils": "It is minigrad.optim.clip_norm(optimizer.params, most), and clip_value",
}


def __getattr__(name: str) -> Any:
    if name == "functional":
        return import_module("minigrad.nn.functional")
    if name not in _LATE:
        raise absent("module 'minigrad.nn'", name, _MEANT, __all__)
    value = globals()[name] = getattr(import_module(f"minigrad.nn.{_LATE[name]}"), name)
    return value


__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
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
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupNorm",
    "LayerNorm",
    "LearnedPositions",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MultiHeadAttention",
    "Parallel",
    "RMSNorm",
    "Residual",
    "Sequential",
    "SinusoidalPositions",
    "TransformerBlock",
    "freeze",
    "functional",
    "he",
    "normal",
    "unfreeze",
    "xavier",
]
