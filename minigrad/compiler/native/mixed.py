"""A step with operations that native code has no loops for: runs of loops, and NumPy's own calls between them.

It is written as the NumPy backend writes it, with its names, its memory and its way of finishing an update that
has begun, but that each run of loops is one call of machine code, which reads and fills the same arrays. Such a call
costs what one of NumPy's does: a run of a single operation on five elements is no slower, so every plan is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft, lie_in_order
from minigrad.compiler.native.rules import RuleCode, RuleWriter, bind_rule
from minigrad.compiler.native.runs import RunWriter, bind_run, lay_in_order
from minigrad.compiler.native.source import NativeCode
from minigrad.compiler.numpy.backend import NumpyProgram
from minigrad.compiler.numpy.memory import find_kept, make_step, owns_memory
from minigrad.compiler.numpy.names import Lines
from minigrad.compiler.numpy.repeats import RuleWriter as TurnsWriter
from minigrad.compiler.numpy.resume import Code, Turns
from minigrad.compiler.numpy.source import Writer
from minigrad.compiler.passes.cut import Group, cut_plan, find_seen, find_sources
from minigrad.compiler.passes.fuse import find_misfits
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.memory import Memory, Step, plan_memory
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.compiler.repeating.rule import Rule
from minigrad.compiler.trace.sources import Captured
from minigrad.engine.node import Node


class MixedWriter(Writer):
    """Writes one plan, its groups in turns; ``codes`` are the runs of loops."""

    def __init__(self, draft: Draft, groups: Sequence[Group]) -> None:
        self.draft, self.groups = draft, groups
        self.codes: dict[str, NativeCode] = {}
        self.known_codes: dict[Any, str] = {}
        self.kept: dict[Node, str] = {}  # the arrays of numbers that runs read, or leave
        self.ordered: dict[Node, str] = {}
        self.refused: list[Unsupported] = []
        calls = [x for group in groups if not group.loops for node in group.nodes for x in node.inputs]
        ends = [*draft.returned, *draft.plan.needed, *(value for _, value in draft.plan.copies)]
        self.asked = set(find_sources([*calls, *ends]))
        super().__init__(draft)
        self.static -= find_unordered(draft)
        self.bind, self.lay = self.constant(bind_run, "bind_run"), self.constant(lay_in_order, "lay_in_order")
        self.scratch = self.fresh("scratch")

    def plan_memory(self) -> tuple[set[Node], dict[Node, Memory]]:
        """Let all arrays that leave a run, and those of calls, take their memory in turns."""
        steps: list[Step] = []
        for group in self.groups:
            if group.loops:
                leaving = [x for x in group.leaving if owns_memory(x, self.plan)]
                steps.append(Step(leaving, [x for x in group.reads if x.shape]))
            else:
                steps += [make_step(node, self.plan) for node in group.nodes]
        return set(), plan_memory(steps, find_kept(self.plan, self.returned))

    def write_part(self, nodes: Sequence[Node]) -> None:
        """Write the groups of the first part, or of the second, which begins with that part's first operation."""
        for group in self.groups:
            if group.late == (nodes is self.plan.second):
                if group.loops:
                    self.write_run(group)
                else:
                    super().write_part(group.nodes)

    def value(self, x: Any, like: np.dtype[Any] | None = None) -> str:
        """Write an operand; a view is taken when it is needed."""
        if isinstance(x, Node) and x not in self.names:
            views = []
            while x not in self.names and find_seen(x) is not x:
                views.append(x)
                (x,) = x.inputs
            for node in reversed(views):
                self.view(node)
            x = views[0] if views else x
        return super().value(x, like)

    # runs

    def write_run(self, group: Group) -> None:
        """Write a call of machine code, the numbers that it reads before and those that it leaves after it."""
        for x in group.leaving:
            if x in self.plan.in_place:
                self.names[x] = self.names[self.plan.in_place[x]]
                self.static.add(x)
            elif x.shape:
                self.place_array(x)
        try:
            code = RunWriter(self.draft, group, self.static).write_code()
        except Unsupported as error:
            self.refused.append(error)
            self.names |= {x: "" for x in group.leaving if not x.shape}
            return
        given = set(group.leaving)
        bound = ", ".join([self.hold_number(x, x in given) if not x.shape else self.value(x) for x in code.bound])
        passed = ", ".join([self.name_in_order(x) for x in code.passed])
        name = self.fresh("loops")
        begins = f", {code.begins}, {code.shifts}" if any(code.begins) or code.shifts else ""
        self.made.append(f"{name} = {self.bind}({self.name_code(code)}, {self.scratch}, [{bound}]{begins})")
        number = len(group.nodes)
        self.lines.append(f"{name}({passed})  # {number} operation{'s' if number > 1 else ''}")
        for x in group.leaving:
            if not x.shape and x in self.asked:
                self.names[x] = self.fresh("v")
                self.lines.append(f"{self.names[x]} = {self.kept[x]}{'.item()' if x.weak else '[()]'}")

    def write_loops(self) -> list[Turns]:
        """Write the loops over parameters: one call of machine code each, or else the turns, in NumPy."""
        turns = []
        for rule in (x for x in self.plan.repeats if isinstance(x, Rule)):
            try:
                code = RuleWriter(self.draft, rule).write_code()
            except Unsupported:
                turns.append(TurnsWriter(self, rule).write_turns())
            else:
                self.write_rule(rule, code)
        return turns

    def write_rule(self, rule: Rule, code: RuleCode) -> None:
        """Write the call of a loop, and before it what gives gradients the place in which it reads them."""
        bound = ", ".join(self.hold(rule.shared.get(x, x)) for x in code.bound)
        rows, name = self.fresh("rows"), self.fresh("rule")
        self.made += [f"{rows} = (", *(f"    ({self.write_row(*given)})," for given in rule.params), ")"]
        bind = self.constant(bind_rule, "bind_rule")
        self.made.append(f"{name} = {bind}({self.name_code(code)}, {self.scratch}, [{bound}], {rows})")
        self.lines.append(f"{name}()  # {len(rule.params)} parameters")

    def write_row(self, w: Node, g: Node, *states: Node) -> str:
        """Write the arrays of a turn."""
        return ", ".join([self.taken_over[w], self.hold(g), *(self.taken_over[x] for x in states)])

    def hold(self, x: Node) -> str:
        """Name an array that is the same in every call, whose elements lie in order: a copy, if there is none."""
        if not x.shape:
            return self.hold_number(x, given=False)
        if x in self.static and layout(x).strides == contiguous_strides(x.shape):
            return self.value(x)
        name = self.fresh("held")
        self.made.append(f"{name} = np.empty({x.shape}, np.{x.dtype.name})")
        self.lines.append(f"{name}[...] = {self.value(x)}")
        return name

    def name_code(self, code: NativeCode) -> str:
        """Name the machine code of a run; equal runs, as those of a network's equal layers are, are compiled once."""
        key = (code.source, code.quick, *((x.ndim, x.dtype) for x in code.passed))
        if key not in self.known_codes:
            self.known_codes[key] = self.fresh("code")
            self.codes[self.known_codes[key]] = code
        return self.known_codes[key]

    def hold_number(self, x: Node, given: bool) -> str:
        """Name the array that a number is kept in, and put it there if no run has; each of them once in a step."""
        if x not in self.kept:
            self.kept[x] = self.fresh("kept")
            self.made.append(f"{self.kept[x]} = np.empty((), np.{x.dtype.name})")
            if not given:
                self.lines.append(f"{self.kept[x]}[...] = {super().value(x)}")
        return self.kept[x]

    def name_in_order(self, x: Node) -> str:
        """Name an array that a run is passed; one from outside need not lie in order."""
        if x.op is not None:
            return self.value(x)
        if x not in self.ordered:
            self.ordered[x] = self.fresh(f"{self.value(x)}_in_order")
            self.prelude.append(f"{self.ordered[x]} = {self.lay}({self.value(x)})")
        return self.ordered[x]

    def assemble(self, first: Lines, second: Lines, results: list[str], loops: Sequence[Turns] = ()) -> Code:
        """Put everything together; raises ``Unsupported`` for all that runs have refused."""
        if self.refused:
            refusals = [x for error in self.refused for x in error.refusals]
            raise Unsupported(*refusals, nodes=[x for error in self.refused for x in error.nodes])
        nbytes = max(code.nbytes for code in self.codes.values())
        self.made.insert(0, f"{self.scratch} = np.empty({nbytes}, np.uint8)")
        return super().assemble(first, second, results, loops)


def find_unordered(draft: Draft) -> set[Node]:
    """Give the arrays from outside that loops cannot read as they lie: each call takes a copy, as of arguments."""
    captured = {x: source.array for x, source in draft.inputs.items() if isinstance(source, Captured)}
    return {x for x, array in captured.items() if x not in draft.updates and not lie_in_order([array])}


class MixedProgram(NumpyProgram):
    """NumPy code that calls runs of loops; ``calls`` are its other operations, and why they are no loops."""

    def __init__(self, code: Code, runs: Mapping[str, NativeCode], draft: Draft, calls: Sequence[Refusal]) -> None:
        super().__init__(code, draft.name, len(draft.returned), in_place=True)
        loops = [run.source.replace("step", name, 1) for name, run in runs.items()]
        self.calls, self.source = calls, "\n\n".join([*loops, code.source])
        unordered = find_unordered(draft)
        self.ordered = [i for i, x in enumerate(code.bound) if x not in unordered]

    def find_misfit(self, arrays: Sequence[Any]) -> str:
        """Refuse parameters that loops could not write to."""
        return super().find_misfit([arrays[i] for i in self.ordered])

    def write_epochs(self, arguments: Sequence[str]) -> Callable[..., None]:
        """Refuse: a loop over batches in machine code could not call Python."""
        raise Unsupported("Python calls the loops, and what is between them")


def write_mixed(
    draft: Draft, calls: Mapping[Node, str], compile_step: Callable[[NativeCode], Callable[..., Any]]
) -> MixedProgram:
    """Write a step some of whose operations are ``calls``, for a reason each; raises ``Unsupported`` if all are."""
    plan = draft.plan
    calls = find_misfits(plan) | dict(calls)
    while True:
        for product, node in plan.drawn_in.items():
            calls |= {x: calls[y] for x, y in ((product, node), (node, product)) if y in calls}
        called = [x for x in (*plan.first, *plan.second) if x in calls]
        reasons = list(dict.fromkeys(Refusal(repr(node.op), calls[node]) for node in called))
        groups = cut_plan(plan, calls, [*draft.returned, *draft.updates.values(), *plan.needed])
        if not any(group.loops for group in groups):
            raise Unsupported(*reasons)
        writer = MixedWriter(draft, groups)
        try:
            code = writer.write_code()
        except Unsupported as error:
            if calls.keys() >= set(error.nodes):  # none, or what is a call already: it would be refused without end
                raise
            calls |= dict.fromkeys(error.nodes, error.refusals[0].reason)
        else:
            code.constants |= {name: compile_step(run) for name, run in writer.codes.items()}
            return MixedProgram(code, writer.codes, draft, reasons)
