"""Native code run by Python, line by line: a thousand times slower, and there in no time, since nothing is compiled."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

FAR = 1 << 40  # bytes, more than any step looks at


def pointer(dtype: Any) -> Callable[[int], Any]:
    """Give what takes an address as that of elements of a dtype."""
    size = np.dtype(dtype).itemsize

    def take(address: Any) -> Any:
        if isinstance(address, np.ndarray):
            return address.view(dtype)
        return np.ndarray((FAR // size,), dtype, (ctypes.c_char * FAR).from_address(int(address)))

    return take


def gemm(
    address: int, m: int, n: int, k: int, alpha: float, ta: int, a: Any, a0: int, lda: int,
    tb: int, b: Any, b0: int, ldb: int, beta: float, c: Any, c0: int, ldc: int,
) -> None:  # fmt: skip
    """C ← α A B + β C for column-major matrices."""

    def seen(x: Any, start: int, rows: int, columns: int, lead: int, flag: int) -> Any:
        s = x.itemsize
        if chr(flag) == "T":
            return seen(x, start, columns, rows, lead, ord("N")).T
        return np.lib.stride_tricks.as_strided(x[start:], (rows, columns), (s, s * lead))

    product = alpha * (seen(a, a0, m, k, lda, ta) @ seen(b, b0, k, n, ldb, tb))
    target = seen(c, c0, m, n, ldc, ord("N"))
    target[...] = product if beta == 0 else product + beta * target


def tile(
    rows: int, columns: int, sign: int, a: Any, a0: int, ai: int, ak: int, b: Any, b0: int, bk: int,
    c: Any, c0: int, ci: int, k: int, first: Any, f0: int,
) -> None:  # fmt: skip
    """C ← A B, or C ± A B, for a block of C."""
    i, j, r = np.arange(rows)[:, None], np.arange(columns), np.arange(k)
    product = a[a0 + i * ai + r * ak] @ b[b0 + r[:, None] * bk + j]
    if first is not None:
        product = product + first[f0 + j]
    place = c0 + i * ci + j
    c[place] = c[place] + sign * product if sign else product


def dot(k: int, a: Any, a0: int, b: Any, b0: int) -> Any:
    """Σ a b over so many elements."""
    return a[a0 : a0 + k] @ b[b0 : b0 + k]


def window_tile(
    rows: int, lines: int, columns: int, a: Any, a0: int, ai: int, b: Any, b0: int, bl: int,
    table: Any, t0: int, c: Any, c0: int, ci: int, cl: int, k: int,
) -> None:  # fmt: skip
    """C ← A B for a block of the outputs of windows."""
    r, j = np.arange(k), np.arange(columns)
    for i in range(rows):
        for h in range(lines):
            factor = b[(b0 + h * bl + table[t0 : t0 + k])[:, None] + j]
            c[c0 + i * ci + h * cl + j] = a[a0 + i * ai + r] @ factor


def window_dots(
    rows: int, columns: int, width: int, a: Any, a0: int, ai: int, an: int, b: Any, b0: int, bn: int,
    table: Any, t0: int, l0: int, c: Any, c0: int, ci: int, lines: int, samples: int,
) -> None:  # fmt: skip
    """C ← C + Σ A B over samples and the places of lines, for a block of a kernel's gradient."""
    q, n = np.arange(width), np.arange(samples)[:, None, None]
    for i in range(rows):
        left = a[a0 + n * an + i * ai + np.arange(lines)[:, None] * width + q]
        for j in range(columns):
            right = b[b0 + n * bn + table[t0 + j] + table[l0 : l0 + lines][:, None] + q]
            c[c0 + i * ci + j] += (left * right).sum()


LINEAR = ("factor", "solve", "invert", "substitute", "sign_of", "log_size", "decompose")

WORLD: dict[str, Any] = {
    "shared": lambda crew, turns, threads: range(turns), "me": 0, "apart": range,
    "bool": np.bool_,  # by which a quotient is ∞, as in machine code, where Python's own is an error
    "np": np, "gemm64": gemm, "gemm32": gemm, "tile": tile, "dot": dot,
    "room": lambda size: np.empty(-(-size // 64) * 64, np.uint8),
    "window_tile": window_tile, "window_dots": window_dots,
    "exp64": np.exp, "exp32": np.exp, "log64": np.log, "log32": np.log, "tanh64": np.tanh,
    "larger": np.maximum, "smaller": np.minimum, "largest": np.maximum, "smallest": np.minimum, "signum": np.sign,
    "floored": np.floor_divide, "left_over": np.remainder,
    "power64": np.power, "log1p_64": np.log1p, "expm1_64": np.expm1, "logaddexp64": np.logaddexp,
    "times64": lambda a, b: np.float64(a) * np.float64(b), "times32": lambda a, b: np.float32(a) * np.float32(b),
    "math": SimpleNamespace(sqrt=np.sqrt, sin=np.sin, cos=np.cos, isfinite=np.isfinite, frexp=np.frexp, exp=np.exp),
    "pointer64": pointer(np.float64), "pointer32": pointer(np.float32), "pointerb": pointer(np.uint8),
    "ahead": lambda x, n: pointer(x.dtype)(x.ctypes.data + int(n) * x.itemsize),
    "address_of": lambda x: x.ctypes.data,
    "flush_small": lambda bits: 0, "restore_mode": lambda mode: None,
    "pointeri64": pointer(np.int64), "pointeri32": pointer(np.int32),
}  # fmt: skip


def interpreted(code: Any) -> Callable[..., Any]:
    """Give the step of some native code as Python runs it; takes the place of ``build.compile_step``."""
    code.quick = code.looks = False  # Python's lock is not held while it runs, and arrays are passed as arrays
    linear = import_module("minigrad.compiler.native.linear")  # which needs numba, and is Python without it
    known = WORLD | {name: getattr(linear, name).py_func for name in LINEAR}
    exec(code.source, known)
    step = known["step"]

    def called(address: int, *arguments: Any) -> Any:
        for x, like in zip(arguments, code.passed, strict=False):  # what numba's dispatcher looks at
            if isinstance(x, np.ndarray) and (not x.flags.carray or x.dtype != like.dtype or x.ndim != like.ndim):
                raise TypeError("no matching definition")
            if isinstance(x, np.generic) and not like.weak:
                raise TypeError("no matching definition")
        return step(address, *arguments)

    return called
