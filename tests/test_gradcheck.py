"""gradcheck: it passes what is right, and says what is wrong, and where."""

import numpy as np
import pytest

from minigrad import Tensor, gradcheck, relu, sigmoid
from minigrad.engine.debugging.gradcheck import GradientError
from minigrad.ops.base import Elementwise

x = np.array([[0.3, -1.2], [0.7, 2.0]])


def wrong(derivative):
    """sin, with a derivative of our own."""
    return Elementwise("wrong", np.sin, derivative, text="wrong({x})")


@pytest.mark.parametrize(
    ("f", "arrays"),
    [
        (np.sin, (x,)),
        (lambda a, b: np.exp(a) @ b, (x, x[0])),
        (lambda a, b: (a * b).sum(), (x, np.array([2.0]))),
        (lambda a: sigmoid(a) / (1 + a * a), (np.float64(0.3),)),
        (lambda a: a * 1e6, (x,)),
        (lambda a: a * 1e-6, (x,)),
        (lambda a: np.exp(a), (x * 10,)),
        (lambda a: a.sum(axis=0), (np.ones((0, 3)),)),
        (lambda a: a * 0.0, (x,)),
        (lambda a: Tensor(3.0), (x,)),
        (lambda: Tensor(3.0), ()),
        (lambda a: np.tanh(a), (x.astype(np.float32),)),
        (lambda a, b: a * b, (x.astype(np.float32), x)),
        (lambda a: a**3, (x.astype(np.float16),)),
        (lambda a: relu(a), (x,)),
        (lambda a: np.sign(a), (x,)),
    ],
)
def test_passes_what_is_right(f, arrays):
    assert gradcheck(f, *arrays) is True


def test_the_arrays_are_left_alone():
    kept = x.copy()
    gradcheck(lambda a: a * a, kept)
    np.testing.assert_array_equal(kept, x)


@pytest.mark.parametrize("scale", [1e8, 1.0, 1e-4, 1e-9])
@pytest.mark.parametrize(
    "derivative",
    [
        lambda y, x: np.sin(x),
        lambda y, x: -np.cos(x),
        lambda y, x: 1.001 * np.cos(x),
        lambda y, x: 0 * x,
        lambda y, x: np.cos(x) + 0.01,
        lambda y, x: np.where(x > 1, 0, np.cos(x)),
    ],
)
def test_catches_a_wrong_rule(derivative, scale):
    """However small the gradient is: a derivative 0 of a function that is not constant is 100 % wrong."""
    op = wrong(derivative)
    with pytest.raises(GradientError, match="the gradient and finite differences disagree"):
        gradcheck(lambda a: op(a) * scale, x, atol=1e-8 * min(scale, 1))


def test_the_tolerances_are_those_that_were_given():
    op = wrong(lambda y, x: np.cos(x) * 1.01)
    assert gradcheck(op, x, rtol=0.02)
    with pytest.raises(GradientError):
        gradcheck(op, x, rtol=0.001)


def test_catches_a_gradient_that_was_lost_on_the_way():
    for f in (
        lambda a: a * a.data,
        lambda a: a * a.detach(),
        lambda a: a.detach(),
        lambda a: a + np.asarray(a.data) ** 2,
    ):
        with pytest.raises(GradientError, match="input 0"):
            gradcheck(f, x)


def test_one_wrong_element_among_large_ones():
    op = wrong(lambda y, x: np.where(x > 1, 0, np.cos(x)))
    with pytest.raises(GradientError, match=r"input 0, element \(1, 1\)"):
        gradcheck(lambda a: op(a) * np.array([[1e4, 1e4], [1e4, 1.0]]), x)


def test_names_the_input_and_the_element_with_both_values():
    op = wrong(lambda y, x: np.where(x > 1, 0, np.cos(x)))
    with pytest.raises(GradientError) as caught:
        gradcheck(lambda b, a: (b * op(a)).sum(), np.array(2.0), x)
    assert str(caught.value) == (
        "gradcheck: the gradient and finite differences disagree\n"
        "input 1, element (1, 1): analytic 0, numeric -0.83229367"
    )


def test_a_long_list_is_cut():
    op = wrong(lambda y, x: 0 * x)
    with pytest.raises(GradientError, match="… and 15 more"):
        gradcheck(lambda a: op(a).sum(), np.full((5, 5), 0.5))


@pytest.mark.parametrize(
    ("f", "at", "message"),
    [
        (np.absolute, 0.0, r"analytic 0, numeric 0; a kink: slope -1 from the left, 1 from the right, a subgradient"),
        (relu, 0.0, "a kink: slope 0 from the left, 1 from the right, a subgradient"),
        (lambda a: np.maximum(a, 0.5), 0.5, r"analytic 0\.5, numeric 0\.5; a kink.* a subgradient"),
        (lambda a: relu(a) * 5.0 - a, 0.0, "a kink: slope -1 from the left, 4 from the right, a subgradient"),
        (
            Elementwise("v", np.absolute, lambda y, x: 3 + 0 * x, text="v({x})"),
            0.0,
            "analytic 3, numeric 0; a kink.*lies outside them: wrong at the kink too",
        ),
    ],
)
def test_labels_a_kink(f, at, message):
    with pytest.raises(GradientError, match=r"input 0, element \(\): .*" + message):
        gradcheck(f, np.array(at))


def test_a_gradient_of_the_wrong_dtype():
    op = Elementwise("cast", lambda x: x * 1, lambda y, x: np.ones(x.shape), text="cast({x})")
    with pytest.raises(GradientError, match=r"input 0: the gradient must be float32 \(2, 2\), not float64"):
        gradcheck(op, x.astype(np.float32))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: gradcheck(np.sin, np.arange(3)), r"wanted floating-point or complex arrays, not \['int64'\]"),
        (lambda: gradcheck(lambda a: a.data, x), "f must return a Tensor, not ndarray; is the gradient lost in it"),
        (lambda: gradcheck(lambda a: a.item(), np.array(1.0)), "f must return a Tensor, not float"),
    ],
)
def test_refused(run, message):
    with pytest.raises(TypeError, match=message):
        run()


def test_the_directions_are_drawn_from_rng():
    """A seed and a Generator give the same draws; the verdict is the same for all."""
    for rng in (0, 1, None, np.random.default_rng(3)):
        assert gradcheck(lambda a: np.sin(a) * a, x, rng=rng)
