"""Jacobians and Hessians as arrays, in one sweep over all rows or all columns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.operand import Operand
from minigrad.engine.recording import compilation, recorded
from minigrad.engine.transforms.evaluation import find_places, name_function_of
from minigrad.engine.transforms.functional import Argnums, Transformed, check_argnums, grad
from minigrad.engine.transforms.mapping import vmap
from minigrad.engine.transforms.products import Linearization, join_leaves
from minigrad.engine.transforms.trees import bundle_numbers, fill_tree
from minigrad.ops import shaping
from minigrad.ops.common.libraries import alike, make_seed, make_zeros
from minigrad.ops.indexing import Index

DEARER = 2  # what a column costs in rows: it goes through the gradient's record, which is twice the function's


@with_usage
def jacobian(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Give the function of all derivatives, J[i, j] = ∂fᵢ/∂xⱼ, of the value's shape and then the argument's.

    Where value or argument is a tree so is J: one like the value, and in the place of each of its leaves one like the
    argument; for several ``argnums`` a tuple. All rows are carried back at once, or, where there are fewer columns,
    all columns forward. With ``has_aux`` f returns (value, more), and (J, more) is what comes.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [4., 0.]])
    """
    return Transformed(_jacobian, f, check_argnums("jacobian", f, argnums), has_aux)


@with_usage
def hessian(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Give the function of all second derivatives of a scalar function, H[i, j] = ∂²f/∂xᵢ∂xⱼ.

    For trees and several ``argnums`` it is as ``jacobian`` of ``grad``, which it is.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    return Transformed(_hessian, f, check_argnums("hessian", f, argnums), has_aux)


def _hessian(f: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    return _jacobian(grad(f, argnums, has_aux), argnums, has_aux, *args, **kwargs)


def _jacobian(f: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    called = name_function_of("jacobian", f)
    places = find_places(called, f, argnums, args, kwargs)
    arguments, named = [bundle_numbers(x) for x in args], {name: bundle_numbers(x) for name, x in kwargs.items()}
    linear = Linearization(called, f, places, arguments, named, has_aux)
    columns = sum(x.size for x in linear.call.variables)
    forward = linear.joined is not None and DEARER * columns < linear.joined.size
    rows = _carry_forward(linear) if forward else _carry_back(linear)
    stops = list(accumulate(linear.outputs[i].size for i in linear.flowing))
    spans = {i: slice(stop - linear.outputs[i].size, stop) for i, stop in zip(linear.flowing, stops, strict=True)}

    def block(i: int) -> Any:
        """Give the derivatives of output i, a tree like the argument."""
        shape = tuple(np.shape(linear.outputs[i]))
        parts = [
            shaping.reshape(x[spans[i]], (*shape, *v.shape)) if i in spans else make_zeros((*shape, *v.shape), v)
            for x, v in zip(rows, linear.call.variables, strict=True)
        ]
        trees = linear.call.fill(parts)
        return trees[0] if isinstance(argnums, int | str) else trees

    result = linear.call.give(fill_tree(linear.value, map(block, range(len(linear.outputs)))), linear.with_graph)
    return (result, linear.give_more()) if has_aux else result


def _carry_back(linear: Linearization) -> list[Any]:
    """Give ∂(joined value)/∂variable for each variable, its rows by the pullback of each unit vector."""
    joined = linear.joined
    if joined is None:
        return [None for _ in linear.call.variables]
    basis = alike(np.eye(joined.size, dtype=joined.dtype).reshape(joined.size, *joined.shape), joined)
    return _walk(linear, lambda: list(vmap(lambda g: linear.pull_joined(g, linear.with_graph))(basis)))


def _walk(linear: Linearization, carry: Callable[[], list[Any]]) -> list[Any]:
    """Give what is carried back from each element; where there is NaN, once more as from elements that are chosen.

    The others have a gradient of 0, and 0 · ∞ is 0 to what a choice ignored: ∂√x₀/∂x₁ at x₁ = 0. To walk so from the
    start would take half as long again, and code twice as long, whose values are not known yet: that is looked at when
    it has run.
    """
    tracing = None if linear.joined.has_data else compilation()
    found = carry() if tracing is None or tracing.haste.allowed else None
    if found is None or any(map(_has_nan, found)):
        with recorded():
            linear.joined = Index(...)(linear.joined)
        found = carry()
    elif tracing is not None:
        tracing.haste.note(found)
    return found


def _has_nan(x: Any) -> bool:
    while isinstance(x, Operand):
        inner = x.stack if hasattr(x, "stack") else x.array
        if inner is x:
            break
        x = inner
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc" and bool(np.isnan(x).any())


def _carry_forward(linear: Linearization) -> list[Any]:
    """Give the same, its columns by the pullback of the pullback, which is linear in what is carried back."""
    joined, variables = linear.joined, linear.call.variables

    def pull(g: Any) -> Any:
        return join_leaves(linear.pull_joined(g, with_graph=True))

    back = Linearization(linear.called, pull, (0,), (make_seed(joined),), {})
    n = sum(x.size for x in variables)
    if back.joined is None:
        return [make_zeros((joined.size, *x.shape), x) for x in variables]
    basis = alike(np.eye(n, dtype=back.joined.dtype).reshape(n, *back.joined.shape), back.joined)
    (columns,) = _walk(
        back, lambda: [vmap(lambda t: back.pull_joined(t, linear.with_graph or back.with_graph)[0])(basis)]
    )
    rows = shaping.transpose(shaping.reshape(columns, (n, joined.size)))
    stops = list(accumulate(x.size for x in variables))
    return [
        shaping.reshape(rows[:, stop - x.size : stop], (joined.size, *x.shape))
        for x, stop in zip(variables, stops, strict=True)
    ]
