"""What native code calls of LAPACK and BLAS for large matrices, through SciPy's table of addresses.

Both count by columns: of a matrix that lies by rows they see the transposed one. Needs the extra ``native``.
"""

from __future__ import annotations

from typing import Any

from minigrad.compiler.native.math import PLAIN, cgutils, core_types, extending, ir, numba
from minigrad.extras import require

require("scipy.linalg.cython_lapack", "native")

SOURCES = {"potrf": "lapack", "trsm": "blas"}
LETTERS = {4: "s", 8: "d"}
UPPER, LOWER, RIGHT, PLAINLY, TURNED = (ord(letter) for letter in "ULRNT")


def find_routine(name: str, itemsize: int) -> int:
    """Give the address of a routine for floats of so many bytes."""
    module = f"scipy.linalg.cython_{SOURCES[name]}"
    address: int = extending.get_cython_function_address(module, LETTERS[itemsize] + name)
    return address


@extending.intrinsic  # type: ignore[untyped-decorator]
def fortran(typing: Any, address: Any, *given: Any) -> Any:
    """Call a routine at an address, which takes all by reference: arrays as they are, integers as 32 bits."""
    signature = core_types.void(address, core_types.StarArgTuple(tuple(core_types.unliteral(x) for x in given)))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, packed = arguments
        passed = []
        for x, kind in zip(cgutils.unpack_tuple(builder, packed), signature.args[1].types, strict=True):
            if isinstance(kind, core_types.CPointer):
                passed.append(x)
                continue
            value = builder.trunc(x, ir.IntType(32)) if isinstance(kind, core_types.Integer) else x
            slot = cgutils.alloca_once(builder, value.type)
            builder.store(value, slot)
            passed.append(slot)
        kind = ir.FunctionType(ir.VoidType(), [x.type for x in passed])
        builder.call(builder.inttoptr(address, kind.as_pointer()), passed)
        return context.get_dummy_value()

    return signature, generate


@extending.intrinsic  # type: ignore[untyped-decorator]
def shifted(typing: Any, pointer: Any, at: Any) -> Any:
    """Give the pointer to an element."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, at), generate


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def decompose_large(potrf: Any, n: Any, a: Any, at: Any, info: Any, it: Any) -> Any:
    """a = L Lᵀ, as ``linear.decompose``, by LAPACK: a's lower triangle is the upper one of what it sees."""
    fortran(potrf, UPPER, n, shifted(a, at), n, shifted(info, it))
    return info[it] != 0


@numba.njit(**PLAIN)  # type: ignore[untyped-decorator]
def substitute_large(
    trsm: Any, n: Any, m: Any, lower: Any, a: Any, at: Any, down: Any, right: Any, y: Any, yt: Any, one: Any
) -> None:
    """Solve a x = y, as ``linear.substitute``, by BLAS: xᵀ aᵀ = yᵀ, of an a that lies by rows or by columns."""
    by_rows = right == 1
    triangle = UPPER if lower == by_rows else LOWER
    turned = PLAINLY if by_rows else TURNED
    lead = down if by_rows else right
    fortran(trsm, RIGHT, triangle, turned, PLAINLY, m, n, one, shifted(a, at), lead, shifted(y, yt), m)
