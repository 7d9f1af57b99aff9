"""Why a gradient is zero, for each of the reasons, and the memory that a record holds."""

import numpy as np
import pytest

from minigrad import Tensor, debug, memory_report, no_grad, relu, sigmoid, why_zero


def leaf(data, name="w"):
    return Tensor(data, requires_grad=True, name=name)


REASONS = {
    "a dead relu": (
        lambda w: relu(w - 5),
        "is a dead relu: its inputs are at most -3, none above 0",
    ),
    "a saturated σ": (lambda w: sigmoid(w * 1000), "is saturated: at inputs from 1000 to 2000 its slope rounds to 0"),
    "a saturated tanh": (lambda w: np.tanh(w * 1000), "is saturated: at inputs from 1000 to 2000"),
    "a mask": (lambda w: w * np.array([0.0, 0.0]), "multiply(w, ndarray) is multiplied by ndarray, which is 0"),
    "a product with zeros": (lambda w: w @ np.zeros((2, 3)), "is multiplied by ndarray, which is 0"),
    "a choice": (lambda w: np.where(np.array([False, False]), w, 1.0), "has the condition False wherever a gradient"),
    "a maximum": (lambda w: np.maximum(w, 9), "maximum(w, 9) takes the other operand everywhere"),
    "an index of nothing": (lambda w: w[:0], "has nothing to work on: index(w) has no elements"),
    "an index": (lambda w: np.concatenate([w, leaf([1.0], "v")])[2:], "has w where index"),
    "parts that cancel": (lambda w: w - w * 1, "the parts from its several uses cancel"),
    "a stationary point": (lambda w: (w - np.array([1.0, 2.0])) ** 2, "has slope 0 wherever a gradient comes"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_zero_is_explained(reason):
    f, words = REASONS[reason]
    w = leaf([1.0, 2.0])
    E = f(w).sum()
    E.backward()
    np.testing.assert_array_equal(w.grad.data, [0, 0])
    assert why_zero(E, w).startswith("∂E/∂w is 0: ")
    assert words in why_zero(E, w)


ENDS = {
    "a detached branch": (lambda w, v: w.detach() * v, "the array of w detached: by .detach() or .data"),
    "data": (lambda w, v: w.data * v, "the array of w detached"),
    "a cast": (lambda w, v: w.astype(int) * v, "gives int64, which has no slope"),
    "rounding": (lambda w, v: np.floor(w) * v, "floor(w) has slope 0 everywhere"),
    "a comparison": (lambda w, v: (w * 2 > 1) * v, "no operation on the way to E reads it"),
    "no path": (lambda w, v: v * 2, "no operation on the way to E reads it"),
}


@pytest.mark.parametrize("end", ENDS)
def test_where_no_way_leads(end):
    f, words = ENDS[end]
    w, v = leaf([1.0, 2.0]), leaf([3.0, 4.0], "v")
    E = f(w, v).sum()
    E.backward()
    assert w.grad is None
    assert why_zero(E, w).startswith("There is no ∂E/∂w")
    assert words in why_zero(E, w)


def test_what_takes_no_gradient_and_what_is_not_zero():
    w, c = leaf([1.0, 2.0]), Tensor([1.0], name="c")
    assert "c requires no gradient" in why_zero((w * 2).sum(), c)
    with no_grad():
        E = (w * 2).sum()
    assert "is a constant: data, or a result in no_grad()" in why_zero(E, w)
    assert why_zero((w * np.array([0.0, 3.0])).sum(), w) == "∂E/∂w is not 0: 1 of its 2 elements, the largest 3."
    with pytest.raises(TypeError, match="why_zero: wanted a loss and a tensor"):
        why_zero(E, [1.0])


def test_the_line_is_told_within_debug():
    w, mask = leaf([1.0, 2.0]), np.zeros(2)
    with debug():
        E = (w * mask).sum()
        cast = ((w * 3).astype(int) * leaf([1.0, 1.0], "v")).sum()
    assert "is multiplied by mask, which is 0" in why_zero(E, w)
    assert " at test_why_zero.py:" in why_zero(E, w)
    assert "cast(multiply(w, 3)) at test_why_zero.py:" in why_zero(cast, w)


def test_memory_is_counted_once_by_operation_and_line():
    X, w = np.ones((50, 3)), leaf(np.ones((3, 20)))
    with debug():
        y = np.exp(X @ w)
        E = (y.reshape(-1) * y.reshape(-1)).sum()
    report = memory_report(E)
    found = {row.operation: row.bytes for row in report.rows}
    assert found == {"data": X.nbytes + w.data.nbytes, "matmul": 8000, "exp": 8000, "multiply": 8000, "sum": 8}
    assert report.bytes == sum(found.values())
    assert str(report).splitlines()[0].split() == ["bytes", "arrays", "operation", "line"]
    assert all(row.line.startswith("test_why_zero.py:") for row in report.rows if row.operation != "data")
    head, *_, hint = str(memory_report(np.exp(w).sum())).splitlines()
    assert (head.split(), hint) == (
        ["bytes", "arrays", "operation"],
        "What is computed within minigrad.debug() has its line, too.",
    )
    with pytest.raises(TypeError, match="memory_report: wanted a Tensor"):
        memory_report(X)
