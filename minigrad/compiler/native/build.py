"""Native code for a trace: compiled by numba, kept on disk, called with addresses."""

from __future__ import annotations

import builtins
import hashlib
import re
import sys
import threading
from collections.abc import Callable, Sequence
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from minigrad.compiler.native import crew
from minigrad.compiler.native.cache import KeptFunction
from minigrad.compiler.native.expressions import Untranslated
from minigrad.compiler.native.math import GEMM
from minigrad.compiler.native.objects import READABLE, Table, read_kind
from minigrad.compiler.native.registry import ARRAYS
from minigrad.compiler.native.source import NativeCode
from minigrad.compiler.refusals import Unsupported
from minigrad.extras import require

types: Any = require("numba.core.types", "native")

KINDS = {"float64": types.float64, "float32": types.float32, "int64": types.int64, "int32": types.int32,
         "bool": types.boolean}  # fmt: skip
DIVIDING = "error_model='numpy'"  # 1 / 0 is ∞
FAST = ", fastmath={'reassoc', 'contract'}"
FREE = ", nogil=True"  # other threads run meanwhile

_building = threading.Lock()


def compile_step(code: NativeCode) -> Callable[..., Any]:
    """Compile the step, or fetch it from the cache: equal source, also of what it calls, is equal code."""
    if "in shared(" in code.source:
        crew.start(lambda: _built(HELPER, "help_out"), crew.count_threads())
    step: Callable[..., Any] = _built(_module(code), "step")
    return step


def looks_itself(code: NativeCode) -> bool:
    """Say whether the code is passed objects as they lie in memory, and looks itself whether they are those meant."""
    return READABLE and code.looks and not code.within


def _built(text: str, name: str) -> Any:
    """Run some source, and give the compiled function of that name; what cannot be translated is left to NumPy."""

    def kept(signature: Any, **options: Any) -> Callable[[Any], Any]:
        return lambda function: KeptFunction(function, text, signature, options)

    module = ModuleType(f"minigrad_step_{hashlib.sha256(text.encode()).hexdigest()[:32]}")
    module.__dict__["kept"] = kept
    with _building:
        sys.modules[module.__name__] = module  # where numba looks for what a function's constants belong to
        try:
            exec(builtins.compile(text, f"<{module.__name__}>", "exec", dont_inherit=True), module.__dict__)
        except Untranslated as error:
            raise Unsupported(f"its source is not translated to machine code: {error}") from error
        finally:
            del sys.modules[module.__name__]
    return module.__dict__[name]


HEAD = """import builtins
import math

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from minigrad.compiler.native.crew import share_out
from minigrad.compiler.native.extremes import largest, smallest
from minigrad.compiler.native.lapack import decompose_large, substitute_large
from minigrad.compiler.native.linear import decompose, factor, invert, log_size, sign_of, solve, substitute
from minigrad.compiler.native.math import (
    exp32, exp64, gemm32, gemm64, larger, log32, log64, pointer32, pointer64, pointerb, pointeri32, pointeri64, signum,
    smaller, times32, times64,
)
from minigrad.compiler.native.pointers import address_of, ahead
from minigrad.compiler.native.objects import is_array, length, start, still_hold
from minigrad.compiler.native.powers import expm1_64, log1p_64, logaddexp64, power64, tanh64
from minigrad.compiler.native.remainders import floored, left_over
from minigrad.compiler.native.room import room
from minigrad.compiler.native.rounding import flush_small, restore_mode
from minigrad.compiler.native.tile import dot, tile
from minigrad.compiler.native.translate import translate
from minigrad.compiler.native.window_tile import window_dots, window_tile

BLOCKS = {tile: 3, window_tile: 3, window_dots: 3}  # and how many of their arguments are sizes
me = None  # of the threads that share a loop each gives this a number, there

"""


HELPER = f"""from numba import types

from minigrad.compiler.native.crew import help_for_ever


@kept((types.intp, types.intp), {DIVIDING}{FREE})
def help_out(crew, me):
    help_for_ever(crew, me)
"""


def _module(code: NativeCode) -> str:
    """Write what numba is to compile."""
    looks = looks_itself(code)
    kinds = ", ".join(_identity(x) if looks else _type(x) for x in _arguments(code))
    decorator = f"kept(({kinds},), {_options(code)}{'' if code.quick else FREE})"
    return HEAD + _write_translated(code, looks, decorator)


def _write_translated(code: NativeCode, looks: bool, decorator: str) -> str:
    """Write the step as a function that calls an intrinsic, which translates the source."""
    source = _write_looking(code) if looks else code.source
    names = source[source.index("(") + 1 : source.index(")")]
    numbers = [f"types.{KINDS[x.name]}" for x in code.numbers if x is not None]
    result = f"types.Tuple([{', '.join(numbers)}])" if len(numbers) > 1 else numbers[0] if numbers else "types.intp"
    rolled = ", rolled=True" if code.rolled else ""
    return f"""SOURCE = {source!r}


@intrinsic
def translated(typing, {names}):
    return translate(SOURCE, globals(), ({names},), {f"types.Optional({result})" if looks else result}{rolled})


@{decorator}
def step({names}):
    return translated({names})
"""


def _write_looking(code: NativeCode) -> str:
    """Write the step that is passed objects: it looks whether they are such arrays as are meant, and takes theirs.

    It refuses by giving None: to raise takes numba 10 μs.
    """
    table = ARRAYS + len(code.bound)  # and behind it the type of arrays, and the kind of each dtype
    checks, head = [f"still_hold(context[{table}])"], code.source.splitlines()
    for i, x in enumerate(code.passed):
        if not x.weak:
            checks.append(f"is_array(a{i}, context[{table + 1}], context[{table + 2 + i}], {len(x.shape)})")
            checks += [f"length(a{i}, {axis}) == {n}" for axis, n in enumerate(x.shape)]
    refusing = ["    context = pointeri64(address)", f"    if not ({' and '.join(checks)}):", "        return None"]
    return "\n".join([head[0], *refusing, *head[1:], ""])


def _identity(x: Any) -> str:
    """Give the type of what such a step is passed: a number, or an address."""
    return "types.float64" if x is float else "types.intp"


def _options(code: NativeCode) -> str:
    """Write how numba is to compute."""
    return DIVIDING if code.exact else DIVIDING + FAST


def _arguments(code: NativeCode) -> list[Any]:
    """Give shape and dtype of every argument; None for the context, float for a number."""
    passed = [float if x.weak else (x.shape, x.dtype) for x in code.passed]
    return [None, *passed, *code.outputs]


def _type(x: Any) -> str:
    if x is None:
        return "types.intp"
    if x is float:
        return "types.float64"
    shape, dtype = x
    return f"types.Array(types.{KINDS[dtype.name]}, {len(shape)}, 'C', readonly=False)"


def compile_epochs(code: NativeCode, arguments: Sequence[str]) -> Callable[..., Any]:
    """Compile the loop over batches: ``epochs(address, X, T, order, x, t, xs, ts, losses, …)``.

    Batch b is the rows order[b n : (b + 1) n] of X and T, copied to x and t (xs and ts, seen as rows); ``arguments``
    are what the step is passed, of x, t and the numbers at the end. x and t are objects as they lie in memory, where
    those can be read: numba would count a holder of each in every step, an eighth of W1's.
    """
    numbers = [name for name in arguments if name not in ("x", "t")]
    described = dict(zip(arguments, _arguments(code)[1:], strict=True))
    kinds = {name: _type(x) for name, x in described.items()}
    missing = {"x", "t"} - set(kinds)
    if missing:
        raise Unsupported(f"a step that does not look at {missing}")
    rows = [re.sub(r", \d+, ", ", 2, ", kinds[name]) for name in "xt"]
    whole, count = "types.Array(types.int64, 1, 'C')", "types.Array(types.float64, 1, 'C')"
    batch = [_identity(described[name]) if READABLE else kinds[name] for name in "xt"]
    signature = [_type(None), *rows, whole, *batch, *rows, count, *(kinds[name] for name in numbers)]
    (size, *x), (_, *t) = (described[name][0] for name in "xt")
    source = f"""{_write_translated(code, False, f"numba.njit({_options(code)}, forceinline=True)")}

@kept(({", ".join(signature)},), {_options(code)}{FREE})
def epochs({", ".join(["address", "X", "T", "order", "x", "t", "xs", "ts", "losses", *numbers])}):
    for b in range(losses.size):
        for i in range({size}):
            row = np.uint64(order[b * {size} + i])
            for j in range({prod(x)}):
                xs[i, j] = X[row, j]
            for j in range({prod(t)}):
                ts[i, j] = T[row, j]
        losses[b] = step(address, {", ".join(arguments)})
"""
    loop: Callable[..., Any] = _built(HEAD + source, "epochs")
    see = id if READABLE else lambda x: x
    return lambda step, X, T, order, x, t, *others: loop(step.address, X, T, order, see(x), see(t), *others)


def make_context(memory: Any, arrays: Sequence[Any]) -> Any:
    """Give what code is called with the address of: those of the memory that it computes in, of BLAS, crew, arrays."""
    start = -(-memory.ctypes.data // 64) * 64
    return np.array([start, GEMM["dgemm"], GEMM["sgemm"], crew.ADDRESS, *(x.ctypes.data for x in arrays)], np.intp)


class NativeStep:
    """A step and the memory that it computes in."""

    def __init__(self, code: NativeCode, arrays: Sequence[Any]) -> None:
        self.memory = np.empty(code.nbytes + 64, np.uint8)
        self.arrays = list(arrays)
        self.table = Table((), counting=False)
        last = [self.table.words.ctypes.data, id(np.ndarray), *(read_kind(x.dtype) for x in code.passed)]
        self.context = np.concatenate([make_context(self.memory, self.arrays), np.array(last, np.intp)])
        self.address = self.context.ctypes.data

    def watch(self, slots: Sequence[tuple[Any, str, Any]], counting: bool) -> Callable[[], None]:
        """Let the code look at slots of Tensors, and the number of records, as ``backend.Call`` says."""
        if self.table.describes(slots, counting):  # another way into the step looks at the same
            return self.table.note_records
        table = Table(slots, counting)
        self.context[ARRAYS + len(self.arrays)], self.table = table.words.ctypes.data, table
        return table.note_records
