"""Where the inputs of a compiled function come from at each call: whatever may change between calls is one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.trace.links import Link
from minigrad.engine.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Source:
    """An input of the traced graph, read anew at each call; ``key`` tells two of them apart."""

    @property
    def key(self) -> tuple[Any, ...]:
        """Kind and identity of what is read."""
        raise NotImplementedError

    def read(self, arguments: list[Any]) -> Any:
        """Give the value of this call; ``arguments`` are its arrays and numbers, in order."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Argument(Source):
    """The array or number at a position among the arguments."""

    position: int

    @property
    def key(self) -> tuple[Any, ...]:
        """Its position."""
        return ("argument", self.position)

    def read(self, arguments: list[Any]) -> Any:
        """Give the argument's array."""
        x = arguments[self.position]
        return x.array if isinstance(x, Tensor) else x


@dataclass(frozen=True, eq=False)
class Data(Source):
    """The array of a Tensor that the function did not get as an argument, a parameter for instance."""

    tensor: Tensor

    @property
    def key(self) -> tuple[Any, ...]:
        """The Tensor's identity."""
        return ("data", id(self.tensor))

    def read(self, arguments: list[Any]) -> Any:
        """Give the Tensor's array as it is now."""
        return self.tensor.array


@dataclass(frozen=True, eq=False)
class Gradient(Source):
    """The gradient that a Tensor came with, to which the function adds; ``position`` if that is an argument."""

    tensor: Tensor
    position: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """The Tensor's identity."""
        return ("gradient", id(self.tensor))

    def read(self, arguments: list[Any]) -> Any:
        """Give the gradient's array."""
        grad = (self.tensor if self.position is None else arguments[self.position]).stored_grad
        return None if grad is None else grad.array


@dataclass(frozen=True, eq=False)
class State(Source):
    """A running value of an update rule: Adam's m of one parameter, say. ``owner`` is the parameter's name."""

    state: dict[str, Any]
    name: str
    owner: str | None

    @property
    def key(self) -> tuple[Any, ...]:
        """Identity of the parameter's running values, and the value's name."""
        return ("state", id(self.state), self.name)

    def read(self, arguments: list[Any]) -> Any:
        """Give its array."""
        return self.state[self.name]


class NumberOutside(Source):
    """A number from outside, which is passed to the code."""


@dataclass(frozen=True, eq=False)
class Reading(NumberOutside):
    """A number that the function finds outside itself by a link, and that has been another once."""

    link: Link

    @property
    def name(self) -> str:
        """What the function calls it."""
        return str(self.link.name) if str(self.link.name).isidentifier() else "number"

    @property
    def key(self) -> tuple[Any, ...]:
        """Where it is found."""
        return ("reading", self.link.key)

    def read(self, arguments: list[Any]) -> Any:
        """Give the number."""
        return self.link.read()


@dataclass(frozen=True, eq=False)
class Setting(NumberOutside):
    """A number that steers an update rule: a learning rate, say. It may be set anew between calls."""

    owner: Any
    name: str

    @property
    def key(self) -> tuple[Any, ...]:
        """The owner's identity and the setting's name."""
        return ("setting", id(self.owner), self.name)

    def read(self, arguments: list[Any]) -> Any:
        """Give the number."""
        return getattr(self.owner, self.name)


@dataclass(frozen=True, eq=False)
class Draw(Source):
    """Random numbers in [0, 1), drawn anew in every call, in the order in which the function asks for them."""

    rng: Any
    shape: tuple[int, ...]
    number: int

    @property
    def key(self) -> tuple[Any, ...]:
        """Which of the draws it is, and from which generator."""
        return ("draw", id(self.rng), self.number)

    def read(self, arguments: list[Any]) -> Any:
        """Draw."""
        return self.rng.random(self.shape)


@dataclass(frozen=True, eq=False)
class Captured(Source):
    """An array from outside that is neither argument nor Tensor; what is written into it later is seen."""

    array: Any
    place: str | None

    @property
    def key(self) -> tuple[Any, ...]:
        """Where and how the array lies, so that A.T at two places is one input."""
        return ("captured", getattr(self.array, "strides", None), find_memory(self.array))

    def read(self, arguments: list[Any]) -> Any:
        """Give the array."""
        return self.array


def find_memory(x: Any) -> Any:
    """Give what tells the elements of an array from those of others: where they lie; of A and A.T it is the same."""
    if type(x) is not np.ndarray or not x.size:
        return id(x)
    return (x.ctypes.data, x.dtype, tuple(sorted(zip(x.strides, x.shape, strict=True))))
