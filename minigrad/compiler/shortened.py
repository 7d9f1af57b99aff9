"""A call of whose loops few turns are traced: and some more, so that it is seen what these change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minigrad.compiler.lowered import block_lowered, roll_record
from minigrad.compiler.record import Record, record_call
from minigrad.compiler.rolling.extend import Extension, UnlikeError
from minigrad.compiler.trace.differences import identify_source
from minigrad.compiler.trace.turns import QUANTUM, Shortening, WholeError, plan_cuts
from minigrad.engine.node import Node

ATTEMPTS = 8  # each with one loop less that is short


def record_shortened(f: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], exact: bool) -> Record:
    """Trace a call, of loops that are long and alike turn after turn a few turns.

    The record has the expressions of those few, and in ``lowered`` what is computed in the end, of all turns.
    """
    refused: dict[str, str] = {}
    cuts: dict[int, int] = {}
    for _ in range(ATTEMPTS):
        turns = Shortening(refused, cuts)
        before = len(refused)
        try:
            record = record_call(f, args, kwargs, turns=turns)
        except WholeError:
            continue
        except Exception:  # it may be of what the short loop is not
            if not turns.counts:
                raise
            break
        if not turns.counts:
            record.whole = _write_reasons(refused)
            return record
        if cuts != (planned := plan_cuts(turns.counts)) and len(turns.counts) > 1:
            cuts = planned
        elif len(refused) == before:
            try:
                _extend_record(record, turns, f, args, kwargs, exact)
                record.whole = _write_reasons(refused)
                return record
            except (WholeError, UnlikeError) as error:
                reason = f"its turns are not alike as code ({error})" if str(error) else "its turns are not alike"
                refused |= dict.fromkeys(turns.counts.values(), reason)
                break
    record = record_call(f, args, kwargs)
    record.whole = _write_reasons(refused)
    return record


def _write_reasons(refused: Mapping[str, str]) -> list[str]:
    return [f"{place}: {reason}" for place, reason in refused.items()]


def _extend_record(
    record: Record,
    turns: Shortening,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    exact: bool,
) -> None:
    """Find what the call computes with all turns."""
    if record.tape is not None:
        raise UnlikeError("a result is part of a record outside, for a gradient of all turns")
    cuts, others = list({count - turns.count_turns(count) for count in turns.counts}), []
    for cut in cuts:
        longer = Shortening(dict(turns.refused), plan_cuts(turns.counts), cut)
        others.append(record_call(f, args, kwargs, turns=longer, known=record))
        if longer.refused != turns.refused or longer.counts != turns.counts:
            raise UnlikeError("a loop that is at times another")
    sides = [roll_record(x, exact) for x in (record, *others)]
    times = [cut // QUANTUM for cut in cuts]
    extended = Extension(times, _pair_inputs(record, others)).extend_all(sides)
    record.lowered[exact] = block_lowered(extended, exact)


def _pair_inputs(record: Record, others: Sequence[Record]) -> dict[Node, list[Node]]:
    """Find the inputs of other traces that are those of one: what they read is the same."""
    sides = [{identify_source(source): x for x, source in other.inputs.items()} for other in others]
    found = {node: [side.get(identify_source(source)) for side in sides] for node, source in record.inputs.items()}
    return {node: more for node, more in found.items() if all(x is not None for x in more)}  # type: ignore[misc]
