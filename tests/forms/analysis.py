"""Differences, convolutions, polynomials, covariances."""

from tests.forms import Refused, split_forms

RIGHT = [
    *split_forms("""
        np.diff(x)  np.diff(x, n=2)  np.diff(x, axis=0)  np.diff(x, 1, 1, 0.0)  np.diff(x, prepend=z, append=0)
        np.ediff1d(x)  np.ediff1d(v, to_end=[1, 2], to_begin=s)
    """),
    *split_forms("""
        np.gradient(v)  np.gradient(x)  np.gradient(x, 0.5)  np.gradient(x, 0.5, 2.0)
        np.gradient(v, [0, 1, 3, 4, 7])  np.gradient(x, axis=1)  np.gradient(v, edge_order=2)
        np.gradient(x, 2, [0, 1, 3], edge_order=1)  np.gradient(c, axis=(0, -1))  np.gradient(v, s)
    """),
    *(
        f"np.{f}(v, y{mode})"
        for f in ("convolve", "correlate")
        for mode in ("", ", 'full'", ", 'same'", ", mode='valid'")
    ),
    *split_forms("""
        np.convolve(y, v, 'same')  np.correlate(y, v, 'same')  np.convolve([1, 2, 1], v)  np.convolve(s, v)
        np.correlate(v + 1j, y)
    """),
    *split_forms("""
        np.polyval(y, x)  np.polyval([1, 2, 3], x)  np.polyval(y, 2.0)  np.polyadd(y, v)  np.polysub([1, 2], y)
        np.polymul(y, v)  np.polymul(y, 2)  np.polymul([0, 0, 1], y)  np.polyder(v)  np.polyder(v, m=2)
        np.polyint(y)  np.polyint(y, 2, [1, 2])  np.polyint(y, k=s)  np.poly(y)  np.poly(M)  np.roots(q)
        np.polydiv(v, np.append(y[:1] ** 0, y))  np.polyfit([0, 1, 2, 3, 4], v, 2)
        np.polyfit(v, v**2 + [1, 0, 2, 0, 1], deg=1)
        np.polyfit(q, x.T, 1)  np.polyfit(q, y, 1, w=[1, 2, 3])  np.polyfit(q, y, 1, rcond=1e-10)
        np.polyfit([0, 1, 2, 3, 4], v, 1, cov=True)  np.polyfit([0, 1, 2, 3, 4], v, 1, full=True)[0]
    """),
    *split_forms("""
        np.cov(x)  np.cov(x, z)  np.cov(v)  np.cov(x, rowvar=False)  np.cov(x, bias=True)  np.cov(x, ddof=0)
        np.cov(x, fweights=[1, 2, 1])  np.cov(x, aweights=q)  np.cov(x, dtype=np.float32)  np.corrcoef(x)
        np.corrcoef(x, z)  np.corrcoef(c[0], rowvar=False)  np.corrcoef(y, q)  np.corrcoef(v)
    """),
]

REFUSED = [
    Refused("np.convolve(x, y)", ValueError, "too deep"),
    Refused("np.convolve(v, y, 'some')", ValueError, "mode | 'some'"),
    Refused("np.gradient(v, edge_order=3)", ValueError, "edge_order"),
    Refused("np.gradient(v, 1, 2)", TypeError, "invalid number of arguments"),
    Refused("np.diff(x, n=-1)", ValueError, "order"),
    Refused("np.cov(c)", ValueError, "2 dimensions"),
    Refused("np.polyder(v, -1)", ValueError, "positive"),
    Refused("np.interp(y, [-2, 0, 2], [1, 2])", ValueError, "length"),
]
