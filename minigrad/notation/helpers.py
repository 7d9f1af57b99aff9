"""The functions that NumPy code of ours calls where NumPy has none: their source, by name."""

from __future__ import annotations

HELPERS = {
    "sigmoid": """def sigmoid(u):
    return np.exp(-np.logaddexp(0, -u))  # 1 / (1 + exp(-u)), which does not overflow
""",
    "softmax": """def softmax(u, axis):
    z = np.exp(u - u.max(axis=axis, keepdims=True))
    return z / z.sum(axis=axis, keepdims=True)
""",
    "log_sum_exp": """def log_sum_exp(u, axis, keepdims):
    top = u.max(axis=axis, keepdims=True)
    return np.log(np.exp(u - top).sum(axis=axis, keepdims=keepdims)) + (top if keepdims else top.squeeze(axis))
""",
    "log_softmax": """def log_softmax(u, axis):
    z = u - u.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
""",
    "divide_or_zero": """def divide_or_zero(a, b):
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))
""",
    "cofactors": """def cofactors(x):
    u, s, vt = np.linalg.svd(x)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    return (u * (np.linalg.det(u) * np.linalg.det(vt))[..., None, None] * others[..., None, :]) @ vt
""",
    "half_lower": """def half_lower(x):
    return np.tril(x) - 0.5 * x * np.eye(x.shape[-1])
""",
    "eigensystem": """def eigensystem(x, UPLO):
    w, v = np.linalg.eigh(x, UPLO)
    return np.concatenate([w[..., None, :], v], -2)
""",
    "eigenpairs": """def eigenpairs(x):
    w, v = np.linalg.eig(x)
    return np.concatenate([w[..., None, :], v], -2).astype(np.result_type(x, 1j))
""",
    "singular_system": """def singular_system(x, full, hermitian):
    u, s, vt = np.linalg.svd(x, full, True, hermitian)
    k = s.shape[-1]
    return np.concatenate([s[..., None, :], u[..., :k], np.swapaxes(vt, -1, -2)[..., :k]], -2)
""",
    "qr_factors": """def qr_factors(x, mode):
    q, r = np.linalg.qr(x, mode)
    m = x.shape[-1]
    return np.concatenate([q[..., :m], np.swapaxes(r[..., :m, :], -1, -2)], -2)
""",
    "complement": """def complement(x, kind):
    if kind == "qr":
        basis = np.linalg.qr(x, "complete")[0]
    else:
        basis = np.linalg.svd(x)[0] if kind == "left" else np.swapaxes(np.linalg.svd(np.swapaxes(x, -1, -2))[2], -1, -2)
    return basis[..., x.shape[-1]:]
""",
    "lerp": """def lerp(a, b, t):
    return np.where(t >= 0.5, b - (b - a) * (1 - t), a + (b - a) * t)  # from the nearer of the two
""",
    "in_a_row": """def in_a_row(a, b, t):
    return np.where(t == 1, b, a + (b - a) * t)
""",
    "one_minus_square": """def one_minus_square(u):
    return (1 - u) * (1 + u)  # 1 - u**2, which would lose digits where abs(u) is near 1
""",
    "share": """def share(a, b):
    return 1 / (1 + np.exp(np.where(a == b, 0, b - a)))  # of exp(a) in exp(a) + exp(b)
""",
    "sinc_derivative": """def sinc_derivative(u, order):
    t, weights = np.polynomial.legendre.leggauss(60)
    t = (t + 1) / 2
    waves = np.cos(np.pi * (np.expand_dims(u, -1) * t + order / 2))
    return (np.pi * t) ** order * waves @ weights / 2  # the integral of cos(pi u t), t = 0 ... 1, derived
""",
    "i0_derivative": """def i0_derivative(u, order):
    t = np.cos(np.pi * (np.arange(120) + 0.5) / 120)
    return np.mean(t**order * np.exp(np.expand_dims(u, -1) * t), axis=-1)  # the integral of exp(u cos), derived
""",
    "scatter": """def scatter(x, key, shape):
    y = np.zeros(shape, np.result_type(x))
    np.add.at(y, key, x)  # an element that key names twice is added twice
    return y
""",
    "is_last": """def is_last(key, into):
    places = np.zeros(into, int)
    order = np.arange(places[key].size).reshape(places[key].shape)
    places[key] = order
    return places[key] == order  # or a later element is put into the same place
""",
    "assign": """def assign(x, key, v):
    y = np.array(x)
    y[key] = v
    return y
""",
    "shift": """def shift(x, axis, by, fill):
    y = np.full_like(x, fill)
    of, to = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    to[max(by, 0):len(to) + min(by, 0)] = of[max(-by, 0):len(of) + min(-by, 0)]
    return y
""",
    "recurrence": """def recurrence(a, b, axis):  # y[n] = a[n] * y[n - 1] + b[n]
    y = np.array(b)
    factors, rows = np.moveaxis(a, axis, 0), np.moveaxis(y, axis, 0)
    for n in range(1, len(rows)):
        rows[n] += factors[n] * rows[n - 1]
    return y
""",
    "recurrence_back": """def recurrence_back(a, b, axis):  # y[n] = a[n + 1] * y[n + 1] + b[n]
    y = np.array(b)
    factors, rows = np.moveaxis(a, axis, 0), np.moveaxis(y, axis, 0)
    for n in range(len(rows) - 1, 0, -1):
        rows[n - 1] += factors[n] * rows[n]
    return y
""",
    "prod_of_others": """def prod_of_others(x, axis):
    zeros, rest = x == 0, np.where(x == 0, 1, x)
    others = zeros.sum(axis=axis, keepdims=True) - zeros
    return np.where(others > 0, 0, rest.prod(axis=axis, keepdims=True) / rest)
""",
    "order_statistics": """def order_statistics(x, axis):
    y = np.sort(x, axis=axis)
    return np.where(np.isnan(y.take([-1], axis=axis)), np.nan, y)  # one that is NaN makes them all so
""",
    "convolve": """def convolve(a, b):
    margin = np.zeros((*a.shape[:-1], b.shape[-1] - 1))
    return correlate(np.concatenate([margin, a, margin], axis=-1), b[..., ::-1])
""",
    "correlate": """def correlate(a, b):
    windows = np.lib.stride_tricks.sliding_window_view(a, b.shape[-1], axis=-1)
    return (windows * b[..., np.newaxis, :]).sum(axis=-1)
""",
    "silu": """def silu(u):
    return u * np.exp(-np.logaddexp(0, -u))
""",
    "logsigmoid": """def logsigmoid(u):
    return -np.logaddexp(0, -u)
""",
    "leaky_relu": """def leaky_relu(u, slope):
    return np.where(u > 0, u, slope * u)
""",
    "elu": """def elu(u, alpha):
    return np.where(u > 0, u, alpha * np.expm1(np.minimum(u, 0)))
""",
    "gelu": """def gelu(u):
    from math import erfc
    return u * 0.5 * np.vectorize(erfc, otypes=[float])(-u * 0.5**0.5)
""",
    "normal_cdf": """def normal_cdf(u):
    from math import erfc
    return 0.5 * np.vectorize(erfc, otypes=[float])(-u * 0.5**0.5)
""",
    "normal_pdf": """def normal_pdf(u):
    return np.exp(-0.5 * u * u) / np.sqrt(2 * np.pi)
""",
    "standardize": """def standardize(x, axis, eps):
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)
""",
    "windows": """def windows(x, kernel, stride, dilation):
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    steps = tuple(slice(None, None, step) for step in (*stride, *dilation))
    return np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(-len(spans), 0)))[(..., *steps)]
""",
    "add_windows": """def add_windows(w, size, stride, dilation):
    n = len(size)
    places, kernel = w.shape[w.ndim - 2 * n:w.ndim - n], w.shape[w.ndim - n:]
    x = np.zeros((*w.shape[:w.ndim - 2 * n], *size))
    for p in np.ndindex(*kernel):
        key = (slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(p, dilation, stride, places))
        x[(..., *key)] += w[(..., *p)]
    return x
""",
    "pool_windows": """def pool_windows(x, function, kernel, stride, dilation):
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    steps = tuple(slice(None, None, step) for step in (*stride, *dilation))
    windows = np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(-len(spans), 0)))[(..., *steps)]
    return function(windows, axis=tuple(range(-len(spans), 0)))
""",
    "share_out": """def share_out(g, y, x, kernel, stride, dilation):
    places, ties, z = y.shape[y.ndim - len(kernel):], np.zeros(y.shape), np.zeros(x.shape)
    keys = [(..., *(slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(p, dilation, stride, places)))
            for p in np.ndindex(*kernel)]
    for key in keys:
        ties += x[key] == y
    for key in keys:
        z[key] += (x[key] == y) * g / ties
    return z
""",
    "collect": """def collect(h, y, x, kernel, stride, dilation):
    places, ties, z = y.shape[y.ndim - len(kernel):], np.zeros(y.shape), np.zeros(y.shape)
    for p in np.ndindex(*kernel):
        key = (..., *(slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(p, dilation, stride, places)))
        ties += x[key] == y
        z += (x[key] == y) * h[key]
    return z / ties
""",
    "spread_sums": """def spread_sums(g, kernel, stride, dilation, size):
    n = len(size)
    z = np.zeros((*g.shape[:g.ndim - n], *size))
    for p in np.ndindex(*kernel):
        each = zip(p, dilation, stride, g.shape[g.ndim - n:])
        z[(..., *(slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in each))] += g
    return z
""",
    "convolve_channels": """def convolve_channels(x, W, stride, padding, dilation, groups):
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    places = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], W.shape[2:], stride, dilation)]
    x, w = x.reshape(len(x), groups, -1, *x.shape[2:]), W.reshape(groups, -1, *W.shape[1:])
    y = np.zeros((len(x), groups, w.shape[1], *places))
    for p in np.ndindex(*W.shape[2:]):
        key = (slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(p, dilation, stride, places))
        y += np.einsum("goc,ngc...->ngo...", w[(..., *p)], x[(..., *key)])
    return y.reshape(len(x), len(W), *places)
""",
    "convolve_channels_back": """def convolve_channels_back(y, W, stride, padding, dilation, groups, size):
    w, y = W.reshape(groups, -1, *W.shape[1:]), y.reshape(len(y), groups, -1, *y.shape[2:])
    x = np.zeros((len(y), groups, W.shape[1], *(n + sum(pair) for n, pair in zip(size, padding))))
    for p in np.ndindex(*W.shape[2:]):
        key = (slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(p, dilation, stride, y.shape[3:]))
        x[(..., *key)] += np.einsum("goc,ngo...->ngc...", w[(..., *p)], y)
    x = x[(..., *(slice(pair[0], pair[0] + n) for n, pair in zip(size, padding)))]
    return x.reshape(len(x), -1, *size)
""",
    "correlate_channels": """def correlate_channels(x, y, stride, padding, dilation, groups, kernel):
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    x, y = x.reshape(len(x), groups, -1, *x.shape[2:]), y.reshape(len(y), groups, -1, *y.shape[2:])
    W = np.zeros((groups, y.shape[2], x.shape[2], *kernel))
    for p in np.ndindex(*kernel):
        key = (slice(d * k, d * k + s * (m - 1) + 1, s) for k, d, s, m in zip(p, dilation, stride, y.shape[3:]))
        seen = x[(..., *key)]
        W[(..., *p)] = np.einsum("ngoi,ngci->goc", y.reshape(*y.shape[:3], -1), seen.reshape(*seen.shape[:3], -1))
    return W.reshape(-1, *W.shape[2:])
""",
}
