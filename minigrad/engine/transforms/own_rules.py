"""Functions whose gradient follows a rule of the user's own: how a call of one is recorded, as a single operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from itertools import accumulate
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown
from minigrad.engine.node import Node
from minigrad.engine.recording import compilation, is_paused, mapped_by, mapping
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.batched import Batched
from minigrad.engine.transforms.calls import Call, part_joined
from minigrad.engine.transforms.lanes import Mapping
from minigrad.engine.transforms.products import join_leaves
from minigrad.engine.transforms.trees import fill_tree, fit_leaves, list_leaves, map_tree, name_leaves
from minigrad.ops.base import as_array
from minigrad.ops.common.copies import qualified_name


class Ruled:
    """A function f whose gradient follows a rule of its own; called, and found, like f itself.

    A subclass says ``forward``, ``pull_back``, and what the function is ``over_lanes``, under vmap.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        update_wrapper(self, f)

    @property
    def name(self) -> str:
        """What the function is called."""
        return getattr(self, "__name__", type(self.f).__name__)

    def forward(self, *args: Any) -> tuple[Any, Any]:
        """Give f(*args), and what the rule is to remember, of arguments that are bare arrays."""
        raise NotImplementedError(f"{type(self).__name__} must define forward")

    def pull_back(self, args: tuple[Any, ...], y: Any, g: Any, kept: Any, wanted: set[int]) -> Any:
        """Give ∂E/∂argument of each that is wanted, a tree like it or None, from g = ∂E/∂y.

        ``kept`` is what was to be remembered, or None if that is unknown: then ``args`` and ``y`` may be Tensors, for
        the gradient to have a gradient in turn.
        """
        raise NotImplementedError(f"{type(self).__name__} must define pull_back")

    def over_lanes(self, axes: tuple[Any, ...]) -> Callable[..., Any]:
        """Give the same function of all lanes, which lie along those axes of its arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define over_lanes")

    def order_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Give all arguments by position."""
        raise NotImplementedError(f"{type(self).__name__} must define order_arguments")

    @property
    def rules(self) -> tuple[Any, ...]:
        """Give the functions that state the derivative, for whoever wants to know what they read."""
        return ()

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        return self if owner is None else partial(self, owner)

    def __reduce__(self) -> Any:
        return qualified_name(self) or super().__reduce__()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Give f(…), recorded with the rule if a gradient flows to an argument."""
        args = self.order_arguments(args, kwargs) if kwargs else args
        if (tracing := compilation()) is not None:  # for which a tensor from outside stands for what it holds then
            args = map_tree(lambda x: tracing.twin(x) if isinstance(x, Tensor) and not x.level else x, args)
        lanes, leaves = mapping(), list_leaves(args)
        if lanes is not None and any(lanes.owns(x) for x in leaves):
            value, kept = self._apply_to_lanes(lanes, args), None
            places = [i for i, x in enumerate(leaves) if lanes.owns(x) and x.serial > 0]
        else:
            places = [i for i, x in enumerate(leaves) if isinstance(x, Tensor) and x.serial > 0]
            if is_paused() or not places:
                return self.f(*args)
            value, kept = self.forward(*map_tree(_bare, args))
            if any(isinstance(x, Tensor) and x.serial > 0 for x in list_leaves(value)):
                raise TypeError(
                    f"{self.name}: it reads a tensor from outside that requires a gradient, which its rule says "
                    f"nothing of. Pass that as an argument."
                )
        return _Record(self, args, places, value, kept).compute() if places and not is_paused() else value

    def _apply_to_lanes(self, lanes: Mapping, args: tuple[Any, ...]) -> Any:
        """Apply to all lanes at once, outside of the vmap, where gradients may flow to what those are made of."""
        axes = map_tree(lanes.find_axis, args)
        stacks = map_tree(lanes.take_out, args)
        differs = any(lanes.find_axis(x) == 0 for x in list_leaves(args))
        with mapped_by(lanes.outer):
            value = self.over_lanes(axes)(*stacks) if differs else self(*stacks)
        return map_tree((lambda x: Batched(lanes, x)) if differs else lanes.wrap, value)


class _Record:
    """A call, and what its rule needs; it becomes one operation on the leaves at ``places``.

    Of the value all that can have a gradient is one vector, so that the rule is called once for it.
    """

    def __init__(self, ruled: Ruled, args: tuple[Any, ...], places: list[int], value: Any, kept: Any) -> None:
        self.ruled, self.args, self.places, self.value, self.kept = ruled, args, places, value, kept
        self.leaves = list_leaves(args)
        self.like: Any = self.leaves[places[0]]
        self.symbolic = not (self.like.has_data or self.like.level)  # while a function is traced
        if self.symbolic:
            self.places = places = [i for i, x in enumerate(self.leaves) if isinstance(x, Tensor)]
        self.operands: tuple[Any, ...] = tuple(self.leaves[i] for i in places)
        counts = [len(list_leaves(x)) for x in args]
        stops = list(accumulate(counts))
        self.wanted = {next(k for k, stop in enumerate(stops) if i < stop) for i in places}
        found = [as_array(x) for x in list_leaves(value)]
        self.outputs = [x if isinstance(x, Tensor) else self.like.as_constant(x) for x in found]
        self.flowing = [i for i, x in enumerate(self.outputs) if x.dtype.kind in "fc"]
        self.joined = join_leaves([self.outputs[i] for i in self.flowing])

    def compute(self) -> Any:
        """Give the value, recorded as one operation on those leaves."""
        if self.joined is None:
            return self.value
        result = self.like.as_constant(self.joined.array)  # an array only where the operands are
        like = _outline(self.joined)
        op = Call(self.ruled.name, len(self.operands), self.compute_again, self.pull, like, self.call_again)
        result.record_operation(op, self.operands, tuple(x.array for x in self.operands))
        value = self.part(result)
        if self.symbolic:
            self.forget()
        return value

    def forget(self) -> None:
        """Keep of a function that is traced only what all of its calls have in common."""
        self.leaves = [_outline(x) for x in self.leaves]
        self.args, self.value = map_tree(_outline, self.args), map_tree(_outline, self.value)
        self.operands, self.outputs = tuple(map(_outline, self.operands)), [_outline(x) for x in self.outputs]
        self.kept = self.joined = self.like = None

    def call_again(self, *inputs: Any) -> Any:
        """Give the vector of the value of another call, which has its own record."""
        given = dict(zip(self.places, inputs, strict=True))
        value = self.ruled(*fill_tree(self.args, (given.get(i, x) for i, x in enumerate(self.leaves))))
        outputs = list_leaves(value)
        return join_leaves([outputs[i] for i in self.flowing])

    def compute_again(self, *arrays: Any) -> Any:
        """Give the vector of the value for other operands."""
        given = dict(zip(self.places, arrays, strict=True))
        args = fill_tree(self.args, (given[i] if i in given else _bare(x) for i, x in enumerate(self.leaves)))
        outputs = list_leaves(self.ruled.f(*args))
        return join_leaves([as_array(outputs[i]) for i in self.flowing])

    def part(self, joined: Any) -> Any:
        """Give a tree like the value, with that vector's parts in it."""
        outputs = list(self.outputs)
        for i, part in zip(self.flowing, part_joined(joined, [outputs[i] for i in self.flowing]), strict=True):
            outputs[i] = part
        return fill_tree(self.value, iter(outputs))

    def pull(self, g: Any, y: Any, inputs: Sequence[Any]) -> list[Any]:
        """Give the gradients of the operands by the rule: of Tensors, if the walk gives such, or of bare arrays.

        A derivation walks over expressions, and gets the rule's own.
        """
        with_graph = any(isinstance(x, Tensor) for x in inputs) or (
            self.symbolic if self.like is None else isinstance(g, Node) and (self.symbolic or self.like.has_data)
        )
        given = dict(zip(self.places, inputs if with_graph else self.operands, strict=True))
        leaves = (given.get(i, x) for i, x in enumerate(self.leaves))
        args = fill_tree(self.args, leaves if with_graph else map(_bare, leaves))
        lift = getattr(g, "lift", None)  # of lanes
        weights = self.part(g if with_graph else self.like.as_constant(g) if lift is None else lift())
        if with_graph:
            found = self.ruled.pull_back(args, self.part(y), weights, None, self.wanted)
        else:
            bare = map_tree(_bare, self.value), map_tree(_bare, weights)
            found = self.ruled.pull_back(args, *bare, self.kept, self.wanted)
        gradients = self.fit(found)
        owners = inputs if with_graph else self.operands
        return [_as_gradient(gradients[i], x, with_graph) for i, x in zip(self.places, owners, strict=True)]

    def fit(self, found: Any) -> list[Any]:
        """Give the gradient of each leaf of the arguments, or None, of what the rule gave."""
        called, n = self.ruled.name, len(self.args)
        if n == 1 and not isinstance(found, tuple | list):
            found = (found,)
        if not isinstance(found, tuple | list) or len(found) != n:
            raise TypeError(
                f"{called}: its rule must give a tuple with the gradient of each of {n} arguments, not {shown(found)}."
            )
        gradients: list[Any] = []
        for i, (x, g) in enumerate(zip(self.args, found, strict=True)):
            where = f"the gradient of argument {i}"
            parts = [None] * len(list_leaves(x)) if g is None else fit_leaves(called, x, g, where)
            for (path, leaf), part in zip(name_leaves(x, where), parts, strict=True):
                if part is not None and np.shape(part) != np.shape(leaf):
                    raise ValueError(f"{called}: {path} must have the shape {np.shape(leaf)}, not {np.shape(part)}.")
            gradients += parts
        return gradients


def _outline(x: Any) -> Any:
    """Give an array of the shape and dtype of a tensor, without its elements; what else there is as it is."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if isinstance(x, Tensor) else x


def _bare(x: Any) -> Any:
    """Give a Tensor's array, or what stands for one."""
    return x.as_plain() if isinstance(x, Tensor) else x


def _as_gradient(g: Any, x: Any, with_graph: bool) -> Any:
    """Give a gradient as the walk has it: a Tensor, or what its array is; zeros for None."""
    if isinstance(g, Node) or isinstance(x, Node):
        return np.zeros(x.shape, x.dtype) if g is None else g
    if g is None:
        g = x.of_gradient(None)
    elif not isinstance(g, Tensor):
        g = x.as_constant(as_array(g))
    g = g if g.dtype == x.dtype else g.astype(x.dtype)
    return g if with_graph else g.array
