"""``minigrad.numpy``: NumPy's names, for tensors in every argument."""

import subprocess
import sys

import numpy
import pytest

import minigrad
import minigrad.numpy as np
from minigrad import Tensor, compile, grad, gradcheck
from minigrad.numpy.linalg import inv
from tests.generated import generated_files

t, u = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
A = numpy.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("module", ["", "linalg", "fft", "random"])
def test_every_name_of_numpy_is_there(module):
    ours, theirs = (getattr(x, module) if module else x for x in (np, numpy))
    missing = [name for name in theirs.__all__ if not hasattr(ours, name)]
    assert missing == []
    assert set(theirs.__all__) <= set(dir(ours)) & set(ours.__all__)
    assert minigrad.numpy is np


def test_what_numpy_has_is_numpys_own():
    assert np.exp is numpy.exp
    assert np.float32 is numpy.float32
    assert type(np.array([1, 2])) is type(np.full(3, 1.0)) is type(np.sum([1, 2], keepdims=True)) is numpy.ndarray
    with pytest.raises(AttributeError, match="summ"):
        np.summ  # noqa: B018


@pytest.mark.parametrize(
    ("f", "value"),
    [
        (lambda x, y: np.array([x, y, 1.0]), [2, 3, 1]),
        (lambda x, y: np.array([[x, 1.0], (y, x)]), [[2, 1], [3, 2]]),
        (lambda x, y: np.array([np.array([x, y]), [1, 2]]), [[2, 3], [1, 2]]),
        (lambda x, y: np.asarray([x * y, y])[::-1], [3, 6]),
        (lambda x, y: np.array(x * y, ndmin=2), [[6]]),
        (lambda x, y: np.full((2, 2), x * y), [[6, 6], [6, 6]]),
        (lambda x, y: np.full((2, 2), [x, y]), [[2, 3], [2, 3]]),
        (lambda x, y: np.full_like(A, x * y), numpy.full((2, 3), 6)),
        (lambda x, y: np.sum([x, y]) * np.prod([x, y]), 30),
        (lambda x, y: np.mean([[x, y], [1.0, 2.0]], axis=0), [1.5, 2.5]),
        (lambda x, y: np.dot([x, y], [3.0, 4.0]), 18),
        (lambda x, y: np.linalg.norm([x, y]), 13**0.5),
        (lambda x, y: np.concatenate([[x, y], [1.0]]), [2, 3, 1]),
        (lambda x, y: np.stack([x, y]) + np.hstack([[x], (y,)]), [4, 6]),
        (lambda x, y: np.block([[x, y], [1.0, x]]), [[2, 3], [1, 2]]),
        (lambda x, y: np.einsum("i,i", [x, y], [y, x]), 12),
        (lambda x, y: np.where([True, False], [x, 1.0], [1.0, y]), [2, 3]),
        (lambda x, y: np.pad(numpy.ones(1), 1, constant_values=x * y), [6, 1, 6]),
        (lambda x, y: inv([[x, 0.0], [0.0, y]]), [[0.5, 0], [0, 1 / 3]]),
    ],
)
def test_tensors_are_found_in_lists_and_in_every_argument(f, value):
    numpy.testing.assert_allclose(f(t, u).data, value)
    assert gradcheck(f, 2.0, 3.0)
    numpy.testing.assert_allclose(compile(f)(numpy.array(2.0), numpy.array(3.0)), value)


def test_dtypes_are_numpys():
    half = Tensor(numpy.float32(1), requires_grad=True)
    assert np.array([half, half]).dtype == np.full(2, half).dtype == numpy.float32
    assert np.array([half, numpy.float64(1)]).dtype == numpy.float64
    assert np.asarray([t, u], dtype=numpy.float32).dtype == np.full(2, t, numpy.float32).dtype == numpy.float32
    assert np.asarray(t) is t
    assert np.array(t) is not t
    assert np.take(A, Tensor([0, 1]), axis=1).shape == (2, 2)


def test_wrong_calls_say_what_was_wanted():
    with pytest.raises(ValueError, match="order 'C', not 'F'"):
        np.array([t, u], order="F")
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray([t, u], copy=False)
    with pytest.raises(ValueError, match=r"shape"):
        np.array([[t, u], [t]])
    with pytest.raises(ValueError, match="infinities or NaN"):
        np.asarray_chkfinite([t * np.inf, u])


def test_a_script_for_autograd_runs_with_two_lines_changed():
    def weibull(p):
        scale, shape = np.exp(p[0]), np.exp(p[1])
        time, died = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0])
        z = (time / scale) ** shape
        return -np.sum(np.array([died[i] * np.log(shape * z[i] / time[i]) - z[i] for i in range(3)]))

    point = numpy.array([0.3, 0.2])
    assert gradcheck(weibull, point)
    assert grad(weibull)(point).shape == (2,)


def test_importing_minigrad_does_not_import_it():
    code = "import sys, minigrad; print([name for name in sys.modules if name.startswith('minigrad.numpy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_generated_files_are_up_to_date():
    stale = []
    for path, text in generated_files().items():
        written = path.read_text(encoding="utf-8")
        other_numpy = path.suffix == ".pyi" and written.splitlines()[0] != text.splitlines()[0]
        if written != text and not other_numpy:
            stale.append(path.name)
    assert stale == [], "run python -m tests.generated"


def typed() -> None:
    """What mypy reads, with an error if a type is wrong."""
    w = Tensor([1.0])
    a: Tensor = np.tanh(w)
    b: Tensor = np.dot(A, w) + np.sum(w, axis=0) + np.where(A > 0, w, 0.0)
    c: Tensor = np.array([w, w]) @ np.linalg.inv(w) + np.einsum("i,i", w, w)
    d: numpy.ndarray = np.zeros(3)
    assert isinstance((a, b, c, d), tuple)
