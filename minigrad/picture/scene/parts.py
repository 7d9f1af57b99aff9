"""What a picture of a backward graph consists of, whoever draws it: boxes, operations, arrows, clusters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from minigrad.engine.node import Node
from minigrad.notation.term import Term

Kind = Literal["data", "parameter", "value", "gradient", "loss"]


@dataclass(frozen=True, eq=False)
class Box:
    """A tensor, or the gradient that belongs to the tensor in the box ``of``."""

    id: str
    kind: Kind
    symbol: str  # as formulas write it: U₁, δ₁
    shape: tuple[int, ...]
    formula: str
    value: Any = None  # the array, or None
    node: Node | None = None  # the tensor's in the graph; none of a gradient, and of what stands for many
    of: str | None = None
    cluster: str | None = None
    heading: str = ""  # δ₁ = ∂E/∂U₁
    magnitude: float = 0.0  # the largest element's
    count: int = 1  # the tensors that it stands for, where repeats are folded
    term: Term | None = None  # what its formula was written from
    total: str = ""  # U₁, where that is Y₁ itself


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation: ``label`` is what a picture writes in it, ``op`` what it is called."""

    id: str
    label: str
    op: str
    inputs: tuple[str, ...]
    output: str
    cluster: str | None = None


@dataclass(frozen=True, eq=False)
class Arrow:
    """A line between two boxes, or a box and an operation, in the direction in which things flow.

    ``forward`` ones lead through operations. A ``backward`` one leads from gradient to gradient, and says what
    the chain rule multiplies; ``left`` is where the local derivative comes first, as in ∂E/∂W = yᵀ δ. A ``same`` one
    ties a gradient to its tensor.
    """

    id: str
    source: str
    target: str
    kind: Literal["forward", "backward", "same"]
    upstream: str = ""
    local: str = ""
    magnitude: float = 0.0
    left: bool = False

    @property
    def label(self) -> str:
        """The product as text."""
        if not self.upstream:
            return ""
        return f"{self.local} × {self.upstream}" if self.left else f"{self.upstream} × {self.local}"


@dataclass(frozen=True)
class Cluster:
    """What is drawn in one frame: a layer, the loss, a repeated block."""

    id: str
    title: str
    count: int = 1


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a picture shows, each part in the order of computation, gradients after values."""

    boxes: tuple[Box, ...]
    operations: tuple[Operation, ...]
    arrows: tuple[Arrow, ...]
    clusters: tuple[Cluster, ...]
    by_id: dict[str, Box | Operation] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts: tuple[Box | Operation, ...] = (*self.boxes, *self.operations)
        object.__setattr__(self, "by_id", {part.id: part for part in parts})

    @property
    def loss(self) -> Box:
        """The box of the loss."""
        return next(box for box in self.boxes if box.kind == "loss")

    def __len__(self) -> int:
        return len(self.boxes) + len(self.operations)
