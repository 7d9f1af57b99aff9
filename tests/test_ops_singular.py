"""Operations where they have a kink or no slope, and far out: ties, zeros, NaN, saturation."""

import numpy as np
import pytest
from hypothesis import settings

from minigrad import Tensor, compile, grad, relu, vmap
from minigrad.nn.functional import max_pool2d
from minigrad.ops import elementwise, reduction
from tests.gradients import gradients
from tests.test_compile_backends import BY_PYTHON

some = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(
    ("call", "arrays", "wanted"),
    [
        (np.maximum, ([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]), ([0.5, 0, 1], [0.5, 1, 0])),
        (np.minimum, ([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]), ([0.5, 1, 0], [0.5, 0, 1])),
        (np.max, ([3.0, 1.0, 3.0, 3.0],), ([1 / 3, 0, 1 / 3, 1 / 3],)),
        (np.min, ([3.0, 1.0, 1.0],), ([0, 0.5, 0.5],)),
        (lambda x: np.max(x, axis=1), ([[2.0, 2.0], [1.0, 2.0]],), ([[0.5, 0.5], [0, 1]],)),
        (lambda x: np.max(x, axis=(0, 1), keepdims=True), ([[2.0, 2.0], [1.0, 2.0]],), ([[1 / 3, 1 / 3], [0, 1 / 3]],)),
        (np.absolute, ([-0.0, 0.0],), ([0, 0],)),
        (elementwise.relu, ([-0.0, 0.0],), ([0, 0],)),
        (np.sqrt, ([0.25],), ([1],)),
        (np.power, ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]), ([1, 0, 0], [0, 0, 0])),
        (lambda x: x**0, ([0.0, 2.0],), ([0, 0],)),
        (lambda x: x**1, ([0.0, 2.0],), ([1, 1],)),
        (lambda x: x**2, ([0.0, 2.0],), ([0, 4],)),
    ],
)
def test_at_ties_and_at_zero(call, arrays, wanted):
    arrays = [np.array(x) for x in arrays]
    for gradient, exact in zip(gradients(call, arrays, np.ones_like(call(*arrays))), wanted, strict=True):
        np.testing.assert_array_equal(gradient, exact)


def test_a_choice_with_nan_gives_nan_and_no_gradient():
    """NumPy's values; and JAX's derivatives, where PyTorch's are 1."""
    x, y = np.array([np.nan, 1.0, np.nan]), np.array([1.0, np.nan, np.nan])
    for call, arrays in ((np.maximum, (x, y)), (np.minimum, (x, y)), (elementwise.relu, (np.full(3, np.nan),))):
        assert np.isnan(call(*arrays)).all()
        for gradient in gradients(call, arrays, np.ones(3)):
            np.testing.assert_array_equal(gradient, np.zeros(3))


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    ("branch", "condition", "x"),
    [
        pytest.param(lambda x: np.sqrt(-x), lambda x: x < 0, 4.0, id="sqrt(-4)"),
        pytest.param(np.sqrt, lambda x: x > 0, 0.0, id="sqrt(0)"),
        pytest.param(np.log, lambda x: x > 0, 0.0, id="log(0)"),
        pytest.param(np.log, lambda x: x > 0, -2.0, id="log(-2)"),
        pytest.param(lambda x: 1 / x, lambda x: x != 0, 0.0, id="1 / 0"),
        pytest.param(lambda x: x / x, lambda x: x != 0, 0.0, id="0 / 0"),
        pytest.param(lambda x: x**-1, lambda x: x > 0, 0.0, id="0**-1"),
        pytest.param(lambda x: x**0.5, lambda x: x > 0, 0.0, id="0**0.5"),
        pytest.param(lambda x: x**2.5, lambda x: x > 0, 0.0, id="0**2.5"),
        pytest.param(lambda x: x**1.5, lambda x: x > 0, -2.0, id="(-2)**1.5"),
        pytest.param(lambda x: np.power(x, np.array(1.5)), lambda x: x > 0, -2.0, id="(-2)**array(1.5)"),
        pytest.param(lambda x: np.power(x, x + 0.5), lambda x: x > 0, -2.0, id="(-2)**x"),
        pytest.param(np.exp, lambda x: x < 100, 1000.0, id="exp(1000)"),
        pytest.param(lambda x: np.log(1 + np.exp(x)), lambda x: x < 100, 1000.0, id="log(1 + exp(1000))"),
        pytest.param(lambda x: x * np.log(x), lambda x: x > 0, 0.0, id="0 log(0)"),
    ],
)
@np.errstate(all="ignore")  # the branch that is not taken is computed all the same, and NumPy warns of it
def test_a_branch_not_taken_leaks_no_nan(branch, condition, x, order):
    def f(x):
        return np.where(condition(x), branch(x), x**3)

    for _ in range(order):
        f = grad(f)
    np.testing.assert_allclose(f(x), {1: 3 * x**2, 2: 6 * x, 3: 6.0}[order], rtol=1e-12)


@pytest.mark.parametrize(
    ("select", "wanted"),
    [
        pytest.param(lambda y, x: y[x > 0], [0, 0.5], id="mask"),
        pytest.param(lambda y, x: y[1], [0, 0.5], id="integer"),
        pytest.param(lambda y, x: y[np.array([1, 1])], [0, 1], id="array"),
        pytest.param(lambda y, x: np.concatenate([y, x])[1:], [1, 1.5], id="concatenate"),
        pytest.param(lambda y, x: np.stack([y, x])[1], [1, 1], id="stack"),
        pytest.param(lambda y, x: np.max(y), [0, 0.5], id="max"),
        pytest.param(lambda y, x: np.maximum(y, 0.5), [0, 0.5], id="maximum"),
        pytest.param(lambda y, x: -np.minimum(-y, -0.5), [0, 0.5], id="minimum"),
        pytest.param(lambda y, x: elementwise.relu(y - 0.5), [0, 0.5], id="relu"),
        pytest.param(lambda y, x: np.where(x > 0, y, 0), [0, 0.5], id="where"),
    ],
)
@np.errstate(all="ignore")
def test_an_element_not_selected_leaks_no_nan(select, wanted):
    """√x at 0 has an infinite slope, and at 1 that of ½; whatever leaves the first out, its gradient is 0."""
    np.testing.assert_array_equal(grad(lambda x: select(np.sqrt(x), x).sum())(np.array([0.0, 1.0])), wanted)


EXTREMES = {
    "max": (lambda x: np.max(x, axis=1), [[0, np.inf, 0], [np.inf, 0, 0]]),
    "of all": (np.max, [[0, np.inf, 0], [0, 0, 0]]),
    "min": (lambda x: np.min(x, axis=1, keepdims=True), [[np.inf, 0, 0], [0, np.inf, np.inf]]),
    "largest less smallest": (lambda x: np.ptp(x, axis=0), [[np.inf, np.inf, np.inf], [-np.inf, -np.inf, -np.inf]]),
    "not NaN": (lambda x: np.nanmax(x, axis=1), [[0, np.inf, 0], [np.inf, 0, 0]]),
    "reduce": (lambda x: np.minimum.reduce(x, axis=0), [[0, 0, 0], [np.inf, np.inf, np.inf]]),
    "norm": (lambda x: np.linalg.norm(x, np.inf, axis=1), [[0, np.inf, 0], [0, -np.inf, -np.inf]]),
    "of windows": (lambda x: max_pool2d(x[None, None], (2, 2)), [[0, np.inf, 0], [0, 0, 0]]),
    "relu": (lambda x: relu(x), [[np.inf, np.inf, np.inf], [0, 0, 0]]),
    "relu of a relu": (lambda x: relu(1.5 - relu(x)), [[-np.inf, 0, 0], [0, 0, 0]]),
    "the larger": (lambda x: np.maximum(x, 2.0), [[0, np.inf, np.inf], [0, 0, 0]]),
    "the larger of two": (lambda x: np.maximum(x[0], x[1] * [1, -4, 1]), [[np.inf, 0, np.inf], [0, -np.inf, 0]]),
    "the smaller": (lambda x: np.minimum([1.0, 4.0, 0.0], x), [[np.inf, np.inf, 0], [np.inf, np.inf, np.inf]]),
    "the larger number": (lambda x: np.fmax(x, [np.nan, 5, 0]), [[np.inf, 0, np.inf], [np.inf, 0, 0]]),
    "the smaller number": (lambda x: np.fmin(x, [np.nan, 5, 0]), [[np.inf, np.inf, 0], [np.inf, np.inf, np.inf]]),
    "within bounds": (lambda x: np.clip(x, 0.5, 2.5), [[np.inf, 0, np.inf], [0, 0, 0]]),
    "largest so far": (lambda x: np.maximum.accumulate(x, axis=1), [[np.inf, np.inf, 0], [np.inf, 0, 0]]),
    "step": (lambda x: np.heaviside([0.0, 1.0, -1.0], x), [[np.inf, 0, 0], [np.inf, 0, 0]]),
}


@pytest.mark.parametrize("backend", ["eager", "numpy", BY_PYTHON, "lanes", "second order"])
@pytest.mark.parametrize(("f", "wanted"), EXTREMES.values(), ids=EXTREMES)
@np.errstate(all="ignore")
def test_an_infinite_gradient_goes_to_the_extreme_alone(f, wanted, backend):
    """0 · ∞ is NaN; but what was not chosen has no part in an infinite gradient, as that of √ at 0 is."""
    x = np.array([[1.0, 3.0, 2.0], [0.0, -1.0, -1.0]])

    def E(x):
        return (f(x) * np.inf).sum()

    if backend == "second order":
        t = Tensor(x, requires_grad=True)
        E(t).backward(create_graph=True)
        found = t.grad.data
    elif backend == "lanes":
        found = vmap(grad(E))(x[None])[0]
    else:
        found = (grad(E) if backend == "eager" else compile(grad(E), backend=backend))(x)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("f", [np.max, np.min, lambda x: max_pool2d(x[None, None, :, None], (3, 1))])
@pytest.mark.parametrize("backend", ["eager", "numpy", BY_PYTHON])
@np.errstate(all="ignore")
def test_a_nan_that_is_the_extreme_makes_the_gradient_nan(f, backend):
    def E(x):
        return f(x).sum() * 2

    found = (grad(E) if backend == "eager" else compile(grad(E), backend=backend))(np.array([1.0, np.nan, 3.0]))
    np.testing.assert_array_equal(found, [np.nan] * 3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sqrt(x) * np.sqrt(x),
        lambda x: np.sqrt(x) ** 2,
        lambda x: x**0.5 * x**0.5,
        lambda x: np.sqrt(x) * np.sqrt(x) + np.where(x >= 0, x, 0),
    ],
)
@np.errstate(all="ignore")
def test_zero_times_infinity_is_not_quietly_zero(f):
    """x has the slope 1 also when it is written √x √x; at 0 the chain rule cannot know that, and must not say 0."""
    assert np.isnan(grad(f)(0.0))


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: np.sqrt(x) - 2, 4.0, 1 / 4),
        (lambda x: np.log(x) - np.log(4.0), 4.0, 1 / 4),
        (lambda x: x**0.5 - 2, 4.0, 1 / 4),
        (lambda x: x**-1 - 0.25, 4.0, -1 / 16),
        (lambda x: 1 / x - 0.25, 4.0, -1 / 16),
        (lambda x: x / 8.0 - 0.5, 4.0, 1 / 8),
        (lambda x: np.power(x, np.array(0.5)) - 2, 4.0, 1 / 4),
        (lambda x: np.power(np.array(4.0), x) - 2, 0.5, 2 * np.log(4)),
    ],
)
def test_a_gradient_of_exactly_zero_still_has_a_slope(f, x, slope):
    """f² with f(x) = 0: the gradient 2 f f′ is 0 at x, and the second derivative 2 f′² is not."""
    assert grad(lambda x: f(x) ** 2)(x) == 0
    np.testing.assert_allclose(grad(grad(lambda x: f(x) ** 2))(x), 2 * slope**2, rtol=1e-12)


# Far out


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("far", [40.0, 1000.0, 10_000.0])
def test_saturated_without_a_warning(kind, far):
    """The suite turns warnings into errors, so that none may come."""
    x = np.array([-far, far], kind)
    small = np.array(np.exp(-np.longdouble(far)), kind)
    for call, value, slopes in (
        (elementwise.sigmoid, [small, 1], [small, 0]),
        (reduction.softmax, [0, 1], [0, 0]),
        (reduction.log_softmax, [-2 * far, 0], [1, -1]),
    ):
        t = Tensor(x, requires_grad=True)
        y = call(t)
        np.testing.assert_allclose(y.data, np.array(value, kind), rtol=1e-3, atol=1e-30, strict=True)
        np.testing.assert_array_equal(call(x), y.data, strict=True)
        y.backward(np.array([1, 0] if call is reduction.log_softmax else [1, 1], kind))
        np.testing.assert_allclose(t.grad.data, np.array(slopes, kind), rtol=1e-3, atol=1e-30, strict=True)


@pytest.mark.parametrize(
    ("x", "wanted"),
    [([np.inf, 1.0], np.inf), ([-np.inf, 1.0], 1.0), ([-np.inf, -np.inf], -np.inf), ([np.nan, 1.0], np.nan)],
)
@pytest.mark.parametrize("backend", ["eager", "numpy", BY_PYTHON])
@np.errstate(all="ignore")
def test_a_sum_of_exponentials_of_infinities(x, wanted, backend):
    f = reduction.log_sum_exp if backend == "eager" else compile(reduction.log_sum_exp, backend=backend)
    np.testing.assert_array_equal(f(np.array(x)), wanted)
    np.testing.assert_array_equal(np.logaddexp.reduce(Tensor(x, requires_grad=True)).data, wanted)


@pytest.mark.parametrize("x", [-40.0, -36.7, -1.0, 0.0, 3.0, 30.0])
def test_sigmoid_to_full_relative_precision(x):
    np.testing.assert_allclose(elementwise.sigmoid(x), np.exp(x) / (1 + np.exp(x)), rtol=1e-15)
    np.testing.assert_allclose(grad(elementwise.sigmoid)(x), np.exp(-abs(x)) / (1 + np.exp(-abs(x))) ** 2, rtol=1e-3)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_sigmoid_is_the_same_for_every_way_in(kind):
    """Arrays, scalars and arrays without axes take different paths through the code."""
    x = np.linspace(-30, 30, 121).astype(kind)
    y = elementwise.sigmoid(x)
    np.testing.assert_array_equal([elementwise.sigmoid(kind(v)) for v in x], y)
    np.testing.assert_array_equal([elementwise.sigmoid(np.array(v)) for v in x], y)
    assert {elementwise.sigmoid(kind(1)).dtype, elementwise.sigmoid(np.array(1, kind)).dtype} == {np.dtype(kind)}


def slope_of_a_singular_matrix(create_graph):
    w = Tensor(np.zeros((2, 2)), requires_grad=True, name="w")
    np.linalg.slogdet(w)[1].backward(create_graph=create_graph)


def slope_of_dependent_columns(create_graph):
    w = Tensor(np.ones((3, 2)) * 0.0, requires_grad=True, name="w")
    np.sum(np.linalg.qr(w)[0]).backward(create_graph=create_graph)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("slope", [slope_of_a_singular_matrix, slope_of_dependent_columns])
def test_a_slope_that_needs_an_inverse_where_there_is_none_names_the_matrix(slope, create_graph):
    with pytest.raises(np.linalg.LinAlgError, match=r"w:\(\d, 2\).*Singular matrix|Singular matrix, .*\("):
        slope(create_graph)
