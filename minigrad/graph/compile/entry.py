"""The way into compiled code: is this call like the one that was traced? Written as code too, since it runs each time.

A check costs 30 to 60 ns this way and three times that in a loop over descriptions of arguments, which for the
smallest networks would be a third of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from minigrad.graph.compile.record import Output, Record, rebuilt
from minigrad.graph.compile.sources import Argument, Data, Draw, Gradient, Setting, Source
from minigrad.tensor import Tensor, _constant


@dataclass
class Call:
    """How the code is called: what comes before, the call itself with ``{}`` for what it is passed, its results.

    Each value that is passed brings the comma behind it. A call that holds Python's lock (the GIL) while it computes is
    never in two threads at once, which then may share the step.
    """

    written: str
    results: list[str]
    before: list[str] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    fitting: Callable[[Any], Any] | None = None
    holds_lock: bool = False


MISS = object()  # what an entry gives if the call is not for it; the default of its arguments


def entry(
    record: Record,
    arguments: Sequence[Any],
    passed: Sequence[Source],
    bound: Sequence[Source],
    arrays: Sequence[Any],
    call: Call,
    idle: list[Any],
) -> Callable[..., Any]:
    """Give ``enter(*arguments)``: it takes a step from the idle ones, runs it, and puts it back.

    It gives ``missed(*arguments)``, which is MISS, without having done anything if the arguments differ from those
    traced in shape, dtype or kind, an array in ``bound`` is no longer the one that the step was made for, or what the
    trace depended on has changed.
    """
    known: dict[str, Any] = {
        "MISS": MISS,
        "missed": lambda *_: MISS,
        "hits": [0],
        "idle": idle,
        "new": object.__new__,
        "ndarray": np.ndarray,
        "constant": _constant,
        "Tensor": Tensor,
    }

    def name(x: Any) -> str:
        known[f"x{len(known)}"] = x
        return f"x{len(known) - 1}"

    # Then the code itself refuses what has another shape or dtype; but not after it has drawn random numbers.
    typed = call.fitting is not None and not any(isinstance(source, Draw) for source in bound)
    letters = [f"a{i}" for i in range(len(arguments))]
    checks = [check for letter, x in zip(letters, arguments, strict=True) for check in _like(letter, x, name, typed)]
    for source, array in zip(bound, arrays, strict=True):
        if isinstance(source, Data):
            checks.append(f"{name(source.tensor)}.data is not {name(array)}")
    checks += [f"{name(owner)}.{attribute} != {name(value)}" for owner, attribute, value in record.guards]
    touched = [*record.without_gradient, *(t for t, _ in record.grads)]
    owners = {t: letters[t] if isinstance(t, int) else name(t) for t in touched}
    checks += _different(record, letters, name)
    checks += [f"{owners[t]}._grad is not None" for t in record.without_gradient]
    values = []
    for source in passed:
        if isinstance(source, Gradient):
            tensor = name(source.tensor) if source.position is None else letters[source.position]
            checks.append(f"{tensor}._grad is None")
            values.append(f"{tensor}._grad.data")
        elif isinstance(source, Setting):
            values.append(f"{name(source.owner)}.{'_lr' if source.name == 'lr' else source.name}")
        else:
            assert isinstance(source, Argument)
            letter = letters[source.position]
            values.append(f"{letter}.data" if isinstance(arguments[source.position], Tensor) else letter)
    lines = [f"def enter({''.join(f'{letter}=MISS, ' for letter in letters)}{'/, ' if letters else ''}*more, **named):"]
    missed = f"return missed({''.join(f'{letter}, ' for letter in letters)}*more, **named)"
    lines += [f"    if {' or '.join(['more', 'named', *checks])}:", f"        {missed}"]
    known |= call.known | {"fitting": call.fitting}
    if call.holds_lock:
        known["address"] = idle[-1].address
    else:
        lines += ["    if not idle:", f"        {missed}", "    step = idle.pop()"]
    lines += [f"    {line}" for line in call.before]
    bare = [(letter, x) for letter, x in zip(letters, arguments, strict=True) if typed and _bare(x)]
    misfits = [f"{letter}.shape != {x.shape} or {letter}.dtype != {name(x.dtype)}" for letter, x in bare]
    lines += [*_called(call, values, misfits, missed), "    hits[0] += 1"]
    position = len(record.returned)
    for t, g in record.grads:
        if g is None:
            lines += [f"    if {owners[t]}._grad is not None:", f"        {owners[t]}._grad = None"]
        else:
            lines.append(f"    {owners[t]}._grad = constant({call.results[position]})")
            position += 1
    if type(record.result) is Output and record.result.plain:
        lines.append(f"    return {call.results[record.result.position]}")
    elif type(record.result) is Output:  # what _constant does, without the call
        lines += ["    t = new(Tensor)", f"    t.data = {call.results[record.result.position]}"]
        lines += ["    t.op = None", "    t.serial = 0", "    return t"]
    else:
        result = record.result
        returned = ", ".join(call.results[: len(record.returned)])
        lines.append(f"    return {name(lambda r: rebuilt(result, lambda x: _given(x, r)))}([{returned}])")
    exec("\n".join(lines), known)
    enter: Callable[..., Any] = known["enter"]
    return enter


def standing(enter: Any, missed: Callable[..., Any], hits: list[int]) -> Callable[..., Any]:
    """Give the same way in, which goes to ``missed`` with the calls that are not for it and counts the others."""
    return FunctionType(enter.__code__, enter.__globals__ | {"missed": missed, "hits": hits}, None, enter.__defaults__)


def _called(call: Call, values: list[str], misfits: list[str], missed: str) -> list[str]:
    """Write the call; where arguments have to lie in order in memory and do not, it is called with copies.

    ``misfits`` say that they are not those of the trace at all, ``missed`` what is done then.
    """
    written = call.written.format("".join(f"{value}, " for value in values))
    back = [] if call.holds_lock else ["    idle.append(step)"]
    if call.fitting is None:
        return [f"    r = {written}", *back]
    unlike = [f"        if {' or '.join(misfits)}:", *(f"        {x}" for x in back), f"            {missed}"]
    unlike = unlike if misfits else []
    again = call.written.format("".join(f"fitting({value}), " for value in values))
    return [
        "    try:",
        f"        r = {written}",
        "    except TypeError:",
        *unlike,
        f"        r = {again}",
        *back,
    ]


def _different(record: Record, letters: list[str], name: Callable[[Any], str]) -> list[str]:
    """Write what would tell that Tensors among the arguments are the same where the traced ones were not, or not."""
    checks = [f"{letters[i]} is not {name(t)}" for i, t in record.fixed.items()]
    known = [name(t) for t in record.others] if record.taking else []
    for i in record.taking:
        if i not in record.fixed:
            checks += [f"{letters[i]} is {other}" for other in known]
        known.append(letters[i])
    return checks


def _like(letter: str, x: Any, name: Callable[[Any], str], typed: bool) -> list[str]:
    """Write what would tell an argument from the one traced; only its class, if the code is ``typed``."""
    if typed and _bare(x):
        return [f"{letter}.__class__ is not ndarray"]
    if isinstance(x, Tensor):
        grad = "<=" if x.requires_grad else ">"
        d = f"{letter}.data"
        same = [f"type({letter}) is not Tensor", f"{letter}.serial {grad} 0"]
        same += [f"{letter}.op is not None"] if x.requires_grad else []
    elif isinstance(x, float) and not isinstance(x, np.generic):
        return [f"type({letter}) is not float"]
    elif hasattr(x, "dtype"):
        d, same = letter, [f"type({letter}) is not {name(type(x))}"]
    else:
        return [f"type({letter}) is not {name(type(x))}", f"{letter} != {name(x)}"]
    return [*same, f"{d}.shape != {tuple(x.shape)}", f"{d}.dtype is not {name(x.dtype)}"]


def _bare(x: Any) -> bool:
    """Say whether an argument is an array of NumPy's own, and no number."""
    return type(x) is np.ndarray and bool(x.shape)


def _given(x: Any, values: Any) -> Any:
    if not isinstance(x, Output):
        return x
    return values[x.position] if x.plain else _constant(values[x.position])
