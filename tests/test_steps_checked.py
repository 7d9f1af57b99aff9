"""Every step of every line is equal to it, in each format and for each operation; mistakes are caught."""

import numpy as np
import pytest
from latex2mathml.converter import convert

from minigrad import Tensor, derive, sigmoid, softmax, sums_to_one
from minigrad.algebra import polynomial
from minigrad.algebra.graph import evaluate
from minigrad.derivation.reasons import laws
from minigrad.derivation.reasons.ways import MOST
from minigrad.engine.node import order_nodes
from tests.derived_networks import NETWORKS as NAMED
from tests.networks import NETWORKS, mlp
from tests.samples import SAMPLES


def classification():
    loss, given = mlp()
    return derive(loss, given=given)


def every_line():
    for derived, _ in NAMED.values():
        yield from derived()
    for network in NETWORKS:
        loss, given = network()
        yield from derive(loss, given=given, fold=False)


def test_every_step_of_every_line_is_equal_to_it_and_the_last_is_the_line():
    count = 0
    for line in every_line():
        steps = line.steps()
        count += len(steps)
        assert len(steps) <= MOST
        assert max(steps.check()) < 1e-8, line
        assert steps[-1].expression is line.ways.formula[line.target]
        assert all(step.rule or step.equations for step in steps)
        assert f"= {line.formula}" in str(steps).splitlines()[-1]
    assert count > 300


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("notation", ["matrix", "index", "text"])
def test_other_parsers_read_every_format(network, notation):
    loss, given = network()
    for line in derive(loss, given=given):
        steps = line.steps()
        tex = steps.to_latex(notation)
        assert tex.count("&=") == len(steps)
        assert "merror" not in convert(tex)
        assert steps.to_markdown(notation).count("\n") == len(steps) + 1
        assert steps.to_html(notation).count("<tr>") == len(steps)
        assert notation != "text" or steps.to_text(notation).isascii()


def test_the_laws_that_are_told_are_true():
    rng = np.random.default_rng(0)
    told = [laws.CANCEL, laws.OPEN, laws._MOVE, laws._TURN]
    for ((left, right),) in told:
        known = {x: rng.normal(size=x.shape) for x in order_nodes([left, right]) if x.op is None}
        one, other = evaluate([left, right], known)
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_wrong_derivative_is_caught_by_the_steps(monkeypatch):
    monkeypatch.setattr(sigmoid, "vjps", (lambda op, g, y, x: g * y * (1 + y),))
    by_symbol = {line.symbol: line.check_steps() for line in classification()}
    assert max(by_symbol.pop("δ₁")) > 1e-3
    assert max(max(found) for found in by_symbol.values()) < 1e-8


def test_a_wrong_rule_of_algebra_is_caught_by_the_steps(monkeypatch):
    """The line is wrong with it; the steps before the rule came in are not."""
    honest = polynomial._canceled
    monkeypatch.setattr(polynomial, "_canceled", lambda terms: [(2 * c, factors) for c, factors in honest(terms)])
    assert max(classification()[0].check_steps()) > 1e-3


def test_where_the_raw_gradient_is_not_finite_the_steps_are_checked_elsewhere():
    """T / Y is 0 / 0 where softmax underflows, and Y − T is exact."""
    X = Tensor(np.array([[1.0], [800.0]]), name="X")
    W = Tensor(np.array([[0.0, 1.0]]), requires_grad=True, name="W")
    T = Tensor(np.eye(2), name="T")
    with np.errstate(all="ignore"):
        loss = -(T * np.log(softmax(X @ W))).sum()
        line = derive(loss, given=[sums_to_one(T)])[0]
    chain, *others = line.check_steps()
    assert np.isnan(chain)
    assert max(others) < 1e-12
    assert len(others) == 4


def test_an_unknown_notation():
    with pytest.raises(ValueError, match="'matrix', 'index', 'text', not 'tensor'"):
        classification()[0].steps().to_latex("tensor")


@pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
def test_every_operation_has_steps_that_are_true(row):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "abc", strict=False)]
    y = row.call(*xs)
    derivation = derive((np.cos(1.0 + np.arange(y.size)).reshape(y.shape) * y).sum(), general=True, forward=True)
    for line in [*derivation.forward_lines, *derivation]:
        assert max(line.check_steps()) < 1e-6
    assert derivation.to_text("text", steps=True).isascii()
