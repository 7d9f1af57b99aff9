"""Layers and initial weights: what a network is put together from.

``layers`` has a class for each layer, ``init`` a function for each way to draw weights. It imports ``engine``, ``ops``.
"""

from minigrad.nn.init import he, normal, xavier
from minigrad.nn.layers import MLP, Dropout, Linear, Sequential

__all__ = ["MLP", "Dropout", "Linear", "Sequential", "he", "normal", "xavier"]
