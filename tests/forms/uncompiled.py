"""The forms that no code can be made of: a shape, places or a branch depend on values that are not known before.

Those in ``UNMAPPED`` cannot be mapped, either, where the values differ from lane to lane.
"""

from tests.forms import split_forms

UNCOMPILED = split_forms("""
    x[x > 0]  max([s, 2 * s])  np.histogram(v, bins=3, range=(-1, 1))[0] * y
    np.quantile(v, 0.3, weights=[1, 2, 3, 2, 1], method='inverted_cdf')
    np.percentile(x, 40, axis=1, weights=[3, 1, 2], method='inverted_cdf')  x[np.where(x > 0)]
    np.delete(v, v > 0)  np.trim_zeros(np.append(v, [0, 0]))  np.trim_zeros(np.append([0.0], v), 'f')
    np.extract(x > 0, x)  x[np.nonzero(x > 0)]  np.unique(v)
    np.unique(np.append(v, v), return_counts=True)  np.unique(v, return_index=True, return_inverse=True)
    v[np.flatnonzero(v > 0)]  x[tuple(np.argwhere(x > 0)[0])] * y  v[np.lexsort((v,))]
    x * np.linalg.matrix_rank(M)  v[v.nonzero()]  x * (1 in x)  x * len(np.array_str(x))
    x * len(np.array2string(x))  x * len(np.array_repr(x))
""")
UNMAPPED = split_forms("""
    x[x > 0]  max([s, 2 * s])  np.histogram(v, bins=3, range=(-1, 1))[0] * y
    np.quantile(v, 0.3, weights=[1, 2, 3, 2, 1], method='inverted_cdf')
    np.percentile(x, 40, axis=1, weights=[3, 1, 2], method='inverted_cdf')
    np.delete(v, v > 0)  np.trim_zeros(np.append(v, [0, 0]))  np.trim_zeros(np.append([0.0], v), 'f')
    np.extract(x > 0, x)  np.unique(v)  np.unique(np.append(v, v), return_counts=True)
    np.unique(v, return_index=True, return_inverse=True)  x * (1 in x)
    x * len(np.array_str(x))  x * len(np.array2string(x))  x * len(np.array_repr(x))
""")
