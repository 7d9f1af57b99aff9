"""One traced call of a function, checked: what it returns, what it updates, and what that depends on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.compiler.calls.leaves import Same, find_same, holds_arrays, is_taken, list_objects, name_leaves
from minigrad.compiler.calls.results import Output, join_results, map_leaves
from minigrad.compiler.repeating.part import Parted, part_updates
from minigrad.compiler.rolling.rows import Kind
from minigrad.compiler.tape import Tape, write_tape
from minigrad.compiler.trace.checks import find_overwritten
from minigrad.compiler.trace.containers import Contents, Put, refuse_other_puts
from minigrad.compiler.trace.differences import refuse_differences
from minigrad.compiler.trace.links import Key, Link, renew_links
from minigrad.compiler.trace.loop_log import LoopSeen
from minigrad.compiler.trace.lying import Strides, lies_alike
from minigrad.compiler.trace.made import merge_made
from minigrad.compiler.trace.numbers import reading_anew, split_numbers
from minigrad.compiler.trace.outside import find_links
from minigrad.compiler.trace.rule import UpdateRule
from minigrad.compiler.trace.sources import Captured, Data, Draw, Gradient, Source
from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.compiler.trace.tracer import Tracer
from minigrad.compiler.trace.turns import Shortening
from minigrad.compiler.trace.write_back import check_memory_apart, find_written, refuse_overlaps
from minigrad.compiler.trace.writes import kept_from_writing, link_elements, look_for_leaks, put_back, refuse_changes
from minigrad.engine.listening import listeners, refuse_listener
from minigrad.engine.messages.named_arguments import name_arguments
from minigrad.engine.node import Node, forget_alike, order_nodes
from minigrad.engine.recording import is_paused, traced_by
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.chosen import Chosen


@dataclass(eq=False)
class Record:
    """What a call does, as expressions of ``inputs``.

    ``result`` is what the function returned, with an Output in the place of each traced value; ``returned`` are those
    values; ``updates`` the new contents of parameters and running values; ``grads`` the gradients that the function
    leaves behind, None for one that it takes away; an argument's are found by its position. ``taking`` are the
    positions of arguments that take gradients, ``fixed`` those that must be a certain Tensor, ``others`` the Tensors
    with gradients that are no arguments: if two of these were one, the code would be another. ``leaves`` are the
    Tensors from outside, and whether they took gradients; ``rules`` have stepped; ``links`` lead to what was read
    outside, ``numbers`` to what the code reads anew there; ``tape`` is how the results at ``taped`` were recorded, if
    the function took no gradient itself; ``paused`` says that nothing is to be recorded; ``written`` are the positions
    of arrays among the arguments that get the last of the values ``returned``; ``laid`` are inputs whose strides have
    told a view from a copy; ``same`` says which arguments are one array, for a function that asks. ``lowered`` are the
    outputs in the form in which backends get them, by whether that is exact, once one has been asked. ``whole`` says of
    which loops all turns were traced that might have been few, and why; ``loops`` are those of Python's that were seen,
    ``refused`` what repeats and can be no loop of the code. ``puts`` are what is put into containers among the
    arguments: ``result`` is a pair then, of what is returned and these parts. ``parted`` says which updates are loops
    over parameters, once a backend has been asked. ``shown`` are the positions of what is returned where NaN shows that
    haste has made, None if it might not; ``failed`` says that there was some.
    """

    result: Any
    returned: list[Any]
    updates: list[tuple[Node, Any]]
    grads: list[tuple[Tensor | int, Any]]
    inputs: dict[Node, Source]
    guards: list[tuple[Any, str, Any]]
    without_gradient: list[Tensor | int]
    seeds: list[Node]
    gradients: set[Node]
    taking: list[int]
    fixed: dict[int, Tensor]
    others: list[Tensor]
    tape: Tape | None
    taped: list[int]
    links: list[Link]
    leaves: list[tuple[Tensor, bool]]
    rules: list[UpdateRule]
    numbers: list[Link]
    paused: bool
    written: list[int]
    laid: list[tuple[Source, Strides]]
    same: Same = None
    puts: Sequence[Put] = ()
    lowered: dict[bool, list[Any]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    loops: list[LoopSeen] = field(default_factory=list)
    refused: dict[Kind, str] = field(default_factory=dict)
    parted: Parted | None = None
    shown: list[int] | None = field(default_factory=list)
    failed: bool = False

    @property
    def outputs(self) -> list[Any]:
        """All that a call computes: what it returns, updates and leaves behind."""
        return [*self.returned, *(x for _, x in self.updates), *(x for _, x in self.grads if x is not None)]

    def part(self, least: int) -> Parted:
        """Part what is computed from updates that ``least`` parameters or more share: loops, of the first one asked."""
        if self.parted is None:
            left = [x for _, x in self.grads if x is not None]
            self.parted = part_updates(self.returned, self.updates, left, least)
        return self.parted

    @property
    def expressions(self) -> list[Any]:
        """All that a call computes, and what its tape holds."""
        return [*self.outputs, *self.gradients, *([] if self.tape is None else self.tape.constants)]

    def replace_nodes(self, becomes: Mapping[Node, Any]) -> None:
        """Put others in the place of some expressions, wherever they are."""
        if becomes:
            self.returned = [becomes.get(x, x) if isinstance(x, Node) else x for x in self.returned]
            self.updates = [(x, becomes.get(new, new)) for x, new in self.updates]
            self.grads = [(t, becomes.get(g, g)) for t, g in self.grads]
            self.inputs = {x: source for x, source in self.inputs.items() if x not in becomes}
            self.gradients = {becomes.get(x, x) for x in self.gradients}
            self.tape = None if self.tape is None else self.tape.replace_nodes(becomes)

    def find_gradients(self, passed: Sequence[Source]) -> list[Gradient]:
        """Give the gradients that a call needs: for its code, which is ``passed`` them, and for its record."""
        needed = [*passed, *(self.inputs.values() if self.tape is not None else ())]
        return list(dict.fromkeys(x for x in needed if isinstance(x, Gradient)))

    def suits(self, arguments: Sequence[Any]) -> bool:
        """Say whether the Tensors among some arguments are as different as they were in the trace."""
        free = [arguments[i] for i in self.taking if i not in self.fixed]
        known = [id(t) for t in (*self.others, *self.fixed.values(), *free)]
        for t, _ in self.grads if listeners.rows else ():
            refuse_listener(arguments[t] if isinstance(t, int) else t)
        return (
            not self.failed
            and (is_paused() or not self.paused)
            and (self.same is None or self.same == find_same(arguments))
            and all(lies_alike(source.read(list(arguments)), strides) for source, strides in self.laid)
            and all(arguments[i] is t for i, t in self.fixed.items())
            and len({*known}) == len(known)
            and all((t.serial > 0) is takes for t, takes in self.leaves)
            and all((arguments[t] if isinstance(t, int) else t).stored_grad is None for t in self.without_gradient)
        )


def record_call(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    varying: frozenset[Key] = frozenset(),
    turns: Shortening | None = None,
    known: Record | None = None,
) -> Record:
    """Trace a call, twice: what differs between the two would be frozen into the code, and is an error instead.

    Numbers outside whose links have the keys in ``varying`` are inputs, as those among the arguments are. ``turns`` say
    of which loops few turns are traced. It is traced once where another record of it is ``known``,
    of fewer turns.
    """
    numbers, links = split_numbers(find_links(f, args, list_objects((args, kwargs))), varying)
    try:
        with kept_from_writing(links):
            first, places = _traced(f, args, kwargs, numbers, turns)
            between = [link.read() for link in links]
            second = known or _traced(f, args, kwargs, numbers, turns)[0]
        if known is None:
            refuse_differences(first, second, places)
            refuse_other_puts(first.puts, second.puts)
            first.result = join_results(first.result, second.result)
            forget_alike(second.outputs)
        first.replace_nodes(merge_made(first.inputs, second.inputs.values(), first.expressions))
        refuse_changes(links, between)
    except BaseException:
        put_back(links)
        raise
    renew_links(links)  # what the first call makes for all later ones is not as it was
    first.links, first.numbers = links + link_elements(links, first.inputs.values()), numbers
    return first


def _traced(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    numbers: Sequence[Link],
    turns: Shortening | None,
) -> tuple[Record, dict[Any, str]]:
    tracer = Tracer()
    tracer.turns, tracer.log.until = turns, sys._getframe().f_code
    leaves: list[Any] = []
    paths = iter(name_leaves(f, args, kwargs))

    def argument(x: Any) -> Any:
        if is_taken(x):
            leaves.append(x)
            return tracer.argument(len(leaves) - 1, x, next(paths)[0])
        return x

    given = map_leaves(args, argument, holds_arrays), map_leaves(dict(kwargs), argument, holds_arrays)
    contents = Contents([*name_arguments(f, len(args)), *kwargs], [*given[0], *given[1].values()], holds_arrays)
    try:
        with traced_by(tracer), reading_anew(numbers, tracer):
            returned = f(*given[0], **given[1])
        puts = contents.find_puts()
        if puts:
            returned = (contents.point_changed(returned, puts), list(puts.values()))
        record = _record(tracer, returned, leaves, shared=bool(puts))
        record.puts = tuple(puts)
        record.shown = _find_shown(tracer, record)
        record.loops = tracer.log.list_loops()
        _refuse_results(record, leaves)
    finally:
        tracer.restore()
        written = find_overwritten(tracer)
    if written is not None:
        raise TraceError(
            f"compile: the function writes into the array of {written.name or 'a tensor'} itself, which the compiled "
            f"code would not do. Let an optimizer update it, or return the new value."
        )
    del returned, given, contents, puts
    tracer.let_go()
    look_for_leaks(tracer.alive)
    return record, tracer.log.places


def _find_shown(tracer: Tracer, record: Record) -> list[int] | None:
    """Say where NaN of a Jacobian shows, if such a call can be made again: it changes nothing, and draws none."""
    if not tracer.haste.found:
        return []
    changes = record.updates or record.grads or record.written or record.puts
    if changes or any(isinstance(source, Draw) for source in record.inputs.values()):
        return None
    return tracer.haste.find_shown(record.returned, ())


def _record(tracer: Tracer, returned: Any, arguments: Sequence[Any], shared: bool) -> Record:
    values: list[Any] = []
    recorded: dict[int, Traced] = {}
    met: dict[int, Output] = {}

    def output(x: Any) -> Any:
        if id(x) in met:  # an array that is in two places stays one
            return met[id(x)]
        if isinstance(x, Tensor) and (isinstance(x, Traced) or id(x) in tracer.twins):
            traced = tracer.twin(x)
            if traced.serial > 0 and not traced.plain:
                recorded[len(values)] = traced
            values.append(traced.node)
            made = Output(len(values) - 1, traced.plain, len(values) - 1 in recorded)
            if shared and traced.plain:
                met[id(x)] = made
            return made
        if isinstance(x, Chosen):
            x.item()  # which says why not
        return x

    result = map_leaves(returned, output)
    grads: list[tuple[Tensor | int, Any]] = []
    without, others = list[Tensor | int](), list[Tensor]()
    for tensor, before in [*tracer.before.values()]:
        t: Any = tracer.positions.get(id(tensor), tensor)
        if t is tensor and tensor.requires_grad:
            others.append(tensor)
        now = getattr(tensor, "stored_grad", None)
        set_anew, asked = id(tensor) in tracer.set_to_none, id(tensor) in tracer.asked
        if set_anew and (now is None or (id(tensor) in tracer.moved_params and not asked)):
            grads.append((t, None))  # used up: the next call would begin by taking it away
        elif isinstance(now, Traced) and now.node is not tracer.gradient_of(tensor):
            grads.append((t, now.node))
        elif set_anew and now is not None and not isinstance(now, Traced):  # one of numbers that are known
            grads.append((t, tracer.twin(now).node))
        if asked and before is None:
            without.append(t)  # it starts from None: where there is a gradient to add to, the code is another
    leaves = [(t, t.serial > 0) for t, _ in tracer.before.values() if all(t is not x for x in arguments)]
    check_memory_apart(tracer)
    updates = [(tracer.input(source, source.read([])), value) for source, value in tracer.updates.values()]
    inputs = {node: source for source, node in tracer.inputs.values()}
    written = find_written(tracer.arrays)
    left = updates or grads or written
    tape = write_tape(list(recorded.values()), tracer.owners) if recorded and not left else None
    if tape is not None:
        values += [node for node, source in inputs.items() if isinstance(source, Draw)]  # for its gradient
        known = {*order_nodes(values), *tape.constants, *tape.leaves}
        inputs = {x: source for x, source in inputs.items() if x in known}  # not the gradients that there were
    values += written.values()
    read = [x.read([]) for x in inputs.values() if isinstance(x, Data | Captured)]
    refuse_overlaps(tracer.arrays.values(), written, arguments, read)
    return Record(
        result, values, updates, grads, inputs, tracer.guards, without, tracer.seeds,
        tracer.gradients, list(tracer.positions.values()), tracer.fixed, others, tape, list(recorded), [], leaves,
        tracer.rules, [], is_paused(), list(written), [(inputs[x], s) for x, s in tracer.lying.asked.items()],
    )  # fmt: skip


def _refuse_results(record: Record, arguments: Sequence[Any]) -> None:
    """Raise if a gradient ends at an argument through which it should flow on."""
    for t, _ in record.grads:
        x = arguments[t] if isinstance(t, int) else t
        if x.serial > 0 and x.op is not None:
            raise TraceError(
                f"compile: {x.name or 'a Tensor'} among the arguments is the result of a computation that was recorded "
                f"outside of the function, where the gradient that the function takes would be lost. Compute it "
                f"inside, or pass .detach()."
            )
