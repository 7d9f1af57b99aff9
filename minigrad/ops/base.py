"""What one operation must say of itself: its value, its shape, its local derivative and its notation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from minigrad.ops.common.alphabet import name_operands
from minigrad.ops.common.choices import as_unseen, chain_choice
from minigrad.ops.common.dlpack import speaks_dlpack, take_memory
from minigrad.ops.common.dtypes import WHOLE, as_precise, dtype_of_call, dtype_of_ufunc, kind_of
from minigrad.ops.common.frozen import Frozen
from minigrad.ops.common.lanes import align_lanes, apply_each, find_highest, running
from minigrad.ops.common.wrong import find_wrong, say_wrong

Shape = tuple[int, ...]
Rule = Callable[..., Any]


class Recorder:
    """A value that remembers how it was made: applying an Op to it is its own affair."""

    __slots__ = ()
    level = 0  # of two operands the one of the higher level applies an Op: that of the innermost vmap
    op: Any
    inputs: Any

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Self:
        """Apply an Op to inputs, of which one or more record, and give the value, of this kind."""
        raise NotImplementedError(f"{type(self).__name__} must define apply(op, inputs)")

    def choose_by_mask(self, x: Any, mask: Any) -> Any:
        """Give x[mask] of operands, one of which is of this kind and not known yet."""
        raise NotImplementedError(f"{type(self).__name__} must define choose_by_mask(x, mask)")


class Op(Frozen):
    """One differentiable operation, stated once and read three ways: on arrays, on Tensors and on Nodes.

    Array arguments are the inputs of a call. Whatever is static (an axis, an index, a target shape) is a field of
    the Op, named in ``fields``; an Op is frozen, compares and hashes by them, and prints as the call that makes it.

    It pickles by them, too, or by the module's variable that holds it; a copy of it is itself.

    A subclass says:

    - ``forward(*arrays)``: the value, in NumPy.
    - ``shape(*shapes)``: the shape of the value; raises ``ValueError`` where the shapes do not fit.
    - ``vjps``: one rule for each input, ``rule(op, g, y, *inputs)``, giving ∂E/∂input from g = ∂E/∂y, or None where
      there is none. Each is a rule of its own, so that a gradient nobody asked for is never computed.
    - ``definition(*inputs)``, where it is one for several simpler ones: the same value, written with those. What is
      written so by hand is recognized as the operation. If it ``opens``, being one kernel for speed alone, a derivation
      is read off the definition instead; running takes the kernel.
    - ``batch(*inputs)``, where it can be applied to many operands at once: see ``lanes``.
    - ``letters`` and ``text``: how it is written, ``"{a} + {b}"``, and ``binds``, how tightly: 1 sum, 2 product
      of elements, 3 sign and product of matrices, 4 power, 5 atom.
    - ``example``: the fields of one such operation, where it cannot do without, that applies to 3×3 matrices.
    """

    letters: str = "x"
    text: str
    binds: int = 5
    example: ClassVar[tuple[Any, ...]] = ()
    vjps: Any = ()  # a sequence: tuple[Rule | None, ...]
    guarded_vjps: Any = None  # the same where a gradient of 0 may be that of an element which a choice ignored
    derivatives: tuple[Rule | None, ...] | None = None  # of an Elementwise: its rules before g is multiplied by them
    definition: Callable[..., Any] | None = None
    opens = False
    chooses = False  # does the value ignore some elements of its inputs? Then no NaN may come back from those
    broadcasts = False  # may an input be smaller than the rule's result? Then the walk sums over the broadcast axes
    splits = False  # has it any number of inputs, whose rules ``split(inputs)`` gives all at once, as (op, g, y)?
    differentiable = True
    reads_values = True  # does a rule read the operands' or the result's elements, and not their shapes alone?
    views = False  # may the result share the memory of its first input?
    weak = False  # is the value a Python number, which takes the dtype of what it meets (NEP 50)?
    operator = False  # is it one of Python's operators, which make Python numbers of Python numbers?

    def forward(self, *arrays: Any) -> Any:
        """Give the value of the operation on arrays."""
        raise NotImplementedError(f"{self.name}: an Op must define forward")

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the value from the shapes of the inputs."""
        raise NotImplementedError(f"{self.name}: an Op must define shape")

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of the value from those of the inputs, or from inputs themselves that are Python numbers.

        It is NumPy's promotion unless an operation says otherwise; always that of ``forward``.
        """
        return np.result_type(*dtypes)

    @property
    def unseen(self) -> Op:
        """Give what is recorded where no value is known yet: the same, with rules that allow for any gradient."""
        return as_unseen(self) if self.chooses and self.derivatives else self

    def hint(self, *shapes: Shape) -> str:
        """Say what to try when ``shapes`` do not fit, or nothing."""
        return ""

    def batch(self, *inputs: Any) -> Any:
        """Apply to operands that have an axis of lanes in front: here to one lane after the other."""
        return apply_each(self, *inputs)

    def __call__(self, *inputs: Any) -> Any:
        """Apply to arrays, Tensors or Nodes: the first operand that records decides, but one of lanes before others."""
        for x in inputs:
            if isinstance(x, Recorder):
                return (find_highest(inputs) if running else x).apply(self, inputs)
        if not inputs:
            raise TypeError(f"{self.name}: it lacks an operand. Write {self.name}(x); a layer is {self.name} itself.")
        try:
            return self.forward(*inputs)
        except (AttributeError, TypeError) as error:
            wrong = find_wrong(inputs, error)
            if wrong is ...:
                raise
            raise TypeError(say_wrong(self.name, wrong)) from error


class EachInput:
    """One rule for however many inputs a call has: ``rule(i, op, g, y, *inputs)`` for the input at position i."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Rule:
        return partial(self.rule, i)


class Refused(Op):
    """An operation whose arguments NumPy has refused, as ``squeeze(axis=5)``, before there was an Op to apply.

    Applying it raises the error, so that it names the tensor as the error of every other operation does.
    """

    letters = text = ""

    def __init__(self, called: str, error: Exception) -> None:
        self.name, self.error = called, error

    def forward(self, *arrays: Any) -> Any:
        """Raise the error."""
        raise self.error

    def shape(self, *shapes: Shape) -> Shape:
        """Raise the error."""
        raise self.error


def one(y: Any, *inputs: Any) -> int:
    """Give the local derivative 1: the incoming gradient is passed on as it is."""
    return 1


def minus_one(y: Any, *inputs: Any) -> int:
    """Give the local derivative −1: the incoming gradient is negated."""
    return -1


class Elementwise(Op):
    """An operation on each element by itself: y = f(a, b, …), ∂E/∂a = g ⊙ ∂y/∂a.

    The rules in ``derivatives`` state ∂y/∂input from ``(y, *inputs)`` alone; the chain rule multiplies by g.
    ``gives`` is the dtype of the value where it is not that of the inputs. Where rules compute with whole numbers what
    would wrap, 200² of a uint8 being 64, or with one operand alone, of fewer digits than the value, ``floats``
    says that they are to have floats of the value's precision in their place.
    """

    derivatives: tuple[Rule | None, ...] | None  # one of them None only if no input has a derivative

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *derivatives: Rule | None,
        text: str,
        binds: int = 5,
        gives: Any = None,
        chooses: bool = False,
        definition: Callable[..., Any] | None = None,
        floats: bool = False,
    ) -> None:
        if floats:
            derivatives = tuple(rule and _of_floats(rule) for rule in derivatives)
        if not (name + text).isprintable():
            raise ValueError(f"Elementwise: name and text are written in one line, not {name!r}, {text!r}")
        self.definition = definition
        self.name, self.text, self.binds, self.gives, self.chooses = name, text, binds, gives, chooses
        self.forward = forward  # type: ignore[method-assign]
        self.__module__ = sys._getframe(1).f_globals.get("__name__", "")  # where it is found again, as a namedtuple is
        self.derivatives = derivatives
        self.reads_values = not all(rule is one or rule is minus_one for rule in derivatives)
        chain = chain_choice if chooses else _chained
        self.vjps = tuple(rule and chain(rule, len(derivatives)) for rule in derivatives)
        self.letters = name_operands(len(derivatives))
        self.broadcasts = len(derivatives) > 1
        self.differentiable = any(derivatives)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the inputs, broadcast together."""
        different = {shape for shape in shapes if shape}
        return different.pop() if len(different) == 1 else np.broadcast_shapes(*shapes)

    def batch(self, *inputs: Any) -> Any:
        """Apply to all elements of all lanes."""
        return self(*align_lanes(inputs))

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of ``forward``: of the loop that NumPy chooses for a ufunc, or else of one element's value."""
        if self.gives:
            return np.dtype(self.gives)
        if isinstance(self.forward, np.ufunc):
            return dtype_of_ufunc(self.forward, *map(kind_of, dtypes))
        return dtype_of_call(self, *map(kind_of, dtypes))

    def hint(self, *shapes: Shape) -> str:
        """Suggest the transposed operand, or the axis that a vector over the rows lacks."""
        if len(shapes) != 2:
            return ""
        (a, b), letters = shapes, self.letters
        for letter, shape, other in ((letters[1], b, a), (letters[0], a, b)):
            if len(shape) == 2 and fits(shape[::-1], other):
                return f"Did you mean {{{letter}}}.T?"
            if len(shape) == 1 and len(other) == 2 and shape[0] == other[0]:
                return f"To give one value to each row, write {{{letter}}}[:, None]."
        return ""


def _of_floats(rule: Rule) -> Rule:
    return lambda y, *operands: rule(y, *[as_precise(as_floating(x), y) for x in operands])


def _chained(derivative: Rule, inputs: int) -> Rule:
    """Give the rule g ⊙ ∂y/∂input: the chain rule, element by element."""
    if inputs > 2:
        return lambda op, g, y, *operands: g * derivative(y, *operands)
    if derivative is one:
        return (lambda op, g, y, x: g) if inputs == 1 else (lambda op, g, y, a, b: g)
    if derivative is minus_one:
        return (lambda op, g, y, x: -g) if inputs == 1 else (lambda op, g, y, a, b: -g)
    if inputs == 1:  # one function for each number of inputs: packing and unpacking them would cost 0.1 µs a call
        return lambda op, g, y, x: g * derivative(y, x)
    return lambda op, g, y, a, b: g * derivative(y, a, b)


def number_key(x: float) -> tuple[type, Any]:
    """Give what tells two Python numbers apart: 1, 1.0 and True are three, 0.0 and −0.0 two, and all NaN are one."""
    return type(x), repr(x) if x == 0 or x != x else x


def as_floating(x: Any) -> Any:
    """Give integers and truth values as float64: differences of small ones wrap, and their exponentials are float16."""
    return x * 1.0 if getattr(x, "dtype", _FLOAT) in WHOLE else x


def as_array(x: Any) -> Any:
    """Give an array, a Tensor or a Node as it is, and numbers and lists as arrays: what has axes."""
    if getattr(x, "weak", False):  # a Python number that is not known yet, which is an array of its own dtype here
        return x.astype(x.dtype)
    if isinstance(x, list | tuple) and _holds_unknown(x):
        return np.stack([as_array(part) for part in x])
    if isinstance(x, Recorder) or hasattr(x, "__array_function__"):
        return x
    return take_memory("an array", x) if speaks_dlpack(x) else np.asarray(x)


def _holds_unknown(x: Any) -> bool:
    """Say whether a list, nested or not, holds numbers that are not known yet, while a function is traced."""
    return any(map(_holds_unknown, x)) if isinstance(x, list | tuple) else bool(getattr(x, "plain", False))


def as_part(x: Any) -> Any:
    """Give what is joined as an array, but a list of no numbers as it is, for the error to call it so."""
    array = as_array(x)
    return x if isinstance(x, list | tuple) and array.dtype.kind not in "biufc" else array


def refuse_out(out: Any) -> None:
    """Refuse an array to write the result into, which is a new one where it is recorded; None is NumPy's default."""
    if out is not None:
        raise TypeError("the argument 'out' is an array to write into, and a result that is recorded is a new tensor")


_FLOAT = np.dtype(np.float64)


def fits(a: Shape, b: Shape) -> bool:
    """Say whether two shapes broadcast together."""
    return all(m == n or m == 1 or n == 1 for m, n in zip(a[::-1], b[::-1], strict=False))


def placeholder(shape: Shape) -> np.ndarray[Any, Any]:
    """Give an array of this shape that occupies one byte, for NumPy to work out a shape with."""
    return np.broadcast_to(np.False_, shape)
