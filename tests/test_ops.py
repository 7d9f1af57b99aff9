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
from minigrad.ops.base import Elementwise, Op
from tests.gradients import differences, gradients, leaves, weights_for
from tests.samples import SAMPLES

some = settings(max_examples=40, deadline=None, derandomize=True, database=None)
rows = pytest.mark.parametrize("row", SAMPLES, ids=str)
smooth = pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
several = pytest.mark.parametrize(
    "row", [row for row in SAMPLES if row.op.differentiable and len(row.shapes) > 1], ids=str
)


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
    return op if isinstance(op, Elementwise) and not op.fields else type(op)


def defined():
    """Every Op, and every class of Ops that can be applied, in the modules of minigrad.ops."""
    for info in pkgutil.walk_packages(minigrad.ops.__path__, "minigrad.ops."):
        if info.name.startswith(("minigrad.ops.base", "minigrad.ops.special")):  # what others are made from; SciPy's
            continue
        module = import_module(info.name)
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


@pytest.mark.parametrize("row", [row for row in SAMPLES if not row.op.differentiable], ids=str)
def test_what_has_no_gradient_is_flat(row):
    """Around inputs where it does not jump; a truth value has no slope to lose."""
    arrays = row.arrays()
    if row.numpy(*arrays).dtype.kind == "f":
        for slope in differences(row.numpy, arrays, 1.0):
            np.testing.assert_allclose(slope, 0, atol=1e-9)


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
