"""W ± A B in one call of BLAS, where a product is drawn into the update that it is for."""

from __future__ import annotations

from minigrad.compiler.numpy.names import Names
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.ops import arithmetic, shaping


def write_gemm(w: Names, node: Node, product: Node) -> str:
    """Write W ± A B as one call of BLAS, which counts by columns and so is asked for Wᵀ ± Bᵀ Aᵀ."""
    flags, factors = [], []
    for x in product.inputs[::-1]:
        by_columns = isinstance(x.op, shaping.Transpose)
        flags.append("1" if by_columns else "0")
        factors.append(w.value(x) if by_columns else f"{w.value(x)}.T")
    function = {"d": "dgemm", "f": "sgemm"}[node.dtype.char]
    w.blas.add(function)
    sign = "1.0" if node.op == arithmetic.add else "-1.0"
    W = w.value(node.inputs[0])
    signed = f"{W} {'+' if sign == '1.0' else '−'} "
    formula = text(product, {x: w.names[x] for x in product.inputs if x in w.names}, expand=product)
    return f"{function}({sign}, {', '.join(factors)}, 1.0, {W}.T, {', '.join(flags)}, 1)  # {signed}{formula}"
