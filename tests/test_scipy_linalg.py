"""``minigrad.scipy.linalg`` against ``scipy.linalg``."""

from itertools import product

import numpy as np
import pytest
import scipy.linalg as theirs

from minigrad import gradcheck
from minigrad.scipy import linalg

A = np.array([[2.0, 0.5, -1.0], [0.3, 1.5, 0.7], [-0.4, 0.9, 3.0]])
B = np.array([[1.0, -0.5], [0.2, 2.0], [0.7, 0.1]])


@pytest.mark.parametrize(("trans", "lower", "unit"), [*product((0, 1, "T", "C"), (False, True), (False, True))])
def test_a_triangle_is_solved(trans, lower, unit):
    for b in (B, B[:, 0]):
        wanted = theirs.solve_triangular(A, b, trans, lower, unit)
        np.testing.assert_allclose(linalg.solve_triangular(A, b, trans, lower, unit), wanted)
    assert gradcheck(lambda a, b: (linalg.solve_triangular(a, b, trans, lower, unit) ** 2).sum(), A, B)


def test_what_is_not_ours_is_scipys():
    assert linalg.expm is theirs.expm
    with pytest.raises(ValueError, match="solve_triangular: wanted trans"):
        linalg.solve_triangular(A, B, trans=3)
