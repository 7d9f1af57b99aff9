"""What a backend is not written for: which operations, and why. Another backend writes the step then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from minigrad.engine.node import Node


class Refusal(NamedTuple):
    """An operation that a backend does not write, and why; without one it is the step as a whole."""

    operation: str
    reason: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}" if self.operation else self.reason


class Unsupported(Exception):
    """Something that a backend is not written for; ``refusals`` has all that is known, ``nodes`` whom it is said of."""

    def __init__(self, *reasons: str | Refusal, nodes: Iterable[Node] = ()) -> None:
        self.nodes = list(nodes)
        self.refusals = [x if isinstance(x, Refusal) else Refusal("", x) for x in reasons]
        super().__init__("; ".join(map(str, self.refusals)))


@contextmanager
def refused_for(nodes: Sequence[Node]) -> Iterator[None]:
    """Say of what is refused within, and names no operation, that it is one of these."""
    try:
        yield
    except Unsupported as error:
        names = ", ".join(dict.fromkeys(repr(node.op) for node in nodes))
        refusals = (Refusal(operation or names, reason) for operation, reason in error.refusals)
        raise Unsupported(*refusals, nodes=error.nodes or nodes) from None
