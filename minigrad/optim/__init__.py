"""The update rules: each class is its formula, computed in place.

g = ∂E/∂w is the gradient and η the learning rate `lr`; powers and roots are elementwise. Where a rule divides by a
root, ε stands outside it, as √h + ε, and every running value (Δw, h, m, v) starts at 0.

``base`` is what all rules share, ``descent`` and ``adaptive`` are the rules, a file a family, ``checks`` looks at what
they are given. It imports ``engine``.
"""

from minigrad.optim.adaptive import AdaGrad, Adam, AdamW, RMSProp
from minigrad.optim.base import Optimizer
from minigrad.optim.descent import SGD, Momentum

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "Momentum", "Optimizer", "RMSProp"]
