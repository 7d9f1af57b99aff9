"""Which of NumPy's own functions work on operands, and by which operation (NEP 13 and NEP 18)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.engine.protocols.kinds import OF_KINDS
from minigrad.ops import arithmetic, elementwise, linalg, parts, shaping
from minigrad.ops.base import Op, as_array
from minigrad.ops.common.late import Late
from minigrad.ops.places import own_memory

scipy_protocol = Late("minigrad.engine.protocols.scipy_protocol")

UFUNCS: dict[np.ufunc, Op] = {
    np.add: arithmetic.add,
    np.subtract: arithmetic.subtract,
    np.multiply: arithmetic.multiply,
    np.divide: arithmetic.divide,
    np.negative: arithmetic.negative,
    np.absolute: arithmetic.absolute,
    np.power: arithmetic.power,
    np.maximum: arithmetic.maximum,
    np.minimum: arithmetic.minimum,
    np.greater: arithmetic.greater,
    np.greater_equal: arithmetic.greater_equal,
    np.less: arithmetic.less,
    np.less_equal: arithmetic.less_equal,
    np.equal: arithmetic.equal,
    np.not_equal: arithmetic.not_equal,
    np.exp: elementwise.exp,
    np.log: elementwise.log,
    np.sqrt: elementwise.sqrt,
    np.cbrt: elementwise.cbrt,
    np.square: elementwise.square,
    np.tanh: elementwise.tanh,
    np.sign: elementwise.sign,
    np.positive: elementwise.identity,
    np.conjugate: parts.conj,
    np.matmul: linalg.matmul,
}

# Ufuncs whose operation, of the same name, is in a file of ``ops`` that is loaded when the first of them is called.
LATE: dict[str, str] = {
    name: file
    for file, names in {
        "trigonometric": (
            *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "hypot"),
            *("sinh", "cosh", "arcsinh", "arccosh", "arctanh", "degrees", "rad2deg", "radians", "deg2rad"),
        ),
        "exponential": (
            *("exp2", "expm1", "log2", "log10", "log1p", "logaddexp", "logaddexp2"),
            *("reciprocal", "float_power", "ldexp"),
        ),
        "rounding": (
            *("floor", "ceil", "trunc", "rint", "spacing", "nextafter"),
            *("floor_divide", "remainder", "fmod"),
        ),
        "signs": ("fabs", "signbit", "copysign", "heaviside", "fmax", "fmin"),
        "logic": (
            *("isfinite", "isnan", "isinf", "logical_not", "logical_and", "logical_or", "logical_xor"),
            *("invert", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_count"),
            *("left_shift", "right_shift", "gcd", "lcm"),
        ),
    }.items()
    for name in names
}


def find_ufunc(ufunc: np.ufunc) -> Op | None:
    """Give the operation that a ufunc is for operands, None if it is none."""
    op = UFUNCS.get(ufunc)
    if op is None:
        name = ufunc.__name__
        if name in LATE and getattr(np, name) is ufunc:
            op = UFUNCS[ufunc] = getattr(import_module(f"minigrad.ops.elements.{LATE[name]}"), name)
        elif (special := scipy_protocol.find_special(ufunc)) is not None:
            op = UFUNCS[ufunc] = special
    return op


def where(condition: Any, *choices: Any) -> Any:
    """Choose as ``numpy.where`` does: of two, or, of the condition alone, the places where it holds."""
    if not choices:
        return np.nonzero(condition)
    if len(choices) != 2:
        raise ValueError("where: wanted the condition alone, or x and y with it")
    return arithmetic.where(condition, *choices)


def vdot(a: Any, b: Any) -> Any:
    """Multiply and add up as ``numpy.vdot`` does, element by element in C order, whatever the shapes."""
    a, b = as_array(a), as_array(b)
    if a.shape != b.shape and a.size == b.size:
        a, b = np.ravel(a), np.ravel(b)
    return linalg.vdot(a, b)


def real(val: Any) -> Any:
    """Give the real part as ``numpy.real`` does."""
    return parts.real(val)


def imag(val: Any) -> Any:
    """Give the imaginary part as ``numpy.imag`` does."""
    return parts.imag(val)


def like(make: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function that makes a constant of the shape and dtype that another has, whatever the elements of that."""

    def made(*args: Any, **kwargs: Any) -> Any:
        a, *args = args or (kwargs.pop("a" if "a" in kwargs else "prototype"),)  # type: ignore[assignment]
        array = a.array if a.has_data else np.broadcast_to(np.zeros((), a.dtype), a.shape)
        return a.as_constant(make(array, *args, **kwargs))

    return made


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.reshape: shaping.reshape,
    np.transpose: shaping.transpose,
    np.expand_dims: shaping.expand_dims,
    np.squeeze: shaping.squeeze,
    np.ravel: shaping.ravel,
    np.astype: shaping.astype,
    np.copy: own_memory.copy,
    np.broadcast_to: shaping.broadcast_to,
    np.concatenate: shaping.concatenate,
    np.stack: shaping.stack,
    np.where: where,
    np.dot: linalg.dot,
    np.vdot: vdot,
    np.real: real,
    np.imag: imag,
    np.angle: parts.angle,
    np.real_if_close: parts.real_if_close,
    **OF_KINDS,
    np.zeros_like: like(np.zeros_like),
    np.ones_like: like(np.ones_like),
    np.empty_like: like(np.zeros_like),  # not what lies in memory, which is another each time that it is traced
}

# Functions that are written with others: a file of ``ops.composed`` has them under NumPy's names, and is loaded when
# the first of them is called. By name, since asking NumPy for np.fft, say, would load that too.
COMPOSED: dict[str, str] = {
    name: file
    for file, names in {
        "reductions": (
            *("numpy.sum", "numpy.prod", "numpy.mean", "numpy.max", "numpy.min", "numpy.amax", "numpy.amin"),
            *("numpy.ptp", "numpy.cumsum", "numpy.cumprod", "numpy.cumulative_sum", "numpy.cumulative_prod"),
        ),
        "axes": (
            *("numpy.flip", "numpy.flipud", "numpy.fliplr", "numpy.rot90", "numpy.moveaxis", "numpy.rollaxis"),
            "numpy.swapaxes",
            *("numpy.matrix_transpose", "numpy.atleast_1d", "numpy.atleast_2d", "numpy.atleast_3d"),
        ),
        "choosing": (
            *("numpy.take", "numpy.take_along_axis", "numpy.choose", "numpy.compress", "numpy.extract"),
            *("numpy.select", "numpy.piecewise", "numpy.unravel_index"),
        ),
        "grids": (
            *("numpy.linspace", "numpy.logspace", "numpy.geomspace", "numpy.meshgrid", "numpy.ix_"),
            "numpy.full_like",
        ),
        "joining": (
            *("numpy.hstack", "numpy.vstack", "numpy.dstack", "numpy.column_stack", "numpy.block"),
            *("numpy.append", "numpy.insert", "numpy.delete"),
        ),
        "mapping": ("numpy.apply_along_axis", "numpy.apply_over_axes"),
        "matrices": ("numpy.linalg.diagonal", "numpy.linalg.matrix_transpose"),
        "padding": ("numpy.pad",),
        "repeating": (
            *("numpy.tile", "numpy.repeat", "numpy.roll", "numpy.resize", "numpy.broadcast_arrays"),
            "numpy.lib.stride_tricks.sliding_window_view",
        ),
        "splitting": (
            *("numpy.split", "numpy.array_split", "numpy.vsplit", "numpy.hsplit", "numpy.dsplit"),
            *("numpy.unstack", "numpy.trim_zeros"),
        ),
        "writing": (
            *("numpy.copyto", "numpy.put", "numpy.place", "numpy.putmask", "numpy.put_along_axis"),
            "numpy.fill_diagonal",
        ),
        "triangles": ("numpy.diagonal", "numpy.diag", "numpy.diagflat", "numpy.tril", "numpy.triu"),
        "einsum": ("numpy.einsum",),
        "products": (
            *("numpy.inner", "numpy.outer", "numpy.tensordot", "numpy.kron", "numpy.cross", "numpy.trace"),
            *("numpy.vecdot", "numpy.matvec", "numpy.vecmat", "numpy.matmul"),
        ),
        "linear_algebra": tuple(
            f"numpy.linalg.{name}"
            for name in (
                *("inv", "det", "slogdet", "solve", "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "qr", "pinv"),
                *("eig", "eigvals", "lstsq", "tensorinv", "tensorsolve"),
            )
        ),
        "norms": tuple(f"numpy.linalg.{name}" for name in ("norm", "vector_norm", "matrix_norm", "cond")),
        "linalg_products": tuple(
            f"numpy.linalg.{name}"
            for name in (
                *("vecdot", "outer", "cross", "tensordot", "trace", "matmul"),
                *("multi_dot", "matrix_power"),
            )
        ),
        "rounding": ("numpy.divmod", "numpy.modf", "numpy.frexp", "numpy.round", "numpy.around", "numpy.fix"),
        "bounds": (
            *("numpy.clip", "numpy.nan_to_num", "numpy.isposinf", "numpy.isneginf", "numpy.iscomplex", "numpy.isreal"),
        ),
        "counting": (
            *("numpy.bincount", "numpy.histogram", "numpy.histogram2d", "numpy.histogramdd"),
            "numpy.histogram_bin_edges",
        ),
        "sets": (
            *("numpy.unique_all", "numpy.unique_counts", "numpy.unique_inverse", "numpy.unique_values"),
            *("numpy.union1d", "numpy.intersect1d", "numpy.setdiff1d", "numpy.setxor1d"),
        ),
        "families": ("numpy.sinc", "numpy.i0"),
        "emath": tuple(
            f"numpy.lib.scimath.{name}"
            for name in ("sqrt", "log", "log2", "log10", "logn", "power", "arccos", "arcsin", "arctanh")
        ),
        "angles": ("numpy.unwrap",),
        "fft": (
            *("numpy.fft.fft", "numpy.fft.fft2", "numpy.fft.fftn", "numpy.fft.ifft", "numpy.fft.ifft2"),
            *("numpy.fft.ifftn", "numpy.fft.rfft", "numpy.fft.rfft2", "numpy.fft.rfftn", "numpy.fft.irfft"),
            *("numpy.fft.irfft2", "numpy.fft.irfftn", "numpy.fft.hfft", "numpy.fft.ihfft", "numpy.fft.fftshift"),
            "numpy.fft.ifftshift",
        ),
        "order": (
            *("numpy.sort", "numpy.sort_complex", "numpy.partition", "numpy.unique"),
            *("numpy.median", "numpy.percentile", "numpy.quantile"),
        ),
        "missing": (
            *("numpy.nansum", "numpy.nanprod", "numpy.nancumsum", "numpy.nancumprod", "numpy.nanmean"),
            *("numpy.nanvar", "numpy.nanstd", "numpy.nanmax", "numpy.nanmin", "numpy.nanmedian"),
            *("numpy.nanpercentile", "numpy.nanquantile"),
        ),
        "differences": ("numpy.diff", "numpy.ediff1d", "numpy.trapezoid", "numpy.gradient", "numpy.interp"),
        "polynomials": (
            *("numpy.polyval", "numpy.polyadd", "numpy.polysub", "numpy.polymul", "numpy.polyder", "numpy.polyint"),
            *("numpy.poly", "numpy.vander", "numpy.convolve", "numpy.correlate"),
            *("numpy.polydiv", "numpy.polyfit", "numpy.roots"),
        ),
        "statistics": ("numpy.var", "numpy.std", "numpy.average", "numpy.cov", "numpy.corrcoef"),
    }.items()
    for name in names
}


def find_function(f: Callable[..., Any]) -> Callable[..., Any] | None:
    """Give what a function of NumPy's, or a ufunc called with arguments, is for operands, None if it is nothing."""
    ours = FUNCTIONS.get(f)
    if ours is None:
        file = COMPOSED.get(_name_in_full(f))
        if file is not None:
            ours = FUNCTIONS[f] = getattr(import_module(f"minigrad.ops.composed.{file}"), f.__name__)
    return ours


# Files whose functions move elements, whatever these are.
ARRANGING = frozenset(
    ("axes", "choosing", "joining", "splitting", "repeating", "triangles", "matrices", "mapping", "writing"),
)


def is_computed(f: Callable[..., Any]) -> bool:
    """Say whether a function of NumPy's is arithmetic that is written with other functions here."""
    file = COMPOSED.get(_name_in_full(f))
    return file is not None and file not in ARRANGING


def _name_in_full(f: Callable[..., Any]) -> str:
    return f"{getattr(f, '__module__', 'numpy')}.{f.__name__}"


# NumPy functions whose result is a constant, an index or a truth value: no gradient belongs to it, so none is lost.
PLAIN: frozenset[Callable[..., Any]] = frozenset(
    (
        *(np.argmax, np.argmin, np.argsort, np.argpartition, np.count_nonzero, np.nonzero, np.any, np.all),
        np.linalg.matrix_rank,
        *(np.allclose, np.array_equal, np.array_equiv, np.isclose, np.isin),
        *(np.array_repr, np.array_str, np.array2string),
        *(np.nanargmax, np.nanargmin, np.argwhere, np.flatnonzero, np.searchsorted, np.digitize, np.lexsort),
    )
)

# Those that write into their first argument.
WRITING: frozenset[Callable[..., Any]] = frozenset(
    (np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal)
)
