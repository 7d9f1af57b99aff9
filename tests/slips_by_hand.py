"""What tests of slips do with the networks by hand."""

import pytest

from minigrad import compare
from tests.byhand import LAYERS, RECURRENT

SYMBOLS = {"sigmoid": "σ({})", "tanh": "tanh({})", "relu": "relu({})"}
layers = pytest.mark.parametrize("net", LAYERS, ids=lambda net: "-".join(net.functions))
recurrent = pytest.mark.parametrize("net", RECURRENT, ids=lambda net: f"{net.steps}-{net.every}")


def named(net, arrays, **options):
    """The first wrong key and what is said of it; all that is wrong after it follows from it."""
    result = compare(net.loss_of(), arrays, **options)
    assert result.first is not None, "no slip was seen"
    wrong = [row for row in result if not row.right]
    assert [row.key for row in wrong if not row.follows] == [result.first.key]
    assert {row.sources for row in wrong[1:]} <= {(result.first.key,)}
    return result.first.key, result.first.slip


def values_of(v):
    """The values on the way to E, without the input."""
    return {key: value for key, value in v.items() if key != "Y0"}
