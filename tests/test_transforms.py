"""grad and value_and_grad: functions of functions, against closed forms."""

import math
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, compile, grad, hvp, jacobian, no_grad, value_and_grad, vmap


def cubes(x, y, z=1.0):
    return (x**3 * y).sum() * z


# Values and gradients


def test_arrays_in_arrays_out():
    x, y = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    value, gradient = value_and_grad(cubes)(x, y)
    assert type(gradient) is np.ndarray
    assert isinstance(value, np.float64)
    assert value == 3 - 8
    np.testing.assert_allclose(gradient, 3 * x**2 * y, strict=True)
    np.testing.assert_array_equal(grad(cubes)(x, y), gradient)


def test_a_pullback_is_of_what_the_arrays_held():
    x, y = np.array([1.0, 2.0]), {"a": np.array([3.0, 4.0])}
    value, pull = mg.vjp(lambda x, y: x**3 * y["a"], x, y)
    x[:], y["a"][:] = 0.0, 0.0
    for _ in range(2):
        by_x, by_y = pull(np.ones(2))
        np.testing.assert_allclose(by_x, [9.0, 48.0])
        np.testing.assert_allclose(by_y["a"], [1.0, 8.0])
    np.testing.assert_allclose(value, [3.0, 32.0])


def test_numbers_in():
    gradient = grad(lambda x: x**3)(2.0)
    assert (gradient, gradient.shape, gradient.dtype) == (12, (), np.float64)


@pytest.mark.parametrize("x", [np.array([1.0, 2.0], np.float32), np.ones((2, 1, 3)), np.ones((0, 3)), np.float16(2)])
def test_a_gradient_has_its_arguments_shape_and_dtype(x):
    gradient = grad(lambda x: (x**2).sum())(x)
    np.testing.assert_allclose(gradient, np.asarray(2 * x), strict=True)


@pytest.mark.parametrize(
    ("argnums", "wanted"),
    [
        (0, 180.0),
        (1, 40.0),
        (-1, 24.0),
        (-3, 180.0),
        ((0,), (180.0,)),
        ((0, 1), (180.0, 40.0)),
        ([2, 0], (24.0, 180.0)),
        ((-1, 1), (24.0, 40.0)),
        (range(3), (180.0, 40.0, 24.0)),
    ],
)
def test_argnums(argnums, wanted):
    """The slopes of x³ y z at (2, 3, 5) are 3 x² y z, x³ z and x³ y."""
    found = grad(lambda x, y, z: x**3 * y * z, argnums)(2.0, 3.0, 5.0)
    assert isinstance(found, tuple) == isinstance(wanted, tuple)
    np.testing.assert_allclose(found, wanted)


def test_keywords_are_passed_on():
    assert grad(cubes)(np.array([2.0]), np.array([1.0]), z=10.0) == 120


@pytest.mark.parametrize("x", [2.0, np.array(2.0), Tensor(2.0), Tensor(2.0, requires_grad=True)])
@pytest.mark.parametrize(
    "slope",
    [
        lambda x, w: grad(lambda x, w: w * x**2)(x, w),
        lambda x, w: grad(lambda x, *, w: w * x**2)(x, w=w),
        lambda x, w: grad(lambda x, ws: ws["w"] * x**2)(x, {"w": w}),
        lambda x, w: grad(lambda x: w * x**2)(x),
    ],
    ids=["positional", "keyword", "in a dictionary", "closure"],
)
def test_a_gradient_that_depends_on_a_parameter_is_recorded(slope, x):
    """E = w ∂(w x²)/∂x = 2 w² x has ∂E/∂w = 4 w x, and half of it comes by the slope: what trains a network's slope."""
    w = Tensor(3.0, requires_grad=True)
    (w * slope(x, w)).backward()
    assert w.grad.item() == 24


@pytest.mark.parametrize("requires_grad", [False, True])
def test_tensors_in_tensors_out(requires_grad):
    x = Tensor([1.0, 2.0], requires_grad=requires_grad)
    value, gradient = value_and_grad(lambda x: (x**3).sum())(x)
    assert isinstance(value, Tensor)
    assert isinstance(gradient, Tensor)
    np.testing.assert_allclose(gradient.data, 3 * x.data**2)
    assert gradient.requires_grad == requires_grad
    assert x.grad is None
    if requires_grad:
        gradient.sum().backward()
        np.testing.assert_allclose(x.grad.data, 6 * x.data)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 3.0,
        lambda x: np.float64(3),
        lambda x: Tensor(3.0),
        lambda x: Tensor(3.0, requires_grad=True) * 2,
        lambda x: np.sign(x).sum(),
        lambda x: x.detach().sum(),
    ],
)
def test_a_constant_has_gradient_zero(f):
    with pytest.warns(UserWarning, match="does not depend on argument 0"):
        gradient = grad(f)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(gradient, [0.0, 0.0], strict=True)


def test_an_argument_that_is_not_used_has_gradient_zero():
    found = grad(lambda x, y: x * 2, (0, 1))(1.0, np.ones((2, 3), np.float32))
    assert found[0] == 2
    np.testing.assert_array_equal(found[1], np.zeros((2, 3), np.float32), strict=True)


def test_the_gradient_is_the_callers_own():
    x = np.array([1.0, 2.0])
    for f in (lambda x: x.sum(), lambda x: (x + 0.0).sum(), lambda x: (x * x).sum(), lambda x: 0.0 * x.sum()):
        gradient = grad(f)(x)
        gradient[:] = 9
        np.testing.assert_array_equal(x, [1, 2])
    a, b = grad(lambda x, y: (x + y).sum(), (0, 1))(x, x)
    a[:] = 9
    np.testing.assert_array_equal(b, [1, 1])


def test_the_name_and_docstring_are_the_functions():
    assert grad(cubes).__name__ == "cubes"
    assert value_and_grad(cubes).__wrapped__ is cubes
    assert grad(np.sin)(0.0) == 1


# Recording


def test_grad_works_inside_no_grad():
    """no_grad is about what the caller records: the slope of sin is asked for in so many words, and is not 0."""
    with no_grad():
        assert grad(np.sin)(0.0) == 1
        assert not (Tensor(1.0, requires_grad=True) * 2).requires_grad


def test_grad_inside_no_grad_records_nothing_for_the_caller():
    w = Tensor(3.0, requires_grad=True)
    with no_grad():
        slope = grad(lambda x: w * x**2)(np.array(2.0))
        assert (slope, type(slope)) == (12, np.ndarray)
        assert not grad(lambda x: x**2)(w).requires_grad
        assert not grad(lambda x: w * x**2)(Tensor(2.0)).requires_grad


def test_grad_inside_no_grad_inside_a_function_is_a_constant():
    def f(x):
        with no_grad():
            slope = grad(lambda y: y**2)(x)
        return slope * x

    assert grad(f)(3.0) == 6


def test_no_grad_inside_a_function_makes_a_constant():
    def f(x):
        with no_grad():
            c = x * x
        return c * x

    assert grad(f)(3.0) == 9


def test_an_exception_in_the_function_leaves_nothing_behind():
    def fail(x):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        grad(lambda x: grad(fail)(x))(1.0)
    gradient = grad(lambda x: x**2)(1.0)
    assert type(gradient) is np.ndarray


def test_threads_differentiate_at_the_same_time():
    start, found = threading.Barrier(4), {}

    def work(k):
        start.wait(10)
        found[k] = [grad(grad(lambda x: x ** (k + 3)))(1.5) for _ in range(50)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        np.testing.assert_allclose(found[k], (k + 3) * (k + 2) * 1.5 ** (k + 1))


# Refused


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: grad(lambda x: x)(3), TypeError, r"argument 0 is int64.*Write 3\.0 for 3"),
        (lambda: grad(lambda x: x)(np.arange(3)), TypeError, r"argument 0 is int64.*\.astype\(float\)"),
        (lambda: grad(lambda x: x)(True), TypeError, "argument 0 is bool"),
        (lambda: grad(lambda x: x)(1j), TypeError, r"wanted a real value, and it is complex.*holomorphic_grad"),
        (lambda: grad(cubes, 1)(1.0, 2), TypeError, "grad of cubes: argument 1 is int64"),
        (lambda: grad(cubes, (0, 1))(1.0, Tensor([2])), TypeError, "grad of cubes: argument 1 is int64"),
        (lambda: grad(lambda x: x)("a"), TypeError, "argument 0"),
        (lambda: grad(lambda x: x[0])([1, 2]), TypeError, "argument 0 is int64"),
        (lambda: grad(lambda x: x * 2)(np.ones(3)), ValueError, r"wanted a scalar value, and it has shape \(3,\)"),
        (lambda: grad(lambda x: x * 2)(np.ones(1)), ValueError, r"shape \(1,\)\. Reduce it, with \.sum\(\)"),
        (lambda: grad(lambda x: (x, x))(1.0), TypeError, "scalar"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "None"),
        (lambda: grad(cubes, 3)(1.0, 2.0), ValueError, "argnums names positional argument 3, and 2 were given"),
        (lambda: grad(cubes, -3)(1.0, 2.0), ValueError, "argnums names positional argument -3, and 2 were given"),
        (lambda: grad(cubes)(x=1.0, y=1.0), ValueError, "positional argument 0, and 0 were given"),
        (lambda: grad(pow, (0, 0))(1.0, 2.0), ValueError, "argnums"),
        (lambda: grad(pow, (0, -2))(1.0, 2.0), ValueError, "argnums"),
        (lambda: grad(pow, ())(1.0, 2.0), ValueError, "argnums"),
        (lambda: grad(lambda x: x * math.sin(x))(1.0), TypeError, "gradient"),
        (lambda: grad(lambda x: x * float(x))(1.0), TypeError, "gradient"),
        (lambda: grad(lambda x: np.array([x, x]).sum())(1.0), TypeError, r"np\.stack"),
    ],
)
def test_refused(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_what_stands_for_an_array_in_compiled_code_is_given_as_one_behind_stop_gradient():
    f = compile(lambda x: x * mg.stop_gradient(x))
    assert isinstance(f(np.array([1.0, 2.0])), np.ndarray)
    assert isinstance(f(Tensor(np.array([1.0, 2.0]))), Tensor)


def test_a_checkpoint_that_differentiates_is_computed_again_outside_of_the_lanes_of_a_walk_back():
    """Its variables were taken for lanes of the Jacobian's sweep, and what came back to the arguments was 0."""
    f = mg.checkpoint(lambda x: grad(lambda y: (y**3).sum())(x) * x[0])
    x = np.array([1.0, 2.0])
    exact = np.diag(6 * x) * x[0] + np.outer(3 * x**2, [1.0, 0.0])
    np.testing.assert_allclose(jacobian(f)(x), exact)


def test_tangents_of_several_arguments_within_a_compiled_vmap():
    def f(p):
        return (p["a"] ** 3).sum() * p["b"]

    p = {"a": np.array([1.0, 2.0]), "b": np.array(3.0)}
    many = {name: np.stack([x, 2 * x]) for name, x in p.items()}

    def products(many):
        return vmap(lambda one: hvp(f, (one,), (p,)))(many)

    for name, found in compile(products)(many).items():
        np.testing.assert_allclose(found, products(many)[name])
