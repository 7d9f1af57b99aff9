"""Every operation and its local derivatives, written by its own rules called with Nodes."""

from __future__ import annotations

import inspect
from types import ModuleType

from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.ops import arithmetic, cumulative, elementwise, fft, indexing, linalg, parts, reduction, shaping
from minigrad.ops.base import Op
from minigrad.ops.elements import between, exponential, families, logic, rounding, signs, slopes, trigonometric
from minigrad.ops.matrices import decompositions, eigenpairs, einsum, inverses, norms, singular
from minigrad.ops.networks import activations, convolution, normalization, pooling, windows
from minigrad.ops.places import assignment, moving, own_memory, positions, sliding, sorting

GROUPS: tuple[ModuleType, ...] = (
    *(
        arithmetic,
        elementwise,
        activations,
        trigonometric,
        exponential,
        rounding,
        signs,
        logic,
        families,
        slopes,
        between,
    ),
    *(parts, reduction, cumulative, shaping, own_memory, indexing, assignment, moving, sorting, positions, sliding),
    *(linalg, einsum, inverses, decompositions, eigenpairs, singular, norms, fft),
    *(windows, pooling, convolution, normalization),
)


def operations() -> list[Op]:
    """Give one of each differentiable operation, in the order in which the modules define them."""
    found: dict[str, Op] = {}
    for module in GROUPS:
        for thing in vars(module).values():
            if inspect.isclass(thing) and issubclass(thing, Op) and thing.__module__ == module.__name__:
                thing = thing(*thing.example) if "name" in vars(thing) and thing.fields else None
            if isinstance(thing, Op) and thing.differentiable:
                found.setdefault(repr(thing), thing)
    return list(found.values())


def table_rows() -> list[tuple[str, str, list[str]]]:
    """Give (name, ``y = tanh(x)``, [``∂E/∂x = g (1 − y²)``, …]) for every operation, where g = ∂E/∂y.

    The inputs are square matrices, so that every operation applies to them.
    """
    table = []
    for op in operations():
        inputs = tuple(Node(name=letter, shape=(3, 3), dtype=int if letter == "i" else float) for letter in op.letters)
        called = op(*inputs)
        output = "u" if "y" in op.letters else "y"
        y, g = (Node(name=name, shape=called.shape) for name in (output, "g"))
        rules = (op.vjps[i] for i in range(len(inputs)))
        gradients = [
            f"∂E/∂{x.name} = {text(rule(op, g, y, *inputs))}" for x, rule in zip(inputs, rules, strict=True) if rule
        ]
        table.append((op.name, f"{output} = {text(called)}", gradients))
    return table
