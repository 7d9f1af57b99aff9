"""The forms that no code can be made of: a shape, places or a branch depend on values that are not known before.

Those in ``UNMAPPED`` cannot be mapped, either, where the values differ from lane to lane.
"""

from tests.forms import split_forms

# What is complex for a negative number, edges that move with elements, and what is different.
BY_VALUES = [
    *(f"np.emath.{f}(x)" for f in ("sqrt", "log", "log2", "log10", "arccos", "arcsin", "arctanh")),
    *split_forms("np.emath.logn(2, x)  np.emath.power(x, 2.5)"),
    *split_forms("""
        np.histogram(v, 3)  np.histogram(x, 4, density=True)  np.histogram(v, 3, (-1.5, 1.7), weights=v)
        np.histogram(s * np.ones(2), 2)
        np.histogram_bin_edges(v, 4)  np.histogram_bin_edges(x, 'sturges')  np.histogram2d(q, q, weights=y)[1]
        np.histogram2d(y, q, [2, 3])[2]
    """),
    *split_forms("""
        np.union1d(y, q)  np.union1d(x, [0.5])  np.intersect1d(v, v[1:3])
        np.intersect1d(v, v[::-1], return_indices=True)  np.setdiff1d(v, v[1:3])  np.setdiff1d(x, x[0], True)
        np.setxor1d(v, v[1:3])  np.setxor1d(y, [9, 8], assume_unique=True)  np.unique_values(v)
        np.unique_counts(np.append(v, v))  np.unique_inverse(x)  np.unique_all(np.append(y, y))
    """),
]
UNCOMPILED = BY_VALUES + split_forms("""
    x[x > 0]  max([s, 2 * s])  np.histogram(v, bins=3, range=(-1, 1))[0] * y
    x[np.where(x > 0)]
    np.delete(v, v > 0)  np.trim_zeros(np.append(v, [0, 0]))  np.trim_zeros(np.append([0.0], v), 'f')
    np.extract(x > 0, x)  x[np.nonzero(x > 0)]  np.unique(v)
    np.unique(np.append(v, v), return_counts=True)  np.unique(v, return_index=True, return_inverse=True)
    v[np.flatnonzero(v > 0)]  x[tuple(np.argwhere(x > 0)[0])] * y  v[np.lexsort((v,))]
    x * np.linalg.matrix_rank(M)  v[v.nonzero()]  x * (1 in x)  x * len(np.array_str(x))
    x * len(np.array2string(x))  x * len(np.array_repr(x))
""")
UNMAPPED = BY_VALUES + split_forms("""
    x[x > 0]  max([s, 2 * s])  np.histogram(v, bins=3, range=(-1, 1))[0] * y
    np.delete(v, v > 0)  np.trim_zeros(np.append(v, [0, 0]))  np.trim_zeros(np.append([0.0], v), 'f')
    np.extract(x > 0, x)  np.unique(v)  np.unique(np.append(v, v), return_counts=True)
    np.unique(v, return_index=True, return_inverse=True)  x * (1 in x)
    x * len(np.array_str(x))  x * len(np.array2string(x))  x * len(np.array_repr(x))
""")
