"""A constant that comes of a form of call is a view where NumPy's result is one, since both may be written into."""

import numpy as np
import pytest

from minigrad import Tensor
from tests.forms import as_function, split_forms
from tests.test_forms import RIGHT, arrays_of, parts_of

# What could give its argument itself, or a part of it, and is a copy in NumPy; or the other way round.
FORMS = split_forms("""
    +x  np.positive(x)  x * 1  x ** 1  np.conj(x)  x.conj()  np.real(x)  x.real  np.copy(x)  x.copy()  x[...]  x[()]
    x.astype(float)  x.astype(float, copy=False)  np.astype(x, float, copy=False)  np.nan_to_num(x)  np.fix(x)
    np.roll(x, 0)  np.roll(x, (), ())  np.fft.fftshift(x, axes=())  np.tile(x, 1)  np.repeat(x, 1, 0)  np.pad(x, 0)
    np.append(x, np.zeros((0, 3)), 0)  np.delete(x, [], 0)  np.insert(x, [], 1.0, 0)  np.rot90(x, 0)  np.diff(x, n=0)
    np.sum(x, axis=())  np.max(x, axis=())  np.prod(x, axis=())  np.mean(x, axis=())  np.cumsum(y)
    np.linalg.matrix_power(M, 1)  np.einsum('ij->ij', x)  np.einsum('ii->i', M)  np.concatenate([x])  np.hstack([x])
    np.resize(x, (2, 3))  np.round(x)  np.clip(x, None, None)  np.tril(x, 5)  np.triu(x, -5)  np.sort(y)
    np.take(x, [0, 1], 0)  x.take([0, 1], 0)  np.unwrap(y)  np.trim_zeros(v)  np.polyadd(y, 0)  np.polymul(y, 1)
    np.polyder(y, 0)  np.polyint(y, 0)  np.ravel(x)  np.ravel(x.T)  x.flatten()  x.T.reshape(6)  x.reshape(2, 3)
    x.reshape(2, 3, copy=True)  np.reshape(x, (2, 3), order='F')  np.reshape(x.T, (3, 2), order='F')  np.ravel(x, 'F')
    np.array_split(y, 1)  np.unstack(x)  np.block(x)  np.block([x])  np.column_stack([x])  np.atleast_2d(x)
    np.squeeze(x)  np.moveaxis(x, 0, 0)  np.swapaxes(x, 0, 0)  np.transpose(x, (0, 1))  np.flip(x, ())
    np.expand_dims(x, ())
    np.compress([True, True], x, 0)  np.select([mask], [x], x)  np.real_if_close(x)  np.meshgrid(y, y)
    np.apply_along_axis(lambda a: a, 0, x)  np.linalg.matrix_transpose(x)  x.mT  x[[0, 1]]  x.squeeze()
    np.linspace(y, y, 1)  np.vander(y, 1)  np.cov(y)  np.min(x, axis=(), initial=-9)
""")
PLAIN = [code for code in dict.fromkeys([*RIGHT, *FORMS]) if "; " not in code]


@pytest.mark.parametrize("code", PLAIN)
@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore:future versions will not create a writeable:FutureWarning"
)
def test_memory_is_shared_where_numpys_is(code):
    arrays, tensors = arrays_of(code), [Tensor(x) for x in arrays_of(code)]
    form = as_function(code)
    for ours, numpys in zip(parts_of(form(*tensors)), parts_of(form(*arrays)), strict=True):
        if isinstance(numpys, np.ndarray) and isinstance(ours, Tensor) and numpys.flags.writeable:
            shared = [np.shares_memory(ours.array, t.array) for t in tensors]
            assert shared == [np.shares_memory(numpys, x) for x in arrays]
