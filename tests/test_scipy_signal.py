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


def test_wrong_calls():
    a = Tensor(np.ones((3, 2)), requires_grad=True)
    for call, match in (
        (lambda: signal.convolve(a, a, "half"), "wanted a mode of full, valid, same, not 'half'"),
        (lambda: signal.convolve(a, np.ones(2)), "as many axes each, not 2 and 1"),
        (lambda: signal.convolve(a, np.ones((2, 3)), "valid"), r"as long as the other .* not \(3, 2\) and \(2, 3\)"),
    ):
        with pytest.raises(ValueError, match=match):
            call()
