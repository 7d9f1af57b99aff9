"""NumPy's protocols: what NumPy does with a Tensor, and what it refuses to do; and other arrays inside a Tensor."""

import math
from functools import reduce

import numpy as np
import pytest

from minigrad import Tensor, no_grad, relu, softmax
from minigrad.engine.node import Node
from minigrad.engine.protocols.numpy_protocol import COMPOSED, FUNCTIONS, PLAIN, find_function, find_ufunc

a = np.array([[1.0, 2.0], [3.0, 5.0]])


def leaf(data=a, **options):
    return Tensor(data, requires_grad=True, **options)


# NumPy's own syntax


@pytest.mark.parametrize(
    ("ours", "numpys"),
    [
        (lambda t: t + a, lambda x: x + a),
        (lambda t: a + t, lambda x: a + x),
        (lambda t: a - t, lambda x: a - x),
        (lambda t: a * t, lambda x: a * x),
        (lambda t: a / t, lambda x: a / x),
        (lambda t: a @ t, lambda x: a @ x),
        (lambda t: t @ a, lambda x: x @ a),
        (lambda t: a**t, lambda x: a**x),
        (lambda t: t**a, lambda x: x**a),
        (lambda t: 2**t, lambda x: 2**x),
        (lambda t: np.float64(2) * t, lambda x: 2 * x),
        (lambda t: np.float64(2) - t, lambda x: 2 - x),
        (lambda t: np.float64(2) ** t, lambda x: 2**x),
        (lambda t: t ** np.float64(2), lambda x: x**2),
        (lambda t: np.int64(2) / t, lambda x: 2 / x),
        (lambda t: [1.0, 2.0] * t, lambda x: [1.0, 2.0] * x),
        (lambda t: [[1.0, 2.0]] @ t, lambda x: [[1.0, 2.0]] @ x),
        (lambda t: t - (1.0, 2.0), lambda x: x - (1.0, 2.0)),
        (lambda t: +t - -t, lambda x: 2 * x),
        (abs, abs),
        (sum, sum),
        (lambda t: np.matmul(a, t), lambda x: a @ x),
        (lambda t: np.power(t, 3), lambda x: x**3),
        (lambda t: np.power(2, t), lambda x: 2**x),
        (lambda t: np.maximum(0, t), lambda x: np.maximum(0, x)),
        (lambda t: np.true_divide(t, 2), lambda x: x / 2),
        (lambda t: np.abs(t), np.abs),
        (lambda t: np.sum(t, axis=0), lambda x: x.sum(axis=0)),
        (lambda t: np.sum(t, 1, keepdims=True), lambda x: x.sum(axis=1, keepdims=True)),
        (lambda t: np.concatenate([t, a]), lambda x: np.concatenate([x, a])),
        (lambda t: np.concatenate([[[1.0, 1.0]], t]), lambda x: np.concatenate([[[1.0, 1.0]], x])),
        (lambda t: np.concatenate(t), np.concatenate),
        (lambda t: np.stack([a, t], axis=1), lambda x: np.stack([a, x], axis=1)),
        (lambda t: np.where(a > 2, t, 0), lambda x: np.where(a > 2, x, 0)),
        (lambda t: np.where(t > 2, 1.0, t), lambda x: np.where(x > 2, 1.0, x)),
        (lambda t: np.dot(a, t), lambda x: a @ x),
        (lambda t: np.dot(2, t), lambda x: 2 * x),
        (lambda t: np.vdot(a, t), lambda x: np.vdot(a, x)),
        (lambda t: np.reshape(t, (1, 4)), lambda x: x.reshape(1, 4)),
        (lambda t: np.transpose(t, axes=(1, 0)), lambda x: x.T),
        (lambda t: t.sum(axis=1), lambda x: x.sum(axis=1)),
        (lambda t: t.mean(axis=0, keepdims=True), lambda x: x.mean(axis=0, keepdims=True)),
        (lambda t: t.max(1) - t.min(0), lambda x: x.max(1) - x.min(0)),
        (lambda t: t.reshape(4), lambda x: x.reshape(4)),
        (lambda t: t.reshape(1, -1), lambda x: x.reshape(1, -1)),
        (lambda t: t.reshape((4, 1)), lambda x: x.reshape((4, 1))),
        (lambda t: t.T @ t.transpose(), lambda x: x.T @ x.T),
        (lambda t: t.transpose(1, 0), lambda x: x.T),
        (lambda t: t.transpose((1, 0)), lambda x: x.T),
        (lambda t: t.swapaxes(0, 1), lambda x: x.T),
        (lambda t: t[None].squeeze(0), lambda x: x),
        (lambda t: t.mT @ t.copy(), lambda x: x.T @ x),
        (lambda t: t.take([0, 3, -1]) + t.repeat(3)[:3], lambda x: x.take([0, 3, -1]) + x.repeat(3)[:3]),
        (lambda t: t.diagonal(1) + t.compress([True], 0), lambda x: x.diagonal(1) + x.compress([True], 0)),
        (lambda t: Tensor([[1, 0]]).choose([t, 2 * t]), lambda x: np.choose([[1, 0]], [x, 2 * x])),
        (lambda t: t.reshape(4, order="F") * t.flatten("F"), lambda x: x.flatten("F") ** 2),
        (lambda t: np.astype(t, np.float32), lambda x: x.astype(np.float32)),
        (lambda t: t.ravel() + t.flatten(), lambda x: 2 * x.ravel()),
        (lambda t: t.dot(a), lambda x: x @ a),
        (lambda t: t.astype(np.float32), lambda x: x.astype(np.float32)),
        (lambda t: t[t > 2], lambda x: x[x > 2]),
        (lambda t: t[Tensor([0, 0])], lambda x: x[[0, 0]]),
        (lambda t: t[[Tensor(0), 1], Tensor([1, 1])], lambda x: x[[0, 1], [1, 1]]),
    ],
)
def test_syntax(ours, numpys):
    """The value is NumPy's, and a Tensor through which a gradient flows."""
    y = ours(leaf())
    assert isinstance(y, Tensor)
    assert y.requires_grad
    np.testing.assert_allclose(y.data, numpys(a), rtol=1e-15, strict=True)


@pytest.mark.parametrize("call", [np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal])
def test_comparisons(call):
    t, sign = leaf(), {"less": "<", "greater": ">", "less_equal": "<=", "greater_equal": ">=", "equal": "=="}
    written = {"<": t < 2, ">": t > 2, "<=": t <= 2, ">=": t >= 2, "==": t == 2, "!=": t != 2}
    for y in (call(t, 2), call(t, np.full(2, 2.0)), written[sign.get(call.__name__, "!=")]):
        assert isinstance(y, Tensor)
        assert not y.requires_grad
        np.testing.assert_array_equal(y.data, call(a, 2), strict=True)
    np.testing.assert_array_equal(call(np.float64(2), t).data, call(2, a), strict=True)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(
    "call",
    [
        lambda t: t * 2.0,
        lambda t: 1 - t,
        lambda t: t / 3,
        lambda t: 2**t,
        lambda t: t**2.5,
        lambda t: t.mean(axis=0),
        lambda t: np.where(t > 2, t, 0.0),
        lambda t: np.maximum(t, 0.5),
        lambda t: t * Tensor(np.array(2, np.float16)),
        softmax,
        relu,
    ],
)
def test_python_numbers_keep_a_small_dtype(call, dtype):
    t = leaf(a.astype(dtype))
    y = call(t)
    y.sum().backward()
    assert (y.dtype, t.grad.dtype) == (dtype, dtype)


# What is refused


def other_ufuncs():
    return {f for f in vars(np).values() if isinstance(f, np.ufunc) and find_ufunc(f) is None} - ours()


def other_functions():
    """All public functions of NumPy that dispatch on their arguments, but for those that work."""
    public = [getattr(module, name) for module in (np, np.linalg, np.fft) for name in module.__all__]
    return {f for f in public if isinstance(f, type(np.sum))} - {*ours(), *PLAIN}


def ours():
    """All that work, those included that are loaded when they are called."""
    for name in COMPOSED:
        *folders, function = name.removeprefix("numpy.").split(".")
        find_function(getattr(reduce(getattr, folders, np), function))
    return set(FUNCTIONS)


def by_name(functions):
    return sorted(functions, key=lambda f: f.__name__)


@pytest.mark.parametrize("ufunc", by_name(other_ufuncs()), ids=lambda f: f.__name__)
def test_other_ufuncs_are_refused_by_name(ufunc):
    with pytest.raises(TypeError, match=rf"np\.{ufunc.__name__} is not differentiable"):
        ufunc(*[leaf()] * ufunc.nin)


@pytest.mark.parametrize("f", by_name(other_functions()), ids=lambda f: f.__name__)
def test_other_functions_are_refused_by_name(f):
    with pytest.raises(TypeError, match=rf"np\.(linalg\.|fft\.)?{f.__name__} is not differentiable"):
        leaf().__array_function__(f, (Tensor,), (leaf(),), {})


def is_floating(value):
    """Whether a value is, or holds, an array of floating point: something that a gradient might have flowed to."""
    if isinstance(value, list | tuple):
        return any(is_floating(part) for part in value)
    return isinstance(value, np.ndarray | np.generic | float) and np.asarray(value).dtype.kind == "f"


OF_A_DTYPE = {np.astype, np.zeros_like, np.ones_like, np.empty_like}


@pytest.mark.parametrize("f", by_name((other_functions() | ours()) - OF_A_DTYPE), ids=lambda f: f.__name__)
def test_no_function_gives_an_array_where_a_gradient_was_due(f):
    """Called with the tensor in any of the first places, it fails, or returns nothing that a gradient could flow to.

    But for those whose second argument may be anything that has a dtype, and np.linalg.tensorsolve of a number.
    """
    t = leaf()
    for arguments in ((t,), (t, a), (a, t), ([t, t],), ([t, a],), (t, 1), (t, 0, 1), ("ij,ij", t, a), (a > 2, t, a)):
        try:
            value = f(*arguments)
        except (TypeError, ValueError, IndexError, AttributeError, DeprecationWarning, RuntimeWarning):
            continue
        assert value is a or not is_floating(value), f"np.{f.__name__} lost the gradient"


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda t: np.asarray(t), r"take \.data"),
        (lambda t: np.array(t), r"take \.data"),
        (lambda t: np.array([t, t]), r"np\.stack"),
        (lambda t: np.array([t, 1.0], dtype=object), r"np\.stack"),
        (lambda t: np.sum([t, t]), r"np\.stack"),
        (lambda t: np.vectorize(lambda x: 2 * x)(t), r"take \.data"),
        (lambda t: a.dot(t), r"take \.data"),
        (lambda t: np.random.default_rng(0).normal(t), r"take \.data"),
        (lambda t: np.add(a, a, out=t), r"w\[…\] = …: w requires a gradient"),
        (lambda t: np.exp(t, out=a.copy()), r"np\.exp: out= does not work with a tensor"),
        (lambda t: np.exp(t, where=a > 2), r"np\.exp: where= does not work"),
        (lambda t: np.add(t, 1, casting="unsafe", order="F"), r"np\.add: order= does not work"),
        (lambda t: np.add.at(a.copy(), 0, t), r"np\.add\.at is not differentiable"),
        (lambda t: np.frompyfunc(abs, 1, 1)(t), "is not differentiable"),
        (lambda t: np.sum(t, out=a.copy()), r"np\.sum.*'out'.*use \.data"),
        (lambda t: np.max(t, 0, a[0].copy()), r"np\.max.*'out'"),
        (lambda t: t.sort(), r"w\[…\] = …: w requires a gradient"),
        (lambda t: np.concatenate([t, t], out=a.copy()), r"np\.concatenate.*'out'"),
        (lambda t: t + None, "add: wanted a tensor, an array or a number, not None"),
        (lambda t: t * "a", "multiply: wanted a tensor, an array or a number, not 'a'"),
        (lambda t: t - [t, t], "subtract: the list holds tensors. Join them with np.stack"),
        (lambda t: t * np.array(["a", "b"]), "multiply"),
        (lambda t: t + Node(name="n", shape=(2, 2)), "a Node and a Tensor do not mix"),
        (lambda t: Node(name="n", shape=(2, 2)) + t, "a Node and a Tensor do not mix|a Tensor and a Node do not mix"),
        (lambda t: np.full_like(a, t), "gradient"),
    ],
)
def test_refused(run, message):
    with pytest.raises(TypeError, match=message):
        run(leaf(name="w"))


def test_the_refusal_names_the_tensor():
    with pytest.raises(TypeError, match=r"W1 requires a gradient"):
        np.asarray(leaf(name="W1"))


@pytest.mark.parametrize("call", [math.exp, float, int, math.floor, lambda t: math.hypot(t, 1), complex])
def test_no_python_number_is_made_of_a_tensor_in_passing(call):
    """As np.asarray does, math.exp and the like would drop the gradient without a word; .item() says so."""
    with pytest.raises(TypeError, match="gradient"):
        call(leaf(1.0))
    assert call(Tensor(1.0)) == call(1.0)


def test_in_place_arithmetic_on_an_array_is_refused_and_leaves_it_as_it_was():
    x = a.copy()
    for change in (np.ndarray.__iadd__, np.ndarray.__imul__, np.ndarray.__itruediv__):
        with pytest.raises(TypeError, match="out= does not work with a tensor"):
            change(x, leaf())
    np.testing.assert_array_equal(x, a)


PLAIN_CALLS = {
    np.einsum_path: lambda f, x: f("ij,jk", x, x)[1],
    np.argpartition: lambda f, x: f(x, 1),
    np.allclose: lambda f, x: f(x, a),
    np.array_equal: lambda f, x: f(a, x),
    np.isclose: lambda f, x: f(x, a),
    np.array_equiv: lambda f, x: f(a, x),
    np.isin: lambda f, x: f(x, a[:1]),
    np.digitize: lambda f, x: f(x, [0.0, 1.0]),
    np.searchsorted: lambda f, x: f([0.0, 1.0], x),
}


@pytest.mark.parametrize("f", sorted(PLAIN, key=lambda f: f.__name__), ids=lambda f: f.__name__)
def test_plain_functions_give_what_they_give_for_the_array(f):
    call = PLAIN_CALLS.get(f, lambda f, x: f(x))
    value, wanted = call(f, leaf()), call(f, a)
    assert type(value) is type(wanted)
    if f is np.empty_like:
        assert (value.shape, value.dtype) == (wanted.shape, wanted.dtype)
    else:
        np.testing.assert_array_equal(value, wanted)


def test_arrays_may_be_made_of_tensors_that_require_no_gradient():
    t = Tensor(a)
    np.testing.assert_array_equal(np.asarray(t), a)
    np.testing.assert_array_equal(np.array([t, t]), [a, a])
    assert np.asarray(t, np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(t, copy=True), a)
    with no_grad():
        np.testing.assert_array_equal(np.asarray(leaf() * 2), 2 * a)
