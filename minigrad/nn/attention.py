"""Layers in which each step of a sequence looks at others: attention, and the block of a transformer."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_flag, check_generator, with_usage
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.engine.recording import fixed, setting
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Layer, Learning, call_result
from minigrad.nn.dropout import Dropout
from minigrad.nn.init import Initializer, Rng, xavier
from minigrad.nn.linear import Linear, check_start, draw_weights
from minigrad.nn.normalization import LayerNorm
from minigrad.nn.sequential import Composite, Sequential
from minigrad.ops.base import as_array
from minigrad.ops.networks.activations import gelu
from minigrad.ops.reduction import softmax

LETTERS = ("Wq", "Wk", "Wv", "Wo", "bq", "bk", "bv", "bo")


def attend(Q: Any, K: Any, V: Any, mask: Any = None, causal: bool = False) -> Any:
    """Give A V, A = softmax(Q Kᵀ / √d): each row of Q takes a mean of the rows of V, by how its K fits.

    Q (…, steps, d), K (…, seen, d), V (…, seen, columns). ``mask`` (…, steps, seen) is True where a step may look, or
    is added to Q Kᵀ / √d; ``causal`` lets no step look at a later one. A row that may look nowhere would be NaN.
    (Vaswani et al. 2017, eq. 1)
    """
    turned = K.T if K.ndim == 2 else np.swapaxes(K, -1, -2)
    fits = call_result(Q @ turned / sqrt(Q.shape[-1]), "S")
    if causal:
        fits = fits + fixed(_hide_later(fits.shape[-2], fits.shape[-1], fits.dtype))
    if mask is not None:
        fits = fits + _let_see(as_array(mask), fits.dtype)
    return call_result(softmax(fits), "A") @ V


@lru_cache(maxsize=64)
def _hide_later(steps: int, seen: int, dtype: Any) -> Any:
    """Give what is added where no step may look at a later one; its rows lie in one another, a step apart."""
    line = np.zeros(steps + seen - 1, dtype)
    line[steps:] = -np.inf
    return np.lib.stride_tricks.sliding_window_view(line, seen)[::-1]


def _let_see(mask: Any, dtype: Any) -> Any:
    """Give what is added: 0 where one may look, and −∞ elsewhere."""
    if mask.dtype.kind != "b":
        return mask
    return np.where(mask, np.zeros((), dtype), np.array(-np.inf, dtype))


class MultiHeadAttention(Learning):
    """y = [A₁ V₁, A₂ V₂, …] Wo + bo: each head looks at the sequence in its own way (Vaswani et al. 2017, 3.2.2).

    Q = x Wq + bq, K and V alike, are split by columns among the heads, Aₕ = softmax(Qₕ Kₕᵀ / √d), d = size / heads.
    All heads are one array, of one axis more. x and y are (samples, steps, size), or one sample's (steps, size).

    causal  no step looks at a later one
    bias    False leaves the b out

    A call takes ``seen``, another sequence (samples, its steps, size) to look at in the place of x (cross attention),
    and a ``mask`` of bool, True where a step may look: (steps, seen), (samples, steps, seen), or (samples, heads, …).
    """

    letters = LETTERS

    @with_usage
    def __init__(
        self,
        size: int,
        heads: int = 1,
        causal: bool = False,
        rng: Rng = None,
        init: Initializer = xavier,
        bias: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        called = "MultiHeadAttention"
        self.size, self.heads = check_count(called, "size", size), check_count(called, "heads", heads)
        if self.size % self.heads:
            raise ValueError(
                f"{called}: a size of {size} cannot be split into {heads} heads of as many columns; make it a multiple"
            )
        self.causal, bias = check_flag(called, "causal", causal), check_flag(called, "bias", bias)
        check_start(called, init, dtype)
        generator = check_generator(called, rng)
        self.Wq, self.Wk, self.Wv, self.Wo = (
            Tensor(draw_weights(called, init, (size, size), generator, dtype), requires_grad=True, name=letter)
            for letter in LETTERS[:4]
        )
        self.bq, self.bk, self.bv, self.bo = (
            Tensor(np.zeros(size, dtype), requires_grad=True, name=letter) if bias else None for letter in LETTERS[4:]
        )

    def parameters(self) -> list[Tensor]:
        """Give Wq, Wk, Wv, Wo and, if there are any, bq, bk, bv, bo."""
        return [p for p in (getattr(self, letter) for letter in LETTERS) if p is not None]

    def __call__(self, x: Any, seen: Any = None, mask: Any = None) -> Tensor:
        """Give y. Raises ``ValueError`` for sequences of another size, or a mask of another shape."""
        x = as_array(x)
        seen = x if seen is None else as_array(seen)
        for sequence in (x, seen):
            if sequence.ndim < 2 or sequence.shape[-1] != self.size:
                raise ShapeError(
                    f"{self!r}: wanted a sequence (samples, steps, {self.size}); {describe(sequence)} has shape "
                    f"{sequence.shape}. Its last axis is to have the {self.size} numbers of each step."
                )
        of_x, of_seen = ((x, "q", "Q"),), ((seen, "k", "K"), (seen, "v", "V"))
        Q, K, V = (self._split(call_result(self._turn(z, letter), name)) for z, letter, name in (*of_x, *of_seen))
        mask = None if mask is None else self._fit_mask(mask, x, seen)
        return self._turn(self._merge(attend(Q, K, V, mask, setting(self, "causal"))), "o")

    def _turn(self, x: Any, letter: str) -> Any:
        y, b = x @ getattr(self, f"W{letter}"), getattr(self, f"b{letter}")
        return y if b is None else y + b

    def _split(self, x: Any) -> Any:
        """Give each head its columns: (…, steps, size) as (…, heads, steps, d)."""
        if setting(self, "heads") == 1:
            return x
        *front, steps, size = x.shape
        return np.swapaxes(np.reshape(x, (*front, steps, self.heads, size // self.heads)), -2, -3)

    def _merge(self, y: Any) -> Any:
        """Put the heads' columns side by side again."""
        if setting(self, "heads") == 1:
            return y
        *front, heads, steps, d = y.shape
        return np.reshape(np.swapaxes(y, -2, -3), (*front, steps, heads * d))

    def _fit_mask(self, mask: Any, x: Any, seen: Any) -> Any:
        """Give a mask the axis of the heads, if there is one."""
        mask = as_array(mask)
        rows = (x.shape[-2], seen.shape[-2])
        several = self.heads > 1
        shapes = (rows, (*x.shape[:-2], *rows), (*x.shape[:-2], self.heads, *rows))
        if mask.shape not in shapes:
            raise ShapeError(
                f"{self!r}: the mask must be {' or '.join(map(str, dict.fromkeys(shapes)))}, True where a step may "
                f"look, not {mask.shape}"
            )
        if mask.shape == shapes[1] and several and mask.ndim > 2:
            return np.reshape(mask, (*x.shape[:-2], 1, *rows))
        return mask if several or mask.shape != shapes[2] else np.reshape(mask, shapes[1])

    def __repr__(self) -> str:
        return f"MultiHeadAttention({self.size}, {self.heads}{', causal=True' if self.causal else ''})"


class TransformerBlock(Composite):
    """h = x + attention(norm(x));  y = h + mlp(norm(h)): a block of a transformer that normalizes first.

    Ahead of each part, not after it, which trains without a warming up of η (Xiong et al. 2020). The mlp is a layer of
    ``widening`` · size units, an ``activation``, and a layer back.

    dropout  the share that is dropped, in training, of what each of both parts adds
    """

    @with_usage
    def __init__(
        self,
        size: int,
        heads: int = 1,
        causal: bool = False,
        widening: int = 4,
        activation: Layer = gelu,
        dropout: float = 0.0,
        rng: Rng = None,
        init: Initializer = xavier,
        dtype: DTypeLike = np.float64,
    ) -> None:
        generator = check_generator("TransformerBlock", rng)
        wide = size * check_count("TransformerBlock", "widening", widening)
        self.attention = MultiHeadAttention(size, heads, causal, generator, init, dtype=dtype)
        self.mlp = Sequential(
            Linear(size, wide, generator, init, dtype=dtype),
            activation,
            Linear(wide, size, generator, init, dtype=dtype),
        )
        self.norms = LayerNorm(size, dtype=dtype), LayerNorm(size, dtype=dtype)
        self.dropout = Dropout(dropout, generator)
        self.take(self.norms[0], self.attention, self.norms[1], self.mlp, self.dropout)

    def __call__(self, x: Any, seen: Any = None, mask: Any = None) -> Tensor:
        """Give y; ``seen`` and ``mask`` are for the attention."""
        h = x + self.dropout(self.attention(self.norms[0](x), seen, mask))
        return h + self.dropout(self.mlp(self.norms[1](h)))
