"""grad and value_and_grad: functions of functions, against closed forms."""

import math
import threading

import numpy as np
import pytest

from minigrad import Tensor, grad, no_grad, sigmoid, value_and_grad


def cubes(x, y, z=1.0):
    return (x**3 * y).sum() * z


def many(f, n):
    for _ in range(n):
        f = grad(f)
    return f


# Values and gradients


def test_arrays_in_arrays_out():
    x, y = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    value, gradient = value_and_grad(cubes)(x, y)
    assert type(gradient) is np.ndarray
    assert isinstance(value, np.float64)
    assert value == 3 - 8
    np.testing.assert_allclose(gradient, 3 * x**2 * y, strict=True)
    np.testing.assert_array_equal(grad(cubes)(x, y), gradient)


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
    np.testing.assert_array_equal(grad(f)(np.array([1.0, 2.0])), [0.0, 0.0], strict=True)


def test_an_argument_that_is_not_used_has_gradient_zero():
    found = grad(lambda x, y: x * 2, (0, 1))(1.0, np.ones((2, 3), np.float32))
    assert found[0] == 2
    np.testing.assert_array_equal(found[1], np.zeros((2, 3), np.float32), strict=True)


def test_the_gradient_is_the_callers_own():
    x = np.array([1.0, 2.0])
    for f in (lambda x: x.sum(), lambda x: (x + 0.0).sum(), lambda x: (x * x).sum(), lambda x: 0.0):
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


# Nesting


TANH_DERIVATIVES = [  # polynomials in t = tanh x, highest power first: d/dx p(t) = p′(t)(1 − t²)
    np.poly1d([1, 0]),
    np.poly1d([-1, 0, 1]),
    np.poly1d([2, 0, -2, 0]),
    np.poly1d([-6, 0, 8, 0, -2]),
    np.poly1d([24, 0, -40, 0, 16, 0]),
    np.poly1d([-120, 0, 240, 0, -136, 0, 16]),
]


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("x", [-1.3, 0.0, 0.2, 2.0])
def test_derivatives_of_tanh(order, x):
    if order:
        assert TANH_DERIVATIVES[order] == TANH_DERIVATIVES[order - 1].deriv() * np.poly1d([-1, 0, 1])
    np.testing.assert_allclose(many(np.tanh, order)(x), TANH_DERIVATIVES[order](np.tanh(x)), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "order", "exact"),
    [
        (np.exp, 6, np.exp(0.7)),
        (np.sin, 6, -np.sin(0.7)),
        (np.log, 5, 24 / 0.7**5),
        (np.sqrt, 3, 3 / 8 * 0.7**-2.5),
        (lambda x: 1 / x, 5, -120 / 0.7**6),
        (lambda x: x**7, 5, 2520 * 0.7**2),
        (lambda x: x**7, 7, 5040),
        (lambda x: x**7, 8, 0),
        (lambda x: x**-1, 3, -6 / 0.7**4),
        (sigmoid, 2, sigmoid(0.7) * (1 - sigmoid(0.7)) * (1 - 2 * sigmoid(0.7))),
        (lambda x: np.power(x, x), 2, 0.7**0.7 * ((math.log(0.7) + 1) ** 2 + 1 / 0.7)),
        (lambda x: np.where(x > 0, x**3, x**2), 2, 6 * 0.7),
        (lambda x: np.max(np.stack([x**2, x**4])), 2, 2),
        (lambda x: np.stack([x, x**2]) @ np.stack([x**3, x]), 3, 24 * 0.7 + 6),
    ],
)
def test_higher_derivatives(f, order, exact):
    np.testing.assert_allclose(many(f, order)(0.7), exact, rtol=1e-9)


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (lambda x: x * grad(lambda y: x + y)(1.0), 1.0),
        (lambda x: x * grad(lambda y: x * y)(2.0), 6.0),
        (lambda x: grad(lambda y: x * y * y)(x), 12.0),
        (lambda x: grad(lambda x: x**3)(x) * x, 81.0),
        (lambda x: grad(lambda y: grad(lambda z: x * y * z)(y) * x)(x), 6.0),
        (lambda x: grad(lambda y: y**2)(x * x) * x, 54.0),
        (lambda x: grad(lambda y: grad(lambda z: z**3 * y**2)(x) * x)(x), 3 * 2 * 4 * 27.0),
        (lambda x: grad(lambda y: y * x.detach())(x) * x, 3.0),
        (lambda x: sum(grad(lambda y, c=c: c * x * y)(1.0) for c in (1.0, 2.0)), 3.0),
        (lambda x: value_and_grad(lambda y: y * x)(x)[0] + value_and_grad(lambda y: y * x)(x)[1], 7.0),
        (lambda x: grad(lambda y: np.sin(y).sum())(np.stack([x, x])).sum(), -2 * np.sin(3.0)),
        (lambda x: grad(lambda y, z: x * y * z, (0, 1))(x, 2.0)[1], 6.0),
    ],
)
def test_variables_of_nested_gradients_are_not_confused(f, exact):
    """At x = 3. The inner gradient takes the outer variable for a constant, and the outer one sees through both."""
    np.testing.assert_allclose(grad(f)(3.0), exact, rtol=1e-12)


def test_the_classic_case_of_perturbation_confusion():
    """Siskind & Pearlmutter (2005): a confused system answers 2."""
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1


def test_a_hessian_row_by_row():
    """∂²/∂x² of ½ xᵀ A x is the symmetric part of A."""
    A = np.random.default_rng(0).normal(size=(3, 3))
    x = np.array([1.0, -2.0, 0.5])
    gradient = grad(lambda x: x @ A @ x / 2)
    rows = [grad(lambda x, i=i: gradient(x)[i])(x) for i in range(3)]
    np.testing.assert_allclose(rows, (A + A.T) / 2)


def test_outer_tensors_of_a_users_own_graph():
    """grad inside a computation that backward() goes through: ∂/∂w of d/dx (w x²) = 2 w x at x = w."""
    w = Tensor(3.0, requires_grad=True)
    y = grad(lambda x: w * x**2)(w)
    assert y.item() == 18
    y.backward()
    assert w.grad.item() == 12


def test_the_gradients_of_a_function_do_not_add_to_grad():
    w = Tensor([3.0], requires_grad=True)
    grad(lambda x: (w * x).sum())(np.array([2.0]))
    grad(lambda x: (w * x).sum())(w)
    assert w.grad is None


def test_backward_may_be_used_inside_a_function():
    def slope(x):
        y = x * 1.0
        inner = Tensor(y.data, requires_grad=True)
        (inner**2).backward()
        return y * inner.grad.item()

    assert grad(slope)(3.0) == 6


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
        found[k] = [many(lambda x: x ** (k + 3), 2)(1.5) for _ in range(50)]

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
        (lambda: grad(lambda x: x)(1j), TypeError, "argument 0 is complex128"),
        (lambda: grad(cubes, 1)(1.0, 2), TypeError, "grad of cubes: argument 1 is int64"),
        (lambda: grad(cubes, (0, 1))(1.0, Tensor([2])), TypeError, "grad of cubes: argument 1 is int64"),
        (lambda: grad(lambda x: x)("a"), TypeError, "argument 0"),
        (lambda: grad(lambda x: x[0])([1.0, 2.0]), TypeError, "argument 0 is (a )?list"),
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
