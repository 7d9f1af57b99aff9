"""The way into compiled code: is this call like the one that was traced? Written as code too, since it runs each time.

A check costs 30 to 60 ns this way and three times that in a loop over descriptions of arguments, which for the
smallest networks would be a third of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CellType, FunctionType
from typing import Any

import numpy as np

from minigrad.compiler.backend import Call
from minigrad.compiler.calls.entry_checks import CheckWriter
from minigrad.compiler.calls.spent import Spent
from minigrad.compiler.calls.watched import Watched
from minigrad.compiler.differentiable import Pullback
from minigrad.compiler.record import Record
from minigrad.compiler.trace.sources import (
    Argument,
    Gradient,
    Reading,
    Setting,
    Source,
)
from minigrad.engine.recording import is_paused, records_left
from minigrad.engine.tensor import Tensor, constant_tensor

Lines = list[str]

GONE = "(AttributeError, LookupError, NameError)"  # what a check may raise
MISS = object()  # what an entry gives if the call is not for it; the default of its arguments


def write_entry(
    record: Record,
    arguments: Sequence[Any],
    passed: Sequence[Source],
    bound: Sequence[Source],
    arrays: Sequence[Any],
    call: Call,
    idle: list[Any],
    pullback: Pullback | None,
    watched: Watched,
    bound_to: bool = False,
) -> Callable[..., Any]:
    """Give ``enter(*arguments)``: it takes a step from the idle ones, runs it, and puts it back.

    With a ``pullback`` the results have records, unless recording is paused. One that is ``bound_to`` the arguments is
    called without any.

    It gives ``missed(*arguments)``, which is MISS, without having done anything if the arguments differ from those
    traced in shape, dtype or kind, an array in ``bound`` is no longer the one that the step was made for, or what the
    trace depended on has changed.
    """
    writer = _Writer(record, arguments, call, watched, bound_to, pullback)
    writer.write_checks(passed, bound, arrays)
    lines = [
        *writer.write_head(idle),
        *writer.write_call(passed),
        *writer.write_doubt(),
        "    hits += 1",
        *writer.write_gradients(),
        *writer.write_arguments(),
        *writer.write_end(),
    ]
    return writer.make_function("enter", lines)


def write_test(
    record: Record, arguments: Sequence[Any], bound: Sequence[Source], arrays: Sequence[Any], watched: Watched
) -> Callable[[], bool]:
    """Give ``holds()``: whether all that the trace depended on, and the arrays of the step, are what they were.

    It is an entry's checks, for arguments that stay the same. Equal numbers that are other objects do not count as the
    same, so who is told that it does not hold asks ``Variant.holds``, which takes ten times as long.
    """
    writer = _Writer(record, arguments, Call("", []), watched, bound_to=True)
    writer.write_checks((), bound, arrays)
    checks = [*writer.checks, *(f"({writer.name(t)}.serial > 0) is not {takes}" for t, takes in record.leaves)]
    return writer.make_function("holds", ["def holds():", f"    return not ({' or '.join(checks or ['False'])})"])


class _Writer(CheckWriter):
    """Writes one way in.

    ``known`` are the names that the code uses, ``checks`` what tells a call that is not for it before the code is
    called, and ``misfits`` what tells one afterwards that the code itself has refused. ``slots`` are those of Tensors,
    with what they are to hold, that code may look at itself.
    """

    def __init__(
        self,
        record: Record,
        arguments: Sequence[Any],
        call: Call,
        watched: Watched,
        bound_to: bool,
        pullback: Pullback | None = None,
    ) -> None:
        self.record, self.arguments, self.call, self.watched = record, arguments, call, watched
        self.pullback = pullback
        self.letters = [f"a{i}" for i in range(len(arguments))]
        self.bound_to = bound_to
        given = "".join(f"{letter}, " for letter in self.letters)
        self.missed = "return missed(*more)" if bound_to else f"return missed({given}*more, **named)"
        self.known: dict[str, Any] = {
            "MISS": MISS,
            "new": object.__new__,
            "ndarray": np.ndarray,
            "constant": constant_tensor,
            "Tensor": Tensor,
            "Spent": Spent,
            "is_paused": is_paused,
            "fitting": call.fitting,
            **call.known,
            **(dict(zip(self.letters, arguments, strict=True)) if bound_to else {}),
        }
        self.cells: dict[str, Any] = {"hits": CellType(0), "missed": CellType(lambda *_: MISS)}
        touched = [*record.without_gradient, *(t for t, _ in record.grads)]
        self.owners = {t: self.letters[t] if isinstance(t, int) else self.name(t) for t in touched}

    def name(self, x: Any) -> str:
        """Give the name that the code has for something."""
        name = f"x{len(self.known)}"
        self.known[name] = x
        return name

    def make_function(self, name: str, lines: Lines) -> Any:
        """Give the function that some lines define, with the traced function's own variables for its."""
        cells = ", ".join(f"{cell}=None" for cell in self.cells)
        exec("\n".join([f"def make({cells}):", *(f"    {line}" for line in lines), f"    return {name}"]), self.known)
        made = self.known.pop("make")()
        closure = tuple(self.cells[cell] for cell in made.__code__.co_freevars)
        return FunctionType(made.__code__, self.known, None, made.__defaults__, closure)

    def gradient(self, source: Gradient) -> str:
        """Write the gradient that a Tensor has."""
        tensor = self.name(source.tensor) if source.position is None else self.letters[source.position]
        return f"{tensor}.stored_grad"

    def value(self, source: Source) -> str:
        """Write what the code is passed."""
        if isinstance(source, Gradient):
            return f"{self.gradient(source)}.array"
        if isinstance(source, Setting):
            return f"{self.name(source.owner)}.{source.name}"
        if isinstance(source, Reading):
            return source.link.write(self.name_owner(source.link), self.name)
        assert isinstance(source, Argument)
        letter = self.letters[source.position]
        return f"{letter}.array" if isinstance(self.arguments[source.position], Tensor) else letter

    def write_head(self, idle: list[Any]) -> Lines:
        """Write the head, the checks, and where a step comes from to compute with."""
        given = "".join(f"{letter}=MISS, " for letter in self.letters)
        parameters = "*more" if self.bound_to else f"{given}{'/, ' if given else ''}*more, **named"
        lines = [f"def enter({parameters}):", "    nonlocal hits"]
        checks = ["more", *([] if self.bound_to else ["named"]), *self.checks]
        asked = " or ".join(checks)
        if self.record.links:  # of which an attribute or an item may be gone
            lines += ["    try:", f"        miss = {asked}", f"    except {GONE}:", "        miss = True"]
        lines += [f"    if {'miss' if self.record.links else asked}:", f"        {self.missed}"]
        if self.call.watch is None:
            lines += self.write_watch()
        else:
            self.known["note"] = self.call.watch(idle[-1], self.slots, bool(self.watched.tensors))
        self.known["idle"] = idle  # which holds the memory that a shared step is in
        if self.call.attempt is not None:
            self.known["attempt"] = self.call.attempt(idle[-1], self.find_kind())
        if self.call.shared is not None:
            self.known |= self.call.shared(idle[-1])
        else:
            lines += ["    if not idle:", f"        {self.missed}", "    step = idle.pop()"]
        return [*lines, *(f"    {line}" for line in self.call.before)]

    def write_watch(self) -> Lines:
        """Write a look at what is written in place, where something has been recorded since the last one."""
        if not self.watched.tensors:
            return []
        self.known |= {"left": records_left, "look": self.watched.look}
        self.cells["seen"] = self.watched.seen
        return ["    if left() != seen and look():", f"        {self.missed}"]

    def write_call(self, passed: Sequence[Source]) -> Lines:
        """Write the call; where arguments have to lie in order in memory and do not, it is called with copies.

        Code that looks at objects itself refuses those that have changed, too. What is no reason against it is put
        right: it is told that there are new records, and gradients that will be gone are dropped.
        """
        values = [self.value(source) for source in passed]
        own = self.call.identities
        back = [] if self.call.shared is not None else ["    idle.append(step)"]
        written = self.call.written.format("".join(f"{self.pass_value(x, i in own)}, " for i, x in enumerate(values)))
        if self.call.fitting is None:
            return [f"    r = {written}", *back]
        if self.call.attempt is not None:
            lines = [f"    r = {self.call.attempted.format(''.join(f'{x}, ' for x in values))}", "    if r is None:"]
        else:
            lines = ["    try:", f"        r = {written}", "    except TypeError:"]
            lines += ["        r = None", "    if r is None:"] if self.call.silent else []
        if self.misfits:
            lines.append(f"        if {' or '.join(self.misfits)}:")
            lines += [*(f"        {x}" for x in back), f"            {self.missed}"]
        if self.call.watch is not None:
            settled = [*self.write_drops(looked_at=True), "    note()", *self.write_watch()]
            lines += [f"    {line}" for line in settled]
        fits = [f"f{i}" if i in own else f"fitting({x})" for i, x in enumerate(values)]
        lines += [f"        f{i} = fitting({x})" for i, x in enumerate(values) if i in own]
        again = self.call.written.format("".join(f"{self.pass_value(x, i in own)}, " for i, x in enumerate(fits)))
        lines.append(f"        r = {again}")
        if self.call.silent:  # another thread has been here
            lines += ["        if r is None:", *(f"        {x}" for x in back), f"            {self.missed}"]
        return [*lines, *self.mend_result(), *back]

    def pass_value(self, value: str, by_identity: bool) -> str:
        """Write what the code is passed for a value: of what is bound the identity is known."""
        if by_identity and self.bound_to and value in self.letters:
            return self.name(id(self.known[value]))
        return f"id({value})" if by_identity else value
