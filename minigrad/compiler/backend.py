"""What a backend is: an object that rewrites a step for itself and writes it. The compiler knows none but by this.

A backend of your own is a subclass of Backend, given as ``compile(f, backend=mine)``; ``load`` has those with names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from minigrad.compiler.passes.plan import Plan
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.compiler.trace.checks import check_array
from minigrad.compiler.trace.sources import Draw, Source
from minigrad.engine.node import Node
from minigrad.ops.base import Op

Kernel = TypeVar("Kernel")


class Registry(Generic[Kernel]):
    """What a backend does for each operation: one kernel for an Op, or a class of them; the nearest class counts."""

    def __init__(self) -> None:
        self.kernels: dict[Any, Kernel] = {}

    def register(self, kernel: Kernel, *operations: Op | type[Op]) -> None:
        """Say what to do for some Ops or classes of Ops."""
        self.kernels.update(dict.fromkeys(operations, kernel))

    def find(self, op: Op) -> Kernel | None:
        """Give the kernel of an Op, its own or that of its nearest class."""
        return next((self.kernels[x] for x in (op, *type(op).__mro__) if x in self.kernels), None)


@dataclass
class Call:
    """How the code is called: what comes before, the call itself with ``{}`` for what it is passed, its results.

    Each value that is passed brings the comma behind it. A call that holds Python's lock (the GIL) while it computes is
    never in two threads at once, which then may share the step: ``shared`` gives what the call names of that. One that
    reads objects where they lie is passed the ``id`` of each value in ``identities``; ``watch(step, slots, counting)``
    lets it refuse, as what does not fit, a slot of a Tensor that holds another object than it did, and with
    ``counting`` whatever comes after a new record until ``note()``, which ``watch`` gives. A ``silent`` one refuses by
    giving None.

    Where there is one, ``attempt(step, kind)`` gives a function that is called first, as ``attempted`` says: it takes
    the values themselves, and gives what ``results`` name, the only one in a new object of a ``kind`` of Tensor if
    that is not None. It gives None where it refuses; ``mended`` makes the same of what the call itself gives.
    """

    written: str
    results: list[str]
    before: list[str] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    fitting: Callable[[Any], Any] | None = None
    shared: Callable[[Any], dict[str, Any]] | None = None
    identities: Container[int] = ()
    watch: Callable[[Any, Sequence[tuple[Any, str, Any]], bool], Callable[[], None]] | None = None
    silent: bool = False
    attempt: Callable[[Any, type | None], Callable[..., Any]] | None = None
    attempted: str = ""
    mended: str = ""


@dataclass
class Draft:
    """A step that is planned and has yet to be written: ``updates`` are the inputs' new values, ``hints`` names.

    An ``exact`` one is to compute each operation by itself: no two may be contracted, or taken in another order.
    """

    plan: Plan
    returned: list[Any]
    updates: dict[Node, Any]
    inputs: dict[Node, Source]
    hints: Mapping[Node, str]
    name: str
    exact: bool = False


class Program(ABC):
    """A step as code: arrays that it is ``bound`` to stay where they are, what is ``passed`` comes with each call.

    ``calls`` are the operations that Python calls between loops, and why they have none.
    """

    source: str
    calls: Sequence[Refusal] = ()
    bound: Sequence[Node]
    passed: Sequence[Node]
    call: Call

    @abstractmethod
    def make_step(self, arrays: Sequence[Any]) -> Any:
        """Give a step bound to arrays, with memory of its own to compute in: no two threads share it."""

    @abstractmethod
    def hold_draw(self, draw: Draw) -> Any:
        """Give what the code is bound to for random numbers: their generator, or an array for them."""

    def find_misfit(self, arrays: Sequence[Any]) -> str:
        """Say why the code cannot compute with some arrays; nothing if it can."""
        return ""

    def write_epochs(self, arguments: Sequence[str]) -> Callable[..., None]:
        """Give the loop over batches: ``loop(step, X, T, order, x, t, xs, ts, losses, …)``.

        Batch b is the rows order[b n : (b + 1) n] of X and T, copied to x and t (xs and ts, seen as rows);
        ``arguments`` are what the step is passed, of x, t and the numbers at the end.
        """
        raise Unsupported("no loop over batches is written")

    def write_module(self, name: str) -> str:
        """Give the code as a module of its own, which needs NumPy alone."""
        raise Unsupported("no module is written")


class Backend(ABC):
    """Writes steps. ``fallback`` writes those that this one refuses; one without a fallback refuses none.

    ``loops`` says whether its programs have loops over batches of their own, ``rolls`` whether it writes what repeats
    in a step as a loop, ``repeats`` from how many parameters on that one update rule is for it writes a loop over them.
    """

    name: ClassVar[str]
    fallback: Backend | None = None
    loops: ClassVar[bool] = False
    rolls: ClassVar[bool] = True
    repeats: ClassVar[int] = 0  # never

    def check_argument(self, array: Any) -> None:
        """Raise ``TypeError`` for an array among the arguments that the code would not compute with."""
        check_array(array)

    def arrange(self, outputs: Sequence[Any]) -> list[Any]:
        """Give equal outputs, up to rounding, that leave to loops what suits the backend there, before they are fit."""
        return list(outputs)

    @abstractmethod
    def fit(self, outputs: Sequence[Any]) -> list[Any]:
        """Give equal outputs, in operations that suit the backend."""

    @abstractmethod
    def draws_in(self, product: Node) -> bool:
        """Say whether a product of matrices may be added to a parameter where that lies."""

    @abstractmethod
    def write(self, draft: Draft) -> Program:
        """Write a step; raises ``Unsupported`` for what the backend is not written for."""


def lie_in_order(arrays: Sequence[Any]) -> bool:
    """Say whether arrays' elements lie in order, so that machine code and BLAS may write to them where they are."""
    return all(x.flags.carray for x in arrays if isinstance(x, np.ndarray))


def lay_in_order(array: Any) -> Any:
    """Give a constant as machine code can read it: a copy, if its elements do not lie in order."""
    return array if are_read_in_order([array]) else np.array(array, order="C")


def are_read_in_order(arrays: Sequence[Any]) -> bool:
    """Say whether arrays' elements lie in order, so that machine code may read them where they are."""
    return all(x.flags.c_contiguous and x.flags.aligned for x in arrays if isinstance(x, np.ndarray))
