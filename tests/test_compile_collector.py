"""Python's garbage collector, which rests while a function is compiled, and only then."""

import gc

import pytest

from minigrad import compile


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
