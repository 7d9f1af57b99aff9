"""Writing through a reshape inside compiled code: whether it is a view depends on how the elements lie in memory."""

import numpy as np
import pytest

from minigrad import Tensor
from tests.compiling import as_code, each_backend, running

ROWS = np.arange(1.0, 7.0).reshape(2, 3)
LAYOUTS = {
    "in order": lambda: ROWS.copy(),
    "column by column": lambda: ROWS.copy(order="F"),
    "backwards": lambda: ROWS[::-1, ::-1].copy()[::-1, ::-1],
    "every second": lambda: np.repeat(np.repeat(ROWS, 2, 0), 2, 1)[::2, ::2],
}


def write(v):
    v[1] = 70.0
    v += 1.0


def of_argument(x):
    write(x.ravel())
    return x * 1


def of_turned_argument(x):
    write(x.T.reshape(-1))
    return x * 1


def of_part(x):
    write(x[:, 1:].reshape(-1))
    return x * 1


def of_base(x):
    v = x.reshape(-1)
    x[0, 1] = 50.0
    return v * 2


def of_sum(x):
    y = x + np.ones(3)
    write(y.ravel())
    return y


def of_turned_sum(x):
    y = 2 * x.T + 1
    write(y.reshape(6))
    return y


def of_choice(x):
    y = np.where(x.T > 2, x.T, 0.0)
    write(np.ravel(y))
    return y


def of_product(x):
    y = x @ x.T
    write(y.T.ravel())
    return y


def of_join(x):
    y = np.concatenate([x, x], axis=1)
    write(y.ravel())
    return y


def of_gathered(x):
    y = x[:, [2, 0, 1]]
    write(y.ravel())
    return y


def of_reduced(x):
    y = np.cumsum(np.stack([x, x]).sum(axis=1), axis=0)
    write(y.T.ravel())
    return y


def of_copy(x):
    y = x.copy()
    write(y.ravel())
    return y


def of_copy_as_it_lies(x):
    y = np.copy(x)
    write(y.ravel())
    return y


def of_converted(x):
    y = x.astype(np.float32)
    write(y.ravel())
    return y


def of_what_was_written(x):
    y = x.T + 0
    y[0] = 9.0
    write(y.ravel())
    return y


PROGRAMS = [
    *(of_argument, of_turned_argument, of_part, of_base, of_sum, of_turned_sum, of_choice, of_product, of_join),
    *(of_gathered, of_reduced, of_copy, of_copy_as_it_lies, of_converted, of_what_was_written),
]


@pytest.mark.parametrize("program", PROGRAMS)
@each_backend
def test_what_is_written_through_a_reshape_is_seen_where_numpy_has_a_view(program, backend):
    """One compiled function for arrays that lie in every way, one after the other, and back again."""
    with running(backend):
        code = as_code(program, backend)
        for layout in [*LAYOUTS.values(), *LAYOUTS.values()]:
            x, given = layout(), layout()
            right = program(x)
            np.testing.assert_array_equal(code(given), right)
            np.testing.assert_array_equal(given, x)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_tensors_have_the_views_of_their_arrays(program, layout):
    x, t = LAYOUTS[layout](), Tensor(LAYOUTS[layout]())
    right = program(x)
    np.testing.assert_array_equal(program(t).data, right)
    np.testing.assert_array_equal(t.data, x)


@each_backend
def test_a_parameter_that_lies_another_way_is_traced_anew(backend):
    w = Tensor(ROWS.copy())

    def f(x):
        y = w * 2
        write(y.ravel())
        return (y + x).sum()

    with running(backend):
        code = as_code(f, backend)
        for layout in LAYOUTS.values():
            w.data = layout()
            np.testing.assert_allclose(code(0.5), f(0.5).data)
