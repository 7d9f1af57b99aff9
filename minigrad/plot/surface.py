"""A loss as a function of its parameters: computed at other values of two of them, and followed downhill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.algebra.graph import evaluate
from minigrad.algebra.trace import lift_tensors
from minigrad.engine.backward import pullback
from minigrad.engine.messages.arguments import check_count, shown, with_usage
from minigrad.engine.messages.errors import describe
from minigrad.engine.node import seed_node
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.indexing import Index

Points = NDArray[np.float64]  # (n, 2): the two parameters, at each of n moments
Loss = Tensor | Callable[[], Any]


@dataclass(frozen=True, eq=False)
class Element:
    """One number among the parameters: a tensor's own, or that at a place of it."""

    tensor: Tensor
    place: Any
    name: str

    @property
    def value(self) -> float:
        """What it is now."""
        return float(self.tensor.array[self.place])


def find_element(called: str, number: int, w: Any) -> Element:
    """Read which number w means: a parameter of one element, or an element of one, W[0, 1]."""
    way = "give a parameter of one element, or an element of one, such as W[0, 1]"
    if not isinstance(w, Tensor):
        raise TypeError(f"{called}: w{number} must be a Tensor, not {shown(w)}; {way}")
    if w.size != 1:
        first = ", ".join("0" * w.ndim)
        raise ValueError(
            f"{called}: w{number} is {describe(w)}, of shape {w.shape}, and one number is wanted; write "
            f"{w.name or 'w'}[{first}], say"
        )
    if isinstance(w.op, Index) and isinstance(w.inputs[0], Tensor) and w.inputs[0].op is None:
        whole, key = w.inputs[0], w.op.key
        places = np.arange(whole.size).reshape(whole.shape)[key]
        place = tuple(map(int, np.unravel_index(int(places.ravel()[0]), whole.shape)))
        return Element(whole, place, f"{whole.name or 'w'}[{', '.join(map(str, place))}]")
    if w.op is not None:
        raise ValueError(f"{called}: w{number} = {describe(w)} is the result of an operation; {way}")
    return Element(w, (0,) * w.ndim, w.name or f"w{to_subscript(number)}")


class Surface:
    """The loss E, computed anew from the arrays that its parameters have: a recorded Tensor, or a function without
    arguments, which is called.
    """

    def __init__(self, called: str, E: Any) -> None:
        self.called = called
        if isinstance(E, Tensor):
            if E.size != 1:
                raise ValueError(f"{called}: E must be one number, not of shape {E.shape}; take its sum() or mean()")
            self.graph, self.nodes = lift_tensors([E])
            self.leaves = [(t, node) for t, node in self.nodes.items() if t.op is None]
            self.call: Callable[[], Any] | None = None
        elif callable(E):
            self.call = E
        else:
            raise TypeError(
                f"{called}: E must be a loss, or a function without arguments that computes it, not {shown(E)}. Write "
                f"lambda: loss(model(X), T), say"
            )

    def check_depends(self, elements: Iterable[Element]) -> None:
        """Raise ValueError if a recorded loss was not computed from an element's tensor."""
        for element in elements:
            if self.call is None and not any(t is element.tensor for t, _ in self.leaves):
                raise ValueError(
                    f"{self.called}: E does not depend on {element.name}; its record was computed from "
                    f"{', '.join(t.name or 'a tensor' for t, _ in self.leaves)}"
                )

    def value(self) -> float:
        """Compute E, recording nothing."""
        if self.call is None:
            with np.errstate(all="ignore"):
                return float(np.asarray(evaluate(self.graph.outputs, self._known())[0]).reshape(()))
        with no_grad(), np.errstate(all="ignore"):
            return self._number(self.call())

    def _number(self, E: Any) -> float:
        if np.size(E) != 1:
            raise ValueError(f"{self.called}: E() must give one number, not {shown(E)} of shape {np.shape(E)}")
        return float(E.item() if hasattr(E, "item") else E)

    def leave_gradients(self, params: Sequence[Tensor]) -> float:
        """Leave ∂E/∂w in each parameter, and give E."""
        for p in params:
            p.grad = None
        if self.call is not None:
            E = self.call()
            if not isinstance(E, Tensor) or not E.requires_grad:
                raise ValueError(f"{self.called}: no gradient flows to E(); compute it with Tensors that require one")
            E.backward()
            return self._number(E)
        (output,) = self.graph.outputs
        found = pullback(output, seed_node(output))
        reached = [p for p in params if p in self.nodes and self.nodes[p] in found]
        values = evaluate([output, *(found[self.nodes[p]] for p in reached)], self._known())
        for p, g in zip(reached, values[1:], strict=True):
            p.grad = Tensor(np.broadcast_to(np.asarray(g, p.dtype), p.shape).copy())
        return float(values[0])

    def _known(self) -> dict[Any, Any]:
        return self.graph.values | {node: t.array for t, node in self.leaves}


@contextmanager
def borrowed(params: Iterable[Tensor]) -> Iterator[None]:
    """Let parameters be moved in copies of their arrays; at the end they have their own, and their gradients, again."""
    kept = {p: (p.array, p.grad) for p in params}
    try:
        for p in kept:
            p.array = p.array.copy()
        yield
    finally:
        for p, (array, grad) in kept.items():
            p.array, p.stored_grad = array, grad


@with_usage
def descend(E: Loss, w1: Tensor, w2: Tensor, optimizer: Any, steps: int = 100) -> Points:
    """Let an optimizer lower E, and give the path of two parameters: (steps + 1, 2), where they were before each step.

    E           a recorded loss, or a function without arguments that computes it, such as ``lambda: loss(model(X), T)``
    w1, w2      parameters of one element each, or elements, W[0, 1]
    optimizer   that of these parameters, and of more if there are more; it begins where they and its state are

    Everything is as it was afterwards: parameters, gradients, the optimizer's state. A path that runs away ends with
    its last finite point.
    """
    elements = find_element("descend", 1, w1), find_element("descend", 2, w2)
    surface = Surface("descend", E)
    surface.check_depends(elements)
    check_optimizer("descend", optimizer, elements)
    return follow(surface, elements, optimizer, check_count("descend", "steps", steps))


def check_optimizer(called: str, optimizer: Any, elements: Sequence[Element]) -> None:
    """Raise unless this is an optimizer of both elements' tensors."""
    if isinstance(optimizer, type) or not all(hasattr(optimizer, name) for name in ("step", "params")):
        what = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else shown(optimizer)
        raise TypeError(f"{called}: wanted an optimizer, not {what}; write minigrad.optim.Adam([w1, w2], lr=0.1), say")
    for element in elements:
        if not any(p is element.tensor for p in optimizer.params):
            raise ValueError(f"{called}: {optimizer!r} does not train {element.name}; make it of both parameters")


def follow(surface: Surface, elements: Sequence[Element], optimizer: Any, steps: int) -> Points:
    """Give the path of two elements while a copy of the optimizer takes some steps; then all is as it was."""
    mine = copy(optimizer)
    path = [[element.value for element in elements]]
    with borrowed(mine.params), np.errstate(all="ignore"):
        for _ in range(steps):
            if not np.isfinite(surface.leave_gradients(mine.params)):
                break
            if all(p.grad is None for p in mine.params):
                raise ValueError(f"{surface.called}: no gradient reaches the parameters of {optimizer!r}")
            mine.step()
            path.append([element.value for element in elements])
            if not np.isfinite(path[-1]).all():
                path.pop()
                break
    return np.array(path)


def sample(surface: Surface, elements: Sequence[Element], axes: Sequence[Points]) -> Points:
    """Compute E where the first element has each value of the first axis and the second of the second: (rows, columns).

    A row has one value of the second element, as Matplotlib wants it. Then the parameters are as they were.
    """
    first, second = elements
    found = np.empty((len(axes[1]), len(axes[0])))
    with borrowed({first.tensor: None, second.tensor: None}):
        for i, b in enumerate(axes[1]):
            second.tensor.array[second.place] = b
            for j, a in enumerate(axes[0]):
                first.tensor.array[first.place] = a
                found[i, j] = surface.value()
    return found
