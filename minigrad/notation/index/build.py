"""The Term of an operation's element from those of its operands: Σᵣ of a product, the largest over some indices."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from minigrad.notation.chain import Chain
from minigrad.notation.term import CASES, Term, before_sum, needs_brackets, same_terms
from minigrad.ops.arithmetic import absolute, add, equal, multiply, raised
from minigrad.ops.base import Op
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.cumulative import CumProd, CumSum, Prod
from minigrad.ops.elementwise import identity, sqrt, square
from minigrad.ops.indexing import Gather, Index, Scatter, ScatterAt
from minigrad.ops.linalg import matmul
from minigrad.ops.matrices.einsum import Einsum
from minigrad.ops.matrices.norms import Norm
from minigrad.ops.networks.convolution import Convolving
from minigrad.ops.networks.pooling import Collect, MaxPool, ShareOut, SpreadSums, SumPool
from minigrad.ops.networks.windows import AddWindows, Windows
from minigrad.ops.places.sliding import Convolve, Correlate
from minigrad.ops.places.sorting import Reorder, Sort
from minigrad.ops.reduction import LogSumExp, Max, Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose

OUTSIDE = "terms with an index outside of its axis are left out"
TIES = "elements that tie for the largest share"


def build_element(op: Op, parts: list[Term], over: str, only: str = "") -> Term:
    """Give the Term; a sum is ``over`` some letters, and of those terms ``only`` for which some equations hold."""
    if op == matmul:
        return add_over(put_beside(*parts), over)
    if isinstance(op, Convolving):
        return add_over(put_beside(*parts[::-1]), over, only)
    if isinstance(op, Convolve | Correlate):
        return add_over(put_beside(*parts), over)
    if isinstance(op, CumProd):
        return Term(f"∏_{{{over}: {only}}} {{x}}", {"x": parts[0]}, Prod.binds, "prod") if over else parts[0]
    if isinstance(op, Max | MaxPool):
        return _extreme("max" if isinstance(op, MaxPool) else op.extreme, parts[0], over)
    if isinstance(op, AddWindows | SumPool | SpreadSums | CumSum):
        return add_over(parts[0], over, only)
    if isinstance(op, ShareOut | Collect):
        g, y, x = parts
        reached = Term(equal.text, {"a": x, "b": y}, equal.binds, equal.name)
        return add_over(put_beside(reached, g), over, only)
    if isinstance(op, Windows):
        return parts[0]
    if isinstance(op, Chain):
        between = " · " if parts[0].kind == "symbol" else " "
        return add_over(Term(f"{{g}}{between}{{j}}", dict(zip("gj", parts, strict=True)), op.binds, op.name), over)
    if isinstance(op, Sum):
        return add_over(parts[0], over)
    if isinstance(op, Prod):
        return Term(f"∏{to_subscript(over)} {{x}}", {"x": parts[0]}, Prod.binds, "prod") if over else parts[0]
    if isinstance(op, LogSumExp):
        total = add_over(Term("exp({x})", {"x": parts[0]}, kind="exp"), over)
        return Term("log({x})", {"x": total}, kind="log")
    if isinstance(op, Einsum):
        return add_over(reduce(put_beside, parts), over)
    if isinstance(op, Norm):
        return _norm(op, parts[0], over)
    if op == multiply:
        return put_beside(*parts)
    if op == add and (joined := _joined(*parts)):
        return joined
    if isinstance(op, BroadcastTo | Cast) or op == identity or isinstance(op, Transpose):
        return parts[0]
    if isinstance(op, Scatter | ScatterAt):
        return add_over(parts[0], over, only)
    if isinstance(op, Reshape | Index | Gather | Reorder | Sort):
        return parts[0]
    return Term(op.text, dict(zip(op.letters, parts, strict=True)), op.binds, op.name)


def _norm(op: Norm, x: Term, over: str) -> Term:
    """Write a norm by what it is: √(Σᵢ xᵢ²), (Σᵢ |xᵢ|³)^(1/3)."""
    inner, outer = (square, sqrt) if op.ord == 2 else (raised(op.ord), raised(1 / op.ord))
    size = x if op.ord == 2 else Term(absolute.text, {"x": x}, kind="absolute")
    total = add_over(Term(inner.text, {"x": size}, inner.binds, inner.name), over)
    return Term(outer.text, {"x": total}, outer.binds, outer.name)


def _joined(a: Term, b: Term) -> Term | None:
    """Write a sum of two that differ by the same case as one: {0 if i = 1; x otherwise} + {y if i = 1; 0 otherwise}."""
    if not (a.kind in CASES and a.parts.keys() == b.parts.keys() == {"x0", "c0", "x1"}):
        return None
    zeros = [[x.parts[letter].template == "0" for letter in ("x0", "x1")] for x in (a, b)]
    if not all(map(any, zeros)) or not same_terms(a.parts["c0"], b.parts["c0"]):
        return None
    parts = {"c0": a.parts["c0"]}
    for letter, (first_is_0, second_is_0) in zip(("x0", "x1"), zip(*zeros, strict=True), strict=True):
        x, y = a.parts[letter], b.parts[letter]
        whole = Term(add.text, {"a": x, "b": y}, add.binds, add.name)
        parts[letter] = y if first_is_0 else x if second_is_0 else whole
    return Term("", {letter: parts[letter] for letter in ("x0", "c0", "x1")}, kind="cases")


def put_beside(a: Term, b: Term) -> Term:
    """Write factors side by side, with a space where no bracket parts them: yⱼ δₖ, but (1 − yⱼ)yⱼ; a number first."""
    for x, other in ((a, b), (b, a)):
        if x.kind == "number" and x.template == "1":
            return other
    if a.kind != "number" and b.kind == "multiply" and b.parts["a"].kind == "number":
        return put_beside(b.parts["a"], put_beside(a, b.parts["b"]))
    term = Term("{a} {b}", {"a": before_sum(a, b), "b": b}, multiply.binds, "multiply")
    if needs_brackets(term, "b", 1, b) or _closed(term, "a", 0, a):
        term.template = "{a}{b}"
    return term


def _closed(term: Term, letter: str, position: int, x: Term) -> bool:
    """Say whether an operand ends with a bracket."""
    while not needs_brackets(term, letter, position, x):
        if x.kind != "multiply":
            return False
        term, letter, position, x = x, "b", 1, x.parts["b"]
    return True


def add_over(x: Term, over: str, only: str = "") -> Term:
    """Write Σ over some indices, ``only`` where an equation of them holds; over those of length 1 there is none."""
    if not over:
        return x
    x, note = _without_zeros(x)
    under = f"_{{{','.join(over)}: {only}}}" if only else to_subscript(over)
    return Term(f"Σ{under} {{x}}", {"x": x}, Sum.binds, "sum", note=note)


def _extreme(extreme: str, x: Term, over: str) -> Term:
    """Write the largest, or the smallest, over some indices."""
    if not over:
        return x
    x, note = _without(x, "−inf" if extreme == "max" else "inf")
    index = to_subscript(over)
    under = f"_{{{over}}}" if index.startswith("_") else index
    return Term(f"{extreme}{under} {{x}}", {"x": x}, Sum.binds, f"{extreme}_over", note=note)


def _without_zeros(x: Term) -> tuple[Term, str]:
    """Leave out of a sum what is 0 where an index is outside of its axis, of each factor."""
    if x.kind != "multiply":
        return _without(x, "0")
    found = {letter: _without_zeros(part) for letter, part in x.parts.items()}
    note = next((note for _, note in found.values() if note), "")
    return (replace(x, parts={letter: part for letter, (part, _) in found.items()}), note) if note else (x, "")


def _without(x: Term, neutral: str) -> tuple[Term, str]:
    """Leave out what is neutral where an index is outside of its axis; say so, if there was any."""
    if x.kind != "inside" or x.parts["x1"].template != neutral:
        return x, ""
    return _without(x.parts["x0"], neutral)[0], OUTSIDE
