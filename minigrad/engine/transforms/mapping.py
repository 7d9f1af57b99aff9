"""vmap: a function of one example, applied to all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.conversion import is_array
from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.operand import Operand
from minigrad.engine.recording import mapped_by, mapping
from minigrad.engine.transforms.batched import Batched
from minigrad.engine.transforms.evaluation import name_function_of
from minigrad.engine.transforms.functional import Transformed, check_function
from minigrad.engine.transforms.lanes import Mapping
from minigrad.engine.transforms.trees import bundle_numbers, fill_tree, list_leaves, name_leaves, spread_prefix
from minigrad.ops.base import as_array
from minigrad.ops.common.lanes import move_axis, running


@with_usage
def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """Give a function that applies f to every example along an axis of its arguments, all at once.

    ``in_axes`` says along which axis the examples of an argument lie, None where it is the same for all; for several
    arguments a tuple, for a tree of arrays a number or a tree as far as it differs. Named arguments go by axis 0.
    ``out_axes`` says where that axis stands in what comes out, likewise. f is called once, with Tensors of one example;
    it may take gradients, map again, and read arrays and Tensors from outside, to which gradients flow. Each operation
    is computed for all examples by one of NumPy's; one that has no rule for it, by as many.

    Raises ``ValueError`` where the numbers of examples differ or there is no such axis, ``TypeError`` for what f can
    only do with one number at a time, as ``if x > 0`` and ``float(x)``.

    >>> vmap(np.dot)(np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    >>> vmap(lambda x, y: x * y, in_axes=(0, None))(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([[ 1., 10.],
           [ 2., 20.]])
    """
    check_function("vmap", f)
    return Transformed(_map, f, in_axes, out_axes)


def _map(f: Callable[..., Any], in_axes: Any, out_axes: Any, /, *args: Any, **kwargs: Any) -> Any:
    called = name_function_of("vmap", f)
    arguments = tuple(bundle_numbers(x) for x in args), {name: bundle_numbers(x) for name, x in kwargs.items()}
    axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
    given = spread_prefix(called, axes, arguments[0], "in_axes") + [0] * len(list_leaves(arguments[1]))
    named_arguments = [*enumerate(arguments[0]), *arguments[1].items()]
    paths = [path for name, x in named_arguments for path, _ in name_leaves(x, f"argument {name}")]
    rows = list(zip(paths, list_leaves(arguments), given, strict=True))
    sizes = {path: _count_examples(called, path, x, axis) for path, x, axis in rows if axis is not None}
    if len(set(sizes.values())) != 1:
        raise ValueError(
            f"{called}: the arguments have different numbers of examples, "
            f"{', '.join(f'{n} in {path}' for path, n in sizes.items())}."
            if sizes
            else f"{called}: in_axes maps over none of the arguments. Call the function itself."
        )
    lanes = Mapping(called, next(iter(sizes.values())), mapping(), Batched)
    leaves = [x if axis is None else Batched(lanes, _bring_forward(x, axis)) for _, x, axis in rows]
    positional, named = fill_tree(arguments, iter(leaves))
    running.add(id(lanes))
    try:
        with mapped_by(lanes):
            result = f(*positional, **named)
    finally:
        running.discard(id(lanes))
        lanes.running = False
    places = spread_prefix(called, out_axes, result, "out_axes")
    taken = {id(x) for x in leaves} | {id(x) for _, x, _ in rows}
    outputs = (_give(lanes, x, axis, taken) for x, axis in zip(list_leaves(result), places, strict=True))
    return fill_tree(result, outputs)


def _count_examples(called: str, path: str, x: Any, axis: Any) -> int:
    """Give the length of the axis that is mapped over."""
    if not (is_array(x) or isinstance(x, Operand)):
        raise ValueError(
            f"{called}: {path} is a {type(x).__name__}, which has no axis to map over. Give in_axes=None for it."
        )
    if not isinstance(axis, int) or not -x.ndim <= axis < x.ndim:
        raise ValueError(f"{called}: {path} has shape {tuple(x.shape)} and no axis {axis!r} to map over.")
    return int(x.shape[axis])


def _bring_forward(x: Any, axis: int) -> Any:
    """Give an argument with the axis of the examples in front."""
    return move_axis(as_array(x), axis % x.ndim, 0)


def _give(lanes: Mapping, x: Any, axis: Any, taken: set[int]) -> Any:
    """Give what comes out for all examples, with their axis where it is to be."""
    if not (isinstance(x, Operand | int | float | complex) or is_array(x)):
        raise TypeError(
            f"{lanes.called}: the function returned a {type(x).__name__}; wanted arrays and numbers, or trees."
        )
    stack = lanes.stack(as_array(x))
    if axis is None:
        if stack.shape[0] != 1:
            raise ValueError(f"{lanes.called}: out_axes is None for a value that differs from example to example.")
        return stack[0]
    if stack.shape[0] != lanes.size:
        stack = np.broadcast_to(stack, (lanes.size, *stack.shape[1:]))
    if not isinstance(axis, int) or not -stack.ndim <= axis < stack.ndim:
        raise ValueError(f"{lanes.called}: out_axes names axis {axis!r}, and what comes out has {stack.ndim} axes.")
    stack = move_axis(stack, 0, axis % stack.ndim)
    is_own = not isinstance(stack, np.ndarray) or (stack.base is None and id(stack) not in taken)
    return stack if is_own else stack.copy()
