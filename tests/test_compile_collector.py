"""Python's garbage collector, which rests while a function is compiled, and only then."""

import gc

import numpy as np
import pytest

from minigrad import compile, grad, losses, nn, optim
from minigrad.engine.node import Node


@pytest.fixture(params=[True, False], ids=["on", "off"])
def was_on(request):
    (gc.enable if request.param else gc.disable)()
    yield request.param
    gc.enable()


def test_the_collector_rests_while_a_function_is_traced(was_on):
    def f(x):
        return x * (2 if gc.isenabled() else 3)

    step = compile(f)
    assert f(1.0) == (2 if was_on else 3)
    assert step(1.0) == 3
    assert gc.isenabled() is was_on
    assert step(2.0) == 6
    assert gc.isenabled() is was_on


def test_the_collector_is_what_it_was_after_an_error(was_on):
    def f(x):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        compile(f)(1.0)
    assert gc.isenabled() is was_on


def training():
    model = nn.MLP((3, 4, 2), rng=0)
    adam = optim.Adam(model.parameters())

    def step(x, t):
        adam.zero_grad()
        E = losses.cross_entropy(model(x), t)
        E.backward()
        adam.step()
        return E

    return step, (np.ones((4, 3)), np.eye(2)[[0, 1, 0, 1]])


def second_order():
    return grad(lambda x: (grad(lambda u: (np.tanh(u) ** 2).sum())(x) ** 2).sum()), (np.ones(3),)


@pytest.mark.parametrize("make", [training, second_order])
def test_what_a_compilation_has_made_is_gone_without_the_collector(make, backend_itself):
    f, arguments = make()
    compile(f, backend=backend_itself)(*arguments)
    gc.collect()
    gc.disable()
    try:
        before = sum(type(x) is Node for x in gc.get_objects())
        for _ in range(3):
            f, arguments = make()
            compile(f, backend=backend_itself)(*arguments)
        del f
        assert sum(type(x) is Node for x in gc.get_objects()) <= before
    finally:
        gc.enable()
