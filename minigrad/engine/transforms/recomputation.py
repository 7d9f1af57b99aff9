"""checkpoint: a part of a computation that is computed again for its gradient, instead of being kept."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from minigrad.engine.backward import pullback
from minigrad.engine.node import Node
from minigrad.engine.operand import Operand
from minigrad.engine.recording import (
    drawing,
    drawn_by,
    is_paused,
    latest_serial,
    leaf_serial,
    mapped_by,
    mapping,
    recorded,
    traced_by,
    tracer,
)
from minigrad.engine.tensor import Tensor, constant_tensor
from minigrad.engine.transforms.calls import Call, part_joined
from minigrad.engine.transforms.evaluation import name_function_of
from minigrad.engine.transforms.frugal import Frugal
from minigrad.engine.transforms.functional import Transformed, check_function
from minigrad.engine.transforms.lanes import Lanes
from minigrad.engine.transforms.marks import Marking
from minigrad.engine.transforms.products import join_leaves
from minigrad.engine.transforms.trees import fill_tree, list_leaves
from minigrad.ops.elementwise import identity


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give f, of whose computation nothing is kept but the arguments: it is computed again when its gradient is due.

    A chain of n layers in √n such parts keeps √n values, and those of the part that is gone through: memory of 2 √n
    instead of n, for one more evaluation. Within a part it keeps only what rules of gradients read. Gradients of
    any order, to arguments and to Tensors that f reads, are as without it; so are random draws of layers. Under
    ``compile`` and ``vmap`` it is f itself. What f changes outside itself, as a count of its calls, it changes again;
    running averages of layers follow a batch once.

    Raises ``RuntimeError``, when the gradient is taken, if f does not compute again what it did, of the same numbers.

    >>> from minigrad import grad
    >>> float(grad(checkpoint(np.exp))(0.0))
    1.0
    """
    check_function("checkpoint", f)
    return Transformed(_checkpoint, f)


def _checkpoint(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    tracing = tracer()
    if (tracing is not None and not isinstance(tracing, Frugal)) or mapping() is not None or is_paused():
        return f(*args, **kwargs)
    return _Part(f, (args, kwargs)).compute()


class _Part:
    """One evaluation of f, by what it starts from: leaves of its arguments, and Tensors that it reads from outside."""

    def __init__(self, f: Callable[..., Any], given: Any) -> None:
        self.f, self.given, self.leaves, self.draws = f, given, list_leaves(given), _Draws(_find_outside())
        self.places = [i for i, x in enumerate(self.leaves) if isinstance(x, Tensor) and x.requires_grad]
        self.flowing: list[int] = []
        self.outside: list[Tensor] = []
        self.held: list[Any] = []  # their arrays
        self.mark = 0

    def compute(self) -> Any:
        """Give f's value, recorded as one operation on what it starts from."""
        start, marking = latest_serial(), Marking(lets_go=True)
        with drawn_by(self.draws), traced_by(marking):
            value = self.evaluate([_make_leaf(self.leaves[i].array) for i in self.places])
        self.mark = marking.mark
        outputs = list_leaves(value)
        self.flowing = [i for i, x in enumerate(outputs) if isinstance(x, Tensor) and x.serial >= start]
        self.outside = _find_older([outputs[i] for i in self.flowing], start)
        self.held = [x.array for x in self.outside]
        operands = (*(self.leaves[i] for i in self.places), *self.outside)
        if not self.flowing:
            return value
        joined = join_leaves([outputs[i] for i in self.flowing])
        result = constant_tensor(joined.array)
        op = Call(
            getattr(self.f, "__name__", type(self.f).__name__), len(operands), self.compute_again, self.pull, result
        )
        result.record_operation(op, operands, tuple(x.array for x in operands))
        parts = part_joined(result, [outputs[i] for i in self.flowing])
        for i, part in zip(self.flowing, parts, strict=True):
            outputs[i] = part
        return fill_tree(value, iter(outputs))

    def evaluate(self, variables: Sequence[Tensor]) -> Any:
        """Compute f, with variables in the place of what a gradient flows to."""
        chosen = dict(zip(self.places, variables, strict=True))
        args, kwargs = fill_tree(self.given, (chosen.get(i, x) for i, x in enumerate(self.leaves)))
        return self.f(*args, **kwargs)

    def compute_again(self, *arrays: Any) -> Any:
        """Give the vector of the value for other arguments' arrays."""
        outputs = list_leaves(self.evaluate(arrays[: len(self.places)]))
        return join_leaves([outputs[i] for i in self.flowing])

    def pull(self, g: Any, y: Any, inputs: Sequence[Any]) -> list[Any]:
        """Compute f again, and carry the gradient back to where it started."""
        with_graph = any(isinstance(x, Tensor) for x in inputs)
        starts = inputs[: len(self.places)]
        if isinstance(g, Node):  # of a derivation, which has expressions for arguments alone
            if self.outside:
                raise TypeError(
                    f"{name_function_of('checkpoint', self.f)}: a derivation cannot look into it, since it reads "
                    f"tensors from outside. Pass them as arguments, or call the function itself."
                )
            found = pullback(self.compute_again(*inputs), g, ends=set(starts))
            return [found.get(x, np.zeros(x.shape, x.dtype)) for x in starts]
        with recorded(), drawn_by(self.draws.again()), mapped_by(_find_mapping(inputs)):
            variables = [identity(x) if isinstance(x, Tensor) else _make_leaf(x) for x in starts]
            since = latest_serial() - len(variables)
            unmarked = mapping() is not None or (with_graph and tracer() is not None)
            marking = None if unmarked else Marking(lets_go=not with_graph)
            with nullcontext() if marking is None else traced_by(marking):
                outputs = list_leaves(self.evaluate(variables))
            joined = join_leaves([outputs[i] for i in self.flowing])
            ends = {*variables, *self.outside}
            same = _are_alike(joined.array, y.array if with_graph else y) and (marking or self).mark == self.mark
            same = same and all(_are_alike(x.array, array) for x, array in zip(self.outside, self.held, strict=True))
            if not same or _find_older([joined], since, ends):
                raise RuntimeError(
                    f"{name_function_of('checkpoint', self.f)}: computed again, it does not give what it did. What it "
                    f"reads has been changed since, or it draws random numbers of its own; pass them as arguments."
                )
            found = pullback(joined, g, create_graph=with_graph, ends=ends)
        starts = (*variables, *self.outside)
        zeros = (np.zeros_like(x.array) for x in starts)
        return [found.get(x, constant_tensor(z) if with_graph else z) for x, z in zip(starts, zeros, strict=True)]


def _find_mapping(inputs: Sequence[Any]) -> Any:
    """Give the vmap that f was called in, which is that of its arguments: the walk back may be in lanes of its own."""
    levels = [x for x in inputs if getattr(x, "level", 0)]
    return max(levels, key=lambda x: x.level).mapping if levels else None


def _are_alike(a: Any, b: Any) -> bool:
    """Say whether two arrays of one library, which need not be NumPy's, have the same elements, NaN being one.

    Of lanes all are compared; what is not known yet is believed.
    """
    if isinstance(a, Operand) or isinstance(b, Operand):
        a, b = _find_known(a), _find_known(b)
        return a is None or b is None or bool(((a == b) | ((a != a) & (b != b))).all())  # one may be for all lanes
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def _find_known(x: Any) -> Any:
    """Give the array of what stands for one, of lanes that of all of them; None where it is not known yet."""
    while isinstance(x, Operand):
        known = x.has_data or isinstance(x.array, Lanes)
        x = x.stack if isinstance(x, Lanes) else x.array if known else None
    return x


def _find_outside() -> Any:
    """Give what draws random numbers around this, other than a checkpoint; or None."""
    outside = drawing()
    while isinstance(outside, _Draws | _Redraws):
        outside = outside.outside
    return outside


class _Draws:
    """The random numbers of an evaluation, as the states that their generators had; drawn by whoever did so outside."""

    def __init__(self, outside: Any) -> None:
        self.outside, self.states = outside, list[Any]()

    def random(self, rng: Any, shape: tuple[int, ...]) -> Any:
        """Draw, and remember from what state."""
        self.states.append(rng.bit_generator.state)
        return rng.random(shape) if self.outside is None else self.outside.random(rng, shape)

    def again(self) -> _Redraws:
        """Give what draws the same numbers once more."""
        return _Redraws(iter(self.states), self.outside)


class _Redraws:
    is_again = True

    def __init__(self, states: Iterator[Any], outside: Any) -> None:
        self.states, self.outside = states, outside

    def random(self, rng: Any, shape: tuple[int, ...]) -> Any:
        """Draw from a generator of the same kind in the state remembered."""
        copy = np.random.Generator(type(rng.bit_generator)())
        copy.bit_generator.state = next(self.states)
        return copy.random(shape) if self.outside is None else self.outside.random(copy, shape)


def _make_leaf(array: Any) -> Tensor:
    """Give a tensor of an array that nothing has yet been computed from."""
    t = constant_tensor(array)
    t.serial, t.born, t.stored_grad = leaf_serial(), -1, None
    return t


def _find_older(results: Sequence[Tensor], start: int, ends: Container[Tensor] = ()) -> list[Tensor]:
    """Give what results were computed from that is older than a serial number, but ``ends``, as it is met."""
    seen: dict[int, Tensor] = {}
    older: dict[int, Tensor] = {}
    stack = list(results)
    while stack:
        x = stack.pop()
        if not isinstance(x, Tensor) or x.serial <= 0 or id(x) in seen or x in ends:
            continue
        seen[id(x)] = x
        if x.serial < start:
            older[id(x)] = x
        else:
            stack += x.inputs
    return list(older.values())
