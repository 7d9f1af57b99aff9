"""The order in which a graph has its items, for a reader: comments below the kernels of a step's source."""

from __future__ import annotations

from collections.abc import Mapping

from minigrad.compiler.cuda.places import Launch, Place
from minigrad.compiler.cuda.products import Gemm, Matrix
from minigrad.compiler.cuda.source import CudaCode
from minigrad.engine.node import Node


def write_order(code: CudaCode, names: Mapping[Node, str]) -> str:
    """Write a line for each item; arrays have their names, and values in the step's memory their place in it."""
    inputs = {"bound": code.bound, "passed": code.passed}

    def name(place: Place) -> str:
        if place.kind in inputs:
            x = inputs[place.kind][place.number]
            return str(names.get(x) or x.name or place.kind)
        return f"{place.kind}[{place.offset}]" if place.kind != "constants" else f"constant {place.number}"

    def matrix(x: Matrix) -> str:
        return name(x.place) + "ᵀ" * x.turned

    lines = ["// in this order:"]
    for item in code.items:
        if isinstance(item, Gemm):
            c = name(item.c.place)
            before = f"{c} {'−' if item.alpha < 0 else '+'} " if item.beta else ""
            size = f"{item.m} × {item.k} by {item.k} × {item.n}" + f", {item.count} times" * (item.count > 1)
            lines.append(f"// {c} ← {before}{matrix(item.a)} {matrix(item.b)}  by cuBLAS, {size}")
        elif isinstance(item, Launch):
            x, y = item.threads
            given = ", ".join(map(name, item.places))
            lines.append(f"// k{item.kernel}({given})  of {item.blocks} × {x * y} threads")
        else:
            lines.append(f"// {name(item.place)} ← {item.node.op!r}  by CuPy")
    return "\n".join([*lines, ""])
