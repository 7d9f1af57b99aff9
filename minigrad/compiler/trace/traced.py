"""Traced: what a function that is traced computes with, in place of arrays and Tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Never, Protocol

import numpy as np

from minigrad.compiler.trace.alive import Alive
from minigrad.compiler.trace.lying import Lying
from minigrad.compiler.trace.truths import as_numpys, count_truths, is_truth, refuse_number
from minigrad.compiler.trace.turn_number import settle_index
from minigrad.engine.messages.errors import place
from minigrad.engine.messages.other_names import refuse_arguments
from minigrad.engine.node import Node
from minigrad.engine.operand import find_operands, map_operands
from minigrad.engine.protocols.numpy_protocol import PLAIN
from minigrad.engine.protocols.refusals import name_function
from minigrad.engine.record import Kept, Record, fast_pullback
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.chosen import Chosen
from minigrad.engine.writing.views import find_base
from minigrad.engine.writing.watch import VARIABLE
from minigrad.ops.base import Op
from minigrad.ops.common.lanes import find_highest, running
from minigrad.ops.places.positions import find_positions
from minigrad.ops.shaping import BroadcastTo

BITWISE = (np.bitwise_and, np.bitwise_or, np.bitwise_xor)
_slot: Any = Record.__dict__["array"]


class Recording(Protocol):
    """Who is told what happens to a Traced: the tracer of the call, as a Traced sees it."""

    alive: Alive
    retained: Kept
    owners: dict[Traced, Tensor]
    own: dict[int, Tensor]
    arrays: dict[Traced, Any]
    lying: Lying

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Write down an operation."""

    def operand(self, x: Any) -> Any:
        """Give an operand as a Traced, or a number as it is."""

    def constant(self, array: Any) -> Any:
        """Give an array that never changes as an expression."""

    def seed(self, dtype: Any) -> Any:
        """Give the 1 that a backward pass starts from."""

    def loop_over(self, count: int, give: Callable[[Any], Any], frame: Any) -> Iterable[Any]:
        """Give what a ``for`` in a frame is to go over."""

    def add_gradient(self, leaf: Traced, g: Any) -> None:
        """Add to the gradient of the Tensor that a leaf stands for."""


class TraceError(TypeError):
    """Something that a compiled function cannot do, because its result would be frozen into the code."""


class Traced(Tensor):
    """A Tensor whose array is an expression, while the function that computes with it is traced.

    ``plain`` says that it stands for an array rather than a Tensor: what the function got or returns as one.
    """

    __slots__ = ("lent", "lies_as", "made", "order", "plain", "tracer")
    guarded = True
    has_data = False
    lent: bool  # it is .data of a result that is recorded
    is_integer, as_integer_ratio, hex = map(refuse_number, ("is_integer", "as_integer_ratio", "hex"))

    def __init__(self, tracer: Recording, node: Any, serial: int = 0, plain: bool = False) -> None:
        _slot.__set__(self, node)
        self.op, self.serial = None, serial
        self.lies_as = node  # what has been assigned to it since lies where this does
        self.tracer, self.plain, self.made = tracer, plain, place()
        self.order = tracer.alive.enroll(self)

    @property
    def data(self) -> Any:
        """The expression, for the engine alone; a user's function gets what stands for the array of a Tensor.

        What is recorded is not to change behind its record's back: its array is for reading.
        """
        if sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] == "minigrad":
            return _slot.__get__(self)
        if self.plain:
            raise self.frozen(".data", "compute with the array itself, or return it")
        array: Any = self.as_plain() if self.serial > 0 else self[...]
        array.plain, array.lent = True, self.serial > 0
        return array

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(value, Traced) and find_root(value) is find_root(self):
            return  # after an augmented assignment to .data, in place
        raise TraceError(
            f"compile: at {place()} an argument is given other data, which the caller would not see. Return the new "
            f"value instead."
        )

    @property
    def node(self) -> Any:
        """The expression."""
        return _slot.__get__(self)

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """Write an operation down instead of computing it; one on lanes is theirs to apply."""
        highest = find_highest(inputs) if running else self
        return highest.apply(op, inputs) if highest.level else self.tracer.apply(op, count_truths(op, inputs))

    def choose_by_mask(self, x: Any, mask: Any) -> Chosen:
        """Give what a mask chooses, how many of which is not known yet."""
        return Chosen(self.tracer.operand(x), mask, refuse_choice)

    def choose_behind(self, rest: Any, mask: Traced) -> Chosen:
        """Give what a mask chooses of self[rest], or of all if there is no such index."""
        return self.choose_by_mask(self[rest] if rest else self, mask)

    def seed_gradient(self, gradient: Any) -> Traced:
        """Give the expression to start the walk with, as a Tensor's does."""
        if gradient is None and self.serial > 0 and not self.shape and self.dtype.kind != "c":
            return Traced(self.tracer, self.tracer.seed(self.dtype))
        if isinstance(gradient, Traced):
            seed = gradient if gradient.dtype == self.dtype else gradient.astype(self.dtype)
        elif self.serial > 0 and gradient is not None:
            seed = self.tracer.operand(gradient if isinstance(gradient, Tensor) else np.asarray(gradient, self.dtype))
        else:
            return super().seed_gradient(gradient)
        if seed.shape != self.shape:
            raise ValueError(f"backward: gradient must have this tensor's shape {self.shape}, not {seed.shape}.")
        return seed

    def backward(self, gradient: Any = None, create_graph: bool = False, **other: Never) -> None:
        """Write down the gradients of all leaves, and add them to what those have."""
        if other:
            raise refuse_arguments("backward", self, other)
        seed = self.seed_gradient(gradient)
        keep = self.tracer.retained
        found = fast_pullback(self, seed if create_graph else seed.node, create_graph=create_graph, keep=keep)
        for leaf, g in found.items():
            self.tracer.add_gradient(leaf, g if create_graph else Traced(self.tracer, g))

    def __setitem__(self, key: Any, value: Any) -> None:
        check_memory(self, "an assignment", "np.where(…)")
        if (given := self.tracer.arrays.get(self)) is not None and not given.is_array:
            raise TypeError(f"compile: at {place()} {self.name} is a number of NumPy's: it has no elements to assign.")
        super().__setitem__(settle_index(key, self.shape), map_operands(value, self.tracer.operand))

    def __iter__(self) -> Iterator[Traced]:
        return iter(self.tracer.loop_over(len(self), lambda i: self[i], sys._getframe(1)))

    def lay_out(self) -> Any:
        """Give an array that lies in memory as this one would."""
        return self.tracer.lying.lay_out(self.lies_as)

    @property
    def weak(self) -> bool:
        """Say whether it stands for a Python number."""
        return self.node.weak

    @property
    def truth(self) -> bool:
        """Say whether it stands for a truth value of Python's."""
        return is_truth(self.node)

    def retain_grad(self) -> None:
        """Ask ``backward`` to leave ∂E/∂(this value) in ``grad``."""
        if self.serial <= 0:
            super().retain_grad()  # which says why there is none
        self.tracer.retained.add(self)

    def detach(self) -> Traced:
        """Give a tensor of the same expression through which no gradient flows."""
        return Traced(self.tracer, self.node, plain=self.plain)

    def as_constant(self, array: Any) -> Traced:
        """Give an array, or an expression, as a constant of this kind."""
        node = array if isinstance(array, Node) else self.tracer.constant(np.asarray(array))
        return Traced(self.tracer, node, plain=self.plain)

    def as_plain(self) -> Traced:
        """Give the same expression, standing for an array."""
        return Traced(self.tracer, self.node, plain=True)

    def of_gradient(self, g: Any) -> Traced:
        """Give an expression that the walk found for this tensor as a Tensor, or zeros for None."""
        zero = self.tracer.constant(np.zeros((), self.dtype)) if g is None else None
        return Traced(self.tracer, g if zero is None else self.node.apply(BroadcastTo(self.shape), (zero,)))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        given = inputs if ufunc in BITWISE else map(as_numpys, inputs)
        y = super().__array_ufunc__(ufunc, method, *given, **kwargs)
        if getattr(y, "weak", False):
            return y.astype(y.dtype)  # of Python numbers NumPy makes its own
        return y if ufunc in BITWISE else as_numpys(y)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in PLAIN:
            if (found := find_positions(func, args, kwargs)) is not None:
                return self.tracer.apply(*found)
            raise self.frozen(f"np.{func.__name__}", "leave it to the caller of the compiled function")
        return super().__array_function__(func, types, args, kwargs)

    def unknown_function(self, f: Callable[..., Any], method: str, args: Any, kwargs: Any) -> TypeError:
        """Give the error for a function of NumPy's that is no operation: of constants, no gradient is lost."""
        if any(x.serial > 0 for x in find_operands((args, kwargs))):
            return super().unknown_function(f, method, args, kwargs)
        return TraceError(
            f"compile: {name_function(f)} at {place()} is no operation, so that its result would be frozen into the "
            f"code. Compute it outside and pass it as an argument, or build it from operations (`minigrad ops`)."
        )

    def frozen(self, what: str, instead: str) -> TraceError:
        """Give the error for what would make a constant of a value."""
        return TraceError(
            f"compile: {what} of a value that is only known when the compiled function runs, at {place()}, would be "
            f"frozen into the code (the value was made at {self.made}); {instead}."
        )

    def _number(self, called: str) -> Any:
        raise self.frozen(f"{called}()", "keep it a tensor: use NumPy's functions, or return it")

    def item(self, *place: Any) -> Any:
        """Refuse: there is no number yet."""
        raise self.frozen(".item()", "return the tensor, and take .item() of what the compiled function returns")

    def __bool__(self) -> bool:
        raise self.frozen("the truth", "write np.where(condition, a, b) for a choice that depends on values")

    def __index__(self) -> int:
        raise self.frozen("an index made", "pass a Python int, for which the function is traced anew")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise self.frozen(
            "an array made",
            "leave it as it is; to join values write np.stack, for a[i] np.take(a, i, 0), to write it into an array "
            "make that a tensor first, Tensor(np.zeros(n)); and where it is a shape that depends on it, as of "
            "np.unique or np.repeat with counts, compute it outside and pass it as an argument",
        )

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False, **other: Never) -> Any:
        """Give the index of the largest element along ``axis``."""
        return np.argmax(self, axis, out, keepdims=keepdims, **other)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False, **other: Never) -> Any:
        """Give the index of the smallest element along ``axis``."""
        return np.argmin(self, axis, out, keepdims=keepdims, **other)

    def __repr__(self) -> str:
        return f"Traced(shape={self.shape}, dtype={self.dtype})"


def refuse_choice(instead: str) -> TraceError:
    """Give the error for what needs to know how many elements a mask chooses."""
    return TraceError(
        f"compile: at {place()} a mask chooses elements, and how many is only known when the compiled function runs. "
        f"{instead}"
    )


def find_root(t: Traced) -> Traced:
    """Give what t is a view of in the end: itself, if it has memory of its own."""
    root: Any = t
    while (found := find_base(root)) is not None:
        root = found[0]
    return root


def check_memory(t: Traced, what: str, instead: str) -> None:
    """Raise if t looks at an array of the caller's which the code would leave alone: one of a Tensor."""
    root = find_root(t)
    if getattr(root, "lent", False):
        raise TraceError(
            f"compile: at {place()} {what} writes into .data of a result that is recorded, made at {root.made}. Write "
            f"{instead} for a new value, or x = x.data.copy() before."
        )
    if (array := t.tracer.arrays.get(root)) is not None:
        array.check_writable()
        return
    node = root.node
    given = node.op is None and node.value is None and not node.weak and getattr(root, "born", None) != VARIABLE
    owner = t.tracer.owners.get(root)
    if given if owner is None else id(owner) not in t.tracer.own or owner.serial > 0:
        raise TraceError(
            f"compile: at {place()} {what} writes into the array of {root.name or node.name or 'an argument'} itself, "
            f"which the compiled code would not do. Write {instead} for a new value, x = x.copy() before, or "
            f"W.data = … for a parameter."
        )
