"""``minigrad.scipy.signal``, against SciPy's own."""

import numpy as np
import pytest
import scipy.signal as theirs

from minigrad import Tensor, compile, gradcheck
from minigrad.scipy import signal

rng = np.random.default_rng(0)


@pytest.mark.parametrize("mode", signal.MODES)
@pytest.mark.parametrize("shapes", [((4,), (3,)), ((2,), (5,)), ((4, 3), (2, 3)), ((2, 3, 2), (1, 2, 2)), ((), ())])
def test_convolve(shapes, mode):
    a, b = map(rng.normal, (0, 0), (1, 1), shapes)
    a, b = np.asarray(a), np.asarray(b)
    y = signal.convolve(Tensor(a, requires_grad=True), b, mode)
    np.testing.assert_allclose(y.data, theirs.convolve(a, b, mode), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(compile(lambda a, b: signal.convolve(a, b, mode))(a, b), y.data, rtol=1e-12)
    assert gradcheck(lambda a, b: signal.convolve(a, b, mode) ** 2, a, b)


@pytest.mark.parametrize("mode", signal.MODES)
@pytest.mark.parametrize(
    ("shapes", "axes", "dots"),
    [
        (((3, 5), (3, 4)), ([1], [0]), ((), ())),
        (((3, 5), (3, 4)), ([], []), ([0], [0])),
        (((2, 3, 6, 5), (4, 3, 2, 2)), ([2, 3], [2, 3]), ([1], [1])),
        (((2, 3), (6, 2)), ([1], [0]), ([0], [1])),
    ],
)
def test_along_some_axes(shapes, axes, dots, mode):
    """As autograd's: the others of a, the others of b, and those along which it is; by SciPy's, one pair at a time."""
    a, b = (rng.normal(size=shape) for shape in shapes)
    others = [
        [i for i in range(x.ndim) if i not in (*along, *dot)] for x, along, dot in zip((a, b), axes, dots, strict=True)
    ]
    first, second = (
        np.transpose(x, (*rest, *dot, *along)) for x, rest, dot, along in zip((a, b), others, dots, axes, strict=True)
    )

    def of_pair(i, j):
        summed = np.ndindex(*(a.shape[axis] for axis in dots[0]))
        return sum(theirs.convolve(first[(*i, *d)], second[(*j, *d)], mode, "direct") for d in summed)

    places = [list(np.ndindex(*x.shape[: len(rest)])) for x, rest in zip((first, second), others, strict=True)]
    wanted = np.array([[of_pair(i, j) for j in places[1]] for i in places[0]])
    y = signal.convolve(a, b, mode, axes=axes, dot_axes=dots)
    np.testing.assert_allclose(y.reshape(wanted.shape), wanted, rtol=1e-11, atol=1e-13)
    assert y.shape[: len(others[0])] == first.shape[: len(others[0])]
    assert gradcheck(lambda a, b: signal.convolve(a, b, mode, axes=axes, dot_axes=dots) ** 2, a, b)


def test_wrong_calls():
    a = Tensor(np.ones((3, 2)), requires_grad=True)
    for call, match in (
        (lambda: signal.convolve(a, a, "half"), "wanted a mode of full, valid, same, not 'half'"),
        (lambda: signal.convolve(a, np.ones(2)), "as many axes each, not 2 and 1"),
        (lambda: signal.convolve(a, a, axes=([0], [0, 1])), "as many axes, and as many dot_axes"),
        (lambda: signal.convolve(a, a, axes=([0], [1]), dot_axes=([0], [0])), "among axes=.* and among dot_axes="),
        (lambda: signal.convolve(a, np.ones((2, 3)), "valid"), r"as long as the other .* not \(3, 2\) and \(2, 3\)"),
    ):
        with pytest.raises(ValueError, match=match):
            call()
