"""Directions: along which a value is moved, and what a gradient says that E changes by, to compare with differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.derivation.cut import Cut
from minigrad.engine.node import Node
from minigrad.ops.matrices.decompositions import Cholesky

APART = 1e3  # beside such numbers, as the −10⁹ of a mask, others would be moved by all that they are
BENT = 1e-6  # what is off by less than that is rounding of finite differences


def to_double(x: Any) -> Any:
    """Give floating-point and complex values in double precision, which differences of E need."""
    kind = {"f": np.float64, "c": np.complex128}.get(np.asarray(x).dtype.kind)
    return x if kind is None else np.asarray(x, kind)


def find_reach(x: Any) -> tuple[float, Any]:
    """Give the step by which values are moved, and of numbers that are far apart which share of it each is moved by."""
    size = 1 + np.abs(x)
    most = float(np.max(size, initial=1.0))
    return 6e-6 * most, size / most if most > APART else 1.0


def draw_direction(rng: np.random.Generator, like: Any, symmetric: bool = False) -> Any:
    """Give a direction of numbers from ½ to 1 of either sign, of complex ones where the values are complex."""
    d = rng.choice([-1.0, 1.0], size=like.shape) * rng.uniform(0.5, 1.0, size=like.shape)
    d = (d + np.swapaxes(d, -1, -2)) / 2 if symmetric else d
    return d + 1j * rng.permutation(d.ravel()).reshape(d.shape) if np.iscomplexobj(like) else d


def sum_along(gradient: Any, d: Any) -> float:
    """Give Σ ∂E/∂x d, the slope of E along d: of complex numbers its real part, as ``ops.parts`` has gradients."""
    return float(np.real(np.sum(gradient * d)))


def slope_off(cut: Cut, target: Node, gradient: Any) -> float:
    """Give the largest difference between ⟨gradient, d⟩ and the slope of E along d, as a share of scale.

    The value of ``target`` is moved to both sides along two random directions, each element by a share of the largest,
    or of its own size where these are far apart, and E computed from there. Where E bends at the value itself, as the
    largest of several that tie does, it has no slope along these: then those that tie are moved together. A symmetric
    matrix that is to stay one, since Cholesky's decomposition reads a triangle of it, is moved by symmetric ones.
    """
    worst, rng = 0.0, np.random.default_rng(0)
    atom = cut.atom[target]
    before = {x: to_double(value) for x, value in cut.values().items()}
    x = before[atom]
    h, share = find_reach(x)
    symmetric = stays_symmetric(cut.graph, x)

    def look(d: Any) -> tuple[float, float, float]:
        """Give how far off the slope along d is, its scale, and the mean of E at both ends."""
        above, below = (float(cut.loss({atom: x + sign * h * d}, before)) for sign in (1, -1))
        scale = 1 + float(np.abs(gradient * d).sum())
        return abs(sum_along(gradient, d) - (above - below) / (2 * h)) / scale, scale, (above + below) / 2

    for _ in range(2):
        d = draw_direction(rng, x, symmetric) * share
        off, scale, mean = look(d)
        if off > BENT and abs(mean - float(cut.loss({}, before))) / h / scale >= off:
            off = look(_tie(d, x))[0]
        worst = max(worst, off)
    return worst


def stays_symmetric(graph: Graph, x: Any) -> bool:
    """Say whether x is a symmetric matrix from which Cholesky's decomposition is computed."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2] or x.shape[-1] < 2:
        return False
    read = any(isinstance(node.op, Cholesky) for node in graph.nodes)
    return read and np.allclose(x, np.swapaxes(x, -1, -2), rtol=1e-12)


def _tie(d: Any, x: Any) -> Any:
    """Give a direction in which equal values of x have equal numbers."""
    _, first, which = np.unique(x, return_index=True, return_inverse=True)
    return d.reshape(-1)[first][which].reshape(x.shape)
