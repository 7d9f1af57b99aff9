"""The update rules: each class is its formula, computed in place.

g = ∂E/∂w is the gradient and η the learning rate `lr`; powers and roots are elementwise. Where a rule divides by a
root, ε stands outside it, as √h + ε (but in Adadelta), and every running value (Δw, h, m, v) starts at 0.

``base`` is what all rules share, with its ``rows``, one a parameter, and ``held`` places for arrays that never change;
``descent``, ``adaptive`` and ``moments`` are the rules, a file a family, and ``lbfgs`` one that asks for E itself,
along a line (``line_search``). ``checks`` looks at what they are given, ``groups`` makes one of several, ``clipping``
cuts gradients down that are too large. ``formula`` is the way to a rule's formula, which ``reading`` reads from the
code that runs, ``order`` puts in a book's order and ``update_lines`` write. It imports ``engine``, and for formulas
``notation`` and ``algebra``.
"""

from typing import Any

from minigrad.engine.messages.absent import absent
from minigrad.optim.adaptive import AdaGrad, Adam, AdamW, RMSProp
from minigrad.optim.base import Optimizer
from minigrad.optim.clipping import clip_norm, clip_value
from minigrad.optim.descent import SGD, Lion, Momentum, Nesterov
from minigrad.optim.groups import Groups
from minigrad.optim.lbfgs import LBFGS
from minigrad.optim.moments import Adadelta, Adamax, NAdam, RAdam

_MEANT = {
    "rmsprop": "It is optim.RMSProp",
    "lr_scheduler": "It is minigrad.callbacks, given to fit; or set optimizer.lr between steps",
    **dict.fromkeys(("clip_grad_norm_", "clip_by_global_norm"), "It is optim.clip_norm(optimizer.params, most)"),
    **dict.fromkeys(("clip_grad_value_", "clip"), "It is optim.clip_value(optimizer.params, most)"),
    **dict.fromkeys(("param_groups", "multi_transform"), "It is optim.Groups(SGD(first, lr=0.1), SGD(rest, lr=0.01))"),
    "adagrad": "It is optim.AdaGrad",
}


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.optim'", name, _MEANT, __all__)


__all__ = [
    "LBFGS",
    "SGD",
    "AdaGrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "Adamax",
    "Groups",
    "Lion",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "clip_norm",
    "clip_value",
]
