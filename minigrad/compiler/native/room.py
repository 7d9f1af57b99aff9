"""Memory on the stack: what a small step computes in, of which the compiler makes registers.

It knows that nobody else looks there, so what one loop leaves for the next need not be stored where the loops are so
short that they are written out: a step of W1 takes a twentieth less. Needs the extra ``native``.
"""

from __future__ import annotations

from typing import Any

from minigrad.compiler.native.math import cgutils, core_types, extending, ir

MOST = 1 << 10  # bytes: with 5 000 the compiler took ten times as long, and the step of W2 no less
ALIGNED = 64


@extending.intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def room(typing: Any, size: Any) -> Any:
    """Give a pointer to so many bytes, a literal number, which begin where a line of the cache does."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = cgutils.alloca_once(builder, ir.ArrayType(ir.IntType(8), size.literal_value))
        place.align = ALIGNED
        return builder.bitcast(place, ir.IntType(8).as_pointer())

    return core_types.CPointer(core_types.uint8)(size), generate
