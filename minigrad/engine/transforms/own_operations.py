"""An operation of one's own, stated as ours are: its value, its local derivatives and its notation, in one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.debugging.gradcheck import gradcheck
from minigrad.engine.transforms.functional import check_function, grad
from minigrad.ops.base import Elementwise, Op, Rule, Shape
from minigrad.ops.common.alphabet import name_operands
from minigrad.ops.elements.slopes import zero


class Checked(Op):
    """An operation that compares its rules with finite differences."""

    def check(self, *arrays: Any, order: int = 2, **options: Any) -> bool:
        """Compare the derivatives of first order, and up to ``order``, with differences; return True or raise.

        The arrays are the operands, numbers between 0 and 1 if none are given; ``options`` are those of ``gradcheck``.
        Raises ``GradientError`` that names the operand and the element.
        """
        rng = np.random.default_rng(0)
        points = arrays or tuple(rng.uniform(0.1, 0.9, (3, 3)) for _ in self.letters)
        floating = [i for i, x in enumerate(points) if np.asarray(x).dtype.kind == "f"]

        def applied(*chosen: Any) -> Any:
            given = dict(zip(floating, chosen, strict=True))
            return self(*(given.get(i, x) for i, x in enumerate(points)))

        def slope(f: Callable[..., Any], i: int) -> Callable[..., Any]:
            return grad(lambda *chosen: np.sum(f(*chosen)), i)

        functions = [applied]
        for n in range(order):
            for f in functions:
                gradcheck(f, *(points[i] for i in floating), **options)
            if n + 1 < order:
                functions = [slope(f, i) for f in functions for i in range(len(floating))]
        return True


class OwnElementwise(Checked, Elementwise):
    """A function of each element, by the derivative ∂y/∂input of each of its inputs."""


class OwnOperation(Checked):
    """A function of whole arrays, by the gradient ∂E/∂input of each of its inputs, from g = ∂E/∂y."""

    def __init__(self, forward: Callable[..., Any], gradients: Sequence[Rule | None], text: str, binds: int) -> None:
        self.name, self.text, self.binds = forward.__name__, text, binds
        self.forward = forward  # type: ignore[method-assign]
        self.letters = name_operands(len(gradients))
        self.vjps = tuple(rule and _of_op(rule) for rule in gradients)
        self.differentiable = any(gradients)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the value of ones."""
        return np.shape(self.forward(*map(np.ones, shapes)))

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the floating-point dtype that the inputs have together."""
        return np.result_type(*dtypes, *(() if np.result_type(*dtypes).kind in "fc" else (np.float64,)))


def _of_op(rule: Rule) -> Rule:
    return lambda op, g, y, *inputs: rule(g, y, *inputs)


def operation(
    *derivatives: Rule | None, gradients: Sequence[Rule | None] = (), text: str = "", binds: int = 5
) -> Callable[[Callable[..., Any]], Any]:
    """Make an operation of a function of arrays: ``@operation(lambda y, x: ∂y/∂x, text="f({x})")``.

    Of a function of each element ``derivatives`` are ∂y/∂input by (y, *inputs), one an input, and the chain rule
    multiplies by g = ∂E/∂y; of one of whole arrays ``gradients`` are ∂E/∂input by (g, y, *inputs). Written in NumPy's
    syntax, and with operations, they are differentiated in turn; None is for an input that none goes to. ``text`` is
    the notation, with the function's own parameters in braces; ``binds`` says how tightly it holds together: 1 sum,
    2 product, 3 sign, 4 power, 5 atom.

    >>> @operation(lambda y, x: 1 - y**2, text="tanh({x})")
    ... def squashed(x):
    ...     return np.tanh(x)
    >>> squashed.check()
    True
    """
    if len(derivatives) > 0 and gradients:
        raise TypeError("operation: wanted derivatives (of each element) or gradients (of whole arrays), not both.")
    rules = tuple(gradients or derivatives)
    for rule in rules:
        if rule is not None:
            check_function("operation", rule)

    def decorate(f: Callable[..., Any]) -> Any:
        check_function("operation", f)
        names = list(inspect.signature(f).parameters)
        if len(names) != len(rules) or len(rules) > 6:
            raise TypeError(
                f"operation {f.__name__}: it has {len(names)} inputs, {', '.join(names)}, and {len(rules)} "
                f"derivatives. Give one an input, and None where there is none."
            )
        letters = name_operands(len(names))
        own = text or f"{f.__name__}({', '.join(f'{{{name}}}' for name in names)})"
        try:
            written = own.format(**{name: f"{{{letter}}}" for name, letter in zip(names, letters, strict=True)})
        except (KeyError, IndexError) as error:
            raise ValueError(
                f"operation {f.__name__}: the notation {own!r} has {error} in braces; its inputs are "
                f"{', '.join(names)}."
            ) from error
        if gradients:
            op: Any = OwnOperation(f, rules, written, binds)
        else:
            given = (rule or zero for rule in rules) if any(rules) else rules
            op = OwnElementwise(f.__name__, f, *given, text=written, binds=binds)
        op.__module__, op.__doc__ = f.__module__, f.__doc__
        return op

    return decorate
