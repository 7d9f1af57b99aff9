"""Kinds of numbers: integers, truth values, masks, Python numbers and infinities, eagerly and as code.

Eagerly NumPy is the judge. As code a function gives what it gives eagerly: of integers and truth values bit for bit.
"""

import warnings

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, log_softmax, sigmoid, softmax
from minigrad.algebra.graph import evaluate
from minigrad.algebra.rewrite import rewrite
from minigrad.algebra.simplify import EXACT_RULES
from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.node import Node
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import relu, softplus
from minigrad.ops.linalg import LogLikelihood
from minigrad.ops.reduction import log_sum_exp
from tests.compiling import as_code, each_backend, running
from tests.fuzz import check as fuzz
from tests.rule_samples import SAMPLES as RULE_SAMPLES
from tests.samples import SAMPLES

DTYPES = ["bool", "uint8", "int8", "int64", "float16", "float32", "float64"]
A = np.array
U8, F32 = np.uint8, np.float32


def value(f, *arguments):
    """What a function gives or raises, as an array or the error's kind."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            x = f(*arguments)
        except (TypeError, ValueError, OverflowError) as error:
            return "a type" if isinstance(error, TypeError) else "a value"
    return np.asarray(x.data if isinstance(x, Tensor) else x)


def assert_equal(found, expected):
    """Equal in dtype and shape; bit for bit where they are no floats, and up to rounding where they are."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
        return
    rounding = 8 * np.finfo(expected.dtype).eps
    np.testing.assert_allclose(found, expected, rtol=rounding, atol=rounding)


def described_kinds():
    """Every row of the table of operations with every kind of inputs, Python numbers included."""
    for sample in SAMPLES:
        for dtype in DTYPES:
            yield pytest.param(sample, dtype, False, id=f"{sample}-{dtype}")
        if () in sample.shapes and sample.op is not LogLikelihood:  # which is of arrays
            yield pytest.param(sample, "float32", True, id=f"{sample}-number")


@pytest.mark.parametrize(("sample", "dtype", "numbers"), list(described_kinds()))
def test_a_node_has_the_dtype_of_its_forward(sample, dtype, numbers):
    inputs = [x.item() if numbers and not x.shape else x for x in map(A, sample.arrays(dtype))]
    if len(inputs) > 1 or not numbers:
        given = [Tensor(x) if np.ndim(x) or not numbers else x for x in inputs]
    else:
        given = [Tensor(A(inputs[0]))]  # which nothing is met by
    eager = value(sample.call, *given)
    table = {}
    nodes = [
        Node(name="x", shape=np.shape(x), dtype=np.result_type(x), table=table, weak=isinstance(x, float))
        for x in inputs
    ]
    if isinstance(eager, str):  # that a loop is missing may show later, in the operations that a kernel is made of
        return
    node = sample.call(*nodes)
    assert node.dtype == eager.dtype, (node, eager)
    assert node.shape == eager.shape


RIGHT = {
    "the square root of integers": (lambda n: n**0.5, A([0, 1, 4]), [0.0, 1.0, 2.0]),
    "a reciprocal of integers": (lambda n: n**-1.0, A([1, 2]), [1.0, 0.5]),
    "a power that is −1": (lambda x: x**-1, A([0.0, 2.0]), [np.inf, 0.5]),
    "a power that is −2": (lambda x: x**-2, A([0.0, 2.0]), [np.inf, 0.25]),
    "σ of integers": (lambda n: sigmoid(n), A([0, 1, -1]), [0.5, 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))]),
    "softmax of integers": (lambda n: softmax(n), A([0, 1]), [1 / (1 + np.e), np.e / (1 + np.e)]),
    "softmax of images": (lambda n: softmax(n), A([1, 2], U8), [1 / (1 + np.e), np.e / (1 + np.e)]),
    "log softmax of images": (lambda n: log_softmax(n), A([7, 7], U8), [-np.log(2), -np.log(2)]),
    "log Σ exp of images": (lambda n: log_sum_exp(n), A([3, 3], U8), 3 + np.log(2)),
    "softplus of images": (lambda n: softplus(n), A([0, 3], U8), [np.log(2), np.log(1 + np.exp(3))]),
    "relu of integers": (lambda n: relu(n), A([-3, 3], np.int8), A([0, 3], np.int8)),
    "a sum of images": (lambda x: np.sum(x, axis=0), np.full((2, 3), 200, U8), A([400, 400, 400], np.uint64)),
    "a mean of large integers": (lambda x: x.mean(), A([2**62, 2**62, 2**62]), 2.0**62),
    "a sign and a float": (lambda x: -x + 1.5, A([128, 3, 200], U8), [129.5, 254.5, 57.5]),
    "a difference of masks": (lambda a: (a > 0) * 1 - (a > 1) * 1, A([0.5, 2.0]), A([1, 0])),
    "a sum of masks": (lambda a: (a > 0) + (a > 1), A([0.5, 2.0]), A([True, True])),
    "the square of a mask": (lambda a: (a > 0) ** 2 - (a > 1), A([0.5, 2.0]), A([1, 0], np.int8)),
    "the square of a masked number": (
        lambda a: (a * (a > 1) * (a > 1)).sum() * (a.sum() > 1) * (a.sum() > 1),
        A([0.5, 2.0], np.float32),
        A(2, np.float32),
    ),
    "the square of a mask of one": (lambda a: a - (a > 1) ** 2, A([2.0], F32), A([1.0], F32)),
    "twice a mask": (lambda a: (a > 0) + (a > 0), A([0.5, -2.0]), A([True, False])),
    "−∞ in maximum": (lambda x: np.maximum(x, -np.inf), np.ones(2), [1.0, 1.0]),
    "= −∞": (lambda x: x == -np.inf, A([1.0, -np.inf]), A([False, True])),
    "times ∞": (lambda x: x * np.inf, A([1.0, -1.0]), [np.inf, -np.inf]),
    "plus NaN": (lambda x: x + np.nan, np.ones(2), [np.nan, np.nan]),
    "where ∞": (lambda x: np.where(x > 0, x, -np.inf), A([1.0, -1.0]), [1.0, -np.inf]),
    "∞ of float32": (lambda x: np.minimum(x, np.inf), np.ones(2, np.float32), A([1, 1], np.float32)),
    "a power of no integers": (
        lambda n: np.broadcast_to((n * 2).sum(), (0, 2)) ** -1,
        A([1, 2]),
        np.ones((0, 2), int),
    ),
    "NaN, asked of a Python number": (lambda x: np.where(np.isnan(x), 2.0, x), np.nan, 2.0),
    "∞, asked of a Python number": (lambda x: np.isinf(x) & ~np.isfinite(x * 2), -np.inf, A(True)),
    "a sign, asked of a Python number": (lambda x: np.signbit(x) | np.signbit(x * 2), -0.0, A(True)),
    "truth, asked of a Python number": (lambda x: np.logical_and(x, x > 0.25), 0.5, A(True)),
    "a Python number by a complex one": (lambda x: x / 2j, 0.5, A(-0.25j)),
    "truth, asked of a complex number": (lambda x: np.logical_and(x, 2j), A([0.0, 2.0]), A([False, True])),
    "a Python number to a complex one": (lambda x: (x + 1j) ** 2 / 2, 1.0, A(1j)),
    "a Python number by a number's name": (lambda x: np.multiply(x, 1) * A([0.1], F32), 0.7, A([0.7]) * A([0.1], F32)),
    "a Python number by its sign": (lambda x: np.negative(x) * A([0.1], F32), 0.7, A([-0.7]) * A([0.1], F32)),
    "a sum of a Python number": (
        lambda x: np.sum(x) * A([0.1], np.float16),
        0.7,
        0.7 * A([0.1], np.float16).astype(float),
    ),
    "a shape of a Python number": (lambda x: np.ravel(x) * A([0.1], F32), 0.7, A([0.7]) * A([0.1], F32)),
    "no axes of a Python number": (lambda x: np.transpose(x) * A([0.1], F32), 0.7, A([0.7]) * A([0.1], F32)),
    "an inner product with a Python number": (lambda x: np.inner(x, A([0.1], F32)), 0.7, A([0.7]) * A([0.1], F32)),
    "the real part of a Python number": (lambda x: np.real(x) * A([0.1], F32), 0.7, F32(0.7) * A([0.1], F32)),
    "a small integer that nothing is asked of": (lambda x: np.full_like(x, 2.7), A(200, U8), A(2, U8)),
    "half a number, likewise": (lambda x: (np.ones_like(x), x + x)[0], A(2, np.float16), A(1, np.float16)),
    "a distance of small integers": (
        lambda x: np.gradient(A([1.0, 2.0, 4.0]), x),
        A([-100, 100, 120], np.int8),
        [1 / 200, 20.1 / 220, 0.1],
    ),
    "where −1": (lambda x: np.where(x > 1, x, -1), A([1, 2], U8), A([255, 2], U8)),
    "∞ or 0": (lambda x: np.where(x > 0, np.inf, 0), A([1.0, -1.0]), [np.inf, 0.0]),
    "−2 to a number": (lambda x: (-2) ** x.sum(), A([1.0, 1.0]), 4.0),
    "a square whose factor's is 0": (lambda x: (x * 1e-200) ** 2, A([1e200]), [1.0]),
    "a product whose factors' is ∞": (lambda x: (x * 1e30) * 1e30, A([0, 1e-30], F32), A([0, 1e30], F32)),
    "a large number of a mask": (lambda x: (x > 1e300) * x + (x <= 1e300) * 1e300, A([0.0, 2.0]), [1e300, 1e300]),
    "a power of 31 digits": (lambda x: x**10**30, A([0.5, 1.0, 2.0]), [0.0, 1.0, np.inf]),
    "to the ∞": (lambda x: x**np.inf, A([0.5, 2.0]), [0.0, np.inf]),
    "the root of −2": (lambda x: x**0.5, -2.0, np.nan),
    "1 / 0": (lambda x: 1 / x, 0.0, np.inf),
    "0⁻¹": (lambda x: x**-1, 0.0, np.inf),
    "a square that overflows": (lambda x: x**2, 1e200, np.inf),
    "2 to a number": (lambda x: 2.0**x, 2000.0, np.inf),
}


@each_backend
@pytest.mark.parametrize(("f", "x", "expected"), RIGHT.values(), ids=RIGHT)
def test_kinds_as_code(f, x, expected, backend):
    with running(backend):
        assert_equal(value(as_code(f, backend), x), A(expected))


OUT_OF_RANGE = {
    "−1 times": (lambda x: x * -1, A([1, 2], U8)),
    "plus": (lambda x: x + 2**31, A([1, 2], np.int32)),
    "maximum": (lambda x: np.maximum(x, 2**70), A([1, 2])),
    "above": (lambda x: x > 2**70, A([1, 2])),
    "divided by": (lambda x: x / 2**70, A([1, 2])),
    "a mask times": (lambda x: (x > 1) * 2**63, A([1, 2])),
    "a power": (lambda x: x**-1, A([1, 2])),
    "powers": (lambda x: x ** (x - 2), A([1, 2])),
}


@each_backend
@pytest.mark.parametrize(("f", "x"), OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_a_number_that_integers_have_not_is_what_numpy_makes_of_it(f, x, backend):
    expected = value(f, x)
    with running(backend):
        found = value(as_code(f, backend), x)
    assert found == expected if isinstance(expected, str) else assert_equal(found, expected) is None


def test_python_numbers_warn_as_numpy_does():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert compile(lambda x: 1 / x)(0.0) == np.inf
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(compile(lambda x: x**0.5)(-2.0))


def test_a_quotient_by_the_number_0_has_an_infinite_gradient():
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(grad(lambda a: (a / 0).sum())(A([0.3])), [np.inf])
        np.testing.assert_array_equal(grad(lambda a: (a / 0.0).sum())(A([0.3])), [np.inf])
        np.testing.assert_array_equal(grad(lambda a: (a / -0.0).sum())(A([0.3])), [-np.inf])
        assert grad(lambda a: (a / 0).sum())(A([0.3], np.float32)).dtype == np.float32


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool"])
def test_the_gradient_of_an_exponent_above_integers(dtype):
    base, t = A([1, 3, 0]).astype(dtype), A([1.5, 2.0, 3.0])
    found = grad(lambda t: (base**t).sum())(t)
    exact = base.astype(float)
    np.testing.assert_allclose(found, exact**t * np.log(np.where(exact == 0, 1, exact)), rtol=1e-15)


@each_backend
def test_a_gradient_by_a_number_inside_code(backend):
    with running(backend):
        step = as_code(grad(lambda x: grad(lambda c: x * c)(2.0)), backend)
        assert step(0.5) == 1.0
        assert as_code(lambda x: grad(lambda c: (c * x).sum())(3.0), backend)(A([1.0, 2.0])) == 3.0


MASKED = {
    "a mask": lambda X, t: X[t == 1],
    "a mask of rows": lambda X, t: X[t == 1, 0].max(),
    "a mask of columns": lambda X, t: X[:, X[0] > 0].sum(),
    "a mask of elements": lambda X, t: np.sort(X[X > 1]),
    "a truth value": lambda X, t: X[X.sum() > 1].sum(),
    "in a gradient": lambda X, t: grad(lambda x: np.median(x[t == 1]))(X),
    "its length": lambda X, t: X * len(X[t == 1]),
    "beside all": lambda X, t: X + X[t == 1],
    "two masks": lambda X, t: X[t == 1] - X[t == 0],
}


@pytest.mark.parametrize("f", MASKED.values(), ids=MASKED)
def test_a_shape_that_depends_on_data_is_refused(f):
    with pytest.raises(TraceError, match=r"a mask chooses elements.*np\.where\(mask, x, 0\)"):
        compile(f)(np.arange(6.0).reshape(3, 2), A([0, 0, 1]))


@each_backend
def test_a_mask_that_is_known_and_a_sum_weighted_by_one_that_is_not(backend):
    known = A([False, True, True])
    X, t = np.arange(6.0).reshape(3, 2), A([0, 1, 1])
    with running(backend):
        assert as_code(lambda X: X[known].sum(), backend)(X) == 14
        assert as_code(lambda X, t: np.sum(X * (t == 1)[:, None]), backend)(X, t) == 14
        step = as_code(grad(lambda X, t: np.sum(np.where((t == 1)[:, None], X**2, 0))), backend)
        np.testing.assert_array_equal(step(X, t), [[0, 0], [4, 6], [8, 10]])


SPECIAL = A([0.0, -0.0, 1.0, -3.5, np.inf, -np.inf, np.nan, 1e-310, -1e308, 1e308])
EXACT = {
    "a product that overflows": lambda x, y: (x * 1e200) * 1e-200,
    "a logarithm that overflows": lambda x, y: np.log(np.exp(x)),
    "an exponential of a logarithm": lambda x, y: np.exp(np.log(x)),
    "a factor that cancels": lambda x, y: x * (y / x),
    "0 x": lambda x, y: 0.0 * x,
    "x + 0": lambda x, y: x + 0.0,
    "0 − x": lambda x, y: 0.0 - x,
    "x − x": lambda x, y: (x + y) - (x + y),
    "the sign of a difference": lambda x, y: -(x - y),
    "the sign of a sum": lambda x, y: -x - y,
    "a common factor": lambda x, y: 1e300 * x + 1e300 * y,
    "a reciprocal": lambda x, y: x * (1 / y),
    "an infinite choice": lambda x, y: np.where(x > y, np.inf, 0.0) * 1.0,
    "a choice": lambda x, y: x * np.where(y > 0, 1.0, 0.0),
    "a product of powers": lambda x, y: x**3 * y**2 / x,
    "a sum of a multiple": lambda x, y: (1e300 * x).sum() + (y * 1e300).sum(),
    "a deviation": lambda x, y: (x - x.mean()).sum(),
    "signs": lambda x, y: np.negative(-x) + (-y) - (-x),
}


@each_backend
@pytest.mark.parametrize("f", EXACT.values(), ids=EXACT)
def test_exact_code_computes_what_the_function_does(f, backend):
    """Also ∞, NaN and −0, of every pair of special values."""
    x, y = (a.ravel().copy() for a in np.meshgrid(SPECIAL, SPECIAL))
    with running(backend):
        step = as_code(f, backend, exact=True)
        pairs = [(x, y)] if f in (EXACT["a sum of a multiple"], EXACT["a deviation"]) else [(x, y), (y, x)]
        for pair in pairs:
            expected, found = value(f, *pair), value(step, *pair)
            np.testing.assert_array_equal(found, expected)
            sure = ~np.isnan(expected)  # a NaN's sign is nobody's promise
            np.testing.assert_array_equal(np.signbit(found)[sure], np.signbit(expected)[sure])
        assert step.backend == ("native" if backend == "interpreted" else backend)


@each_backend
def test_exact_code_multiplies_complex_infinities_as_numpy_does(backend):
    x = A([complex(np.inf, 0), complex(1, np.inf), 2 - 1j])
    for f in (lambda x: x * 1, lambda x: x / 1, lambda x: -1 * x, lambda x: 1 * x - x * 1):
        with running(backend), np.errstate(all="ignore"):
            np.testing.assert_array_equal(as_code(f, backend, exact=True)(x), f(x))


@each_backend
def test_exact_steps_and_gradients(backend):
    w = Tensor([2.0, 1e200], requires_grad=True)
    x = A([1e200, -0.0])

    def loss(x):
        return (w * x * 1e200 * 1e-300).sum()

    with running(backend), np.errstate(all="ignore"):
        step = as_code(loss, backend, exact=True)
        assert value(step, x) == value(loss, x) == np.inf
        assert value(compile(loss), x) == 2e100


def test_algebra_that_changes_a_value_is_what_the_docstring_says():
    x = A([1e200, 1000.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(compile(lambda x: (x * 1e200) * 1e-200)(x), x)
        np.testing.assert_array_equal(compile(lambda x: np.log(np.exp(x)))(x), x)
        np.testing.assert_array_equal(compile(lambda x: np.log(np.exp(x)), exact=True)(x), [np.inf, np.inf])


@pytest.mark.parametrize("sample", [x for x in RULE_SAMPLES if x.rule in EXACT_RULES], ids=lambda sample: sample.name)
def test_an_exact_rule_keeps_every_bit(sample):
    node, inputs = sample.nodes()
    (result,) = rewrite([node], [sample.rule])
    rng = np.random.default_rng(0)
    for _ in range(20):
        known = {x: rng.choice(SPECIAL, x.shape) if x.dtype.kind == "f" else rng.random(x.shape) < 0.5
                 for x in inputs.values()}  # fmt: skip
        with np.errstate(all="ignore"):
            before, after = (np.asarray(evaluate([x], known)[0]) for x in (node, result))
        np.testing.assert_array_equal(after, before)
        sure = ~np.isnan(before)
        np.testing.assert_array_equal(np.signbit(after[sure]), np.signbit(before[sure]))


@each_backend
def test_zeros_of_two_signs_and_nan_are_told_apart(backend):
    with running(backend), np.errstate(all="ignore"):
        step = as_code(lambda x: (1 / (x * 0.0), 1 / (x * -0.0)), backend, exact=True)
        np.testing.assert_array_equal(step(np.ones(2)), [[np.inf] * 2, [-np.inf] * 2])
        np.testing.assert_array_equal(as_code(lambda x: x ** float("nan") + float("nan"), backend)(A([2.0])), [np.nan])


def test_machine_code_adds_truth_values_as_numpy_does():
    pytest.importorskip("numba")

    def f(x, y):
        both = (x > 0) + (y > 0)
        return both, both * 1, both.sum(), both.mean(), (x > 0) * (y > 0), np.maximum(x > 0, y > 0), (x**-1, x**-2)

    x, y = A([1.0, -1.0, 2.0]), A([1.0, -1.0, -2.0])
    step = compile(f, backend="native")
    for found, expected in zip(step(x, y)[:-1], f(x, y)[:-1], strict=True):
        assert_equal(A(found), A(expected))
    assert step.backend == "native"
    found = step(A([0.0, 2.0, -np.inf]), y)[-1]
    np.testing.assert_array_equal(found, [[np.inf, 0.5, -0.0], [np.inf, 0.25, 0.0]])


@each_backend
def test_what_terms_share_leaves_no_integers_that_wrap(backend):
    """f a a + f x = f (a a + x) would multiply int8 by int8, 54 · 54 = 100."""
    x, a = A([1.5, 2.0]), A([-54, 58], np.int8)

    def f(x, a):
        return x * a * a + x * np.exp(x), grad(lambda x: ((x * x * a) ** 2 + (x * a) ** 2).sum())(x)

    with running(backend):
        found, slope = as_code(f, backend)(x, a)
    b = a.astype(float)
    np.testing.assert_allclose(found, x * b * b + x * np.exp(x), rtol=1e-14)
    np.testing.assert_allclose(slope, 4 * x**3 * b**2 + 2 * x * b**2, rtol=1e-14)


@each_backend
def test_what_nobody_asks_for_warns_of_nothing(backend):
    """A broadcast to no elements is of a number whose logarithm, quotient and exponential nobody computes."""

    def f(x, none):
        zero = np.broadcast_to(x.sum(), none.shape)
        return np.log(zero), none / zero, (1 / zero).sum(axis=0), np.exp(1000 * (zero + 1))

    with running(backend), np.errstate(all="raise"):
        found = as_code(f, backend)(np.zeros(2), np.zeros((0, 3)))
    assert [np.shape(x) for x in found] == [(0, 3), (0, 3), (3,), (0, 3)]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (2,), "number"])
def test_the_power_of_a_half_is_the_root_in_every_way(shape, dtype, exact, backend_itself):
    """NumPy's scalars have (−∞) ** 0.5 = ∞ and −0 ** 0.5 = 0, its arrays NaN and −0, as the square root has."""
    for x in (-np.inf, -0.0, 2.0):
        given = x if shape == "number" else np.full(shape, x, dtype)
        for f in (lambda x: x**0.5, lambda x: np.power(x, 0.5)):
            with np.errstate(all="ignore"):
                wanted = np.sqrt(given)
                code = compile(f, exact=exact, backend=backend_itself)
                for found in (f(Tensor(given)).data, code(given), code(Tensor(given)).data):
                    np.testing.assert_allclose(found, wanted, rtol=1e-6, strict=shape != "number")
                    np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


OF_TWO = {
    sample.op.name: sample.op for sample in SAMPLES if isinstance(sample.op, Elementwise) and len(sample.shapes) == 2
}


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize(
    "whole", [A([200, 100, 16, 3, 2, 1, 0], U8), A([100, -100, -128, 3, 2, 1, 0], np.int8)], ids=str
)
@pytest.mark.parametrize("name", OF_TWO)
def test_a_gradient_beside_whole_numbers_is_that_beside_the_same_floats(name, whole, backend):
    """A rule that squares 200 of a uint8, or takes 1 from 0, finds what wraps: that of arctan2 did."""
    op, x = OF_TWO[name], A([0.3, 0.7, 1.2, 2.5, 0.5, 40.0, 3.0])

    def slope(place, k):
        f = grad(lambda x, k: np.sum(op(*((x, k) if place == 0 else (k, x)))))
        return value(compile(f) if backend == "numpy" else f, x, k)

    for place in (0, 1):
        found, wanted = slope(place, whole), slope(place, whole.astype(float))
        if isinstance(found, str) or isinstance(wanted, str):  # one has no such loop, or neither has a closed form
            continue
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("half", [np.float64(0.5), F32(0.5)])
def test_a_half_that_has_a_dtype_is_a_root_too(half, dtype, backend_itself):
    x = A([-np.inf, -0.0, 0.0, 2.25, np.inf, np.nan], dtype)
    with np.errstate(all="ignore"):
        wanted = np.sqrt(x.astype(np.result_type(x, half)))
        for exact in (False, True):
            code = compile(lambda x: x**half, exact=exact, backend=backend_itself)
            for found in (code(x), (Tensor(x) ** half).data):
                np.testing.assert_array_equal(found, wanted, strict=True)
                np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


@pytest.mark.parametrize("seed", [213, 306, 5069, 20305, 20464])  # each found a mistake once
def test_programs_of_many_kinds(seed):
    assert fuzz.check(seed, ("numpy", "interpreted")) is None


MASK = A([[0, 255, 3], [128, 0, 1]], U8).view(bool)  # as a picture of a mask is one without a copy
OF_MASKS = {
    "a sum": lambda x, m: np.sum(m),
    "sums of rows": lambda x, m: np.sum(m, axis=1) + 0.0,
    "a product": lambda x, m: x * m,
    "a product of broadcast rows": lambda x, m: x * m[:1],
    "a comparison": lambda x, m: (m == True) * x,  # noqa: E712
    "floats": lambda x, m: m.astype(float) @ x.T,
    "integers": lambda x, m: -(m * 1) + 3,
    "a running sum": lambda x, m: np.cumsum(m, axis=1),
    "parts": lambda x, m: np.stack([m, m]) * 1.5,
    "a place": lambda x, m: m[0, 1] * 2.5 + m[1, 0],
    "picked": lambda x, m: m[[0, 1, 1]] * x[0],
    "the operands of a power": lambda x, m: x**m,
}


@each_backend
@pytest.mark.parametrize("f", OF_MASKS.values(), ids=OF_MASKS)
def test_every_byte_but_0_is_true(f, backend):
    x = np.arange(1.0, 7.0).reshape(2, 3)
    with running(backend):
        assert_equal(value(as_code(f, backend), x, MASK), value(f, x, MASK))


@each_backend
def test_a_number_that_is_any_byte_but_0_is_true(backend):
    x = A(200, U8).view(bool)
    for f in (lambda x: x * 2.5, lambda x: x + 1, lambda x: np.ones(3) * x):
        with running(backend):
            assert_equal(value(as_code(f, backend), x), value(f, x))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,)])
@each_backend
def test_a_power_of_truth_values_keeps_an_arrays_dtype_in_what_is_made_of_it(shape, backend):
    """NumPy's True ** 2 is an int8 in an array, and an int64 by itself, which would make a float64 of a float32."""
    p = Tensor(np.full(shape, 0.4, np.float32), requires_grad=True)

    def f(a):
        v = a**2 - p
        return (v * v).sum(), a**2

    a = np.full(shape, True)
    with running(backend):
        assert [x.dtype for x in as_code(f, backend)(a)] == [x.dtype for x in f(a)] == [np.float32, np.int8]


@each_backend
def test_a_python_numbers_power_of_nothing_is_a_float(backend):
    with running(backend):
        assert isinstance(as_code(lambda x: x**0, backend)(2.5), float)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "q", [0.3, F32(0.3), np.float64(0.3), A(0.3), A([0.3, 0.7]), A([0.3, 0.6], F32), [0.3], [1], A([1]), 0]
)
def test_a_quantile_has_numpys_dtype(dtype, q):
    x = np.arange(8.0).reshape(2, 4).astype(dtype) ** dtype(1.5)
    found, expected = np.quantile(Tensor(x, requires_grad=True), q, axis=1).data, np.quantile(x, q, axis=1)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=2e-3 if dtype is np.float16 else 1e-6)


@pytest.mark.parametrize("q", [0.5, np.array([0.0, 0.5, 1.0])], ids=str)
def test_a_quantile_beside_an_infinite_element_is_numpys(q):
    x = np.array([1.0, np.inf, 3.0])
    with np.errstate(invalid="ignore"):  # of 0 · ∞, as NumPy warns
        expected = np.quantile(x, q)
        for share in (q, Tensor(q, requires_grad=True)):
            np.testing.assert_array_equal(np.quantile(Tensor(x, requires_grad=True), share).data, expected)
        np.testing.assert_array_equal(compile(np.quantile)(x, q), expected)


@each_backend
@pytest.mark.parametrize("name", ["left_shift", "right_shift", "gcd", "lcm", "floor_divide", "bitwise_xor"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"])
def test_bits_and_divisors_are_those_of_numpy_also_beyond_the_bits_there_are(dtype, name, backend):
    a = A([1, -1, 5, -128, 127, 0, 1, 1, -1, -7, 64, 3]).astype(dtype)
    b = A([0, 1, 2, 3, 7, 8, 63, 64, 70, 31, -1, 33]).astype(dtype)

    def f(a, b):
        return getattr(np, name)(a, b) + 0 * a

    expected = value(f, a, b)
    with running(backend):
        found = value(as_code(f, backend), a, b)
    np.testing.assert_array_equal(found, expected, strict=True)


WITH_NUMBERS = {
    "and": lambda a: a & 6,
    "or": lambda a: 6 | a,
    "xor": lambda a: a ^ -6,
    "shift": lambda a: 3 << a,
    "gcd": lambda a: np.gcd(a, 6),
    "lcm": lambda a: np.lcm(4, a),
    "quotient": lambda a: a // 2,
    "rest": lambda a: a % 3,
    "fmod": lambda a: np.fmod(a, 5),
    "sign": lambda a: np.copysign(a, -1),
    "length": lambda a: np.hypot(a, 6),
    "truth": lambda a: np.logical_xor(a, 6),
    "ends": lambda a: np.clip(a, 2, 5),
}


@each_backend
@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_a_python_number_meets_whole_numbers_and_truth_values_as_in_numpy(name, backend):
    f = WITH_NUMBERS[name]
    for dtype in ("bool", "int8", "uint8", "int64"):
        a = A([1, 0, 2, 5]).astype(dtype)
        with running(backend):
            np.testing.assert_array_equal(value(as_code(f, backend), a), value(f, a), strict=True)


FOLDED = {
    "sum": lambda a: a * 0 + (2**53 + 1),
    "difference": lambda a: (2**62 + 1) - (a - a),
    "product": lambda a: (a * 0 + 1) * (2**53 + 1),
    "larger": lambda a: np.maximum(a * 0, 2**60 + 1),
    "choice": lambda a: np.where(a * 0 > -1, 2**60 + 1, a),
    "wrapped": lambda a: (a * 0 + 200) * 2,
    "quotient": lambda a: (2**60 + 1) // (a * 0 + 3),
    "true quotient": lambda a: 7 / (a * 0 + 2),
    "power": lambda a: 2 ** (a * 0 + 3),
    "no power": lambda a: (a * 0 + 2) ** -1,
    "out of range": lambda a: -7 % (a * 0 + 3),
    "lcm": lambda a: np.lcm(a * 0 + 4, 6),
    "or": lambda a: (a * 0) | 6,
    "shift": lambda a: 1 << (a * 0 + 3),
}


@each_backend
@pytest.mark.parametrize("name", FOLDED)
def test_whole_numbers_that_are_known_beforehand_are_no_floats(name, backend):
    """2⁵³ + 1 is no float64, and a float has no bits: 0 · a is known without a, and so is what is made of it."""
    f = FOLDED[name]
    for dtype in ("bool", "int8", "uint8", "int64", "uint64"):
        a = A([1, 0, 2, 5]).astype(dtype)
        expected = value(f, a)
        with running(backend):
            found = value(as_code(f, backend), a)
        if isinstance(expected, str):
            assert found == expected
        else:
            np.testing.assert_array_equal(found, expected, strict=True)


OF_PYTHON = {
    "a sum": lambda a, b, x: (a > 1) + (a > 2),
    "a difference": lambda a, b, x: (a > 1) - (b > 1),
    "a product": lambda a, b, x: (a > 1) * 3,
    "a product with a float": lambda a, b, x: ((a > 1) * b) * x,
    "a quotient": lambda a, b, x: (a > 1) / 2 * x,
    "a power": lambda a, b, x: (a > 1) ** 2,
    "a whole quotient": lambda a, b, x: (a > 1) // 1 * x,
    "a remainder": lambda a, b, x: (a > 1) % 2,
    "its negative": lambda a, b, x: -(a > 1),
    "its inverse": lambda a, b, x: ~(a > 1),
    "its size": lambda a, b, x: abs(a > 1),
    "both": lambda a, b, x: ((a > 1) & (b > 1)) + ((a > 1) | (b > 1)) + ((a > 1) ^ (b > 1)),
    "alike": lambda a, b, x: ((a > 1) == (b > 1)) * 2,
    "counted": lambda a, b, x: sum([a > 0, a > 1, b != 0]) * x,
    "with an array": lambda a, b, x: (a > 1) * x,
    "a sum with an array": lambda a, b, x: ((a > 1) + (b > 1)) * x,
    "NumPy's sum": lambda a, b, x: np.add(a > 1, a > 2) * x,
    "NumPy's comparison": lambda a, b, x: np.greater(a, 1) + np.greater(a, 2),
    "a number as it is": lambda a, b, x: +a * x,
    "a number's whole quotient": lambda a, b, x: (a // 0.5) * x + (7 // b) * x,
    "a number's remainder": lambda a, b, x: (a % 0.75) * x + 7 % b * x,
    "both of them": lambda a, b, x: divmod(a, 0.75)[0] * x + divmod(7, b)[1] * x,
    "a quantile": lambda a, b, x: np.quantile(x, b / 4) + np.percentile(x, b),
}


@each_backend
@pytest.mark.filterwarnings("ignore:Bitwise inversion")
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32])
@pytest.mark.parametrize("f", OF_PYTHON.values(), ids=OF_PYTHON)
def test_what_pythons_operators_make_of_pythons_numbers_is_one(f, dtype, backend):
    """A truth value counts as 0 or 1, and no number takes an array's dtype away."""
    x = np.array([3, 200], dtype)
    with running(backend):
        code = as_code(f, backend)
        for a, b in ((2.5, 1.5), (0.5, 3.0), (-1.0, 1.0), (1.5, 0.5)):
            found, wanted = value(code, a, b, x), value(f, a, b, x)
            assert isinstance(found, str) or found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)


OF_ONE_OPERAND = [np.divide, np.power, np.float_power, np.arctan2, np.logaddexp2, np.hypot, np.logaddexp, np.multiply]
OF_SCIPYS = "xlogy xlog1py rel_entr kl_div boxcox boxcox1p inv_boxcox gammainc gammaincc jv stdtr"


@pytest.mark.parametrize("low", [np.float16, np.float32, np.int8, np.int16])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("f", OF_ONE_OPERAND, ids=lambda f: f.__name__)
def test_a_derivative_has_the_precision_of_the_result(f, first, low):
    x, k = np.array([0.7, 1.3, 2.1, 0.37]), np.array([1.7, 2.6, 3.3, 5.9]).astype(low)

    def of(k):
        return lambda x: f(x, k).sum() if first else f(k, x).sum()

    wanted = grad(of(k.astype(float)))(x)
    np.testing.assert_allclose(grad(of(k))(x), wanted, rtol=1e-14)
    np.testing.assert_allclose(compile(grad(of(k)), backend="numpy")(x), wanted, rtol=1e-13)
    z = np.array([0.7 + 1j, 1.3 - 2j, 2.1, 0.37j])
    if f in (np.divide, np.multiply):
        np.testing.assert_allclose(
            grad(lambda z: (f(z, k) if first else f(k, z)).real.sum())(z),
            grad(lambda z: (f(z, k.astype(float)) if first else f(k.astype(float), z)).real.sum())(z),
            rtol=1e-14,
        )


@pytest.mark.parametrize("low", [np.float16, np.float32, np.int8])
@pytest.mark.parametrize("name", OF_SCIPYS.split())
def test_derivatives_of_scipys_functions_have_the_precision_of_the_result(name, low):
    f = getattr(pytest.importorskip("scipy.special"), name)
    x, k = np.array([0.7, 1.3, 2.1, 0.37]), np.array([1.7, 2.6, 3.3, 5.9]).astype(low)
    for first in (True, False) if name not in ("gammainc", "gammaincc", "jv", "stdtr") else (False,):
        slope, wanted = (
            grad(lambda x, k=k, first=first: (f(x, k) if first else f(k, x)).sum()) for k in (k, k.astype(float))
        )
        np.testing.assert_allclose(slope(x), wanted(x), rtol=1e-13)
