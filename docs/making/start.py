"""The small network of the first pages: its picture and its formulas."""

import numpy as np

from making.showing import show_picture
from minigrad import Tensor, derive, draw, losses, nn


def make_loss() -> Tensor:
    """A network of one hidden layer, for three samples, and its loss."""
    X = Tensor([[0.5, -1.0], [1.0, 2.0], [-0.5, 0.3]], name="X")
    model = nn.MLP((2, 3, 1), hidden="tanh", output="identity", rng=0)
    return losses.squared_error(model(X), np.array([[1.0], [0.0], [1.0]]))


def draw_small_network() -> str:
    """Its backward graph."""
    return show_picture(draw(make_loss()), "Values along the top, gradients dashed along the bottom.")


def derive_small_network() -> str:
    """Its δ formulas."""
    return derive(make_loss()).to_html()
