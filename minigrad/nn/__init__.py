"""Layers and initial weights: what a network is put together from."""

from minigrad.nn.init import he, normal, xavier
from minigrad.nn.layers import MLP, Dropout, Linear, Sequential

__all__ = ["MLP", "Dropout", "Linear", "Sequential", "he", "normal", "xavier"]
