"""Layers and initial weights: what a network is put together from.

``base`` says what a layer is; a file a family has the layers: ``linear``, ``dropout``, ``sequential`` (one layer after
another) and ``mlp``; ``init`` draws initial weights. It imports ``engine`` and ``ops``.
"""

from minigrad.nn.dropout import Dropout
from minigrad.nn.init import he, normal, xavier
from minigrad.nn.linear import Linear
from minigrad.nn.mlp import MLP
from minigrad.nn.sequential import Sequential

__all__ = ["MLP", "Dropout", "Linear", "Sequential", "he", "normal", "xavier"]
