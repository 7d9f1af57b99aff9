"""Every operation, over every row of the table: values, gradients, shapes and dtypes, against NumPy and differences."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minigrad.ops
from minigrad import Tensor, grad, gradcheck
from minigrad.engine.node import Node
from minigrad.ops import arithmetic, elementwise, indexing, linalg, reduction, shaping
from minigrad.ops.base import Elementwise, Op
from tests.samples import SAMPLES

some = settings(max_examples=40, deadline=None, derandomize=True, database=None)
rows = pytest.mark.parametrize("row", SAMPLES, ids=str)
smooth = pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
several = pytest.mark.parametrize(
    "row", [row for row in SAMPLES if row.op.differentiable and len(row.shapes) > 1], ids=str
)


def weights_for(value):
    """A seed ∂E/∂y that differs from element to element, of either sign."""
    return np.random.default_rng(1).uniform(0.5, 1.5, np.shape(value)) * (-1) ** np.arange(np.size(value)).reshape(
        np.shape(value)
    )


def leaves(arrays):
    return [Tensor(x, requires_grad=True) for x in arrays]


def gradients(call, arrays, seed):
    """∂E/∂(every input) for E = Σ seed ⊙ call(…), by the engine."""
    tensors = leaves(arrays)
    call(*tensors).backward(seed)
    return [x.grad.data for x in tensors]


def differences(f, arrays, seed, h=1e-5):
    """The same by central differences, element by element, on arrays alone."""
    found = []
    for x in arrays:
        slope = np.empty(x.shape)
        for at in np.ndindex(x.shape):
            kept = x[at]
            x[at] = kept + h
            above = np.sum(seed * f(*arrays))
            x[at] = kept - h
            below = np.sum(seed * f(*arrays))
            x[at] = kept
            slope[at] = (above - below) / (2 * h)
        found.append(slope)
    return found


def operations_of(expression):
    """Every Op in a record, each as the table names it."""
    found, stack = set(), [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, Node | Tensor) and node.op is not None:
            found.add(named(node.op))
            stack += node.inputs
    return found


def named(op):
    """An Elementwise stands for itself, any other Op for its class."""
    return op if type(op) is Elementwise else type(op)


def defined():
    """Every Op, and every class of Ops that can be applied, in the modules of minigrad.ops."""
    for info in pkgutil.iter_modules(minigrad.ops.__path__):
        if info.name == "base":  # what the others are made from
            continue
        module = import_module(f"minigrad.ops.{info.name}")
        for thing in vars(module).values():
            if isinstance(thing, Op):
                yield named(thing)
            elif inspect.isclass(thing) and issubclass(thing, Op) and thing.__module__ == module.__name__:
                yield from [thing] if hasattr(thing, "name") else []


@pytest.mark.parametrize("op", sorted(set(defined()), key=str), ids=lambda op: getattr(op, "__name__", str(op)))
def test_every_operation_has_a_row(op):
    assert op in {row.op for row in SAMPLES}, f"{op} has no row in tests/samples.py"


@rows
def test_value(row):
    arrays = row.arrays()
    value, wanted = row.call(*leaves(arrays)), row.numpy(*arrays)
    np.testing.assert_allclose(value.data, wanted, rtol=1e-14, atol=1e-15, strict=True)
    assert value.requires_grad == row.op.differentiable


@rows
def test_expression(row):
    """Without data, a call says which operation it applies, and what its value's shape and dtype will be."""
    node, value = row.call(*(Node(shape=shape) for shape in row.shapes)), row.numpy(*row.arrays())
    assert row.op in operations_of(node)
    assert (node.shape, node.dtype) == (value.shape, value.dtype)


@smooth
def test_gradient(row):
    arrays = row.arrays()
    seed = weights_for(row.numpy(*arrays))
    found = gradients(row.call, arrays, seed)
    for gradient, slope in zip(found, differences(row.numpy, arrays, seed), strict=True):
        np.testing.assert_allclose(gradient, slope, rtol=1e-6, atol=1e-7, strict=True)


@smooth
def test_gradient_passes_gradcheck(row):
    assert gradcheck(row.call, *row.arrays())


@smooth
def test_second_order(row):
    arrays = row.arrays()
    seed = weights_for(row.numpy(*arrays))
    gradient = grad(lambda *xs: (row.call(*xs) * seed).sum(), argnums=range(len(arrays)))
    directions = [weights_for(x) for x in arrays]
    assert gradcheck(lambda *xs: sum((g * d).sum() for g, d in zip(gradient(*xs), directions, strict=True)), *arrays)


@smooth
def test_float32_stays_float32(row):
    arrays, doubles = row.arrays(np.float32), [x.astype(float) for x in row.arrays(np.float32)]
    value, wanted = row.call(*leaves(arrays)), row.numpy(*arrays)
    assert value.dtype == wanted.dtype
    np.testing.assert_allclose(value.data, wanted, rtol=1e-5, atol=1e-6)
    seed = weights_for(wanted)
    for x, gradient, exact in zip(
        arrays, gradients(row.call, arrays, seed), gradients(row.call, doubles, seed), strict=True
    ):
        assert (gradient.dtype, gradient.shape) == (x.dtype, x.shape)
        np.testing.assert_allclose(gradient, exact, rtol=1e-4, atol=1e-5)


@several
@pytest.mark.parametrize("first", [0, 1])
def test_mixed_dtypes(row, first):
    arrays = [x.astype(np.float32 if i % 2 == first else np.float64) for i, x in enumerate(row.arrays())]
    value = row.call(*leaves(arrays))
    assert value.dtype == row.numpy(*arrays).dtype
    for x, gradient in zip(arrays, gradients(row.call, arrays, weights_for(value.data)), strict=True):
        assert (gradient.dtype, gradient.shape) == (x.dtype, x.shape)


LAYOUTS = {
    "Fortran": lambda x: np.array(x, order="F"),
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "reversed": lambda x: np.flip(np.flip(x).copy()),
}


@smooth
def test_layout_in_memory_does_not_matter(row):
    arrays = row.arrays()
    seed = weights_for(row.numpy(*arrays))
    plain = [row.call(*leaves(arrays)).data, *gradients(row.call, arrays, seed)]
    for arranged in LAYOUTS.values():
        placed = [arranged(x) for x in arrays]
        for a, b in zip(plain, [row.call(*leaves(placed)).data, *gradients(row.call, placed, seed)], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


@smooth
def test_inputs_and_seed_are_left_alone(row):
    arrays = row.arrays()
    before = [x.copy() for x in arrays]
    seed = weights_for(row.numpy(*arrays))
    kept = seed.copy()
    found = gradients(row.call, arrays, Tensor(seed))
    for gradient in found:
        assert gradient.flags.writeable
        gradient[...] = np.nan
    for x, was in zip([*arrays, seed], [*before, kept], strict=True):
        np.testing.assert_array_equal(x, was)


# Random shapes


def check_against_differences(call, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 2, shape) for shape in shapes.input_shapes]
    seed = rng.normal(size=shapes.result_shape)
    for gradient, slope in zip(gradients(call, arrays, seed), differences(call, arrays, seed), strict=True):
        np.testing.assert_allclose(gradient, slope, rtol=1e-6, atol=1e-7, strict=True)


@pytest.mark.parametrize("call", [np.add, np.divide, np.power, np.maximum, lambda a, b: np.where(a > b, a, b)])
@some
@given(shapes=npst.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3))
def test_broadcasting(call, shapes):
    check_against_differences(call, shapes)


@some
@given(npst.mutually_broadcastable_shapes(signature=np.matmul.signature, min_side=0, max_side=3, max_dims=2))
def test_matrix_products(shapes):
    check_against_differences(np.matmul, shapes)


@st.composite
def indexed(draw):
    shape = draw(npst.array_shapes(min_dims=1, max_dims=3, max_side=4))
    arrays = npst.integer_array_indices(shape, result_shape=npst.array_shapes(max_dims=2, max_side=3))
    masks = npst.arrays(bool, shape)
    return shape, draw(st.one_of(npst.basic_indices(shape, allow_newaxis=True), arrays, masks))


@some
@given(indexed())
def test_indexing(case):
    shape, key = case
    x = np.arange(np.prod(shape), dtype=float).reshape(shape)
    seed = weights_for(x[key])
    (gradient,) = gradients(lambda x: x[key], [x], seed)
    places = np.ravel(x[key]).astype(int)  # each element holds its own place, and so says how often it was taken
    np.testing.assert_allclose(gradient.ravel(), np.bincount(places, np.ravel(seed), x.size))


@st.composite
def reduced(draw):
    shape = draw(npst.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3))
    return shape, draw(st.none() | npst.valid_tuple_axes(len(shape))), draw(st.booleans())


@some
@given(reduced())
def test_sums_and_means(case):
    shape, axis, keepdims = case
    x = np.random.default_rng(0).normal(size=shape)
    y = np.sum(x, axis=axis, keepdims=True)
    seed = weights_for(y)
    for call, share in ((np.sum, 1), (np.mean, y.size / x.size)):
        value = call(x, axis=axis, keepdims=keepdims)
        (gradient,) = gradients(
            lambda x, f=call: f(x, axis=axis, keepdims=keepdims), [x], seed.reshape(np.shape(value))
        )
        np.testing.assert_allclose(gradient, np.broadcast_to(seed, shape) * share, strict=True)


@pytest.mark.parametrize("axis", [None, 0])
def test_means_in_half_precision(axis):
    """The sum of 1000 hundreds is more than float16 holds, and their mean is not: NumPy adds up in float32."""
    x = np.full((1000, 2), 100, np.float16)
    t = Tensor(x, requires_grad=True)
    y = np.mean(t, axis=axis)
    np.testing.assert_array_equal(y.data, np.mean(x, axis=axis), strict=True)
    y.sum().backward()
    np.testing.assert_allclose(t.grad.data, np.full_like(x, y.size / x.size), rtol=1e-3, strict=True)


# Kinks and singular points


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


# Ops are values


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
