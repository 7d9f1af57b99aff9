"""Variant: one trace of a function, as code for one backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from minigrad.algebra.graph import Graph
from minigrad.compiler.backend import Backend, Draft, Program, lay_in_order
from minigrad.compiler.calls.collecting import collector_paused
from minigrad.compiler.calls.entry import write_entry
from minigrad.compiler.calls.watched import Holding, Watched
from minigrad.compiler.differentiable import Pullback
from minigrad.compiler.lowered import lower_record
from minigrad.compiler.passes.lower import (
    copy_array,
    hold_input,
    hold_output,
    part_arrays,
    restore_type,
    unspread,
)
from minigrad.compiler.passes.plan import plan_order
from minigrad.compiler.record import Record
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.compiler.repeating.rule import describe_rules, lower_rules
from minigrad.compiler.rolling.loop import describe_loops
from minigrad.compiler.rolling.turn import fit_bodies
from minigrad.compiler.trace.links import Key, renew_links
from minigrad.compiler.trace.numbers import find_changed, is_number
from minigrad.compiler.trace.sources import Argument, Captured, Data, Draw, Source, State
from minigrad.compiler.trace.write_back import are_apart
from minigrad.compiler.unrolled import explain_unrolled
from minigrad.engine.node import Node, forget_alike


class CacheInfo(NamedTuple):
    """How often a compiled function was replayed (hits) and traced (misses), and how many traces it keeps."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


@dataclass(frozen=True)
class Report:
    """Which backend runs a step, and what those that were asked before it have refused: operations, and why.

    ``calls`` are the operations that Python calls between loops of that backend, and why; ``loop`` says why ``epochs``
    loops in Python around code that could loop itself; ``rolled`` says what repeats in the step and is a loop of its
    code, ``unrolled`` which lines' loops are none, and why, ``whole`` of which all turns were traced, and why. Printed,
    each of them is a line.
    """

    backend: str
    refused: tuple[tuple[str, Refusal], ...] = ()
    loop: tuple[Refusal, ...] = ()
    calls: tuple[Refusal, ...] = ()
    rolled: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    unrolled: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = dict.fromkeys(f"  not {backend}: {refusal}" for backend, refusal in self.refused)
        calls = [f"  a call between its loops: {refusal}" for refusal in self.calls]
        loops = [f"  epochs loops in Python: {refusal}" for refusal in self.loop]
        rolled = [f"  a loop: {x}" for x in self.rolled]
        rolled += [f"  no loop: {x}" for x in self.unrolled]
        rolled += [f"  all turns are traced: {x}" for x in self.whole]
        return "\n".join([f"The step runs as {self.backend} code.", *rolled, *lines, *calls, *loops])

    __repr__ = __str__


class Variant:
    """One trace of a function, as code."""

    program: Program
    graph: Graph
    rolled: tuple[str, ...] = ()

    def __init__(
        self,
        record: Record,
        name: str,
        hints: dict[Node, str],
        backend: Backend,
        compile: Callable[[Callable[..., Any]], Callable[..., Any]],
        exact: bool = False,
    ) -> None:
        self.record, self.name, self.hints, self.backend, self.exact = record, name, hints, backend, exact
        self.refused: list[tuple[str, Refusal]] = []
        self.refused_loop: list[Refusal] = []
        self.compile, self.pullback, self.watched = compile, None, Watched(record)
        if record.tape is not None:
            self.pullback = Pullback(record.tape, record.taped, list(record.inputs), name, compile)
        self.write()

    def write(self) -> None:
        """Write the code, for the backend's fallback where it refuses."""
        try:
            self.program = self.write_for(self.backend)
        except Unsupported as error:
            self.fall_back(error)
            return
        forget_alike([*self.record.inputs, *self.record.outputs, *self.graph.outputs])
        program, sources = self.program, self.record.inputs
        self.bound = [sources[x] if x in sources else Captured(lay_in_order(x.value), None) for x in program.bound]
        self.passed = [sources[x] for x in program.passed]
        # the arrays from outside, which the user may have put others in the place of, or given another shape
        pairs = zip(self.bound, program.bound, strict=True)
        own = set(sources.values())
        self.states = [(s, x.shape, x.dtype) for s, x in pairs if isinstance(s, Data | Captured) and s in own]
        self.arrays: list[Any] = []  # those that the idle steps compute with
        self.idle: list[Any] = []
        self.tensors = [source.tensor for source in self.bound if isinstance(source, Data)]
        self.held = Holding()
        self.enter: Any = None

    def fall_back(self, error: Unsupported) -> None:
        """Write the code for the backend's fallback, and remember why."""
        if self.backend.fallback is None:
            raise error
        self.refused += [(self.backend.name, refusal) for refusal in error.refusals]
        self.backend = self.backend.fallback
        self.write()

    def write_for(self, backend: Backend) -> Program:
        """Lower, plan and write the trace for a backend."""
        record = self.record
        parted = record.part(backend.repeats)
        if self.exact not in record.lowered:  # a backend that another falls back on need not do so again
            record.lowered[self.exact] = lower_record(record, self.exact, backend.rolls, backend.repeats)
        values = record.lowered[self.exact]
        values = values if self.exact else fit_bodies(backend.arrange(values), backend.arrange)
        values = fit_bodies(backend.fit(values), backend.fit)
        self.rolled = tuple(describe_loops(values))
        values = [restore_type(x, like) for x, like in zip(values, parted.outputs, strict=True)]
        end = len(values) - parted.gradients
        gradients = [hold_input(x) for x in values[end:]]
        values = [hold_output(x) for x in values[:end]]
        rules = lower_rules(parted.repeats, gradients, backend.fit, self.exact)
        self.rolled += tuple(describe_rules(rules))
        n, m = len(record.returned), len(parted.updates)
        updates = {state: unspread(x) for (state, _), x in zip(parted.updates, values[n : n + m], strict=True)}
        stored = {x for x in updates.values() if isinstance(x, Node) and x.shape}
        returned = [copy_array(x) if x in stored else x for x in [*values[:n], *values[n + m :]]]
        returned = part_arrays(returned)
        self.graph = Graph([*values, *(x for rule in rules for x in rule.needed)], {})
        used = {x for x in self.graph.nodes if x.op is None} | set(updates)
        used |= {x for rule in rules for x in rule.read}
        inputs = {x: source for x, source in record.inputs.items() if x in used}
        plan = plan_order(returned, updates, backend.draws_in, rules)
        return backend.write(Draft(plan, returned, updates, inputs, self.hints, self.name, self.exact))

    def report(self) -> Report:
        """Say which backend runs, and what has been refused on the way to it."""
        record, backend = self.record, self.backend
        found = explain_unrolled(record.loops, record.refused, record.lowered[self.exact]) if backend.rolls else ()
        return Report(
            backend.name, tuple(self.refused), tuple(self.refused_loop), tuple(self.program.calls), self.rolled,
            tuple(record.whole), tuple(found),
        )  # fmt: skip

    def holds(self, arguments: Sequence[Any]) -> bool:
        """Say whether what the trace depended on is still so."""
        return all(link.holds() for link in self.record.links) and self.suits(arguments)

    def find_changed(self, arguments: Sequence[Any]) -> frozenset[Key]:
        """Give what leads to the numbers outside that are others now, where that is all that has changed."""
        return find_changed(self.record.links) if self.suits(arguments) else frozenset()

    def suits(self, arguments: Sequence[Any]) -> bool:
        """Say whether the arguments and what they meet are of the kinds that the trace depended on."""
        record = self.record
        return (
            all(getattr(owner, name) == value for owner, name, value in record.guards)
            and all(is_number(link) for link in record.numbers)
            and record.suits(arguments)
            and all(s.read(list(arguments)) is not None for s in record.find_gradients(self.passed))
            and all((a := s.read([])).shape == shape and a.dtype == dtype for s, shape, dtype in self.states)
            and are_apart([arguments[i] for i in record.written], self.find_others(arguments))
        )

    def find_others(self, arguments: Sequence[Any]) -> list[Any]:
        """Give the arrays that are read, but for those among the arguments that are written into."""
        given = [x for i, x in enumerate(arguments) if i not in self.record.written and not isinstance(x, float)]
        return given + [source.read([]) for source in self.bound if isinstance(source, Data | Captured)]

    def entry(self, arguments: Sequence[Any], fresh: bool = True) -> Any:
        """Give the way into this trace, for the arrays that parameters have now; the last one, unless ``fresh``."""
        self.watched.settle()
        misfit = self.program.find_misfit([self.array(source) for source in self.bound])
        if misfit:
            self.fall_back(Unsupported(misfit))
            return self.entry(arguments)
        fresh = self.bind() or fresh
        fresh = renew_links(self.record.links) or fresh
        if fresh or not self.idle:
            before, holding = self.enter, Holding()  # another frame may hold the old one: it is there at both counts
            with collector_paused(), holding.counting(self.tensors):
                if not self.idle:
                    self.idle.append(self.program.make_step(self.arrays))
                if fresh:
                    self.enter = self.write_entry(arguments)
                    self.watched.forget()
            self.enter.__globals__.setdefault("holding", []).append(holding)  # gone with what holds the arrays
            del before
        return self.enter

    def bound_entry(self, arguments: Sequence[Any]) -> Any:
        """Give a way in for these very arguments."""
        self.entry(arguments, fresh=False)
        holding = Holding()
        with holding.counting(self.tensors):
            enter = self.write_entry(arguments, bound=True)
        enter.__globals__["holding"] = [holding]
        self.watched.forget()
        return enter

    def write_entry(self, arguments: Sequence[Any], bound: bool = False) -> Any:
        """Write the way in."""
        return write_entry(
            self.record, arguments, self.passed, self.bound, self.arrays, self.program.call, self.idle, self.pullback,
            self.watched, bound,
        )  # fmt: skip

    def write_module(self) -> str:
        """Write the code as a module that needs NumPy alone."""
        variant = self
        while variant.backend.fallback is not None:
            variant = Variant(self.record, self.name, self.hints, variant.backend.fallback, self.compile, self.exact)
        return variant.program.write_module(self.name)

    def bind(self) -> bool:
        """Take the arrays that parameters have now, for other steps than there are; say whether it had others."""
        arrays = [self.array(source) for source in self.bound]
        if self.same(arrays):
            return False
        self.watched.check_apart()
        self.held.let_go()
        self.arrays, self.idle = [], []
        with self.held.counting(self.tensors):
            self.arrays = list(arrays)
        return True

    def same(self, arrays: list[Any]) -> bool:
        """Say whether the idle steps are still bound to the arrays that parameters have now."""
        pairs = zip(self.bound, arrays, self.arrays, strict=True) if len(arrays) == len(self.arrays) else ()
        bound = self.enter is not None and len(arrays) == len(self.arrays)
        return bound and all(x is y for source, x, y in pairs if not isinstance(source, Draw))

    def array(self, source: Source) -> Any:
        """Give what the code is bound to: an array, or for random numbers their generator or room for them."""
        return self.program.hold_draw(source) if isinstance(source, Draw) else source.read([])


def name_inputs(record: Record, names: Sequence[str]) -> dict[Node, str]:
    """Give every input the name that a reader would expect it to have; ``names`` are those of the arguments' leaves."""
    found = {}
    for node, source in record.inputs.items():
        name = getattr(source, "name", "") or node.name or type(source).__name__.lower()
        if isinstance(source, Argument) and source.position < len(names):
            name = names[source.position]
        elif isinstance(source, State):
            name = f"{source.owner or 'w'}_{source.name}"
        found[node] = name
    return found
