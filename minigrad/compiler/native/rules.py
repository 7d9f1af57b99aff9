"""A loop of machine code over the parameters that one update rule is for: a table says where each turn's arrays lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft
from minigrad.compiler.native.build import make_context
from minigrad.compiler.native.registry import ARRAYS, DTYPES, find_calls
from minigrad.compiler.native.runs import RunCode, lay_in_order
from minigrad.compiler.native.source import NativeWriter, count_work
from minigrad.compiler.native.values import ALIGNED, is_long
from minigrad.compiler.passes.plan import plan_order
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.compiler.repeating.rule import Rule
from minigrad.engine.node import order_nodes


@dataclass
class RuleCode(RunCode):
    """The source of a loop, bound to numbers and arrays that all turns share, and to the table behind them."""


class RuleWriter(NativeWriter):
    """Writes one loop; ``shared`` are the inputs that are the same in all turns."""

    def __init__(self, draft: Draft, rule: Rule) -> None:
        plan = plan_order((), rule.updates, lambda product: False)
        super().__init__(replace(draft, plan=plan, returned=[], updates=rule.updates, inputs={}))
        self.rule, self.rolled = rule, is_long(draft.plan)
        own = set(rule.given)
        self.bound = [x for x in order_nodes(rule.values) if x.op is None and x.value is None and x not in own]
        calls = find_calls([*plan.first, *plan.second])
        if calls:
            raise Unsupported(*(Refusal(repr(x.op), reason) for x, reason in calls.items()))

    def write_code(self) -> RuleCode:
        """Write everything."""
        self.allocate_memory()
        self.name_inputs()
        heads = []
        for i, x in enumerate(self.rule.given):
            self.pointers[x] = pointer = f"each{i}_{DTYPES[x.dtype.name]}"
            heads.append(f"{pointer} = pointer{DTYPES[x.dtype.name]}(rows[e * {len(self.rule.given)} + {i}])")
            if not x.shape:
                self.names[x] = f"now{i}_{DTYPES[x.dtype.name]}"
                heads.append(f"{self.names[x]} = {pointer}[0]")
        self.write_units()
        for state, value in self.plan.copies:
            self.copy(state, value)
        bound = [*self.bound, *self.constants]
        turns = len(self.rule.params)
        loop = [f"for e in range({turns}):", *(f"    {line}" for line in (*heads, *self.lines))]
        self.lines = [f"rows = pointeri64(context[{ARRAYS + len(bound)}])", *loop]
        body = [*self.opening(), *self.lines, "return 0"]
        return RuleCode(
            source="\n".join(["def step(address):", *(f"    {line}" for line in body), ""]), bound=bound, passed=[],
            nbytes=self.nbytes + self.scratch + ALIGNED, outputs=[], numbers=[], weak=frozenset(), places={},
            quick=False, exact=self.exact, rolled=self.rolled, begins=[], shifts=[],
        )  # fmt: skip

    def work(self) -> int:
        """Count the elements of all turns."""
        return len(self.rule.params) * count_work([*self.plan.first, *self.plan.second])


def bind_rule(
    compiled: Callable[..., Any], memory: Any, arrays: Sequence[Any], rows: Sequence[Sequence[Any]]
) -> Callable[..., Any]:
    """Give a loop that is bound to what its turns share, and to the arrays of each turn, all of which it keeps."""
    held = [lay_in_order(x) for x in arrays]
    table = np.array([[x.ctypes.data for x in row] for row in rows], np.intp)
    context = np.concatenate([make_context(memory, held), np.array([table.ctypes.data], np.intp)])
    run = partial(compiled, context.ctypes.data)
    run.held = (memory, context, held, table, rows)  # type: ignore[attr-defined]
    return run
