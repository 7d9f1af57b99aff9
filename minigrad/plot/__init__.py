"""Plots by Matplotlib, one call each, in one style, light or dark, labeled in English or Japanese; the extra `plot`.

Each function draws into the axes that it is given, or those of a new figure, and gives them back, so that a title or
a limit is Matplotlib's own next line.

``contours`` draws the loss over two parameters, whose values a ``surface`` computes, and the paths of optimizers;
``regions`` what a network takes each point of a plane for; ``flow`` how large δ is in each layer; ``weights`` how the
parameters are spread; ``confusion`` which classes are taken for which; ``curves`` what a training came to; ``tiles``
filters, their gradients and attention as shades. ``theme`` has the colors and fonts, ``words`` the labels.
"""

from typing import Any

from minigrad.engine.messages.absent import absent
from minigrad.plot.confusion import confusion_matrix
from minigrad.plot.contours import landscape
from minigrad.plot.curves import learning_curves
from minigrad.plot.flow import gradient_flow, measure_deltas
from minigrad.plot.regions import decision_regions
from minigrad.plot.surface import descend
from minigrad.plot.tiles import matrices
from minigrad.plot.weights import weight_histograms

__all__ = [
    "confusion_matrix",
    "decision_regions",
    "descend",
    "gradient_flow",
    "landscape",
    "learning_curves",
    "matrices",
    "measure_deltas",
    "weight_histograms",
]

_MEANT = {
    "history": "It is history.plot(), or plot.learning_curves(history)",
    "contour": "It is plot.landscape(E, w1, w2)",
    "histogram": "It is plot.weight_histograms(model)",
    "plot": "Draw curves by Matplotlib; of a training it is plot.learning_curves(history), of a loss minigrad.draw(E)",
    "loss": "It is plot.learning_curves(history)",
    "graph": "It is minigrad.draw(E)",
    "network": "It is minigrad.draw(E)",
    "imshow": "It is plot.matrices({'filters': W})",
    "attention": "It is plot.matrices({'attention': A})",
    "filters": "It is plot.matrices({'filters': W})",
}


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.plot'", name, _MEANT, __all__)
