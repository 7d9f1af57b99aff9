"""Why a gradient is zero: where, between E and w, it comes to nothing, and by what values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine.backward import apply_rule, latest_first
from minigrad.engine.debugging.debug import find_gradients
from minigrad.engine.debugging.lines import find_line, write_place
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.messages.errors import describe
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.libraries import bring

PRODUCTS = ("multiply", "matmul")
SLOPES = {
    "relu": "is a dead relu: its inputs are at most {high:.4g}, none above 0",
    "sigmoid": "is saturated: at inputs from {low:.4g} to {high:.4g} its slope rounds to 0",
    "tanh": "is saturated: at inputs from {low:.4g} to {high:.4g} its slope rounds to 0",
    "maximum": "takes the other operand everywhere",
    "minimum": "takes the other operand everywhere",
}


@with_usage
def why_zero(E: Tensor, w: Tensor) -> str:
    """Say why ∂E/∂w is zero, or is none, in a line for each place where it ends; of what is not zero, its size.

    A dead relu, a saturated σ, a factor of 0, a mask or a choice of something else, an index that passes w over, parts
    that cancel; or no way from w to E at all: a detached branch, a cast to integers, a comparison. What was computed
    within ``debug()`` is told with its line.

    Raises ``TypeError`` for what is no Tensor.

    >>> w = Tensor([-1.0, -2.0], requires_grad=True, name="w")
    >>> print(why_zero(np.maximum(w, 0).sum(), w))
    ∂E/∂w is 0: maximum(w, 0) takes the other operand everywhere.
    """
    for x in (E, w):
        if not isinstance(x, Tensor):
            wanted = "a loss and a tensor that it was computed from"
            raise TypeError(f"why_zero: wanted {wanted}, not {shown(x)}; write why_zero(E, W).")
    name = describe(w)
    if w.serial <= 0:
        return f"There is no ∂E/∂{name}: {name} requires no gradient. Make it by Tensor(…, requires_grad=True)."
    if E.serial <= 0:
        return f"There is no ∂E/∂{name}: {_explain_constant(E, w)}"
    walked = latest_first(E, 1)
    if not any(x is w for x in walked):
        return "\n".join([f"There is no ∂E/∂{name}: no operation on the way to E reads it.", *_find_ends(walked, w)])
    with np.errstate(all="ignore"):
        gradients = find_gradients(E, np.ones_like(E.array))
        g = gradients.get(w)
        if g is not None and np.any(g):
            count, largest = np.count_nonzero(g), np.max(np.abs(g))
            return f"∂E/∂{name} is not 0: {count} of its {np.size(g)} elements, the largest {largest:.4g}."
        reasons = dict.fromkeys(_find_reasons(walked, w, gradients))
    return "\n".join(f"∂E/∂{name} is 0: {reason}." for reason in reasons)


def _find_reasons(walked: list[Any], w: Tensor, gradients: dict[Any, Any]) -> Iterator[str]:
    """Say of each operation between w and E, to which a gradient comes, why none leaves it towards w."""
    between = {id(w)}
    for y in reversed(walked):
        if any(id(x) in between for x in y.inputs):
            between.add(id(y))
    for y in walked:
        g = gradients.get(y)
        if y is w or id(y) not in between or g is None or not np.any(g):
            continue
        for i, x in enumerate(y.inputs):
            if id(x) not in between:
                continue
            if not y.op.vjps[i]:
                yield f"{_name(y)} reads {_name_operand(y, i)} for a choice, which has no slope"
            elif x in gradients and not np.any(gradients[x]):
                yield f"{_name(y)} {_explain_rule(y, i, g, walked)}"


def _explain_rule(y: Any, i: int, g: Any, walked: list[Any]) -> str:
    """Say why an operation passes nothing of g = ∂E/∂y to its input i."""
    op, values = y.op, y.values
    if op.splits:
        choosers = ", ".join(_name(z) for z in walked if z.op is not None and z.op.chooses and z.serial > y.serial)
        return f"has {_name_operand(y, i)} where {choosers or 'what comes after'} picks nothing"
    if np.any(apply_rule(y, i, g, create_graph=False, reach=None)):
        return f"passes a gradient to {_name_operand(y, i)}, and the parts from its several uses cancel"
    if op.name == "where":
        return f"has the condition {'False' if i == 1 else 'True'} wherever a gradient comes, and takes the other value"
    if op.name in PRODUCTS:
        other = values[1 - i]
        which = "" if np.ndim(other) == 0 else ", which is 0" if not np.any(other) else ", and that gives 0"
        return f"is multiplied by {_name_operand(y, 1 - i)}{which}"
    x = bring(values[i])
    if not x.size:
        return f"has nothing to work on: {_name_operand(y, i)} has no elements"
    passes = "has slope 0" if op.derivatives is not None else "passes on nothing"
    text = SLOPES.get(op.name, passes + " wherever a gradient comes, at inputs from {low:.4g} to {high:.4g}")
    return text.format(low=np.min(x), high=np.max(x))


def _find_ends(walked: list[Any], w: Tensor) -> Iterator[str]:
    """Say of each constant that was read on the way to E what is known of it, what is w's own memory first."""
    read = [(y, i, x) for y in walked if y.op is not None for i, x in enumerate(y.inputs)]
    constants = [(y, i, x) for y, i, x in read if not (isinstance(x, Tensor) and x.serial > 0) and np.ndim(_array(x))]
    for y, i, x in constants:
        if np.may_share_memory(bring(_array(x)), bring(w.array)):
            yield f"{_name(y)} reads {_name_operand(y, i)}, the array of {describe(w)} detached: by .detach() or .data."
        elif isinstance(x, Tensor):
            yield f"{_name(y)} reads {_name_operand(y, i)}: {_explain_constant(x, w)}"
        else:
            yield f"{_name(y)} reads an array, {_name_operand(y, i)}: a constant, if it was not .data of a result."


def _explain_constant(x: Tensor, w: Tensor) -> str:
    """Say how a constant came to be one."""
    how = x.comparison or ((x.op, x.inputs) if x.op is not None else None)
    line = find_line(x)
    if line is not None:
        called, place = f"{line.operation}({', '.join(line.names)})", f" at {line.place}"
    elif how is not None:
        called, place = f"{how[0].name}({', '.join(map(describe, how[1]))})", ""
    else:
        return (
            f"{describe(x)} is a constant: data, or a result in no_grad(), of .detach(), or of an operation without a "
            f"slope, as a comparison, a sign, rounding or a cast to integers."
        )
    whole = bring(x.array).dtype
    reason = f"gives {whole}, which has no slope" if whole.kind in "biu" else "has slope 0 everywhere"
    return f"{called}{place} {reason}, so that the gradient ends there."


def _array(x: Any) -> Any:
    return x.array if isinstance(x, Tensor) else x


def _name(y: Any) -> str:
    return f"{describe(y)}{write_place(y)}"


def _name_operand(y: Any, i: int) -> str:
    line = find_line(y)
    return line.names[i] if line is not None else describe(y.inputs[i])
