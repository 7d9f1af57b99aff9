"""Functions on each element: ufuncs with their arguments, choices, rounding, bounds."""

from tests.forms import Refused, split_forms

RIGHT = [
    *(
        f"np.{f}(x)"
        for f in (
            "negative",
            "positive",
            "absolute",
            "fabs",
            "exp",
            "exp2",
            "expm1",
            "square",
            "cbrt",
            "sin",
            "cos",
            "arctan",
            "sinh",
            "cosh",
            "tanh",
            "arcsinh",
            "degrees",
            "radians",
            "deg2rad",
            "rad2deg",
            "reciprocal",
            "conjugate",
            "sinc",
            "i0",
            "real",
            "imag",
        )
    ),
    *(
        f"np.{f}(p)"
        for f in (
            "log",
            "log2",
            "log10",
            "log1p",
            "sqrt",
            "tan",
            "arcsin",
            "arccos",
            "arctanh",
            "asin",
            "acos",
            "atan",
            "atanh",
            "asinh",
        )
    ),
    *split_forms("""
        np.arccosh(q)  np.acosh(q)  np.angle(x + 1j * z)  np.angle(x + 1j, deg=True)  np.spacing(x) + x
        np.pow(p, q)
    """),
    *(
        f"np.{f}(x, z)"
        for f in (
            "add",
            "subtract",
            "multiply",
            "divide",
            "maximum",
            "minimum",
            "fmax",
            "fmin",
            "hypot",
            "arctan2",
            "copysign",
            "logaddexp",
            "logaddexp2",
            "true_divide",
            "atan2",
        )
    ),
    *(f"np.{f}(x, p)" for f in ("remainder", "fmod", "mod")),
    *split_forms("""
        np.power(p, q)  np.float_power(p, 3)  np.ldexp(x, [1, 2, -1])  np.ldexp(x, 3) * np.ldexp(x, 3)
        np.heaviside(x, 0.5) * x
        np.floor_divide(x, p) * x
    """),
    *split_forms("""
        np.divmod(x, p)  np.modf(x)  np.frexp(x)  np.sign(x) * x  np.floor(x) * z  np.rint(x) + x  np.trunc(x) + x
    """),
    *split_forms("""
        np.add(x, y, dtype=np.float32)  np.exp(x, dtype=np.float32)  np.exp(x, dtype='longdouble')
        np.add(x, 1, dtype=complex)
    """),
    *split_forms("""
        np.multiply(x, z, casting='safe')  np.exp(x, order='C')  np.exp(x, where=True)  np.exp(x, out=None)
        np.add(x, y, out=None)
    """),
    *split_forms("""
        np.exp(x, subok=False)  np.sqrt(p, signature='f->f')  np.exp(x, out=(None,))  np.power(2, x)  np.power(x, 2)
    """),
    *split_forms("""
        np.maximum(x, 0)  np.minimum(0.5, x)  np.maximum(x, [0, 1, -1])  np.arctan2(x, 2)  np.hypot([1, 2, 3], x)
    """),
    *split_forms("""
        np.where(mask, x, z)  np.where(x > 0, x, 0)  np.where(mask, 1.0, x)  np.where([True, False, True], x, y)
        np.where(x > z, x, z)
    """),
    *split_forms("""
        x[np.where(mask)]  x[np.where(x > 0)]  np.where(s > 0, x, z)  np.where(x, z, 2)  np.where(mask, x, 1j)
    """),
    *split_forms("""
        np.clip(x, -1, 1)  np.clip(x, None, 0.5)  np.clip(x, -0.5, None)  np.clip(x, a_min=-1, a_max=[0.5, 1, 1.5])
    """),
    *split_forms("""
        np.clip(x, min=-1)  np.clip(x, max=y)  np.clip(x, -np.abs(y), np.abs(y))  np.clip(A, -1, s)
        np.clip(x, -1, 1, out=None)  np.clip(x, -1, 1, dtype=np.float32)
    """),
    *split_forms("""
        np.round(x, 1) + x  np.around(x, decimals=-1) + x  np.round(a=x) + x  np.fix(x) + x  np.nan_to_num(x)
    """),
    *split_forms("""
        np.nan_to_num(np.where(mask, x, np.nan), nan=3.0)  np.nan_to_num(x, posinf=1.0, neginf=-1.0)
        np.real_if_close(x)
    """),
    *split_forms("""
        np.unwrap(4 * v)  np.unwrap(4 * x, axis=0, period=3.0)  np.unwrap(v, discont=1.0, period=2.0)
        np.isneginf(x) * x
    """),
    *split_forms("""
        x * np.isfinite(x)  x * np.isnan(x)  x * np.signbit(x)  x * np.logical_and(x, z > 0)
        x * np.logical_not(x > 0)
    """),
    *split_forms("""
        x * np.isclose(x, z)  x * np.greater(x, z)  x * np.equal(x, z)  x * np.nextafter(x, 1)
    """),
    *split_forms("""
        np.real(x + 1j * z)  np.imag(x * (1 + 2j))  np.conj(x + 1j * z)  np.abs(x + 1j * z)  np.sqrt(x + 2j)
        np.exp(1j * x)
    """),
    *split_forms("""
        np.select([x > 1, x > 0], [x, z], 0)  np.select([mask], [x])
        np.select(condlist=[x > 0], choicelist=[z], default=s)
    """),
    *split_forms("""
        np.choose(rows, x)  np.choose(rows, [y, 2 * y])  np.choose(rows + 1, x, mode='wrap')
        np.choose(3 * rows, x, mode='clip')
    """),
    *split_forms("""
        np.piecewise(x, [x > 0], [lambda a: a**2, np.sin])  np.piecewise(x, [mask, ~mask], [np.exp, 2.0])
        np.piecewise(v, [v > 0], [lambda a, k: k * a, 0], 3)
    """),
    *split_forms("""
        np.interp(y, [-2, 0, 2], q)  np.interp(y, [-2, 0, 1], q, left=0, right=1)
        np.interp(y, [-2, 0, 2], [1, 2, 4])  np.interp(x, [0, 1], [1, 2], period=4)
    """),
    *split_forms("""
        np.apply_along_axis(np.sum, 0, x)  np.apply_along_axis(lambda a, k: a * a[0] * k, 1, x, 2)
        np.apply_over_axes(np.sum, c, [0, 2])
    """),
]

RIGHT += split_forms("""
    x * np.isposinf(x)  x * np.isinf(x)  x * np.iscomplex(x)  x * np.isreal(x)  x * np.iscomplexobj(x)
    x * np.isrealobj(x)
    x * np.less(x, z)  x * np.less_equal(x, z)  x * np.greater_equal(x, z)  x * np.not_equal(x, z)  np.ceil(x) + x
    x * np.logical_or(x > 0, z > 0)  x * np.logical_xor(x > 0, z > 0)  x * np.bitwise_and(x > 0, mask)
    x * np.bitwise_or(x > 0, mask)  x * np.bitwise_xor(x > 0, mask)  x * np.invert(x > 0)  x * np.bitwise_not(x > 0)
    x * np.bitwise_invert(x > 0)  x * np.array_equal(x, z)  x * np.allclose(x, x)  x * np.ndim(x)  x * np.size(x, 1)
    x * np.shape(x)[1]  x.astype(np.result_type(x, np.float32))  x * len(np.array_str(x))  x * len(np.array2string(x))
    x * len(np.array_repr(x))  x * np.left_shift(x > 0, 2)  x * np.right_shift(6, x > 0)  x * ((x > 0) << 2)
    x * np.bitwise_left_shift(x > 0, 2)  x * np.bitwise_right_shift(6, x > 0)
    x * np.gcd(np.rint(x).astype(int), 6)  x * np.lcm(np.argsort(x), 4)  x * np.bitwise_count(np.argsort(x))
""")

REFUSED = [
    Refused("np.exp(x, out=np.zeros((2, 3)))", TypeError, "np.exp | out= | .data"),
    Refused("np.exp(x, where=mask)", TypeError, "np.exp | where= | np.where(condition, np.exp(…), 0.0)"),
    Refused("a = np.zeros((2, 3)); a += x; a", TypeError, "add | out= | .data"),
    Refused("np.clip(x, -1, 1, out=np.zeros((2, 3)))", TypeError, "np.clip | out | .data"),
    Refused("np.round(x, out=np.zeros((2, 3)))", TypeError, "np.round | out | .data"),
    Refused("np.clip(x, -1, 1, where=mask)", TypeError, "np.clip | where"),
    Refused("np.nan_to_num(x, copy=False)", TypeError, "changed in place | x.copy()"),
    Refused("np.exp(x, dtype=int)", TypeError, "casting | exp"),
    Refused("np.exp(x, dtyp=int)", TypeError, "dtyp"),
    Refused("np.where(mask, x)", ValueError, "where | x and y"),
    Refused("np.add(x)", TypeError, "add"),
    Refused("np.left_shift(x, 1)", TypeError, "left_shift | not supported"),
    Refused("np.gcd(x, 2)", TypeError, "gcd"),
    Refused("np.array(x)", TypeError, "gradient | .data | np.stack"),
    Refused("np.array([s, s])", TypeError, "gradient | np.stack"),
    Refused("np.full(3, s)", TypeError, "gradient | np.broadcast_to"),
    Refused("np.copyto(np.zeros((2, 3)), x)", TypeError, "np.copyto | minigrad.Tensor(a)"),
    Refused("np.vectorize(lambda a: a * a)(x)", TypeError, "gradient | .data"),
    Refused("np.frompyfunc(lambda a: a * a, 1, 1)(x)", TypeError, "vectorized | minigrad ops"),
]
