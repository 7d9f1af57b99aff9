"""Batches and a training step that tests of compiled code share."""

import numpy as np

from minigrad import nn, optim
from tests.compiling import state, stepping

RULES = {
    "SGD": lambda params: optim.SGD(params, lr=0.1),
    "Momentum": lambda params: optim.Momentum(params, lr=0.1),
    "AdaGrad": lambda params: optim.AdaGrad(params, lr=0.1),
    "RMSProp": lambda params: optim.RMSProp(params, lr=0.01),
    "Adam": lambda params: optim.Adam(params, lr=0.01),
    "AdamW": lambda params: optim.AdamW(params, lr=0.01),
    "Nesterov": lambda params: optim.Nesterov(params, lr=0.1),
    "NAdam": lambda params: optim.NAdam(params, lr=0.1),
    "RAdam": lambda params: optim.RAdam(params, lr=0.01, beta2=0.8),
    "Adamax": lambda params: optim.Adamax(params, lr=0.1),
    "Adadelta": lambda params: optim.Adadelta(params, lr=0.1),
    "Lion": lambda params: optim.Lion(params, lr=0.1),
}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 3))
HOT = np.eye(2)[RNG.integers(2, size=(4, 5))]


def mlp(**options):
    return nn.MLP([3, 4, 2], rng=np.random.default_rng(1), **options)


def training(loss, rule=RULES["SGD"], make=mlp):
    """Give what makes a training step, and what it leaves."""

    def made():
        model = make()
        optimizer = rule(model.parameters())
        return stepping(model, optimizer, loss), lambda: state(model.parameters(), optimizer)

    return made
