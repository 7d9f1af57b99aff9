"""Loops over parameters: an update rule in NumPy, written once, which the code applies to one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minigrad.compiler.backend import Draft
from minigrad.compiler.numpy.calls import write_store
from minigrad.compiler.numpy.memory import plan_arrays
from minigrad.compiler.numpy.names import Lines
from minigrad.compiler.numpy.resume import Turns
from minigrad.compiler.numpy.samples import find_samples_last
from minigrad.compiler.numpy.scalars import find_floats
from minigrad.compiler.numpy.source import Writer
from minigrad.compiler.passes.plan import plan_order
from minigrad.compiler.repeating.rule import Rule
from minigrad.engine.node import Node


class StepWriter(Writer):
    """Writes a step with what comes last in it: loops over the parameters that one update rule is for."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        copied = [value for _, value in self.plan.copies]
        self.floats = find_floats(self.plan, [*self.returned, *copied, *self.plan.needed])
        self.samples_last = find_samples_last(self.plan, self.memory, self.returned)

    def write_loops(self) -> list[Turns]:
        """Write them."""
        return [RuleWriter(self, rule).write_turns() for rule in self.plan.repeats if isinstance(rule, Rule)]


class RuleWriter(Writer):
    """Writes one loop. It shares all names with the step around it, and the memory that each turn computes in."""

    def __init__(self, outer: Writer, rule: Rule) -> None:
        self.outer, self.rule = outer, rule
        self.plan, self.returned, self.inputs = plan_order((), rule.updates, lambda product: False), [], {}
        self.begun, self.memory = set(), plan_arrays(self.plan, [], set())
        self.share(outer)

    def write_turns(self) -> Turns:
        """Write the loop: a table of what each turn takes, and the lines of a turn."""
        w, g, *states = self.rule.given
        sources = map(self.outer.inputs.get, self.rule.params[0][2:])
        hints = ["w", "g", *(getattr(source, "name", "state") for source in sources)]
        given = [self.fresh(hint) for hint in hints]
        self.taken_over = dict(zip((w, g, *states), given, strict=True))
        self.names |= {stand_in: self.outer.value(x) for stand_in, x in self.rule.shared.items()}
        for node, name in self.taken_over.items():
            self.names[node] = name
            if not node.shape and node is not g:
                self.names[node] = self.fresh(f"{name}_now")
                self.lines.append(f"{self.names[node]} = {name}[()]")
        self.write_part(self.plan.first)
        first, self.lines = self.lines, []
        for node in self.plan.second:
            self.write(node)
            self.static.discard(node)  # where it is the parameter's own array: that is another one in each turn
        for state, value in self.plan.copies:
            shape = state.shape if not getattr(value, "shape", ()) else ()
            self.lines.append(write_store(self, self.taken_over[state], shape, self.value(value), static=False))
        turns = self.write_tables(given, first)
        self.outer.lines += self.prelude
        return turns

    def write_tables(self, given: list[str], first: Lines) -> Turns:
        """Write what the turns take: once and for all, but for gradients that are another array in each call."""
        w, g, *states = given
        gradients = [x[1] for x in self.rule.params]
        fixed = all(map(self.is_static, gradients))
        table, found = self.fresh("each"), self.fresh("gradients")
        self.made += [f"{table} = (", *(f"    {row}," for row in self.write_rows(fixed)), ")"]
        names = map(self.fresh, ("turn", "left", "reached"))
        if fixed:
            return Turns(_join(given), [table], first, self.lines, *names)
        self.outer.lines.append(f"{found} = {_join(map(self.outer.value, gradients))}")
        return Turns(f"({_join([w, *states])}, {g})", [table, found], first, self.lines, *names)

    def write_rows(self, fixed: bool) -> Iterator[str]:
        """Write the arrays of each turn, the gradient too if that is ``fixed``."""
        for w, g, *states in self.rule.params:
            held = [self.outer.taken_over[x] for x in (w, *states)]
            yield _join([held[0], self.outer.value(g), *held[1:]] if fixed else held)

    def is_static(self, g: Node) -> bool:
        """Say whether a gradient is the same array in every call."""
        return bool(g.shape) and g in self.outer.static


def _join(names: Iterable[str]) -> str:
    """Write a tuple."""
    names = list(names)
    return f"({', '.join(names)}{',' * (len(names) == 1)})"
