"""The larger and the smaller of two floats in native code, where a loop looks for the largest or smallest of many.

Of a comparison LLVM makes no vectors, since either may be NaN, which is the result then. Needs the extra ``native``.
"""

from __future__ import annotations

from typing import Any

from minigrad.compiler.native.math import extending, ir
from minigrad.extras import require

binding: Any = require("llvmlite.binding", "native")

KNOWN = binding.llvm_version_info >= (18,)  # before, LLVM had no such instruction for every processor


@extending.intrinsic  # type: ignore[untyped-decorator]
def largest(typing: Any, a: Any, b: Any) -> Any:
    """The larger of two floats of one kind, or NaN if there is one."""
    return _extreme("maximum", a)


@extending.intrinsic  # type: ignore[untyped-decorator]
def smallest(typing: Any, a: Any, b: Any) -> Any:
    """The smaller of two floats of one kind, or NaN if there is one."""
    return _extreme("minimum", a)


def _extreme(name: str, kind: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        real = arguments[0].type
        full = f"llvm.{name}.f{32 if isinstance(real, ir.FloatType) else 64}"
        function = builder.module.declare_intrinsic(full, (), ir.FunctionType(real, [real] * 2))
        return builder.call(function, arguments, fastmath=("nsz",))

    return kind(kind, kind), generate
