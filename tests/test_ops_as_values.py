"""Ops are values: they compare, hash and print by what they are made from."""

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.engine.node import Node
from minigrad.ops import arithmetic, elementwise, indexing, linalg, reduction, shaping
from minigrad.ops.base import Op


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: arithmetic.add, "add"),
        (lambda: elementwise.tanh, "tanh"),
        (lambda: linalg.matmul, "matmul"),
        (lambda: arithmetic.Power(3), "power(exponent=3)"),
        (lambda: reduction.Sum(0, True), "sum(axis=0, keepdims=True)"),
        (lambda: reduction.Max((0, 1)), "max(axis=(0, 1), keepdims=False)"),
        (lambda: reduction.LogSoftmax(1), "log_softmax(axis=1)"),
        (lambda: shaping.Reshape((2, -1)), "reshape(to=(2, -1))"),
        (lambda: shaping.Transpose((1, 0)), "transpose(axes=(1, 0))"),
        (lambda: indexing.Index(slice(1, None)), "index(key=slice(1, None, None))"),
        (lambda: indexing.Index((..., np.array([0, 2]))), "index(key=(Ellipsis, array([0, 2])))"),
        (lambda: indexing.Scatter(np.array([True, False]), (2,)), "scatter(key=array([ True, False]), into=(2,))"),
        (lambda: shaping.Concatenate(1), "concatenate(axis=1)"),
        (lambda: shaping.Cast("float32"), "cast(to=dtype('float32'))"),
    ],
)
def test_ops_of_equal_fields_are_equal_and_print_as_their_call(make, text):
    assert make() == make()
    assert len({make(), make()}) == 1
    assert repr(make()) == text


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (arithmetic.add, arithmetic.subtract),
        (arithmetic.Power(2), arithmetic.Power(3)),
        (reduction.Sum(0), reduction.Max(0)),
        (reduction.Sum(0), reduction.Sum(0, True)),
        (reduction.Softmax(0), reduction.LogSoftmax(0)),
        (shaping.Concatenate(0), shaping.Stack(0)),
        (indexing.Index(slice(1, 2)), indexing.Index(slice(1, 3))),
        (indexing.Index(1), indexing.Index(True)),
        (indexing.Index(1), indexing.Index(np.True_)),
        (indexing.Index([0, 1]), indexing.Index((0, 1))),
        (indexing.Index([0, 1]), indexing.Index([False, True])),
        (indexing.Index(np.array([0, 1])), indexing.Index(np.array([[0, 1]]))),
        (indexing.Scatter(0, (2, 3)), indexing.Scatter(0, (3, 2))),
        (indexing.Index(0), "index"),
    ],
)
def test_ops_that_differ_are_unequal(a, b):
    assert a != b
    assert b != a


def test_an_integer_power_of_integers_differs_from_a_float_power():
    """They give other dtypes, so that one may not stand in for the other."""
    x = np.arange(3)
    assert arithmetic.Power(2)(x).dtype != arithmetic.Power(2.0)(x).dtype
    assert arithmetic.Power(2) != arithmetic.Power(2.0)


def test_an_op_keeps_its_own_index():
    """Whoever changes the array of an index after it was used does not change the gradient."""
    x, rows_taken = Tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([0, 1])
    y = x[rows_taken].sum()
    rows_taken[:] = 2
    y.backward()
    np.testing.assert_array_equal(x.grad.data, [1, 1, 0])


def test_an_op_that_does_not_say_its_value_or_shape_is_an_error():
    class Nothing(Op):
        name = "nothing"

    with pytest.raises(NotImplementedError, match="nothing: an Op must define forward"):
        Nothing()(np.ones(3))
    with pytest.raises(NotImplementedError, match="nothing: an Op must define shape"):
        Nothing()(Node(shape=(3,)))
