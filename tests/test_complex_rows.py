"""Complex numbers in every row of the tables: NumPy's value, and its gradient, by moving real and imaginary parts."""

import warnings
from itertools import product

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.ops.base import Elementwise
from tests.composed_samples import COMPOSED_SAMPLES
from tests.loss_samples import LOSS_SAMPLES
from tests.samples import SAMPLES

# Rows that NumPy reads one triangle of: of a matrix that is not Hermitian, differences move the others in vain; an
# operation that only the determinant of a real matrix comes to; factors whose gradient is refused; what refuses complex
# numbers; rows whose reference here is of real ones; what gives elements in no order, or numbers of them beside them;
# and losses, whose outputs and targets are real.
LEFT_OUT = {
    *(row.op.__name__ for row in LOSS_SAMPLES),
    *("Standardize", "TransposedConvolution", "Correlation"),
    *("Eigenvalues", "eigvalsh", "Eigensystem", "eigh", "Cholesky", "cholesky", "Cofactors"),
    *("SingularSystem", "svd", "QR", "qr", "Complement"),
    *("unique_values", "unique_counts", "unique_inverse", "unique_all"),
}


def named(row):
    return getattr(row.op, "__name__", None) or row.op.name


def by_name():
    """The rows of each operation that NumPy computes of complex numbers."""
    rows = {}
    for row in (*SAMPLES, *COMPOSED_SAMPLES):
        if named(row) not in LEFT_OUT:
            rows.setdefault(named(row), []).append(row)
    return rows


def several(y):
    return list(y) if isinstance(y, list | tuple) else [y]


def quietly(f, *arrays):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f(*arrays)


@pytest.mark.parametrize("rows", by_name().values(), ids=by_name())
def test_complex_numbers(rows):
    turns = (1, -1, 1j) if isinstance(rows[0].op, Elementwise) else (1,)  # to the other side of a cut
    for row, turn in product(rows, turns):
        arrays = [turn * x for x in row.arrays(np.complex128)]
        try:
            wanted = [np.asarray(y) for y in several(quietly(row.numpy, *arrays))]
        except (TypeError, np.linalg.LinAlgError):  # NumPy computes no such thing
            continue
        leaves = [Tensor(x, requires_grad=True) for x in arrays]
        check_row(row, arrays, leaves, several(quietly(row.call, *leaves)), wanted)


def check_row(row, arrays, leaves, values, wanted):
    """Compare with NumPy, and ⟨∂E/∂x, d⟩, of which the real part counts, with the slope along a complex d."""
    rng = np.random.default_rng(0)
    seeds = []
    for y, w in zip(values, wanted, strict=True):
        assert (y.dtype, y.shape) == (w.dtype, w.shape), row
        np.testing.assert_allclose(y.data, w, rtol=1e-10, atol=1e-12, err_msg=str(row))
        seed = rng.normal(size=w.shape) + (1j * rng.normal(size=w.shape) if w.dtype.kind == "c" else 0)
        seeds.append(seed if w.dtype.kind in "fc" else 0)
        if y.requires_grad:
            quietly(y.backward, seed)

    def energy(*xs):
        return sum(np.real(np.sum(s * np.asarray(y))) for s, y in zip(seeds, several(row.numpy(*xs)), strict=True))

    for i, (leaf, x) in enumerate(zip(leaves, arrays, strict=True)):
        d = rng.normal(size=x.shape) + 1j * rng.normal(size=x.shape)
        h = 1e-6
        ends = [quietly(energy, *arrays[:i], x + sign * h * d, *arrays[i + 1 :]) for sign in (1, -1)]
        slope = 0 if leaf.grad is None else np.real(np.sum(leaf.grad.data * d))
        assert leaf.grad is None or leaf.grad.dtype == x.dtype
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-6, err_msg=str(row))


def test_eigenvalues_of_a_hermitian_matrix():
    rng = np.random.default_rng(0)
    a, d = (x + x.conj().T for x in rng.normal(size=(2, 3, 3)) + 1j * rng.normal(size=(2, 3, 3)))
    leaf = Tensor(a, requires_grad=True)
    (np.linalg.eigvalsh(leaf) ** 3).sum().backward()
    slope = [(np.linalg.eigvalsh(a + h * d) ** 3).sum() for h in (1e-6, -1e-6)]
    np.testing.assert_allclose(np.sum(leaf.grad.data * d).real, (slope[0] - slope[1]) / 2e-6, rtol=1e-7)
    square = (a @ a).conj()
    folded = 6 * np.tril(square) - 3 * np.diag(np.diag(square))  # 3 a², in the triangle that is read
    np.testing.assert_allclose(leaf.grad.data, folded, rtol=1e-10, atol=1e-10)
