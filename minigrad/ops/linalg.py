"""Matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy import add, ndarray

from minigrad.ops.base import Op, Refused, Shape, as_array, as_floating, fits, refuse_out
from minigrad.ops.common.dtypes import REAL
from minigrad.ops.common.lanes import align_lanes
from minigrad.ops.common.unit import scale_new
from minigrad.ops.parts import conjugate, square_size


def _product(a: Any, b: Any) -> Any:
    """Multiply; plain matrices by their method ``dot``, which has half of matmul's overhead on small ones.

    The function ``np.dot`` asks first whether another library's array is meant, which takes a third of a small product.
    A stack of matrices times one is one product of all their rows, which several threads may share.
    """
    if ndarray is type(a) is type(b) and b.ndim == 2 and a.ndim > 1:
        if a.ndim == 2:
            return a.dot(b)
        if a.flags.c_contiguous and a.size and a.shape[-1] == len(b):
            return a.reshape(-1, a.shape[-1]).dot(b).reshape(*a.shape[:-1], b.shape[1])
    return np.matmul(a, b)


class MatMul(Op):
    """Matrix product y = a b, batched over leading axes as NumPy's matmul is.

    ∂E/∂a = g bᵀ and ∂E/∂b = aᵀ g. A vector counts as one row on the left and as one column on the right, so that its
    gradient is b g or aᵀ g, a vector too, and that of the matrix is an outer product.
    """

    name, letters, text, binds, broadcasts = "matmul", "ab", "{a} {b}", 3, True

    def forward(self, a: Any, b: Any) -> Any:
        """Give a b."""
        return _product(a, b)

    def batch(self, *inputs: Any) -> Any:
        """Multiply in every lane; a matrix that is the same for all meets all rows, or vectors, in one product."""
        a, b = inputs
        if b.shape[0] == 1 and b.ndim <= 3:
            b, rows = np.reshape(b, b.shape[1:]), a.shape[:-1]
            y = matmul(np.reshape(a, (prod(rows), a.shape[-1])), b)
            return np.reshape(y, (*rows, *b.shape[1:])) if b.ndim == 2 or len(rows) > 1 else y
        if a.shape[0] == 1 and a.ndim <= 3 and b.ndim == 2:
            return matmul(b, np.transpose(np.reshape(a, a.shape[1:])))
        row, column = a.ndim == 2, b.ndim == 2
        a, b = align_lanes([np.expand_dims(a, 1) if row else a, np.expand_dims(b, 2) if column else b])
        y = matmul(a, b)
        y = y[..., 0, :] if row else y
        return y[..., 0] if column else y

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the product: (…, n, m) (…, m, p) → (…, n, p)."""
        a, b = shapes
        if not a or not b:
            raise ValueError("a product with a scalar is written *")
        if a[-1] != b[-min(2, len(b))]:
            raise ValueError("inner sizes differ")
        return (*np.broadcast_shapes(a[:-2], b[:-2]), *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))

    def hint(self, *shapes: Shape) -> str:
        """Suggest the operand to transpose."""
        a, b = shapes
        if len(b) > 1 and a and a[-1] == b[-1] and fits(a[:-2], b[:-2]):
            return "Did you mean {b}.T?" if len(b) == 2 else "Did you mean np.swapaxes({b}, -1, -2)?"
        if len(a) > 1 and b and a[-2] == b[-min(2, len(b))]:
            return "Did you mean {a}.T?" if len(a) == 2 else "Did you mean np.swapaxes({a}, -1, -2)?"
        return "" if a and b else "Write * for a product with a scalar."

    def vjp_a(self, g: Any, y: Any, a: Any, b: Any) -> Any:
        """∂E/∂a = g bᵀ, and b g for a vector a."""
        if a.ndim == b.ndim == 2:
            return _product(g, b.T)
        if b.ndim == 1:
            return np.expand_dims(g, -1) * b if a.ndim > 1 else g * b
        if a.ndim == 1:
            return np.matmul(b, g) if b.ndim == 2 else np.matmul(b, np.expand_dims(g, -1))[..., 0]
        return _product(g, np.swapaxes(b, -1, -2))

    def vjp_b(self, g: Any, y: Any, a: Any, b: Any) -> Any:
        """∂E/∂b = aᵀ g; where b has no batch of its own, the sum over a's batch is part of the one product."""
        if a.ndim == b.ndim == 2:
            return _product(a.T, g)
        if a.ndim == 1:
            return np.expand_dims(a, -1) * np.expand_dims(g, -2) if b.ndim > 1 else g * a
        if a.ndim == 2 and b.ndim == 1:
            return np.matmul(a.T, g)
        if b.ndim <= 2:
            rows = prod(a.shape[:-1])
            return _product(np.reshape(a, (rows, a.shape[-1])).T, np.reshape(g, (rows, *b.shape[1:])))
        return np.matmul(np.swapaxes(a, -1, -2), g)

    vjps: Any = (vjp_a, vjp_b)


class Affine(MatMul):
    """A layer's total input u = y W + b, for rows y of shape (…, in), W of shape (in, out) and b of shape (out,).

    ∂E/∂y = δ Wᵀ, ∂E/∂W = yᵀ δ, ∂E/∂b = Σ δ over the batch. One operation, so that b is added into the product's own
    buffer instead of a second one.
    """

    name, letters, text, binds, opens = "affine", "yWb", "{y} {W} + {b}", 1, True

    def definition(self, y: Any, W: Any, b: Any) -> Any:
        """Write it as a product and a sum."""
        return y @ W + b

    def batch(self, *inputs: Any) -> Any:
        """Multiply, and then add, in every lane."""
        return np.add(*align_lanes([super().batch(*inputs[:2]), inputs[2]]))

    def forward(self, x: Any, W: Any, b: Any) -> Any:  # type: ignore[override]
        """Give x W + b."""
        u = x.dot(W) if ndarray is type(x) is type(W) and x.ndim == W.ndim == 2 else _product(x, W)
        if type(u) is ndarray is type(b) and u.dtype is b.dtype:
            return add(u, b, u)
        total = u + b
        if np.shape(total) != np.shape(u):
            raise ValueError(f"b of shape {np.shape(b)} does not fit into {np.shape(u)}")
        return total

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of x W, to which b must broadcast."""
        *factors, b = shapes
        u = super().shape(*factors)
        if np.broadcast_shapes(u, b) != u:
            raise ValueError(f"b of shape {b} does not fit into {u}")
        return u

    def hint(self, *shapes: Shape) -> str:
        """Suggest the operand to transpose, or the shape that b must have."""
        x, W, _ = shapes
        try:
            u = super().shape(x, W)
        except ValueError:
            return super().hint(x, W).replace("{b}", "{W}").replace("{a}", "{y}")
        return f"{{b}} must have shape {u[-1:]}, one value for each column of {{W}}."

    vjps = (
        lambda op, g, u, y, W, b: (
            g.dot(W.T) if ndarray is type(g) is type(W) and y.ndim == g.ndim == 2 else op.vjp_a(g, u, y, W)
        ),
        lambda op, g, u, y, W, b: (
            y.T.dot(g) if ndarray is type(g) is type(y) and y.ndim == g.ndim == 2 else op.vjp_b(g, u, y, W)
        ),
        lambda op, g, u, y, W, b: g,
    )


class Inner(Op):
    """The inner product of all elements, y = Σ a b, as ``numpy.vdot`` gives it. ∂E/∂a = g b and ∂E/∂b = g a.

    Of complex numbers it is Σ ā b, and ∂E/∂a the conjugate of g b, ∂E/∂b = g ā.
    """

    name, letters, text, opens = "vdot", "ab", "⟨{a}, {b}⟩", True
    broadcasts = True  # a and b may differ in dtype; the walk casts
    vjps = (lambda op, g, y, a, b: conjugate(g * b), lambda op, g, y, a, b: g * conjugate(a))

    def definition(self, a: Any, b: Any) -> Any:
        """Write it as the sum of a product."""
        return (conjugate(a) * b).sum()

    def batch(self, a: Any, b: Any) -> Any:
        """Multiply, and add up each lane."""
        terms = self.terms(a, b)
        y = np.sum(terms, tuple(range(1, a.ndim)))
        return y if y.dtype == terms.dtype else y.astype(terms.dtype)  # whole numbers wrap, as they do in np.vdot

    def terms(self, a: Any, b: Any) -> Any:
        """Give what is added up."""
        return conjugate(a) * b

    def forward(self, a: Any, b: Any) -> Any:
        """Multiply and add up."""
        if a.shape != b.shape:
            raise ValueError("wanted two operands of one shape")
        return np.vdot(a, b)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of a scalar, for two inputs of one shape."""
        if shapes[0] != shapes[1]:
            raise ValueError("wanted two operands of one shape")
        return ()


class LogLikelihood(Inner):
    """Σ t ln y from t and ln y, where a class that cannot be (t = 0, ln y = −∞) counts 0: 0 ln 0 = 0."""

    name = "log_likelihood"

    def terms(self, a: Any, b: Any) -> Any:
        """Give t ln y, and 0 for t = 0."""
        return a * np.where(a == 0, 0, b)

    def forward(self, a: Any, b: Any) -> Any:
        """Multiply and add up; look for 0 · ∞ only if the sum says that there is one, since looking costs a pass."""
        total = Inner.forward(self, a, b)  # super() takes a fortieth of a loss
        return total if total == total else np.vdot(a, np.where(a == 0, 0, b))


class HalfSquaredDistance(Inner):
    """Half the squared distance, E = ½ Σ (a − b)². ∂E/∂a = a − b, ∂E/∂b = b − a; of complex a and b the conjugates."""

    name, text = "half_squared_distance", "½‖{a} − {b}‖²"
    vjps = (
        lambda op, g, y, a, b: scale_new(g, conjugate(a - b)),
        lambda op, g, y, a, b: scale_new(g, conjugate(b - a)),
    )

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of half a sum: integers have halves, and the size of a complex number is real."""
        return np.finfo(np.result_type(*dtypes, 1.0)).dtype

    def definition(self, a: Any, b: Any) -> Any:
        """Write it as half the sum of squares."""
        return 0.5 * square_size(as_floating(a) - b).sum()

    def terms(self, a: Any, b: Any) -> Any:
        """Give half the squares."""
        return 0.5 * square_size(as_floating(a) - b)

    def forward(self, a: Any, b: Any) -> Any:
        """Subtract, then take the inner product of the difference with itself."""
        d = (a if type(a) is np.ndarray and a.dtype in REAL else as_floating(a)) - b
        total = np.vdot(d, d)
        if d.dtype in REAL:
            return total * 0.5
        return (total.real if total.dtype.kind == "c" else total) * 0.5


matmul = MatMul()
affine = Affine()
vdot = Inner()
log_likelihood = LogLikelihood()
half_squared_distance = HalfSquaredDistance()


def transpose_matrices(x: Any) -> Any:
    """Exchange the last two axes: xᵀ, of each matrix of a batch."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def contract(called: str, a: Any, b: Any, over_a: Sequence[int], over_b: Sequence[int]) -> Any:
    """Sum the products of a and b over axes of a and as many of b: one product of matrices.

    The result has the axes of a that are left, then those of b, each in their order, as ``numpy.tensordot`` has it.
    ``called`` is what the user called, for the error where the lengths differ.
    """
    left = [i for i in range(a.ndim) if i not in over_a]
    right = [i for i in range(b.ndim) if i not in over_b]
    summed = [a.shape[i] for i in over_a]
    if summed != [b.shape[i] for i in over_b]:
        error = ValueError(f"axes {tuple(over_a)} of the first and {tuple(over_b)} of the second differ in length")
        return Refused(called, error)(a, b)
    rows = _arranged(a, [*left, *over_a], (prod(a.shape[i] for i in left), prod(summed)), vector=not left)
    columns = _arranged(b, [*over_b, *right], (prod(summed), prod(b.shape[i] for i in right)), vector=not right)
    shape = (*(a.shape[i] for i in left), *(b.shape[i] for i in right))
    y = matmul(rows, columns)
    return y if y.shape == shape else np.reshape(y, shape)


def _arranged(x: Any, order: list[int], shape: tuple[int, int], vector: bool) -> Any:
    """Give x as a matrix of a shape, its axes in another order; or as a vector, of the summed elements alone."""
    x = x if order == list(range(x.ndim)) else np.transpose(x, order)
    to = (prod(shape),) if vector else shape
    return x if x.shape == to else np.reshape(x, to)


def dot(a: Any, b: Any, out: None = None) -> Any:
    """Multiply as ``numpy.dot`` does: over the last axis of a and the last but one of b."""
    refuse_out(out)
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim <= 2:
        return matmul(a, b)
    return contract("dot", a, b, (a.ndim - 1,), (b.ndim - 2,))
