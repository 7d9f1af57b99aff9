"""Augmented assignment inside a function that is traced: a new expression where nobody could tell, or an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakSet

from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.engine.aliases import count_uses
from minigrad.engine.errors import describe, place
from minigrad.engine.inplace import fit_result
from minigrad.engine.recording import is_paused
from minigrad.engine.tensor import Tensor


class Assigning(Protocol):
    """What the tracer offers for this."""

    alive: WeakSet[Traced]

    def twin(self, x: Tensor) -> Traced:
        """Give the expression of a Tensor from outside."""

    def assign(self, t: Tensor, node: Any) -> None:
        """Note a Tensor's new value."""


def augment_traced(
    tracer: Assigning, t: Tensor, symbol: str, binary: Callable[[Any, Any], Any], other: Any, names: int
) -> Tensor:
    """Write down ``t += other``; ``names`` are the references to t beyond its name."""
    if not isinstance(t, Traced):
        return _update_outside(tracer, t, symbol, binary, other)
    root = find_memory(t.node)
    if root.op is None and root.value is None and not root.weak:
        raise TraceError(
            f"compile: at {place()} `{symbol}` writes into the array of {root.name or 'an argument'} itself, which "
            f"the compiled code would not do. Write x = x {symbol[:-1]} … for a new value, W.data = … for a parameter."
        )
    if t.shape and (
        names > count_uses(t, other)[0]
        or root is not t.node
        or any(x is not t and find_memory(x.node) is root for x in tracer.alive)
    ):
        raise TraceError(
            f"compile: at {place()} `{symbol}` would change all other names and views of what was made at {t.made}. "
            f"Write y = y {symbol[:-1]} … for a new value."
        )
    return fit_result(t, symbol, binary(t, other)) if t.shape else binary(t, other)


def _update_outside(tracer: Assigning, t: Tensor, symbol: str, binary: Callable[[Any, Any], Any], other: Any) -> Tensor:
    """Write down the update of a Tensor from outside, by hand, as an optimizer's is."""
    if t.serial > 0 and (t.op is not None or not is_paused()):
        raise TypeError(
            f"{describe(t)} {symbol} …: it requires a gradient, and is changed in place only inside no_grad(). For a "
            f"new tensor write w = w {symbol[:-1]} …."
        )
    if getattr(other, "serial", 0) > 0 and not is_paused():
        raise TraceError(
            f"compile: at {place()} `{symbol}` would record in {describe(t)} what is kept outside the function. "
            f"Return it instead."
        )
    result = fit_result(t, symbol, binary(tracer.twin(t), other))
    tracer.assign(t, result.node)
    return t


def find_memory(node: Any) -> Any:
    """Give the expression whose memory an array shares: of a view, what it is a view of."""
    while node.op is not None and node.op.views:
        node = node.inputs[0]
    return node
