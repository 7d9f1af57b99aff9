"""An update rule is read once for parameters that are alike: code and steps are those of reading it for each."""

import numpy as np
import pytest

from minigrad import Tensor, optim
from minigrad.compiler.trace import updating
from tests.compiling import as_code, each_backend, running

RULES = [optim.SGD, optim.Momentum, optim.Adam, optim.AdamW, optim.RMSProp, optim.AdaGrad, optim.Nesterov, optim.Lion]


def trained(rule, backend, steps=3):
    """Parameters of three kinds, scalars among them, one without a gradient and one that is used twice."""
    rng = np.random.default_rng(0)
    shapes = [(3, 3)] * 6 + [()] * 5 + [(3,)] * 2
    params = [Tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes]
    params += [Tensor(rng.normal(size=(3, 3)).astype(np.float32), requires_grad=True) for _ in range(5)]
    optimizer = rule(params, lr=0.05)

    def step(x):
        optimizer.zero_grad()
        y = x
        for p in [*params[:5], params[0], *params[6:]]:
            y = np.tanh(y @ p if p.ndim == 2 else y * p)
        E = (y**2).sum()
        E.backward()
        optimizer.step()
        return E

    code = as_code(step, backend) if backend else step
    losses = [float(np.asarray(code(np.ones((2, 3))).data)) for _ in range(steps)]
    return [np.array(losses), *(p.data for p in params)], code


@each_backend
@pytest.mark.parametrize("rule", RULES)
def test_alike_parameters_move_as_they_do_eagerly(rule, backend):
    right, _ = trained(rule, None)
    with running(backend):
        found, _ = trained(rule, backend)
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)  # some are float32


@pytest.mark.parametrize("rule", RULES)
def test_the_code_is_that_of_reading_the_rule_for_each(rule, monkeypatch):
    _, once = trained(rule, "numpy", 1)
    monkeypatch.setattr(updating, "FEW", 1000)
    _, each = trained(rule, "numpy", 1)
    assert once.source == each.source


def test_a_rule_of_ones_own_is_called_for_each_parameter():
    """It may look at more than it is given: here each parameter moves by another number."""
    rates = iter(np.tile([0.1, 0.2, 0.3, 0.4, 0.5], 4))  # of two traces, and of two calls

    class Uneven(optim.SGD):
        def _update(self, w, g, eta, buf, state):
            w -= g * next(rates)

    params = [Tensor(np.ones(2), requires_grad=True) for _ in range(5)]
    optimizer = Uneven(params, lr=0.1)

    def step(x):
        optimizer.zero_grad()
        E = sum((p * x).sum() for p in params)
        E.backward()
        optimizer.step()
        return E

    as_code(step, "numpy")(np.ones(2))
    np.testing.assert_allclose([p.data[0] for p in params], [0.9, 0.8, 0.7, 0.6, 0.5])


def test_the_rule_is_called_once_for_many(monkeypatch):
    calls = []
    move = optim.Adam._move
    monkeypatch.setattr(optim.Adam, "_move", lambda self, *given: (calls.append(self), move(self, *given))[1])
    trained(optim.Adam, "numpy", 1)
    assert len(calls) == 2 * (1 + 1 + 2 + 1)  # in each of two traces: matrices, scalars, two vectors, float32
