"""The small network of the first pages: its picture and its formulas."""

import numpy as np

from making.showing import WIDTH, show_picture
from minigrad import Tensor, data, derive, draw, losses, nn


def make_small_loss() -> Tensor:
    """A network of one hidden layer, for three samples, and its loss."""
    X = Tensor([[0.5, -1.0], [1.0, 2.0], [-0.5, 0.3]], name="X")
    model = nn.MLP((2, 3, 1), hidden="tanh", output="identity", rng=0)
    return losses.squared_error(model(X), np.array([[1.0], [0.0], [1.0]]))


def draw_small_network() -> str:
    """Its backward graph."""
    return show_picture(
        draw(make_small_loss(), width=WIDTH), "Values along the top, gradients dashed along the bottom."
    )


def derive_small_network() -> str:
    """Its δ formulas."""
    return derive(make_small_loss()).to_html()


SAYS = {
    "en": "The same network, with the numbers of these three flowers.",
    "ja": "同じネットワークに、この 3 つのデータの値を入れたもの。",
}


def draw_start_network(lang: str = "en") -> str:
    """The network of three flowers that the start draws."""
    X, labels = data.iris()
    X, *_ = data.standardize(X)
    model = nn.MLP((4, 5, 3), hidden="sigmoid", output="softmax", rng=0)
    E = losses.cross_entropy(model(X[::50]), data.one_hot(labels, 3)[::50])
    return show_picture(draw(E, width=WIDTH, lang=lang), SAYS[lang])
