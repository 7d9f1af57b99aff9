"""Powers near their singular points, the tails of σ and tanh, long double, and what is no array of numbers."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from minigrad import Tensor, grad, sigmoid
from minigrad.compiler.api import compile
from minigrad.ops.elementwise import table_by_dtype


def power(a, b):
    return a**b


def mixed(f, *argnums):
    for i in argnums:
        f = grad(f, i)
    return f


# ∂ᵐ⁺ⁿ(aᵇ)/∂aᵐ∂bⁿ by hand, each also in the other orders of differentiation.
DERIVATIVES = [
    ((0, 1), lambda a, b: a ** (b - 1) * (1 + b * np.log(a))),
    ((1, 0), lambda a, b: a ** (b - 1) * (1 + b * np.log(a))),
    ((0, 0), lambda a, b: b * (b - 1) * a ** (b - 2)),
    ((1, 1), lambda a, b: a**b * np.log(a) ** 2),
    ((0, 0, 1), lambda a, b: a ** (b - 2) * (2 * b - 1 + b * (b - 1) * np.log(a))),
    ((0, 1, 0), lambda a, b: a ** (b - 2) * (2 * b - 1 + b * (b - 1) * np.log(a))),
    ((1, 0, 0), lambda a, b: a ** (b - 2) * (2 * b - 1 + b * (b - 1) * np.log(a))),
    ((0, 1, 1), lambda a, b: a ** (b - 1) * np.log(a) * (2 + b * np.log(a))),
]


@pytest.mark.parametrize(("argnums", "right"), DERIVATIVES)
@pytest.mark.parametrize("b", [0.0, 1.0, 2.0, -1.0, 0.5])
def test_every_derivative_of_a_power_holds_where_the_exponent_vanishes(argnums, right, b):
    assert float(mixed(power, *argnums)(3.0, b)) == pytest.approx(right(3.0, b), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_compiled_power_has_the_same_derivatives(backend):
    f = compile(lambda a, b: mixed(lambda u, v: (u**v).sum(), 0)(a, b), backend=backend)
    a, b = np.array([3.0, 0.0, 2.0, 0.0]), np.array([0.0, 0.0, 1.0, 2.0])
    assert np.array_equal(f(a, b), [0, 0, 1, 0])
    g = compile(grad(lambda b: (grad(lambda u: (u**b).sum())(np.array([3.0, 2.0]))).sum()), backend=backend)
    assert np.allclose(g(np.array([0.0, 1.0])), [1 / 3, 1 + np.log(2)], rtol=1e-14)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("exponents", [np.uint8, np.int64, np.float32, np.float64])
def test_a_powers_slope_takes_exponents_of_every_kind(kind, exponents):
    a = Tensor(np.array([100, 3, 0, 0], kind), requires_grad=True)
    (a ** np.array([0, 2, 0, 1], exponents)).sum().backward()
    assert a.grad.dtype == kind
    assert np.array_equal(a.grad.data, [0, 6, 0, 1])


def test_the_tails_of_sigmoid_and_tanh_are_as_good_as_the_docstring_says():
    x = np.array([-700.0, -40.0, -5.0, 5.0, 15.0])
    assert np.allclose(grad(lambda x: sigmoid(x).sum())(x)[:3], np.exp(x[:3]) / (1 + np.exp(x[:3])) ** 2, rtol=1e-15)
    found, right = grad(lambda x: np.tanh(x).sum())(x[2:]), 1 / np.cosh(x[2:]) ** 2
    assert np.all(abs(found - right) <= 2 * np.finfo(float).eps)
    exact = grad(lambda x: (2 * np.log(sigmoid(x) * sigmoid(-x))).sum())  # the way out, differentiated once more
    assert np.all(np.isfinite(exact(x)))


def test_of_two_kinds_that_are_one_dtype_the_first_keeps_its_place():
    twins = (np.int64, np.longlong) if np.dtype(np.int64).char != np.dtype(np.longlong).char else (np.intc, np.int_)
    if np.dtype(twins[0]) != np.dtype(twins[1]):
        pytest.skip("no two kinds of integers are one dtype here")
    table = table_by_dtype(twins, lambda kind: np.array(1, kind))
    assert [x.dtype.char for x in table.values()] == [np.dtype(twins[0]).char]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_sigmoid_keeps_the_kind_it_is_given(kind):
    y = sigmoid(np.array([0, 1], kind))
    assert y.dtype.char == np.dtype(kind).char


REFUSED = {
    "MaskedArray": np.ma.array([1.0, 2.0], mask=[False, True]),
    "matrix": np.ones((1, 2)).view(np.matrix),
    "Fraction": Fraction(1, 2),
    "Decimal": Decimal(1),
    "objects": np.array([1.0, 2.0], object),
    "list of objects \\(Fraction\\)": [Fraction(1, 2), 1],
    "ndarray of objects \\(Fraction\\)": np.array([Fraction(1, 2), 1], object),
    "datetime64": np.datetime64("2020-01-01"),
    "timedelta64": np.array([1, 2], "m8[D]"),
    "<U1": np.array(["a", "b"]),
}
OPERATIONS = {
    "multiply": lambda t, b: t * b,
    "subtract": lambda t, b: t - b,
    "matmul": lambda t, b: t @ b,
    "power": lambda t, b: t**b,
    "greater": lambda t, b: t > b,
    "where": lambda t, b: np.where(b, t, 0.0),
    "maximum": np.maximum,
    "stack": lambda t, b: np.stack([t, b]),
}


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("named", REFUSED)
def test_what_is_no_array_of_numbers_is_refused_by_name_at_the_operation(named, operation, recorded):
    t = Tensor([1.0, 2.0], requires_grad=recorded)
    with pytest.raises(TypeError, match=named) as caught:
        OPERATIONS[operation](t, REFUSED[named])
    assert str(caught.value).startswith(f"{operation}")


@pytest.mark.parametrize("named", REFUSED)
def test_it_is_refused_as_data_as_an_argument_and_in_compiled_code(named):
    x = REFUSED[named]
    with pytest.raises(TypeError, match=named):
        Tensor(x)
    with pytest.raises(TypeError, match=r"multiply: .*" + named):
        compile(lambda v: np.stack([v, v]).sum() * x)(np.ones(2))


def test_sparse_matrices_are_refused_with_what_to_write_instead():
    sparse = pytest.importorskip("scipy.sparse")
    w = Tensor([1.0, 2.0], requires_grad=True)
    for x in (sparse.csr_matrix(np.eye(2)), sparse.coo_array(np.eye(2))):
        with pytest.raises(TypeError, match=rf"matmul: wanted an array of numbers, not a {type(x).__name__}.*toarray"):
            w @ x
        with pytest.raises(TypeError, match="would lose it"):
            x @ w


def test_objects_are_refused_from_the_left_too():
    w = Tensor([1.0, 2.0], requires_grad=True)
    for x in (Fraction(1, 2), np.array([Fraction(1, 2), 1], object), np.ones((1, 2)).view(np.matrix)):
        with pytest.raises(TypeError, match="multiply: wanted"):
            x * w


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(("dtype", "c"), [(np.float64, 1e300), (np.float64, 1e-300), (np.float32, 1e30)])
def test_products_with_numbers_overflow_in_no_code_that_do_not_as_written(dtype, c, exact, backend_itself):
    """(x 1e300) 1e300 is x 1e600 to a compiler that may reorder sums, and no number is as large as that."""
    x = np.array([0.5, 1.5, -1.0], dtype) / dtype(c)
    calls = [
        lambda x: x * c * c,
        lambda x: c * (x * -c),
        lambda x: (x * c).sum() * c,
        lambda x: (x * c * c).sum(),
        lambda x: x / (1 / c) / (1 / c),
    ]
    for f in calls:
        np.testing.assert_allclose(compile(f, backend=backend_itself, exact=exact)(x), f(x), rtol=1e-6)
    f = lambda x, a, b: (x * a) * b  # noqa: E731
    np.testing.assert_allclose(compile(f, backend=backend_itself, exact=exact)(x, c, c), f(x, c, c), rtol=1e-6)
