"""np.fft: gradients against differences and closed forms, of complex and real signals of odd and even lengths."""

import subprocess
import sys

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, grad, gradcheck

X, Y, *PARTS = np.random.default_rng(0).normal(size=(4, 3, 4))
Z, ALONG = X + 1j * Y, PARTS[0] + 1j * PARTS[1]
KEPT = [{}, {"n": 3}, {"n": 7, "norm": "ortho"}, {"n": 4, "axis": 0, "norm": "forward"}]
SEVERAL = [{}, {"s": (2, 5), "axes": (0, 1), "norm": "forward"}, {"axes": (-1, 0), "norm": "ortho"}]


@pytest.mark.parametrize("name", ["fft", "ifft", "irfft", "hfft"])
@pytest.mark.parametrize("options", KEPT, ids=str)
def test_complex_signals_along_an_axis(name, options):
    check(getattr(np.fft, name), options)


@pytest.mark.parametrize("name", ["fftn", "ifft2", "irfftn", "irfft2"])
@pytest.mark.parametrize("options", SEVERAL, ids=str)
def test_complex_signals_along_several_axes(name, options):
    check(getattr(np.fft, name), options)


def check(f, options):
    y = f(Tensor(Z, requires_grad=True), **options)
    assert (y.dtype, f(Tensor(Z.astype(np.complex64)), **options).dtype) == (f(Z, **options).dtype, single(y.dtype))
    np.testing.assert_allclose(y.data, f(Z, **options), rtol=1e-14, atol=1e-14)
    energy = lambda z: (np.abs(f(z, **options)) ** 4).sum()  # noqa: E731
    h, d = 1e-6, ALONG
    slope = (energy(Z + h * d) - energy(Z - h * d)) / (2 * h)
    np.testing.assert_allclose(np.sum(grad(energy)(Z) * d).real, slope, rtol=1e-7)


def single(dtype):
    return np.complex64 if dtype.kind == "c" else np.float32


def test_the_energy_of_a_signal_is_that_of_its_spectrum():
    """Parseval: Σ |ℱ(x)|² = n Σ x², whose gradient is 2 n x."""
    np.testing.assert_allclose(grad(lambda x: (np.abs(np.fft.fft(x)) ** 2).sum())(X), 8 * X, rtol=1e-13)


def test_second_order():
    f = lambda x: (np.abs(np.fft.rfft(x, 5)) ** 4).sum() + np.fft.irfft(np.exp(1j * x), 5)[0] @ np.ones(5)  # noqa: E731
    assert gradcheck(lambda x: (grad(f)(x) ** 2).sum(), X)


def test_a_convolution_by_spectra_is_one():
    kernel = np.array([0.5, 1.0, -0.5])
    filtered = lambda x, k: np.fft.irfft(np.fft.rfft(x, 6) * np.fft.rfft(k, 6), 6)  # noqa: E731
    seed = np.arange(6.0)
    found = grad(lambda x, k: filtered(x, k) @ seed, argnums=(0, 1))(X[0], kernel)
    wanted = [np.correlate(seed, kernel, "valid"), np.correlate(seed, X[0], "valid")]
    for gradient, closed in zip(found, wanted, strict=True):
        np.testing.assert_allclose(gradient, closed, rtol=1e-12)


def test_frequencies_of_a_spacing_that_is_learned():
    np.testing.assert_allclose(grad(lambda d: np.fft.fftfreq(4, d)[1])(0.5), -1 / (4 * 0.5**2))
    assert grad(lambda d: np.fft.rfftfreq(4, d).sum())(1.0) == -0.75


def test_it_is_derived_and_compiled():
    x = Tensor(X, requires_grad=True, name="x")
    lines = derive((np.abs(np.fft.fft(x)) ** 2).sum())
    assert max(line.difference for line in lines.check()) < 1e-6
    assert "ℱ(" in str(lines)
    code = compile(grad(lambda x: (np.abs(np.fft.fftshift(np.fft.fft(x), 1)) ** 3).mean()), backend="numpy")
    np.testing.assert_allclose(code(X), grad(lambda x: (np.abs(np.fft.fft(x)) ** 3).mean())(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda x: np.fft.fft(x, 0), ValueError, r"fft: Invalid number of FFT data points \(0\).*x:\(3, 4\)"),
        (lambda x: np.fft.fft(x, axis=2), ValueError, "fft: axis 2 is out of bounds.*x"),
        (lambda x: np.fft.fftn(x, (2, 3), (0,)), ValueError, "fftn: Shape and axes have different lengths.*x"),
        (lambda x: np.fft.rfft(x * 1j), TypeError, "rfft"),
        (lambda x: np.fft.fft(x, norm="half"), ValueError, "Invalid norm value half"),
        (lambda x: np.fft.fft(x, out=np.zeros(4, complex)), TypeError, "'out'"),
    ],
)
def test_refused(run, error, message):
    with pytest.raises(error, match=message):
        run(Tensor(X, requires_grad=True, name="x"))


def test_importing_minigrad_loads_no_transforms():
    code = "import sys, minigrad; print([m for m in ('numpy.fft', 'minigrad.ops.fft') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
