"""Rules for kernels alone: copies of what flat memory has no view of, and of what cuBLAS cannot read as it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.compiler.cuda.products import see_matrix, suits_blas
from minigrad.compiler.cuda.registry import has_type
from minigrad.compiler.passes.flat import copy_unseen
from minigrad.compiler.passes.lower import copy_array, rewrite_nodes
from minigrad.compiler.passes.rows import merge_rows
from minigrad.engine.node import Node
from minigrad.ops.cumulative import ProdOfOthers
from minigrad.ops.linalg import MatMul


def fit_outputs(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in operations that kernels are written for."""
    for rule in (_opened, merge_rows, copy_unseen, _for_blas):
        outputs = rewrite_nodes(outputs, rule)
    return list(outputs)


def _opened(node: Node) -> Any:
    """Open what comes to operations that run along an axis."""
    return node.op.forward(*node.inputs) if isinstance(node.op, ProdOfOthers) and has_type(node) else None


def _for_blas(node: Node) -> Any:
    """Copy a factor of a product whose elements lie neither by rows nor by columns."""
    if not isinstance(node.op, MatMul) or node.dtype.char not in "df" or not node.size:
        return None
    a, b = node.inputs
    if not (isinstance(a, Node) and isinstance(b, Node) and a.dtype == b.dtype == node.dtype):
        return None
    batch = node.shape[: node.ndim - (a.ndim > 1) - (b.ndim > 1)]
    k = a.shape[-1]
    sizes = (a.shape[-2] if a.ndim > 1 else 1, k), (k, b.shape[-1] if b.ndim > 1 else 1)
    suited = [
        suits_blas(see_matrix(x, batch, i == 1), size) for i, (x, size) in enumerate(zip((a, b), sizes, strict=True))
    ]
    if all(suited):
        return None
    return node.apply(node.op, tuple(x if fits else copy_array(x) for x, fits in zip((a, b), suited, strict=True)))
