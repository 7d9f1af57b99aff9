"""Pointers that move on, in native code."""

from __future__ import annotations

from typing import Any

from minigrad.extras import require

extending: Any = require("numba.extending", "native")
core_types: Any = require("numba.core.types", "native")


@extending.intrinsic
def ahead(typing: Any, pointer: Any, n: Any) -> Any:
    """Give a pointer to the element that is so many further."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, core_types.intp), generate


@extending.intrinsic
def address_of(typing: Any, pointer: Any) -> Any:
    """Give the address that a pointer leads to."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], context.get_value_type(core_types.intp))

    return core_types.intp(pointer), generate
