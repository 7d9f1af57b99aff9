"""Complex numbers: the gradient of a real E by z = x + iy is ∂E/∂x − i ∂E/∂y, as HIPS autograd and JAX have it."""

import warnings

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, gradcheck, holomorphic_grad
from minigrad.engine.debugging.gradcheck import GradientError
from minigrad.ops.base import Elementwise

Z = np.array([0.3 + 0.7j, -1.2 + 0.4j, 0.9 - 1.1j, -0.5 - 0.6j])
C = np.array([1.0 - 2.0j, 0.5 + 0.3j, -0.7 + 1.0j, 2.0 + 0.1j])

CLOSED = {
    "|z|²": (lambda z: (np.abs(z) ** 2).sum(), 2 * Z.conj()),
    "z z̄": (lambda z: (z * np.conj(z)).real.sum(), 2 * Z.conj()),
    "⟨z, z⟩": (lambda z: np.vdot(z, z).real, 2 * Z.conj()),
    "⟨z, c⟩": (lambda z: np.vdot(z, C).real, C.conj()),
    "⟨c, z⟩": (lambda z: np.vdot(C, z).imag, -1j * C.conj()),
    "|z|": (lambda z: np.abs(z).sum(), Z.conj() / np.abs(Z)),
    "Re z": (lambda z: z.real.sum(), np.ones(4, complex)),
    "Im z": (lambda z: np.imag(z).sum(), np.full(4, -1j)),
    "Re z²": (lambda z: np.real(z**2).sum(), 2 * Z),
    "Im z̄": (lambda z: z.conj().imag.sum(), np.full(4, 1j)),
    "arg z": (lambda z: np.angle(z).sum(), -1j / Z),
    "arg z in degrees": (lambda z: np.angle(z, deg=True).sum(), -180j / np.pi / Z),
    "ln |z|": (lambda z: np.log(np.abs(z)).sum(), 1 / Z),
    "Re exp(cz)": (lambda z: np.exp(C * z).real.sum(), C * np.exp(C * Z)),
    "a sum and a product": (lambda z: np.imag((C @ z) * z.sum()), -1j * (C * Z.sum() + C @ Z)),
}


@pytest.mark.parametrize(("f", "slope"), CLOSED.values(), ids=CLOSED)
def test_closed_forms(f, slope):
    np.testing.assert_allclose(grad(f)(Z), slope, rtol=1e-14, strict=True)
    assert grad(f)(Z.astype(np.complex64)).dtype == np.complex64
    z = Tensor(Z, requires_grad=True)
    f(z).backward()
    np.testing.assert_allclose(z.grad.data, slope, rtol=1e-14, strict=True)


def test_a_real_operand_has_the_real_part():
    w, z = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True), Tensor(Z, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((w * z * 1j).real + (C**w).imag + (w @ C).real + w.astype(complex).real).sum().backward()
    power = (-1j * C**w.data * np.log(C)).real
    np.testing.assert_allclose(w.grad.data, -Z.imag + power + 4 * C.real + 1, rtol=1e-14, strict=True)
    np.testing.assert_allclose(z.grad.data, 1j * w.data, strict=True)


def test_float32_and_complex64_stay():
    w, z = (Tensor(x, requires_grad=True) for x in (np.ones(4, np.float32), Z.astype(np.complex64)))
    E = (np.abs(w * z * 2j) + np.angle(z) + (z**0.5j).imag + np.exp(1j * w).real).sum()
    E.backward()
    assert (E.dtype, w.grad.dtype, z.grad.dtype) == (np.float32, np.float32, np.complex64)


def test_singular_points_have_gradient_0():
    for f in (np.abs, np.angle):
        np.testing.assert_array_equal(grad(lambda z, f=f: f(z).sum())(np.array([0j, 2.0])).tolist()[0], 0)
    guarded = grad(lambda z: np.where(z == 0, 0, np.log(z)).real.sum())
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(guarded(np.array([0j, 2j])), [0, -0.5j])


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.exp, np.exp),
        (np.sin, np.cos),
        (lambda z: z**3 + 1j * z, lambda z: 3 * z**2 + 1j),
        (lambda z: 1 / (1 + np.sqrt(z)), lambda z: -0.5 / np.sqrt(z) / (1 + np.sqrt(z)) ** 2),
    ],
)
def test_holomorphic_functions_have_their_derivative(f, slope):
    np.testing.assert_allclose(holomorphic_grad(f)(0.3 + 0.7j), slope(0.3 + 0.7j), rtol=1e-14)
    second = holomorphic_grad(holomorphic_grad(f))(0.3 + 0.7j)
    h = 1e-6
    np.testing.assert_allclose(second, (slope(0.3 + 0.7j + h) - slope(0.3 + 0.7j - h)) / (2 * h), rtol=1e-8)


def test_the_gradient_of_each_element_is_given_by_a_seed():
    z = Tensor(Z, requires_grad=True)
    (z**2).backward(C)
    np.testing.assert_allclose(z.grad.data, 2 * Z * C, strict=True)


def test_a_tensor_of_complex_numbers_is_shown_and_read():
    z = Tensor([1 + 2j], requires_grad=True, name="z")
    assert repr(z * 1j) == "Tensor([-2.+1.j], dtype=complex128, requires_grad=True)"
    assert (z.detach()[0].item(), complex(z.detach()[0])) == (1 + 2j, 1 + 2j)
    assert repr(z.imag) == "Tensor([2.], requires_grad=True)"
    with pytest.warns(np.exceptions.ComplexWarning):
        assert z.astype(float).dtype == np.float64


def test_comparisons_and_choices_are_numpys():
    """NumPy orders by the real part first; what is chosen gets the gradient."""
    z = Tensor(Z, requires_grad=True)
    np.testing.assert_array_equal((z > 0).data, Z > 0)
    assert np.max(z).item() == Z.max()
    np.max(z).backward(1j)
    np.testing.assert_array_equal(z.grad.data, 1j * (Z.max() == Z))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda z: grad(lambda z: z**2)(1j), r"grad of <lambda>: wanted a real value.*holomorphic_grad"),
        (lambda z: (z * z).sum().backward(), r"sum\(multiply\(z, z\)\) is complex128.*np\.abs.*holomorphic_grad"),
        (lambda z: np.abs(z).backward(Z), r"backward: the gradient of absolute\(z\), which is real, is complex"),
        (lambda z: holomorphic_grad(np.exp)(1.0), r"holomorphic_grad of exp: argument 0 is float64; write x \+ 0j"),
        (lambda z: holomorphic_grad(np.abs)(1j), "holomorphic_grad of absolute: wanted a complex value"),
        (lambda z: Tensor([1], requires_grad=True), "only floating-point and complex tensors have gradients"),
    ],
)
def test_refused(run, message):
    with pytest.raises(TypeError, match=message):
        run(Tensor(Z, requires_grad=True, name="z"))


def test_signs_have_the_gradient_of_a_direction():
    """sign z = z / |z| does not change with |z|, so that the gradient of Re(z̄₀ sign z) at z₀ is 0."""
    np.testing.assert_allclose(grad(lambda z: np.sum(np.sign(z) * Z.conj()).real)(Z), 0 * Z, atol=1e-15)
    np.testing.assert_allclose(grad(lambda z: np.sign(z).imag.sum())(1e-3 + 0j), -1000j)


HERMITIAN = np.array([[2.0, 1 - 1j], [1 + 1j, 3.0]])
LINEAR_ALGEBRA = {
    "det": lambda a: np.abs(np.linalg.det(a)),
    "slogdet": lambda a: np.linalg.slogdet(a)[1] + np.linalg.slogdet(a)[0].imag,
    "inv": lambda a: np.linalg.inv(a).imag.sum(),
    "solve": lambda a: np.abs(np.linalg.solve(a, Z[:2])).sum(),
    "norm": lambda a: np.linalg.norm(a) + np.linalg.norm(a, 3, 0).sum() + np.linalg.norm(a, "nuc"),
}


@pytest.mark.parametrize("f", LINEAR_ALGEBRA.values(), ids=LINEAR_ALGEBRA)
def test_linear_algebra_of_complex_matrices(f):
    a, d, h = HERMITIAN + np.diag([1j, 0.5]), Z.reshape(2, 2), 1e-6
    np.testing.assert_allclose(np.sum(grad(f)(a) * d).real, (f(a + h * d) - f(a - h * d)) / (2 * h), rtol=1e-7)


def test_gradcheck_moves_both_parts():
    def conjugated(z):  # a rule that is wrong, as it would be right by PyTorch's convention
        return Elementwise("wrong", np.square, lambda y, z: 2 * z.conj(), text="{x}²")(z)

    assert gradcheck(lambda z, w: np.exp(1j * w * z) / np.conj(z), Z, np.arange(4.0))
    assert gradcheck(lambda z: np.sum(z * np.abs(z)), Z)
    assert gradcheck(np.tanh, Z.astype(np.complex64))
    with pytest.raises(GradientError, match=r"input 0, element \(0,\) along i: analytic"):
        gradcheck(conjugated, Z[:1])


@pytest.mark.parametrize("f", [f for f, _ in CLOSED.values()], ids=CLOSED)
def test_second_order(f):
    assert gradcheck(lambda z: grad(f)(z), Z)


def test_kinds_are_asked_for_and_small_imaginary_parts_left_out():
    z, x = Tensor(Z + 0, requires_grad=True), Tensor(np.ones(2), requires_grad=True)
    assert (np.iscomplexobj(z), np.iscomplexobj(x), np.isrealobj(x)) == (True, False, True)
    np.testing.assert_array_equal(np.isreal(z * np.array([0, 1, 1, 1])), [True, False, False, False])
    close = lambda w: np.real_if_close(np.exp(1j * np.pi) * w)  # noqa: E731
    assert (close(x).dtype, np.real_if_close(z).dtype, np.real_if_close(x).dtype) == (float, complex, float)
    np.testing.assert_allclose(grad(lambda w: close(w).sum())(x.data), [-1, -1])
    with pytest.raises(TypeError, match="compile"):
        compile(lambda w: np.real_if_close(1j * w))(x.data)


@pytest.mark.parametrize("f", [np.arccos, np.arcsin, np.arctanh, np.arccosh, np.sqrt, np.log], ids=lambda f: f.__name__)
def test_gradients_on_a_cut_are_those_of_its_side(f):
    """Numbers on the real axis, with an imaginary part of 0 or −0: along the axis, values are smooth on each side."""
    for x in (-2.5, -1.7, -0.4, 0.3, 1.6, 3.0):
        for zero in (0.0, -0.0):

            def wanted(x, zero=zero):
                return float((f(np.array(complex(x, zero))) * (2 - 3j)).real)

            slope = (wanted(x + 1e-6) - wanted(x - 1e-6)) / 2e-6
            z = np.array(complex(x, zero))
            found = grad(lambda z: (f(z) * (2 - 3j)).real.sum())(z)
            np.testing.assert_allclose(found.real, slope, rtol=1e-6, atol=1e-8, err_msg=f"{x} {zero}")
            np.testing.assert_allclose(compile(grad(lambda z: (f(z) * (2 - 3j)).real.sum()))(z), found)
