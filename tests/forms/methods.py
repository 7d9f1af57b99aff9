"""Every method and attribute of NumPy's arrays that has a meaning for a tensor."""

from tests.forms import Refused, split_forms

RIGHT = [
    *split_forms("""
        v = v * 1; v.sort(); v
        z = z * 1; z.sort(0, stable=True); z * x
        v = v * 1; v.partition(2); v
        z = z * 1; z[0].fill(s); z * x
        z = z * 1; z.put([0, 4], y[:2]); z * z
    """),
    *split_forms("""
        x.sum()  x.sum(1)  x.sum(axis=0, keepdims=True)  x.sum((0, 1), dtype=np.longdouble)  x.sum(initial=2.0)
        x.sum(where=mask)  x.prod(0)  x.mean(axis=-1)  x.mean(dtype=np.longdouble)  x.mean(where=mask)  x.max(1)
        x.max(axis=0, keepdims=True)  x.max(initial=0.5, where=mask)  x.min()  x.var(ddof=1)
        x.var(0, keepdims=True)  x.std(axis=1)  x.std(where=mask)  x.cumsum()  x.cumsum(axis=1)  x.cumprod(0)
        x.trace()  M.trace(offset=1)  x.all() * x  x.any(axis=0) * x  x * x.argmax()
        x * x.argmax(axis=1, keepdims=True)  x * x.argmin(0)
    """),
    *split_forms("""
        x.reshape(6)  x.reshape(3, 2)  x.reshape((3, -1))  x.reshape(3, 2, order='F')  x.reshape(3, 2, copy=False)
        x.transpose()  c.transpose(2, 0, 1)  c.transpose((1, 0, 2))  c.transpose(None)  c.swapaxes(0, 1)  x.ravel()
        x.ravel('F')  x.flatten()  x.flatten(order='F')  x[None].squeeze()  x[None].squeeze(axis=0)  x.T  c.mT
        x.real  (x + 1j * z).imag  x.imag  x.conj()  (x + 1j).conjugate()  x.copy()  x.copy(order='C')
        x.astype(np.float32)  x.astype('f8', copy=False)  x.astype(complex)  x.astype(np.float64, casting='safe')
    """),
    *split_forms("""
        x.clip(-1, 1)  x.clip(min=0)  x.clip(max=y)  x.round() + x  x.round(decimals=1) + x  x.take([0, 2], axis=1)
        x.take(3)  x.take([7], mode='wrap')  x.repeat(2)  x.repeat([1, 2], axis=0)  M.diagonal()
        c.diagonal(1, 1, 2)  x.compress([False, True], axis=0)  y[y.argsort()]  v[v.argsort(kind='stable')]
        v[v.argpartition(2)]  v[v.nonzero()]  x.dot(M)  y.dot(y)  x.dot([1, 2, 3])
    """),
    *split_forms("""
        x * x.shape[0]  x * x.size  x * x.ndim  x.astype(x.dtype)  x * len(x)  x * x.itemsize  x * x.nbytes
        x.flat[2]  [a for a in x.flat]  x * (1 in x)
    """),
    *split_forms("""
        x.std(ddof=1, keepdims=True)
    """),
]

REFUSED = [
    Refused("v.sort()", TypeError, "v[…] = … | in place only inside no_grad() | v.copy()"),
    Refused("x.fill(0)", TypeError, "x[…] = … | in place only inside no_grad()"),
    Refused("x.resize(3, 2)", AttributeError, "resize | np.resize"),
    Refused("x.setfield(0, float)", AttributeError, "setfield"),
    Refused("x.searchsorted(0)", AttributeError, "searchsorted | .data"),
    Refused("x.tobytes()", AttributeError, "tobytes | .data"),
    Refused("x.tofile('x')", AttributeError, "tofile | .data"),
    Refused("x.dump('x')", AttributeError, "dump | minigrad.save"),
    Refused("x.flags", AttributeError, "flags | .data"),
    Refused("x.strides", AttributeError, "strides | .data"),
    Refused("x.base", AttributeError, "base | .data"),
    Refused("x.ctypes", AttributeError, "ctypes | .data"),
    Refused("x.byteswap()", AttributeError, "byteswap | .data"),
    Refused("x.view(np.int64)", AttributeError, "view | .data"),
    Refused("x.sum(out=np.zeros(()))", TypeError, "np.sum | out | .data"),
    Refused("x.clip(-1, 1, out=np.zeros((2, 3)))", TypeError, "np.clip | out | .data"),
    Refused("x.dot(M, out=np.zeros((2, 3)))", TypeError, "dot | out"),
    Refused("x.item()[0]", ValueError, "item | (2, 3)"),
    Refused("x.view()", AttributeError, "view | reshape"),
]
