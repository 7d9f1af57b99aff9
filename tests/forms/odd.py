"""Arguments that few give: axes of one number, masks of a ufunc's reduction, NaN's methods, moving edges, sets."""

from tests.forms import Refused, split_forms
from tests.forms.uncompiled import BY_VALUES

RIGHT = [
    *split_forms("""
        np.sum(s, 0)  np.prod(s, axis=-1)  np.max(s, axis=0)  s.min(axis=-1)  np.ptp(s, 0)  np.cumulative_sum(s)
        np.transpose(a=x)  np.squeeze(a=x[None])  np.ravel(a=x)  np.expand_dims(a=x, axis=-1)  np.real(val=x)
        np.broadcast_to(array=y, shape=(2, 3))  np.imag(val=x * 1j)  np.empty_like(prototype=x) * 0 + x
        np.take(x, [], axis=0)  np.take(x, [0.0, 2.0])  np.polyint(y, 2, [1, 2, 3])  np.convolve(y, v, 0)
        np.clip(x, -1, 1, dtype=np.float32, casting='same_kind')
        np.take(s, 0, axis=0)  np.take(s, [0, 0], -1)  np.repeat(s, 2, axis=-1)  np.min(s, axis=0, initial=2.0)
        np.max(x + 1j * z, axis=0, initial=-2, where=mask)  np.min(x + 1j * z, initial=2 + 1j, where=mask)
        np.clip(x > 0, -1, p)  np.clip(np.uint8([1, 200, 3]), -1, y)  np.quantile(v[:3], [0.1, 0.9], method='hazen')
        np.quantile(v, [0.3, 0.9])  np.percentile(x, [10, 88], axis=1)
        np.can_cast(x.dtype, complex) * x  x * (np.common_type(x) is np.float32)
    """),
    *split_forms("""
        np.logaddexp.reduce(x, axis=1, where=mask)  np.logaddexp.reduce(x, axis=None, initial=0.5)
        np.hypot.reduce(x, axis=(0, 1))  np.hypot.reduce(x, axis=None, where=mask, initial=1.0)
        np.hypot.reduce(x, axis=1, where=mask, keepdims=True)  np.subtract.reduce(x, where=mask, initial=1.0)
        np.logaddexp2.reduce(c, axis=(0, 2), where=c > 0)  np.hypot.reduce(s)  np.subtract.reduce(x, axis=())
        np.vecdot(x, z, axes=[0, 0, ()])  np.vecmat(y, M, axes=[0, (1, 0), 0])  np.matvec(M, x, axes=[(0, 1), 1, 0])
    """),
    *(
        f"a = x * 1; {call}; a"
        for call in (
            *("np.multiply.at(a, (0, 1), s)", "np.negative.at(a, [0])", "np.maximum.at(a, [0, 1, 0], 0.0)"),
            *("np.multiply.at(a, (slice(None), [0, 0]), 2.0)", "np.divide.at(a, mask, q[0])"),
            *("np.power.at(a, ([0, 0], [1, 1]), 2)", "np.multiply.at(a, ..., z)", "np.nan_to_num(a, copy=False)"),
            "np.add.at(a, mask, s)",
        )
    ),
    "a = x + 1j * z; a.real = y; a",
    "a = x + 1j * z; a.imag = s; a",
    "a = x * 1; a.real = y; a",
    *BY_VALUES,
    "np.cov(x, aweights=q, fweights=[1, 2, 0])",
    "s.sum(0) + s.max(-1)",
    "x * np.unwrap(np.round(3 * x).astype(int), period=5)",
    "np.histogram2d([0, 1, 2], [1, 2, 1], [-1, 1, 2, 3], weights=y)[0]",
    "np.histogramdd([[0, 1, 2], [1, 2, 1]], (2, 1), density=True, weights=q)[0]",
]

REFUSED = [
    Refused("np.histogram(v, 'fd', weights=v)", TypeError, "weighted"),
    Refused("np.quantile(x + 1j, 0.5)", TypeError, "real numbers"),
    Refused("np.nanquantile(x, 2)", ValueError, "range [0, 1]"),
    Refused("np.interp(x + 1j, [0, 1], [0, 1])", TypeError, "complex128 | float64"),
    Refused("np.interp(x, [0, 1], [0, 1], period=0)", ValueError, "period"),
    Refused("np.bincount([0, 1, 1], y + 1j)", TypeError, "complex128 | float64"),
    Refused("np.logaddexp.reduce(x + 1j)", TypeError, "logaddexp"),
    Refused("np.isposinf(x + 1j)", TypeError, "np.isposinf | .real"),
    Refused("np.i0(x + 1j)", TypeError, "np.i0 | scipy.special.iv"),
    Refused("np.clip(x + 1j, 0, 1, dtype=float)", TypeError, "complex128 | float64"),
    Refused("np.einsum('ij->i', x, dtype=np.float32)", TypeError, "float64 | float32"),
    Refused("np.sum(x, axis=1.0)", TypeError, "np.sum | integer"),
    Refused("np.sum(x, True)", TypeError, "np.sum | axis=True | integer"),
    Refused("np.subtract.reduce(x, where=mask)", ValueError, "subtract | initial"),
    Refused("np.subtract.reduce(x, axis=(0, 1))", ValueError, "subtract | reorderable"),
    Refused("np.cov(x, fweights=[1, 2, 0.5])", TypeError, "fweights must be integer"),
    Refused("np.cov(x, aweights=[1, 2, -1])", ValueError, "aweights cannot be negative"),
    Refused("np.polyint(y, 2, [1])[np.polyint(y, 3, [1, 2])]", ValueError, "k must be"),
    Refused("np.pad(v, 2, 'mean', constant_values=1)", ValueError, "pad | constant_values | stat_length"),
    Refused("np.choose([2, 0, 1], [y, q])", ValueError, "choose | choices 0 to 1"),
    Refused("np.linalg.lstsq(x, y)", ValueError, "lstsq | Incompatible"),
    Refused("np.linalg.qr(M, 'zz')", ValueError, "qr | 'zz'"),
    Refused("np.unwrap(s)", ValueError, "unwrap"),
    Refused("a = x * 1; a.shape = (3, 2); a", AttributeError, "x.reshape((3, 2))"),
    Refused("a = x * 1; a.imag = 0; a", TypeError, "imaginary part | 1j * value"),
]
