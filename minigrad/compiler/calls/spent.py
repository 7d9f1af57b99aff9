"""Spent: a result whose gradient the compiled function has taken itself, as a training step's loss is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.engine.recording import is_paused
from minigrad.engine.tensor import Tensor


def _checked(name: str) -> Callable[..., Any]:
    method = getattr(Tensor, name)

    def operator(self: Spent, other: Any) -> Any:
        self.refuse_beside((other,))
        return method(self, other)

    operator.__name__ = name
    return operator


class Spent(Tensor):
    """A constant Tensor that refuses to become a part of something with a gradient, which would lack its share.

    The function computed it with a record, and called ``backward`` or ``step`` itself; what compiled code returns has
    no record. Python and NumPy ask a subclass first, so that no other Tensor has to be asked what it is.
    """

    __slots__ = ()
    spent = True
    op, serial = None, 0  # for all of them, so that none has to be given its own

    def refuse_beside(self, others: tuple[Any, ...]) -> None:
        """Raise if a gradient flows to one of these operands."""
        for x in others if not is_paused() else ():
            if isinstance(x, Tensor) and x.serial > 0:
                raise self.lost()
            if isinstance(x, list | tuple):
                self.refuse_beside(tuple(x))

    def lost(self) -> TypeError:
        """Give the error that says what to do."""
        return TypeError(
            "a result of a compiled function that takes gradients itself, by backward() or step(), or writes into its "
            "arguments, has no record any more, and its share of a gradient would be lost. Add the other terms inside "
            "that function, or write .detach() for its bare value; a function that only computes a loss is "
            "differentiable when it is compiled."
        )

    @property
    def requires_grad(self) -> bool:
        """No; and it cannot be switched on."""
        return False

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value:
            raise self.lost()

    def seed_gradient(self, gradient: Any) -> Tensor:
        """Refuse."""
        raise self.lost()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        self.refuse_beside(inputs)
        return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        self.refuse_beside(args)
        return super().__array_function__(func, types, args, kwargs)

    def apply(self, op: Any, inputs: tuple[Any, ...]) -> Any:
        """Compute an operation, on constants."""
        self.refuse_beside(inputs)
        return super().apply(op, inputs)

    # spelled out, so that Python asks this class before that of the other operand
    __radd__, __rsub__, __rmul__ = _checked("__radd__"), _checked("__rsub__"), _checked("__rmul__")
    __rtruediv__, __rpow__, __rmatmul__ = _checked("__rtruediv__"), _checked("__rpow__"), _checked("__rmatmul__")
    __add__, __sub__, __mul__ = _checked("__add__"), _checked("__sub__"), _checked("__mul__")
    __truediv__, __matmul__ = _checked("__truediv__"), _checked("__matmul__")


def make_spent(data: Any) -> Spent:
    """Give the Tensor of a result whose gradient has been taken."""
    t = object.__new__(Spent)
    t.array = data
    return t
