"""What moves elements: shapes, axes, joining, splitting, repeating, padding, choosing, sorting, grids."""

from tests.forms import Refused, split_forms

RIGHT = [
    *split_forms("""
        np.reshape(x, 6)  np.reshape(x, (3, -1))  np.reshape(x, [3, 2], order='F')  np.reshape(x, shape=(3, 2))
        np.reshape(x, (3, 2), copy=True)  np.reshape(x, (3, 2), copy=None)  np.reshape(x, (3, 2), copy=False)
    """),
    *split_forms("""
        np.ravel(x)  np.ravel(x, order='F')  np.transpose(c)  np.transpose(c, (1, 0, 2))
        np.transpose(c, axes=[-1, 0, 1])  np.permute_dims(c, (2, 0, 1))
    """),
    *split_forms("""
        np.swapaxes(c, 0, -1)  np.moveaxis(c, 0, -1)  np.moveaxis(c, [0, 1], [2, 0])  np.rollaxis(c, 2)
        np.rollaxis(c, 0, start=2)  np.matrix_transpose(c)
    """),
    *split_forms("""
        y = x * 1; y[mask] = 0; y  y = x * 1; y[0] = z[1]; y
        y = x * 1; y[:, 1:] *= z[:, :2]; y  y = x * 1; y[...] = 2; y
        a = x * 1; b = a[1]; b -= z[0]; a
        a = x * 1; b = a.T; b[0] = p[:, 0]; a * b.T  a = x * 1; b = a.ravel(); b += 1; a
        a = x * 1; b = a; b **= 2; a  a = x * 1; a[[0, 1], [2, 0]] = y[:2]; a  a = x * 1; a[rows] = z[rows]; a
        a = np.zeros_like(x); a[1] += y; a  a = np.ones_like(x); a[0, 0] = s; a  a = np.empty_like(y); a[:] = y[::-1]; a
        a = x * 1; a[:, None, 0] = y[:2, None]; a  a = x * 1; a[0] = [s, 1, 2]; a
        a = x.copy(); np.copyto(a, z, where=mask); a
        a = +x; np.copyto(a, s); a  a = x * 1; np.put(a, [0, -1], y[:2]); a
        a = x * 1; np.put(a, [7, 1], 2, mode='wrap'); a  a = x * 1; np.place(a, mask, y); a
        a = x * 1; np.putmask(a, mask, z); a  a = x * 1; np.putmask(a, mask, 0); a
        a = x * 1; np.put_along_axis(a, rows[None], y[None], 0); a  a = M * 1; np.fill_diagonal(a, y); a
        a = x * 1; np.add.at(a, (rows, 1), y); a
        a = y * 1; np.subtract.at(a, [0, 0], x[0, :2]); a  a = x.flatten(); a += 1; x
    """),
    *split_forms("""
        np.expand_dims(x, 0)  np.expand_dims(x, axis=(0, -1))  np.squeeze(x[None])  np.squeeze(x[:, None], axis=1)
        np.squeeze(x[None, :, None], (0, 2))
    """),
    *split_forms("""
        np.atleast_1d(s)  np.atleast_2d(y)  np.atleast_3d(x)  np.atleast_1d(s, y)  np.broadcast_to(y, (2, 3))
        np.broadcast_to(s, 4)  np.broadcast_to(y, shape=(2, 3), subok=True)  np.broadcast_arrays(x, y)
        np.broadcast_arrays(x, s, subok=True)
    """),
    *split_forms("""
        np.flip(x)  np.flip(c, (0, -1))  np.flip(x, axis=1)  np.fliplr(x)  np.flipud(x)  np.rot90(x)
        np.rot90(x, k=2)  np.rot90(c, -1, axes=(1, 2))
    """),
    *split_forms("""
        np.roll(x, 1)  np.roll(x, (1, -1), (0, 1))  np.roll(x, shift=2, axis=1)  np.copy(x)  np.copy(x, order='C')
        np.astype(x, np.float32)  np.astype(x, np.float64, copy=False)  np.astype(x, complex)
    """),
    *split_forms("""
        np.concatenate([x, z])  np.concatenate((x, A), axis=1)  np.concatenate([x, z], None)
        np.concatenate([x, z], out=None)  np.concatenate([x, A], dtype=np.float32)
        np.concatenate([x, A], axis=-1, dtype='f4', casting='unsafe')  np.concat([x, [[1, 2, 3]]])
        np.concatenate(c)  np.concatenate([x, y[None], A])
    """),
    *split_forms("""
        np.stack([x, z])  np.stack((x, z), axis=-1)  np.stack([x, A], axis=1, out=None)  np.stack([s, 1.0, s])
        np.stack([x, z], dtype=np.float32)  np.stack(arrays=[y, y])  np.vstack([x, y])  np.hstack((x, z))
        np.hstack([y, s])  np.dstack([x, z])  np.column_stack([y, x.T])
        np.vstack([x, z], dtype=np.float32, casting='same_kind')
    """),
    *split_forms("""
        np.block([x, z])  np.block([[x, 1 + x], [A, z]])  np.block([y, s, 1])  np.append(x, y)
        np.append(x, [[1, 2, 3]], axis=0)  np.append(A, z, 1)  np.insert(y, 1, s)  np.insert(x, [0, 2], 5, axis=1)
        np.insert(x, slice(0, 2), y, axis=0)  np.insert(arr=v, obj=-1, values=2.0)  np.delete(v, 1)
        np.delete(x, [0, -1], 1)  np.delete(v, slice(1, 3))  np.delete(v, v > 0)
    """),
    *split_forms("""
        np.split(x, 3, axis=1)  np.split(v, [1, 3])  np.array_split(v, 3)  np.array_split(x, [2], axis=-1)
        np.vsplit(x, 2)  np.hsplit(x, [1])  np.dsplit(c, 2)  np.unstack(x)  np.unstack(x, axis=1)
        np.trim_zeros(np.append(v, [0, 0]))  np.trim_zeros(np.append([0.0], v), 'f')
    """),
    *split_forms("""
        np.tile(x, 2)  np.tile(x, (2, 1, 2))  np.tile(A=y, reps=[2, 1])  np.repeat(x, 2)  np.repeat(x, 2, axis=0)
        np.repeat(y, [1, 0, 2])  np.repeat(x, repeats=[2, 1, 0], axis=-1)  np.resize(x, (3, 4))  np.resize(y, 2)
        np.lib.stride_tricks.sliding_window_view(v, 3)
        np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(0, 1))
    """),
    *(
        f"np.pad(x, 2, mode='{mode}')"
        for mode in (
            "constant",
            "edge",
            "linear_ramp",
            "maximum",
            "mean",
            "median",
            "minimum",
            "reflect",
            "symmetric",
            "wrap",
        )
    ),
    *split_forms("""
        np.pad(x, 1)  np.pad(x, (1, 2), constant_values=3)
        np.pad(x, ((1, 0), (0, 2)), 'constant', constant_values=((1, 2), (3, 4)))
        np.pad(x, [(1, 1), (2, 0)], 'edge')  np.pad(x, {1: (1, 2)})  np.pad(v, 3, 'reflect', reflect_type='odd')
        np.pad(v, 2, 'mean', stat_length=2)  np.pad(v, 2, 'linear_ramp', end_values=(1, 2))
        np.pad(y, 1, constant_values=s)  np.pad(v, 1, 'empty')[1:-1]
    """),
    *split_forms("""
        np.take(x, [0, 2], axis=1)  np.take(x, 4)  np.take(x, [[0, 1], [5, 5]])
        np.take(x, [3, -4], axis=1, mode='wrap')  np.take(x, [9, -4], axis=1, mode='clip')
        np.take(a=v, indices=(1, 1), out=None)  np.take(x, 0, 0, None, 'raise')
        np.take_along_axis(x, np.argsort(x, axis=1), axis=1)  np.take_along_axis(x, np.array([[0, 1, 0]]), 0)
        np.take_along_axis(v, np.array([1, 1]))  np.take_along_axis(x, np.array([3, 0]), None)
    """),
    *split_forms("""
        np.compress([True, False, True], x, axis=1)  np.compress([0, 1], x)  np.extract(x > 0, x)
        np.extract(mask, x)  x[np.nonzero(x > 0)]  x[np.ix_([0, 1], [2, 0])]  x[np.argwhere(mask).T[0], 0]
    """),
    *split_forms("""
        v[np.searchsorted([-1.0, 0.5], v, 'right')]  v[np.searchsorted(np.sort(v), 0.1)] * v
        v[np.digitize(v, [-1.0, 1.0])]
        v[np.nanargmax(v)] * v  x[[0, 1, 0], np.nanargmin(x, axis=0)]  x * np.isin(x, z)  x * np.array_equiv(x, z)
        v[np.flatnonzero(v > 0)]  x[tuple(np.argwhere(x > 0)[0])] * y  v[np.lexsort((v,))]
        M[np.triu_indices_from(M)]  M[np.tril_indices_from(M, k=-1)]  M[np.diag_indices_from(M)] * y
        x[np.unravel_index(np.argmax(x), x.shape)] * x  x[np.unravel_index(np.argsort(v), (2, 3), 'F')]
        np.argsort(x, axis=None) * np.sum(x)
        x[x > 0].sum() * x  np.mean(x[x > 0] ** 2) * x  np.sum(np.where(x[x > z] > 1, 2, x[x > z]) * s)
    """),
    *split_forms("""
        np.diag(y)  np.diag(M)  np.diag(x, k=1)  np.diag(y, -1)  np.diagflat(x, 1)  np.diagonal(c)
        np.diagonal(c, offset=1, axis1=1, axis2=2)  np.tril(M)  np.tril(M, k=-1)  np.triu(c, 1)  np.trace(M)
        np.trace(c, offset=1, axis1=1, axis2=2)  np.trace(M, dtype=np.float32)
    """),
    *split_forms("""
        np.sort(x)  np.sort(x, axis=0)  np.sort(x, axis=None)  np.sort(x, kind='stable')
        np.sort(x, -1, 'mergesort')  np.sort(v, stable=True)  np.partition(v, 2)
        np.partition(x, (0, 1), axis=1, kind='introselect')  v[np.argsort(v)]
        v[np.argsort(v, kind='stable', axis=-1)]  v[np.argpartition(v, 2)]  np.unique(v)
        np.unique(np.append(v, v), return_counts=True)  np.unique(v, return_index=True, return_inverse=True)
        np.sort_complex(v)  np.sort_complex(v + 1j * v[::-1])
    """),
    *split_forms("""
        np.linspace(s, 2, 4)  np.linspace(0, y, num=3)  np.linspace(y, q, 4, endpoint=False, axis=1)
        np.linspace(0, s, 5, retstep=True)  np.logspace(0, s, 4)  np.logspace(0, 1, 3, base=q)
        np.geomspace(s, 10, 3)  np.meshgrid(y, v)  np.meshgrid(y, v, indexing='ij', sparse=True)
        np.meshgrid(y, v, copy=False)  np.full_like(x, s)  np.full_like(x, y, dtype=np.float32)
        np.zeros_like(x) + x  np.ones_like(x, dtype=np.float32) * x  np.vander(y)  np.vander(y, 4, increasing=True)
    """),
    *split_forms("""
        x[0]  x[-1, 1:]  x[..., None]  x[:, ::-1]  x[[1, 0, 1]]  x[rows, [0, 1, 2]]  x[mask]
        x[:, [True, False, True]]  c[1, :, [0, 2]]  x[np.array(1)]  x[()]  v[1:4:2]  x[rows[:, None], [0, 2]]
        x[True]  x[slice(0, 1), ...]  v[v.argsort()]  x[:, np.newaxis]
    """),
    *split_forms("""
        np.astype(x, int) * x
    """),
]

REFUSED = [
    Refused("np.reshape(x, (4, 2))", ValueError, "reshape | (2, 3)"),
    Refused("np.reshape(x.T, 6, copy=False)", ValueError, "reshape | copy=False"),
    Refused("np.concatenate([x, y])", ValueError, "concatenate"),
    Refused("np.concatenate([x, z], out=np.zeros((4, 3)))", TypeError, "np.concatenate | out | .data"),
    Refused("np.stack([x, z], out=np.zeros((2, 2, 3)))", TypeError, "np.stack | out | .data"),
    Refused("np.take(x, [0], out=np.zeros(1))", TypeError, "np.take | out | .data"),
    Refused("np.compress([True], y, out=np.zeros(1))", TypeError, "np.compress | out | .data"),
    Refused("np.choose(rows, x, out=np.zeros(3))", TypeError, "np.choose | out | .data"),
    Refused("np.sort(x, order='a')", ValueError, "order | fields"),
    Refused("np.squeeze(x, 0)", ValueError, "squeeze | axis"),
    Refused("np.transpose(x, (0, 0))", ValueError, "transpose"),
    Refused("np.pad(x, 1, 'mirror')", ValueError, "mirror"),
    Refused("np.fill_diagonal(M, 0)", TypeError, "M requires a gradient | no_grad() | M.copy()"),
    Refused("np.put(np.zeros(3), [0], y[:1])", TypeError, "np.put | minigrad.Tensor(a)"),
    Refused("x[2]", IndexError, "2"),
    Refused("x[0.5]", IndexError, "index"),
    Refused("x[0] = 1; x", TypeError, "x requires a gradient | no_grad() | x.copy()"),
    Refused("y = x * 1; y[0] = 1j; y", TypeError, "float64 | complex128 | .astype"),
    Refused("np.reshape(x, (3, 2), 'A')", ValueError, "reshape(order='A') | 'C' or 'F'"),
    Refused("np.ravel(x, 'A')", ValueError, "order='A' | 'C' or 'F'"),
    Refused("np.ravel(x, 'K')", ValueError, "order='K' | 'C' or 'F'"),
    Refused("np.pad(v, 2, lambda a, w, i, k: None)", TypeError, "pad | mode | np.concatenate"),
]
