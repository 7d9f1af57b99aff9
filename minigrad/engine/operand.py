"""The syntax that Tensor and Node share: operators, methods and NumPy's own protocols (NEP 13 and NEP 18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any, Self

import numpy as np

from minigrad.engine.blocks import in_force
from minigrad.engine.messages.errors import describe
from minigrad.engine.messages.habits import OtherHabits
from minigrad.engine.methods import Methods
from minigrad.engine.protocols.numpy_protocol import PLAIN, UFUNCS, WRITING, find_function, find_ufunc, is_computed
from minigrad.engine.protocols.whole_operators import WholeOperators
from minigrad.engine.recording import compilation, is_paused
from minigrad.ops import arithmetic, elementwise, indexing, linalg, parts, shaping
from minigrad.ops.base import Op, as_array
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.common.lanes import running
from minigrad.ops.common.late import Late

outputs = Late("minigrad.engine.protocols.outputs")
refusals = Late("minigrad.engine.protocols.refusals")
ufuncs = Late("minigrad.engine.protocols.ufuncs")


class Operand(Methods, OtherHabits, WholeOperators):
    """Something an Op can be applied to that remembers how it was made.

    ``op`` and ``inputs`` say how (op is None for a leaf), ``serial`` when: an operand's is larger than its inputs',
    and 0 or less if no gradient flows to it. A subclass gives ``apply(op, inputs)``, which all of the syntax leads to.
    """

    __slots__ = ()
    has_data = True
    guarded = False
    op: Op | None
    inputs: Any  # a tuple, as a slot or as a property
    values: Any
    serial: int
    array: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)  # an int itself: of any other kind float32 would become float64 beside it

    @property
    def T(self) -> Self:
        """The transpose: the axes reversed."""
        return self.apply(shaping.reversed_axes, (self,))

    @property
    def real(self) -> Self:
        """The real part."""
        return self.apply(parts.real, (self,))

    @real.setter
    def real(self: Any, value: Any) -> None:
        self[...] = as_array(value) + 1j * self.imag if parts.is_complex(self) else value

    @property
    def imag(self) -> Self:
        """The imaginary part."""
        return self.apply(parts.imag, (self,))

    @imag.setter
    def imag(self: Any, value: Any) -> None:
        if not parts.is_complex(self):
            raise TypeError(f"elements of {self.dtype} have no imaginary part to set. Write x = x + 1j * value")
        self[...] = self.real + 1j * as_array(value)

    def __add__(self, other: Any) -> Self:
        return self.apply(arithmetic.add, (self, other))

    def __radd__(self, other: Any) -> Self:
        return self.apply(arithmetic.add, (other, self))

    def __sub__(self, other: Any) -> Self:
        return self.apply(arithmetic.subtract, (self, other))

    def __rsub__(self, other: Any) -> Self:
        return self.apply(arithmetic.subtract, (other, self))

    def __mul__(self, other: Any) -> Self:
        return self.apply(arithmetic.multiply, (self, other))

    def __rmul__(self, other: Any) -> Self:
        return self.apply(arithmetic.multiply, (other, self))

    def __truediv__(self, other: Any) -> Self:
        return self.apply(arithmetic.divide, (self, other))

    def __rtruediv__(self, other: Any) -> Self:
        return self.apply(arithmetic.divide, (other, self))

    def __matmul__(self, other: Any) -> Self:
        return self.apply(linalg.matmul, (self, other))

    def __rmatmul__(self, other: Any) -> Self:
        return self.apply(linalg.matmul, (other, self))

    def __pow__(self, exponent: Any) -> Self:
        if isinstance(exponent, int | float) and not isinstance(exponent, np.generic):
            return self.apply(arithmetic.raised(exponent), (self,))
        return self.apply(arithmetic.power, (self, exponent))

    def __rpow__(self, base: Any) -> Self:
        return self.apply(arithmetic.power, (base, self))

    def __neg__(self) -> Self:
        return self.apply(arithmetic.negative, (self,))

    def __pos__(self) -> Self:
        return self.apply(elementwise.identity, (self,))

    def __abs__(self) -> Self:
        return self.apply(arithmetic.absolute, (self,))

    def __lt__(self, other: Any) -> Self:
        return self.apply(arithmetic.less, (self, other))

    def __le__(self, other: Any) -> Self:
        return self.apply(arithmetic.less_equal, (self, other))

    def __gt__(self, other: Any) -> Self:
        return self.apply(arithmetic.greater, (self, other))

    def __ge__(self, other: Any) -> Self:
        return self.apply(arithmetic.greater_equal, (self, other))

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        if other is None:
            return self.as_constant(np.zeros(self.shape, np.bool_))
        return self.apply(arithmetic.equal, (self, other))

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        if other is None:
            return self.as_constant(np.ones(self.shape, np.bool_))
        return self.apply(arithmetic.not_equal, (self, other))

    __hash__ = object.__hash__  # by identity: an operand is a place in a graph

    def __getitem__(self, key: Any) -> Self:
        if running and any(x.level for x in find_operands(key)):
            return indexing.gather(self, key)
        return self.apply(indexing.Index(plain_value(map_operands(key, read_index))), (self,))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(
                f"len() of {describe(self)}, a scalar, which has no axes and cannot be looped over. Its number is "
                f".item()"
            )
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(self == x))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Self:
        """Give the same elements in another shape: ``x.reshape(2, 3)`` or ``x.reshape((2, 3))``."""
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)

    def transpose(self, *axes: Any) -> Self:
        """Permute the axes: ``x.transpose(1, 0, 2)``; without arguments reverse them."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return shaping.transpose(self, order)

    def conj(self) -> Self:
        """Give the complex conjugate, which of real numbers is the tensor itself."""
        return parts.conjugate(self)

    conjugate = conj

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Self:
        """Convert to another floating-point or complex dtype; the gradient is converted back."""
        return shaping.astype(self, dtype, copy=copy, casting=casting)

    def as_constant(self, array: Any) -> Any:
        """Give an array as a constant of this kind."""
        return array

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__":
            op = UFUNCS.get(ufunc) or find_ufunc(ufunc)
            if op is not None:
                if op is arithmetic.power and self.dtype != np.bool_:  # of which NumPy's operator makes int8
                    return inputs[0] ** inputs[1] if isinstance(inputs[0], Operand) else self.__rpow__(inputs[0])
                if op is elementwise.sign and self.dtype.kind == "c":  # z / |z| is not constant
                    return elementwise.find_direction(self)
                return self.apply(op, inputs)
        if is_constant((inputs, kwargs)):
            return self.compute_plainly(getattr(ufunc, method), inputs, kwargs, writes=method == "at")
        if targets := outputs.find_targets(kwargs):
            return outputs.compute_into(targets, getattr(ufunc, method), inputs, kwargs, method == "__call__")
        ours = ufuncs.find_call(ufunc, method) if method != "at" or isinstance(inputs[0], Operand) else None
        if ours is None:
            raise self.unknown_function(ufunc, method, inputs, kwargs)
        try:
            return ours(*inputs, **kwargs)
        except TypeError as error:
            if type(error) is not TypeError or "argument" not in str(error):
                raise
            raise TypeError(refusals.refuse_call(ufunc, error, find_operands((inputs, kwargs)))) from error

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        ours = find_function(func)
        if not (args and isinstance(args[0], Operand)) and func in WRITING:
            ours = None
        # of what is recorded nobody needs to look for more, which takes half as long as recording an operation
        constant = (self.serial <= 0 or bool(in_force)) and is_constant((args, kwargs))
        if not constant and (len(args) > 2 or "out" in kwargs):
            args, kwargs = outputs.name_target(func, args, kwargs)
            if targets := outputs.find_targets(kwargs):
                return outputs.compute_into(targets, func, args, kwargs, masked=False)
        # whole numbers wrap and are rounded as in NumPy's own function, where ours is several operations
        whole = constant and is_computed(func) and all(x.dtype in WHOLE for x in find_operands((args, kwargs)))
        if ours is not None and not whole:
            try:
                return ours(*args, **kwargs)
            except (TypeError, ValueError) as error:
                if not constant or type(error) is not TypeError or "argument" not in str(error):
                    refusals.explain_call(func, error, find_operands((args, kwargs)))
                    raise
        if (func in PLAIN or constant) and self.has_data and (tracing := compilation()) is not None:
            return func(*map_operands(args, tracing.operand), **map_operands(kwargs, tracing.operand))
        if func in PLAIN and self.has_data:
            return func(*plain_value(args), **plain_value(kwargs))
        if constant:
            return self.compute_plainly(func, args, kwargs, writes=func in WRITING)
        raise self.unknown_function(func, "__call__", args, kwargs)

    def compute_plainly(self, f: Callable[..., Any], args: Any, kwargs: Any, writes: bool) -> Any:
        """Give what a function that is no operation computes on the arrays of constants."""
        raise NotImplementedError(f"{type(self).__name__} has no arrays to compute on")

    def unknown_function(self, f: Callable[..., Any], method: str, args: Any, kwargs: Any) -> TypeError:
        """Give the error for a function of NumPy's that is no operation."""
        return TypeError(refusals.explain_refusal(f, method, args, find_operands((args, kwargs))))


def find_operands(x: Any) -> Iterator[Operand]:
    """Give the operands inside lists, tuples and dicts."""
    if isinstance(x, Operand):
        yield x
    elif isinstance(x, list | tuple | dict):
        for part in x.values() if isinstance(x, dict) else x:
            yield from find_operands(part)


def is_constant(arguments: Any) -> bool:
    """Say whether a function of the arguments has a value, recorded nowhere: NumPy itself may compute it."""
    return all(x.has_data and (x.serial <= 0 or is_paused()) for x in find_operands(arguments))


def map_operands(x: Any, change: Callable[[Operand], Any]) -> Any:
    """Give lists, tuples and dicts anew, with every operand changed."""
    if isinstance(x, Operand):
        return change(x)
    if isinstance(x, list | tuple):
        return type(x)(map_operands(part, change) for part in x)
    return {name: map_operands(part, change) for name, part in x.items()} if isinstance(x, dict) else x


def plain_value(x: Any) -> Any:
    """Give the arrays inside a value, lists, tuples and dicts included, where no gradient can flow anyway."""
    return x.array if isinstance(x, Operand) else map_operands(x, plain_value)


def read_index(x: Operand) -> Any:
    """Give the array of a tensor that is an index; while a function is traced, what that will hold when it runs."""
    tracing = compilation() if x.has_data else None
    return x.array if x.has_data and tracing is None else x if tracing is None else tracing.operand(x)
