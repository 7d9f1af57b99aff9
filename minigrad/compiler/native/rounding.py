"""Numbers too small for all their digits, in native code: below 1.2·10⁻³⁸ in float32, and 2.2·10⁻³⁰⁸ in float64.

Processors take some hundred cycles for an operation that gives one, and a gradient that fades on its way back through
1 000 turns is made of them in the end: three fifths of the time. So loops of float32 leave 0 in their place, as XLA's
code does. What lies in memory before is read as it is. The mode is the processor's own, of each thread, in MXCSR: it is
set before a loop in which nothing can be raised, and put back behind it.
"""

from __future__ import annotations

import platform
from typing import Any

from minigrad.extras import require

extending: Any = require("numba.extending", "native")
core_types: Any = require("numba.core.types", "native")
cgutils: Any = require("numba.core.cgutils", "native")
ir: Any = require("llvmlite.ir", "native")

HAS_MXCSR = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 1 << 15  # the bit of MXCSR: results that would be subnormal are 0
WORD = ir.IntType(32)


def _access(builder: Any, name: str, place: Any) -> None:
    """Write an instruction that reads MXCSR from a place in memory, or writes it there."""
    kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}")
    builder.call(function, [builder.bitcast(place, cgutils.voidptr_t)])


@extending.intrinsic
def flush_small(typing: Any, bits: Any) -> Any:
    """Let results that are too small be 0 from here on, by the bits of MXCSR for that; give the mode that there was."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not HAS_MXCSR:
            return ir.Constant(WORD, 0)
        place = cgutils.alloca_once(builder, WORD)
        _access(builder, "stmxcsr", place)
        before = builder.load(place)
        builder.store(builder.or_(before, builder.trunc(arguments[0], WORD)), place)
        _access(builder, "ldmxcsr", place)
        return before

    return core_types.int32(core_types.intp), generate


@extending.intrinsic
def restore_mode(typing: Any, before: Any) -> Any:
    """Compute as before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if HAS_MXCSR:
            place = cgutils.alloca_once_value(builder, arguments[0])
            _access(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return core_types.void(core_types.int32), generate
