"""Functions of ``scipy.special`` take tensors: value, dtype, gradients to the second order, code, notation."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import scipy.special as special

from minigrad import Tensor, compile, derive, grad, gradcheck, holomorphic_grad, vmap
from minigrad.engine.protocols.scipy_protocol import SPECIAL
from minigrad.scipy import special as ours
from tests.test_compile_backends import BY_PYTHON

X, WEIGHTS = np.array([0.3, 0.7]), np.array([1.0, 2.0])
OF_TWO = {
    "beta",
    "betaln",
    "xlogy",
    "xlog1py",
    "rel_entr",
    "kl_div",
    "boxcox",
    "boxcox1p",
    "inv_boxcox",
    "inv_boxcox1p",
}
BY_CALL = {"betainc": lambda x: special.betainc(1.5, 2.5, x), "ndtri_exp": lambda x: special.ndtri_exp(-x)}


def call_of(name):
    """A call of a ufunc of one, two or three operands on one array; what it has no derivative by is a number."""
    f = getattr(special, name)
    if name in BY_CALL or f.nin == 1:
        return BY_CALL.get(name, f)
    return (lambda x: f(x, x[::-1] + 0.1)) if name in OF_TWO else lambda x: f(2, x)


def loss(f, x):
    return (f(x) * WEIGHTS).sum()


def slope(f, x):
    return (grad(partial(loss, f))(x) ** 2).sum()


@pytest.mark.parametrize("name", sorted(SPECIAL.keys() - {"gammasgn"}))
def test_a_ufunc_of_scipys(name):
    f = call_of(name)
    for x in (X, X.astype(np.float32)):
        y, wanted = f(Tensor(x, requires_grad=True)), f(x)
        assert (y.requires_grad, y.dtype) == (True, wanted.dtype)
        np.testing.assert_allclose(y.data, wanted, rtol=10 * np.finfo(x.dtype).eps)
    assert gradcheck(partial(loss, f), X)
    assert gradcheck(partial(slope, f), X, rtol=1e-5, atol=1e-6)
    second = grad(partial(slope, f))
    for backend in ("numpy", BY_PYTHON):
        np.testing.assert_allclose(compile(second, backend=backend)(X), second(X), rtol=1e-9)
    np.testing.assert_allclose(np.asarray(vmap(f)(np.stack([X, X / 2]))), np.stack([f(X), f(X / 2)]), rtol=1e-12)


def test_derivatives_of_psi_at_complex_numbers():
    """Against differences of the derivative before, SciPy's ψ first, on both sides of the imaginary axis."""
    z = np.array([1 + 1j, 0.2 - 3j, -3.5 + 0.2j, -20.3 - 4j, 40 + 2j, -0.6 + 0j, 100j])
    before = special.psi
    for n in (1, 2, 3):
        f = partial(ours.polygamma, n)
        wanted = (before(z + 1e-4) - before(z - 1e-4)) / 2e-4
        np.testing.assert_allclose(f(z), wanted, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(f(z.astype(np.complex64)), f(z), rtol=1e-4)
        assert f(z.astype(np.complex64)).dtype == np.complex64
        np.testing.assert_allclose(f(z.conj()), f(z).conj())
        before = f
    slope = holomorphic_grad(lambda z: special.loggamma(z).sum())
    np.testing.assert_allclose(holomorphic_grad(lambda z: slope(z).sum())(z), ours.polygamma(1, z))
    np.testing.assert_allclose(ours.polygamma(2, X + 0j), special.polygamma(2, X), rtol=1e-12)


def test_a_sign_is_constant_on_each_side():
    x = np.array([-0.5, 0.5, -1.5])
    y = special.gammasgn(Tensor(x, requires_grad=True))
    np.testing.assert_array_equal(y.data, [-1, 1, 1])
    assert not y.requires_grad
    np.testing.assert_allclose(grad(lambda x: (special.gammasgn(x) * x).sum())(x), y.data)


@pytest.mark.parametrize("f", [special.softplus, partial(special.jvp, 1), special.digamma, partial(special.jn, 2)])
def test_what_is_made_of_those_ufuncs(f):
    np.testing.assert_allclose(f(Tensor(X, requires_grad=True)).data, f(X))
    assert gradcheck(partial(loss, f), X)


def test_where_the_plain_formula_has_no_value():
    zero, far = np.array(0.0), np.array(-1e4)
    np.testing.assert_allclose(grad(special.log_ndtr)(far), 1e4, rtol=1e-7)
    np.testing.assert_allclose(grad(lambda x: special.xlogy(0, x))(zero), 0)
    np.testing.assert_allclose(grad(lambda x: special.boxcox(2.0, x))(zero), np.log(2) ** 2 / 2)
    for f, wanted in ((special.j1, 0.5), (special.i1, 0.5), (special.i1e, 0.5), (special.exprel, 0.5)):
        np.testing.assert_allclose(grad(f)(zero), wanted, err_msg=f.__name__)


def slope_of_slope(f):
    """The derivative of the derivative, element by element."""
    first = grad(lambda x: f(x).sum())
    return grad(lambda x: first(x).sum())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_up_the_logarithm_of_a_distribution_is_flat(dtype):
    """h = φ/Φ has the slope −h (x + h): 0 far up, where it was NaN by the infinite slope of erfcx."""
    x = np.array([-3.0, 0.0, 3.0, 14.0, 38.0, 40.0, 800.0, 1e30], dtype)
    h = np.exp(-(x.astype(float) ** 2) / 2) / np.sqrt(2 * np.pi) / special.ndtr(x.astype(float))
    second = slope_of_slope(special.log_ndtr)
    for f in (second, compile(second), compile(second, backend=BY_PYTHON)):
        np.testing.assert_allclose(f(x), -h * (x + h), rtol=1e-4 if dtype is np.float32 else 1e-12, atol=1e-30)


def test_the_reciprocal_of_gamma_is_smooth_at_gammas_poles():
    """1 / Γ(x) has the slope (−1)ⁿ n! at x = −n; ψ is infinite there."""
    n = np.arange(6)
    first = grad(lambda x: special.rgamma(x).sum())
    np.testing.assert_allclose(first(-n.astype(float)), [1, -1, 2, -6, 24, -120])
    at = np.append(-n.astype(float), [0.5, 0.499, 1e-160, -1e-160, -7.3])
    np.testing.assert_allclose(
        slope_of_slope(special.rgamma)(at), (first(at + 1e-6) - first(at - 1e-6)) / 2e-6, rtol=1e-6
    )
    z = np.array([1 + 1j, -2.5 + 0.3j])
    differences = (special.rgamma(z + 1e-6) - special.rgamma(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(holomorphic_grad(lambda z: special.rgamma(z).sum())(z), differences, rtol=1e-8)


@np.errstate(over="ignore")
def test_slopes_that_overflow_are_infinite():
    """SciPy's hypergeometric function does not come to an end with 1e16; of i0, an infinity times 0 was NaN in code."""
    far = np.array([800.0, 1e16, 1e300, np.inf])
    for f in (special.exprel, np.i0):
        np.testing.assert_array_equal(grad(lambda x, f=f: f(x).sum())(far), np.inf)
    far = np.array([750.0, -1e8, 1e300])
    np.testing.assert_array_equal(grad(lambda x: np.i0(x).sum())(far), [np.inf, -np.inf, np.inf])
    for backend in ("numpy", BY_PYTHON):
        np.testing.assert_array_equal(compile(np.i0, backend=backend)(far), np.inf)


@pytest.mark.parametrize(
    ("f", "written"),
    [
        (special.log_ndtr, "∂E/∂x = φ(x) / Φ(x)"),
        (special.gammaln, "∂E/∂x = ψ(x)"),
        (special.gamma, "∂E/∂x = Γ(x) ⊙ ψ(x)"),
        (special.psi, "∂E/∂x = ψ′(x)"),
        (special.erf, "∂E/∂x = 1.12838 exp(−x²)"),
        (special.j0, "∂E/∂x = −J₁(x)"),
        (special.log_expit, "∂E/∂x = σ(−x)"),
        (partial(special.xlogy, 2), "∂E/∂x = 2 / x"),
    ],
)
def test_its_derivation(f, written):
    assert str(derive(f(Tensor(X, requires_grad=True, name="x")).sum())).splitlines()[-1] == written


def test_its_letters_are_greek_in_latex():
    written = derive(special.gamma(Tensor(X, requires_grad=True, name="x")).sum()).to_latex()
    assert r"\Gamma\left( x \right) \odot \psi\left( x \right)" in written


@pytest.mark.parametrize("name", ["jv", "gammainc", "betainc", "stdtr"])
def test_a_derivative_without_a_closed_form_is_refused(name):
    f = getattr(special, name)
    with pytest.raises(
        TypeError, match=rf"special\.{name}: its derivative by the .* has no closed form.*stop_gradient"
    ):
        grad(lambda a: f(a, *[0.5] * (f.nin - 1)))(1.5)


MATRIX = np.array([[0.5, -1.0, 2.0], [1.5, 0.1, -0.3]])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("polygamma", lambda f, x: f(2, x + 2)),
        ("polygamma", lambda f, x: f(0, x + 2)),
        ("multigammaln", lambda f, x: f(x + 4, 3)),
        *(("lambertw", lambda f, x, k=k: f(x, k)) for k in (0, -1, 2)),
        *((name, lambda f, x, axis=axis: f(x, axis=axis)) for name in ("softmax", "log_softmax") for axis in (None, 0)),
        ("softmax", lambda f, x: f(x, axis=(0, 1))),
        ("logsumexp", lambda f, x: f(x)),
        ("logsumexp", lambda f, x: f(x, 1, keepdims=True)),
        ("logsumexp", lambda f, x: f(x, axis=0, b=np.array([[0.0], [2.0]]))),
        ("logsumexp", lambda f, x: f(x, axis=1, b=np.array([-3.0, 0.5, 0.0]), return_sign=True)[0]),
        ("logsumexp", lambda f, x: f(x, axis=1, return_sign=True)[1]),
    ],
)
def test_what_scipy_makes_arrays_for(name, call):
    f, x = partial(call, getattr(ours, name)), MATRIX
    np.testing.assert_allclose(f(x), call(getattr(special, name), x))
    np.testing.assert_allclose(f(Tensor(x, requires_grad=True)).data, f(x))
    assert gradcheck(lambda x: (np.abs(f(x)) ** 2).sum(), x)
    with pytest.raises(TypeError, match=rf"minigrad\.scipy\.special\.{name}"):
        call(getattr(special, name), Tensor(x, requires_grad=True))


def test_wrong_calls():
    for n, error in ((1.5, TypeError), (-1, ValueError)):
        with pytest.raises(error, match="polygamma: wanted"):
            ours.polygamma(n, X)
    with pytest.raises(AttributeError, match="signal"):
        ours.signal  # noqa: B018


def test_scipy_is_not_loaded_for_itself():
    code = "import sys, numpy, minigrad; numpy.exp(minigrad.Tensor([1.0])); assert 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", sorted(SPECIAL.keys() - {"gammasgn"}))
def test_the_code_of_a_derivation_calls_scipys_ufuncs(name):
    w = Tensor(X, requires_grad=True, name="w")
    E = loss(call_of(name), w)
    E.backward()
    if name in ("exprel", "boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"):  # whose slopes are in neither library
        with pytest.raises(NotImplementedError, match="rel′', and how to write it is not known here"):
            derive(E).to_numpy()
        return
    space = {}
    exec(derive(E).to_numpy(), space)
    value, gradients = space["loss_and_gradients"](X)
    np.testing.assert_allclose(value, E.data, rtol=1e-12)
    np.testing.assert_allclose(gradients["w"], w.grad.data, rtol=1e-10)


def test_a_scaled_function_has_no_complex_derivative():
    """exp(−|Re z|) is no holomorphic factor: its gradient by z was that of |z|'s."""
    z = np.array([0.5 + 0.2j, -0.3 + 1j])
    with pytest.raises(TypeError, match=r"ive has no complex derivative; write iv"):
        grad(lambda z: (np.abs(special.ive(1.5, z)) ** 2).sum())(z)
    assert gradcheck(lambda z: (np.abs(special.iv(1.5, z) * np.exp(-np.abs(z.real))) ** 2).sum(), z)
