"""Sums of products over named axes, as ``numpy.einsum`` has them. Loaded when it is first called."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import EachInput, Op, Shape
from minigrad.ops.common.alphabet import LOWERED, to_subscript
from minigrad.ops.common.libraries import alike

_INDICES = "ijklmnrstpuvoaehx"  # the letters that there is a lowered one of


def _gradient(i: int, op: Einsum, g: Any, y: Any, *inputs: Any) -> Any:
    """Give ∂E/∂xᵢ: g times the other operands, summed over all axes that xᵢ lacks.

    An axis that none of those has is spread over ones; two axes of one name take part on their diagonal alone.
    """
    x, term = inputs[i], op.terms[i]
    operands = [(op.output, g), *((t, z) for j, (t, z) in enumerate(zip(op.terms, inputs, strict=True)) if j != i)]
    unused = iter(sorted(set(ascii_letters) - set("".join(op.terms))))
    target = ""
    for label, n in zip(term, x.shape, strict=True):
        if label in target:
            other = next(unused)
            operands.append((label + other, alike(np.eye(n, dtype=g.dtype), g)))
            target += other
            continue
        target += label
        if not any(z.shape[t.index(label)] == n for t, z in operands if label in t):
            operands.append((label, alike(np.ones(n, g.dtype), g)))
    terms, arrays = zip(*operands, strict=True)
    return contract(terms, target, arrays)


class Einsum(Op):
    """A sum of products over named axes: ``"ij,jk,k->i"`` is yᵢ = Σⱼₖ aᵢⱼ bⱼₖ cₖ. Its gradients are such sums again."""

    name, broadcasts = "einsum", True  # the operands may be of length 1 along an axis that another has
    fields: ClassVar[tuple[str, ...]] = ("subscripts",)
    example: ClassVar[tuple[Any, ...]] = ("ij,jk,kl->il",)
    vjps = EachInput(_gradient)

    def __init__(self, subscripts: str) -> None:
        self.subscripts = subscripts
        inputs, self.output = subscripts.split("->")
        self.terms = tuple(inputs.split(","))
        self.letters = ascii_letters[: len(self.terms)]
        self.summed = "".join(dict.fromkeys(label for label in "".join(self.terms) if label not in self.output))
        self.text, self.binds = self._write(), 2
        self.views = len(self.terms) == 1 and not self.summed  # of np.einsum("ii->i", x), the diagonal

    def _write(self) -> str:
        """Give Σⱼₖ {a}ᵢⱼ {b}ⱼₖ; with i, j, k for labels of which there is no lowered letter."""
        labels = list(dict.fromkeys(self.output + "".join(self.terms)))
        plain = set(labels) <= set(LOWERED.values())
        written = dict(zip(labels, labels if plain else _INDICES, strict=False))

        def index(term: str) -> str:
            return to_subscript("".join(written.get(label, "") for label in term))

        factors = (f"{{{letter}}}{index(term)}" for letter, term in zip(self.letters, self.terms, strict=True))
        return (f"Σ{index(self.summed)} " if self.summed else "") + " ".join(factors)

    def forward(self, *arrays: Any) -> Any:
        """Multiply and add up; a large one in the order that takes the fewest multiplications."""
        return np.einsum(self.subscripts, *arrays, optimize=sum(x.size for x in arrays) > 1000)

    def batch(self, *inputs: Any) -> Any:
        """Give the lanes a name of their own."""
        lane = next(label for label in ascii_letters if label not in self.subscripts)
        return contract([lane + term for term in self.terms], lane + self.output, inputs)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the length of each axis of the output; an axis of length 1 is repeated."""
        lengths: dict[str, int] = {}
        for term, shape in zip(self.terms, shapes, strict=True):
            if len(term) != len(shape):
                raise ValueError(f"{term!r} names {len(term)} axes of an operand that has {len(shape)}")
            for label, n in zip(term, shape, strict=True):
                if n != 1 and lengths.setdefault(label, n) not in (1, n):
                    raise ValueError(f"the axes named {label} have lengths {lengths[label]} and {n}")
        return tuple(lengths.get(label, 1) for label in self.output)


_einsum = lru_cache(maxsize=256)(Einsum)


def contract(terms: Sequence[str], output: str, operands: Sequence[Any]) -> Any:
    """Sum products over named axes: by sums, transposes and one product of matrices, if these do, or by ``Einsum``.

    So a layer that is written ``einsum("nj,jk->nk", y, W)`` is the layer y W to whoever reads it. A scalar among the
    operands is a factor of the whole.
    """
    if "" in terms and len(terms) > 1:
        i = terms.index("")
        return operands[i] * contract((*terms[:i], *terms[i + 1 :]), output, (*operands[:i], *operands[i + 1 :]))
    if all(len(set(term)) == len(term) == x.ndim for term, x in zip(terms, operands, strict=True)):
        made = None
        if len(terms) == 1:
            made = _reduce(terms[0], output, operands[0])
        elif len(terms) == 2:
            made = _multiply(terms, output, operands)
        if made is not None:
            return made
    return _einsum(f"{','.join(terms)}->{output}")(*operands)


def _reduce(term: str, output: str, x: Any) -> Any:
    """Sum over the axes that the output lacks, and put the others in its order; None where a sum has another dtype."""
    axes = tuple(i for i, label in enumerate(term) if label not in output)
    if axes:
        if x.dtype.kind not in "fc":
            return None
        x, term = np.sum(x, axes[0] if len(axes) == 1 else axes), "".join(c for c in term if c in output)
    return _reorder(term, output, x)


def _reorder(term: str, output: str, x: Any) -> Any:
    """Put axes in another order."""
    if term == output:
        return x
    return x.T if term == output[::-1] else np.transpose(x, [term.index(label) for label in output])


def _multiply(terms: Sequence[str], output: str, operands: Sequence[Any]) -> Any:
    """Multiply two operands: element by element, as matrices, or as vectors of a batch; None where that is not all."""
    parts = []
    for term, other, x in zip(terms, terms[::-1], operands, strict=True):
        kept = "".join(label for label in term if label in other + output)
        parts.append((kept, _reduce(term, kept, x)))
    (ta, a), (tb, b) = parts
    if a is None or b is None or any(a.shape[ta.index(c)] != b.shape[tb.index(c)] for c in ta if c in tb):
        return None
    summed = "".join(label for label in ta if label not in output)
    batch, rows, columns = (
        "".join(label for label in output if (label in ta, label in tb) == where)
        for where in ((True, True), (True, False), (False, True))
    )
    if not summed:
        return _align(ta, output, a) * _align(tb, output, b)
    if len(summed) == 1 and len(rows) <= 1 < len(columns) and not batch:
        return _multiply(terms[::-1], output, operands[::-1])
    if len(summed) == 1 and len(columns) <= 1 and (not batch or len(rows) == len(columns) == 1):
        a, b = _reorder(ta, batch + rows + summed, a), _reorder(tb, batch + summed + columns, b)
        return _reorder(batch + rows + columns, output, a @ b)
    if not rows + columns and a.dtype.kind in "fc" and b.dtype.kind in "fc":
        return _reduce(ta, output, a * _reorder(tb, ta, b))
    return None


def _align(term: str, output: str, x: Any) -> Any:
    """Give x with the output's axes in its order; those that it lacks are of length 1, if broadcasting needs them."""
    x = _reorder(term, "".join(label for label in output if label in term), x)
    last = output.lstrip("".join(set(output) - set(term)))
    lacking = tuple(i for i, label in enumerate(last) if label not in term)
    return np.expand_dims(x, lacking) if lacking else x
