"""What native code calls: pointers, BLAS, and elementary functions that the compiler can vectorise.

A scalar call of the C library's exp costs 5 to 10 ns, and keeps a loop from being vectorised; written as a polynomial
and an exponent field it takes under 1 ns an element. Needs the extra ``native``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.extras import require

numba: Any = require("numba", "native")
extending: Any = require("numba.extending", "native")
core_types: Any = require("numba.core.types", "native")
ir: Any = require("llvmlite.ir", "native")
cgutils: Any = require("numba.core.cgutils", "native")
require("scipy.linalg.cython_blas", "native")

# No reordering: see exp64. Always inlined: a loop that calls is not vectorised, which cost W4 a tenth of its step.
PLAIN = {"error_model": "numpy", "nogil": True, "fastmath": {"contract"}, "forceinline": True}


@extending.intrinsic
def pointer64(typing: Any, address: Any) -> Any:
    """Take an address as that of float64 elements."""
    return _pointer(address, core_types.float64)


@extending.intrinsic
def pointer32(typing: Any, address: Any) -> Any:
    """Take an address as that of float32 elements."""
    return _pointer(address, core_types.float32)


@extending.intrinsic
def pointeri64(typing: Any, address: Any) -> Any:
    """Take an address as that of int64 elements."""
    return _pointer(address, core_types.int64)


@extending.intrinsic
def pointeri32(typing: Any, address: Any) -> Any:
    """Take an address as that of int32 elements."""
    return _pointer(address, core_types.int32)


@extending.intrinsic
def pointerb(typing: Any, address: Any) -> Any:
    """Take an address as that of truth values."""
    return _pointer(address, core_types.uint8)  # as which they lie in memory


def _pointer(address: Any, element: Any) -> Any:
    signature = core_types.CPointer(element)(address)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        take = builder.bitcast if isinstance(address, core_types.CPointer) else builder.inttoptr
        return take(arguments[0], context.get_value_type(signature.return_type))

    return signature, generate


@extending.intrinsic
def bits64(typing: Any, x: Any) -> Any:
    """Read a float64 as an int64."""
    return _cast(x, core_types.int64, ir.IntType(64))


@extending.intrinsic
def float64(typing: Any, x: Any) -> Any:
    """Read an int64 as a float64."""
    return _cast(x, core_types.float64, ir.DoubleType())


@extending.intrinsic
def _bits32(typing: Any, x: Any) -> Any:
    return _cast(x, core_types.int32, ir.IntType(32))


@extending.intrinsic
def _float32(typing: Any, x: Any) -> Any:
    return _cast(x, core_types.float32, ir.FloatType())


def _cast(x: Any, to: Any, kind: Any) -> Any:
    """Read the bits of a number as another type's."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], kind)

    return to(x), generate


@extending.intrinsic
def times64(typing: Any, a: Any, b: Any) -> Any:
    """Multiply float64: see _times."""
    return _times(core_types.float64)


@extending.intrinsic
def times32(typing: Any, a: Any, b: Any) -> Any:
    """Multiply float32: see _times."""
    return _times(core_types.float32)


def _times(kind: Any) -> Any:
    """Multiply in the order that is written, unlike sums, which a loop may add up in any order.

    Where a step may be reordered, a plain product may be as well: (x 1e300) 1e300 would become x ∞. numba gives leave
    only to what says nothing for itself, as this does; it may become one instruction with a sum.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(*arguments, flags=("contract",))

    return kind(kind, kind), generate


_ROUND64, _ROUND32 = 6755399441055744.0, np.float32(12582912.0)  # 1.5 · 2⁵², 1.5 · 2²³: adding one rounds to integers
HIGH64, LOW64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # ln 2 in two parts, the first of few bits
_HIGH32, _LOW32 = np.float32(0.693359375), np.float32(-2.12194440e-4)
_TWICE = tuple(2 / math.factorial(k) for k in range(14))  # Taylor's coefficients, doubled: see exp64
(T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13) = _TWICE[2:]
(S2, S3, S4, S5, S6, S7) = (np.float32(t) for t in _TWICE[2:8])
TWO32, LOG2E32, LOWEST32 = np.float32(2), np.float32(math.log2(math.e)), np.float32(-87.2)
LOG2E = math.log2(math.e)


@numba.njit(**PLAIN)
def taylor64(r: Any, r2: Any) -> Any:
    """2 (eʳ − 1 − r) / r², by 12 terms of Taylor's series."""
    r4 = r2 * r2
    low = (T2 + r * T3) + r2 * (T4 + r * T5)
    middle = (T6 + r * T7) + r2 * (T8 + r * T9)
    high = (T10 + r * T11) + r2 * (T12 + r * T13)
    return low + r4 * (middle + r4 * high)


@numba.njit(**PLAIN)
def exp64(x: Any) -> Any:
    """eˣ = 2ⁿ eʳ with n = round(x / ln 2) and |r| ≤ ½ ln 2, where 13 terms of Taylor's series are exact to 4e-18.

    Adding 1.5 · 2⁵² leaves n in the lowest bits of the sum, from where it is shifted into an exponent. A compiler
    that reorders sums would undo that, so this is compiled apart, without leave to. It is 2 eʳ times 2ⁿ⁻¹: float64
    does not hold 2¹⁰²⁴ itself, and overflows where it should. With n = −1022, from −708.05 down, the bits of that are
    those of 0. NaN passes through every line.
    """
    bounded = -708.3 if x < -708.3 else x
    bounded = 710.0 if bounded > 710.0 else bounded
    sum_ = bounded * LOG2E + _ROUND64
    n = sum_ - _ROUND64
    r = (bounded - n * HIGH64) - n * LOW64
    r2 = r * r
    twice = 2.0 + ((r + r) + r2 * taylor64(r, r2))
    return twice * float64((bits64(sum_) + 1022) << 52)


@numba.njit(**PLAIN)
def exp32(x: Any) -> Any:
    """eˣ in float32, likewise, with 7 terms; it is 0 from −86.99 down, where n = −126."""
    bounded = LOWEST32 if x < LOWEST32 else x
    bounded = np.float32(89) if bounded > np.float32(89) else bounded
    sum_ = bounded * LOG2E32 + _ROUND32
    n = sum_ - _ROUND32
    r = (bounded - n * _HIGH32) - n * _LOW32
    r2 = r * r
    p = (S2 + r * S3) + r2 * ((S4 + r * S5) + r2 * (S6 + r * S7))
    twice = TWO32 + ((r + r) + r2 * p)
    return twice * _float32(np.int32((_bits32(sum_) + np.int32(126)) << np.int32(23)))


_ATANH = tuple(2 / (2 * k + 1) for k in range(11))  # 2 artanh s = Σ 2 s²ᵏ⁺¹ / (2k + 1)
(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10) = _ATANH[1:]
(B1, B2, B3, B4) = (np.float32(t) for t in _ATANH[1:5])
_HALF_ROOT64, _HALF_ROOT32 = 0x3FE6A09E667F3BCD, np.int32(0x3F3504F3)  # the bits of √½
_AS_FLOAT64, _AS_FLOAT32 = 0x4338000000000000, np.int32(0x4B400000)  # the bits of _ROUND64 and _ROUND32
_TINY64, _TINY32 = 2.2250738585072014e-308, np.float32(1.1754944e-38)  # below which a number has fewer bits
ONE32, HALF32 = np.float32(1), np.float32(0.5)


@numba.njit(**PLAIN)
def part64(x: Any) -> Any:
    """n and f of x = 2ⁿ (1 + f). n comes from the exponent's bits, and becomes a float64 as 1.5 · 2⁵² + n."""
    tiny = x < _TINY64
    bits = bits64(x * 18014398509481984.0 if tiny else x * 1.0)  # 2⁵⁴, and 1 for what came as an integer
    e = (bits - _HALF_ROOT64) >> 52
    n = float64(e + _AS_FLOAT64) - (_ROUND64 + 54.0 if tiny else _ROUND64)
    return n, float64(bits - (e << 52)) - 1.0


@numba.njit(**PLAIN)
def artanh64(z: Any) -> Any:
    """2 artanh s / s − 2 for z = s²."""
    z2 = z * z
    z4 = z2 * z2
    low, middle, high = (A1 + z * A2) + z2 * (A3 + z * A4), (A5 + z * A6) + z2 * (A7 + z * A8), A9 + z * A10
    return z * (low + z4 * (middle + z4 * high))


@numba.njit(**PLAIN)
def log64(x: Any) -> Any:
    """Ln x = n ln 2 + ln (1 + f) with √½ ≤ 1 + f < √2, where ln (1 + f) = 2 artanh s for s = f / (2 + f).

    It is summed as f − (½ f² − s (½ f² + R)), with R the series from its second term on, so that small f stay exact
    (W. Cody and W. Waite; so in fdlibm).
    """
    n, f = part64(x)
    s = f / (2.0 + f)
    half = 0.5 * f * f
    y = n * HIGH64 - ((half - (s * (half + artanh64(s * s)) + n * LOW64)) - f)
    y = y if x < np.inf else x  # NaN, too
    y = np.nan if x < 0 else y
    return -np.inf if x == 0 else y


@numba.njit(**PLAIN)
def log32(x: Any) -> Any:
    """Ln x in float32, likewise."""
    tiny = x < _TINY32
    bits = _bits32(x * np.float32(33554432) if tiny else x)  # 2²⁵
    e = np.int32((bits - _HALF_ROOT32) >> np.int32(23))
    n = _float32(np.int32(e + _AS_FLOAT32)) - (_ROUND32 + np.float32(25) if tiny else _ROUND32)
    f = _float32(np.int32(bits - (e << np.int32(23)))) - ONE32
    s = f / (TWO32 + f)
    z = s * s
    series = z * ((B1 + z * B2) + z * z * (B3 + z * B4))
    half = HALF32 * f * f
    y = n * _HIGH32 - ((half - (s * (half + series) + n * _LOW32)) - f)
    y = y if x < np.float32(np.inf) else x
    y = np.float32(np.nan) if x < 0 else y
    return np.float32(-np.inf) if x == 0 else y


@numba.njit(**PLAIN)
def larger(a: Any, b: Any) -> Any:
    """The larger of two, or NaN if there is one, as np.maximum gives it."""
    return a if (a > b or a != a) else b


@numba.njit(**PLAIN)
def smaller(a: Any, b: Any) -> Any:
    """The smaller of two, or NaN if there is one, as np.minimum gives it."""
    return a if (a < b or a != a) else b


@numba.njit(**PLAIN)
def signum(x: Any) -> Any:
    """−1, 0 or 1, or NaN, as np.sign gives it."""
    return x if x != x else (x > 0) - (x < 0)


GEMM = {name: extending.get_cython_function_address("scipy.linalg.cython_blas", name) for name in ("sgemm", "dgemm")}


@extending.intrinsic
def gemm64(
    typing: Any, address: Any, m: Any, n: Any, k: Any, alpha: Any, ta: Any, a: Any, a0: Any, lda: Any,
    tb: Any, b: Any, b0: Any, ldb: Any, beta: Any, c: Any, c0: Any, ldc: Any,
) -> Any:  # fmt: skip
    """C ← α A B + β C by BLAS, for column-major matrices of float64 at a[a0], b[b0] and c[c0]."""
    return _gemm(core_types.float64)


@extending.intrinsic
def gemm32(
    typing: Any, address: Any, m: Any, n: Any, k: Any, alpha: Any, ta: Any, a: Any, a0: Any, lda: Any,
    tb: Any, b: Any, b0: Any, ldb: Any, beta: Any, c: Any, c0: Any, ldc: Any,
) -> Any:  # fmt: skip
    """C ← α A B + β C by BLAS, for column-major matrices of float32 at a[a0], b[b0] and c[c0]."""
    return _gemm(core_types.float32)


def _gemm(element: Any) -> Any:
    """Call gemm, which takes everything by reference; its address is an argument, so that the code can be cached."""
    size, letter, array, place = core_types.int32, core_types.int8, core_types.CPointer(element), core_types.intp
    factor = letter, array, place, size
    signature = core_types.void(place, size, size, size, element, *factor, *factor, element, array, place, size)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, m, n, k, alpha, ta, a, a0, lda, tb, b, b0, ldb, beta, c, c0, ldc = arguments
        a, b, c = (builder.gep(pointer, [offset]) for pointer, offset in ((a, a0), (b, b0), (c, c0)))

        def by_reference(value: Any) -> Any:
            slot = cgutils.alloca_once(builder, value.type)
            builder.store(value, slot)
            return slot

        passed = [by_reference(x) for x in (ta, tb, m, n, k, alpha)]
        passed += [a, by_reference(lda), b, by_reference(ldb), by_reference(beta), c, by_reference(ldc)]
        kind = ir.FunctionType(ir.VoidType(), [x.type for x in passed])
        builder.call(builder.inttoptr(address, kind.as_pointer()), passed)
        return context.get_dummy_value()

    return signature, generate
