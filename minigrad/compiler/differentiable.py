"""A call of compiled code as one operation in the caller's record, with a gradient that is compiled, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.compiler.tape import Tape
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor, constant_tensor
from minigrad.engine.transforms.functional import grad
from minigrad.ops.base import EachInput, Op, Shape

Compile = Callable[[Callable[..., Any]], Callable[..., Any]]


class Pullback:
    """What is the same in all calls of one trace: each output's tape, and its gradient, compiled when first asked for.

    ``inputs`` are the trace's inputs, in the order in which a call gives them, and ``positions`` say where the outputs
    of the tape are among the results.
    """

    def __init__(self, tape: Tape, positions: list[int], inputs: list[Node], name: str, compile: Compile) -> None:
        self.tape, self.positions, self.inputs, self.name, self.compile = tape, positions, inputs, name, compile
        self.reached = [self._reached(output) for output in tape.outputs]
        self.gradients: dict[tuple[int, bool], Callable[..., Any]] = {}

    def _reached(self, output: int) -> tuple[int, ...]:
        leaves = self.tape.find_leaves(output)
        return tuple(i for i, node in enumerate(self.inputs) if node in leaves)

    def replay(self, k: int, inputs: tuple[Any, ...]) -> Any:
        """Give output k of some inputs, by the operations that the function consists of."""
        return self.tape.replay(self.tape.outputs[k], dict(zip(self.inputs, inputs, strict=True)))

    def gradient(self, k: int, guarded: bool) -> Callable[..., Any]:
        """Give the code of ∂E/∂inputs, a tuple of those that output k depends on, from g = ∂E/∂output and inputs.

        ``guarded`` where the output's elements were chosen among: 0 · ∞ means 0 then, as in ``apply_guarded``.
        """
        if (k, guarded) not in self.gradients:

            def gradient(g: Any, *inputs: Any) -> Any:
                def weighted(*given: Any) -> Any:
                    y = self.replay(k, given)
                    return ((y[...] if guarded else y) * g).sum()  # an index is a choice, too

                return grad(weighted, self.reached[k])(*inputs)

            gradient.__name__ = f"gradient_of_{self.name}"
            self.gradients[k, guarded] = self.compile(gradient)
        return self.gradients[k, guarded]

    def record(self, results: list[Any], given: tuple[Any, ...]) -> list[Any]:
        """Give what a call has computed: outputs of the tape as Tensors, with their record."""
        values = tuple(x.array if isinstance(x, Tensor) else x for x in given)
        kept = list(results)
        for k, (position, reached) in enumerate(zip(self.positions, self.reached, strict=True)):
            inputs = tuple(x if i in reached else values[i] for i, x in enumerate(given))
            kept[position] = constant_tensor(results[position])
            if any(isinstance(x, Tensor) and x.serial > 0 for x in inputs):
                kept[position].record_operation(CompiledCall(self, k), inputs, values)
        return kept


class CompiledCall(Op):
    """One output of one call of a compiled function."""

    letters, text, opens = "x", "{x}", True

    def __init__(self, pullback: Pullback, k: int) -> None:
        self.name, self.pullback, self.k = pullback.name, pullback, k
        self.latest: tuple[Any, Any, Any] = (None, None, None)

    def forward(self, *arrays: Any) -> Any:
        """Compute the output anew."""
        return self.pullback.replay(self.k, arrays)

    definition = forward

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the output."""
        return np.shape(self.forward(*(np.zeros(shape) for shape in shapes)))

    def pull(self, guarded: bool, i: int, g: Any, y: Any, *inputs: Any) -> Any:
        """Give ∂E/∂input i; all inputs' are computed at once, and kept for the next one that is asked for."""
        g_before, y_before, gradients = self.latest
        if g_before is not g or y_before is not y:
            gradients = self.pullback.gradient(self.k, guarded)(g, *inputs)
            self.latest = (g, y, gradients)
        if i == self.pullback.reached[self.k][-1]:
            self.latest = (None, None, None)
        return gradients[self.pullback.reached[self.k].index(i)]

    vjps = EachInput(lambda i, op, g, y, *inputs: op.pull(False, i, g, y, *inputs))
    guarded_vjps = EachInput(lambda i, op, g, y, *inputs: op.pull(True, i, g, y, *inputs))
