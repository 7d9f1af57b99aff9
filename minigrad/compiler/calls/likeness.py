"""What tells a call's arguments from those of the trace, written as conditions of the way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.record import Record
from minigrad.engine.tensor import Tensor

PAIRS = 64  # of Tensors that are compared with each other one by one


def compare_tensors(record: Record, letters: list[str], name: Callable[[Any], str]) -> list[str]:
    """Write what would tell that Tensors among the arguments are the same where the traced ones were not, or not."""
    checks = [f"{letters[i]} is not {name(t)}" for i, t in record.fixed.items()]
    known = [name(t) for t in record.others] if record.taking else []
    if len(record.taking) * (len(known) + len(record.taking)) > PAIRS:
        known += [letters[i] for i in record.taking]
        return [*checks, f"len({{{', '.join(f'id({x})' for x in known)}}}) < {len(known)}"]
    for i in record.taking:
        if i not in record.fixed:
            checks += [f"{letters[i]} is {other}" for other in known]
        known.append(letters[i])
    return checks


def compare_arrays(record: Record, letters: list[str], arguments: Sequence[Any]) -> list[str]:
    """Write what would tell that arguments are one array where those of the trace were not, if the function asks."""
    if record.same is None:
        return []
    checks = [f"{letters[i]} is not {letters[first]}" for i, first in record.same]
    again = {i for i, _ in record.same}
    known = [
        letter
        for i, (letter, x) in enumerate(zip(letters, arguments, strict=True))
        if i not in again and not isinstance(x, float | np.generic)
    ]
    if len(known) > 1:
        checks.append(f"len({{{', '.join(f'id({x})' for x in known)}}}) < {len(known)}")
    return checks


def compare_argument(letter: str, x: Any, name: Callable[[Any], str]) -> list[str]:
    """Write what would tell an argument from the one traced."""
    if isinstance(x, Tensor):
        grad = "<=" if x.requires_grad else ">"
        d = f"{letter}.array"
        kind = "Tensor" if type(x) is Tensor else name(type(x))
        same = [f"type({letter}) is not {kind}", f"{letter}.serial {grad} 0"]
        same += [f"{letter}.op is {'not ' if x.op is None else ''}None"] if x.requires_grad else []
    elif isinstance(x, float) and not isinstance(x, np.generic):
        return [f"type({letter}) is not float"]
    elif hasattr(x, "dtype"):
        d, same = letter, [f"type({letter}) is not {name(type(x))}"]
    else:
        return [f"type({letter}) is not {name(type(x))}", f"{letter} != {name(x)}"]
    return [*same, f"{d}.shape != {tuple(x.shape)}", f"{d}.dtype is not {name(x.dtype)}"]
