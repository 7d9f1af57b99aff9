"""What the host computes of a step: numbers of settings and of running values that lie there, as Adam's t and 1 − β₁ᵗ.

They are a step of their own, of NumPy code, that runs before the kernels; these read its results from slots of eight
bytes. So a captured graph follows a learning rate, and no kernel of one thread is started for a power of β.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft, Program
from minigrad.compiler.numpy.backend import NumpyBackend
from minigrad.compiler.passes.plan import plan_order
from minigrad.compiler.trace.sources import Source, State
from minigrad.engine.node import Node


@dataclass
class HostPart:
    """The numbers that kernels are ``given``, what is computed by NumPy code, and the code, if there is anything."""

    given: list[Node]
    computed: set[Node]
    updates: dict[Node, Any]
    program: Program | None

    @property
    def results(self) -> list[Node]:
        """The given numbers that the code computes; the others are passed."""
        return [x for x in self.given if x in self.computed]


def lies_on_host(x: Node, source: Source | None) -> bool:
    """Say whether an input is a number on the host: a setting, a float, or a running value without axes."""
    if x.weak:
        return True
    return isinstance(source, State) and not x.shape and isinstance(source.read([]), np.ndarray)


def part_host(draft: Draft) -> HostPart:
    """Find what the host is to compute of a draft, and write it."""
    inputs = {x for x, source in draft.inputs.items() if lies_on_host(x, source)}
    nodes = [*draft.plan.first, *draft.plan.second]
    computed: set[Node] = set()
    for node in nodes:
        operands = [x for x in node.inputs if isinstance(x, Node)]
        known = all(x in inputs or x in computed or (x.op is None and x.value is not None) for x in operands)
        numbers = not node.shape and all(not x.shape for x in operands)
        if operands and known and numbers and any(x in inputs or x in computed for x in operands):
            computed.add(node)
    updates = {x: value for x, value in draft.updates.items() if x in inputs}
    late = [repr(x) for x, v in updates.items() if isinstance(v, Node) and v not in computed and v not in inputs]
    if late:
        raise TypeError(f"compile: {late[0]} lies on the host, and its new value is computed on the GPU; move it there")
    read = [x for node in nodes if node not in computed for x in node.inputs]
    read += [*draft.returned, *(value for x, value in draft.plan.copies if x not in updates)]
    given = list(dict.fromkeys(x for x in read if isinstance(x, Node) and (x in inputs or x in computed)))
    results = [x for x in given if x in computed]
    program = _write(draft, results, updates, inputs) if results or updates else None
    passed = [x for x in given if x in inputs and not x.weak]
    if passed and program is not None:  # running values that kernels read as they were before
        raise TypeError(f"compile: {passed[0]!r} lies on the host, and kernels read it; move it to the GPU")
    return HostPart(given, computed, updates, program)


def _write(draft: Draft, results: Sequence[Node], updates: dict[Node, Any], inputs: set[Node]) -> Program:
    """Write the code that gives some numbers, and the new running values."""
    plan = plan_order(results, updates, lambda product: False)
    used = {x for node in (*plan.first, *plan.second) for x in node.inputs} | set(updates)
    own = {x: source for x, source in draft.inputs.items() if x in inputs and x in used}
    hints = {x: hint for x, hint in draft.hints.items() if x in own}
    return NumpyBackend().write(Draft(plan, list(results), updates, own, hints, f"{draft.name}_numbers", draft.exact))
