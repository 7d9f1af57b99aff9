"""Assignment in place inside a function that is traced, ``y += 1`` and ``y[0] = 1``: expressions of what y is then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from minigrad.compiler.trace.traced import Traced, TraceError, check_memory
from minigrad.engine.messages.errors import describe, place
from minigrad.engine.operand import map_operands
from minigrad.engine.recording import is_paused
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.aliases import count_uses, is_assigned
from minigrad.engine.writing.assignment import assign_elements, replace_elements_of
from minigrad.engine.writing.inplace import fit_result
from minigrad.engine.writing.views import find_base, find_views
from minigrad.ops.places.assignment import Assign


class Assigning(Protocol):
    """What the tracer offers for this."""

    def twin(self, x: Tensor) -> Traced:
        """Give the expression of a Tensor from outside."""

    own: dict[int, Tensor]
    arrays: dict[Traced, Any]

    def operand(self, x: Any) -> Any:
        """Give an operand as an expression."""

    def assign(self, t: Tensor, node: Any) -> None:
        """Note a Tensor's new value."""

    def note_update(self, t: Tensor, node: Any) -> None:
        """Note what a Tensor is to hold after the call."""


def augment_traced(
    tracer: Assigning, t: Tensor, symbol: str, binary: Callable[[Any, Any], Any], other: Any, names: int
) -> Tensor:
    """Write down ``t += other``; ``names`` are the references to t beyond its name."""
    other = map_operands(other, tracer.operand)  # t's own expression, if that is t
    if not isinstance(t, Traced):
        _check_outside(tracer, t, other, f"{describe(t)} {symbol} …", f"w = w {symbol[:-1]} …")
        if t.serial > 0:
            tracer.assign(t, fit_result(t, symbol, binary(tracer.twin(t), other)).node)
        else:
            twin = tracer.twin(t)
            replace_elements_of(twin, lambda old, other, assign: fit_result(t, symbol, binary(old, other)), other)
            tracer.note_update(t, twin.node)
        return t
    check_memory(t, f"`{symbol}`", f"x = x {symbol[:-1]} …")
    given = tracer.arrays.get(t)
    in_place = given.is_array if given is not None else find_base(t) is not None
    if in_place or (t.shape and (names > count_uses(t, other)[0] or any(find_views(t)) or not is_assigned())):
        replace_elements_of(t, lambda old, other, assign: fit_result(t, symbol, binary(old, other)), other)
        return t
    if not t.shape:
        return binary(t, other)
    result = fit_result(t, symbol, binary(t, other))
    if isinstance(result, Traced):
        result.lies_as = t.lies_as  # as in the memory that NumPy would write into
    return result


def assign_outside(tracer: Assigning, t: Tensor, key: Any, value: Any) -> None:
    """Write down ``t[key] = value`` for a Tensor from outside, which has those elements from here on."""
    _check_outside(tracer, t, value, f"{describe(t)}[…] = …", "w = np.where(…)")
    twin, value = tracer.twin(t), map_operands(value, tracer.operand)
    if t.serial > 0:
        tracer.assign(t, Assign(key)(twin, value).node)
    else:
        assign_elements(twin, key, value)  # as its views see it
        tracer.note_update(t, twin.node)


def _check_outside(tracer: Assigning, t: Tensor, value: Any, what: str, instead: str) -> None:
    """Raise if a Tensor from outside is not to change, or would hold what is recorded."""
    if t.serial > 0 and (t.op is not None or not is_paused()):
        raise TypeError(
            f"{what}: it requires a gradient, and is changed in place only inside no_grad(). For a new tensor write "
            f"{instead}."
        )
    if getattr(value, "serial", 0) > 0 and not is_paused() and id(t) not in tracer.own:
        raise TraceError(
            f"compile: at {place()} this would record in {describe(t)} what is kept outside the function. Return it "
            f"instead."
        )


def refuse_recorded() -> TraceError:
    """Give the error for a result from outside that was recorded there."""
    return TraceError(
        f"compile: at {place()} the function uses the result of a computation that was recorded outside of it, whose "
        f"gradient would be lost. Compute it inside, or take .detach() of it."
    )
