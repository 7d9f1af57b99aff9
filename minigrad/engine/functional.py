"""Functions of functions: the gradient of a function as a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial, update_wrapper, wraps
from types import MethodType
from typing import Any, Self

import numpy as np

from minigrad.engine.arguments import shown
from minigrad.engine.conversion import is_array
from minigrad.engine.errors import warn_user
from minigrad.engine.record import fast_pullback
from minigrad.engine.recording import is_paused, leaf_serial, recorded, tracer
from minigrad.engine.tensor import Tensor, constant_tensor
from minigrad.ops.copies import qualified_name
from minigrad.ops.elementwise import identity
from minigrad.ops.parts import is_complex


class _Call:
    """A call of a function that a gradient is taken of; within one, a gradient needs a graph of its own."""

    differentiates = False  # has it taken a gradient itself, which may be constant for good reason?


_within: ContextVar[_Call | None] = ContextVar("within", default=None)


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """Give a function that returns both f(…) and its gradient ∂f/∂(argument ``argnums``).

    ``f`` takes arrays or numbers as it would without us, in NumPy's syntax, and returns a scalar. The gradient has the
    argument's shape and dtype; for several ``argnums`` it is a tuple. Arrays in, arrays out; Tensors in, Tensors out,
    and also where f reads a Tensor that requires a gradient, on which its own then depends. Such functions nest:
    ``grad(grad(f))``.

    Raises ``TypeError`` for an argument that is not floating point, ``ValueError`` if f's value is not a scalar. Warns
    if that depends on none of the arguments, as a truth value or what has gone through ``.item()`` does not.

    >>> value, gradient = value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    return Differentiated(_value_and_gradient, f, argnums)


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Give the gradient function ∂f/∂(argument ``argnums``) of a scalar function, as ``value_and_grad`` does.

    >>> float(grad(grad(np.sin))(0.5) + np.sin(0.5))
    0.0
    """
    return Differentiated(_gradient_alone, f, argnums)


def holomorphic_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Give f′, the complex derivative of a holomorphic function of complex numbers, as ``grad`` does of a real one.

    By Cauchy and Riemann's equations it is the gradient of the real part, which ``f`` is believed to have them for.

    Raises ``TypeError`` for an argument or a value that is not complex.

    >>> complex(holomorphic_grad(lambda z: z**2)(3 + 1j))
    (6+2j)
    """
    return Differentiated(_complex_derivative, f, argnums)


class Differentiated(partial[Any]):
    """A function made of another one, f, by a rule: ``rule(f, argnums, …)``; called, and found, like f itself.

    It is an object, so that it can be pickled: a closure cannot. Calling a partial costs no more than calling one.
    """

    def __new__(cls, rule: Callable[..., Any], f: Callable[..., Any], argnums: int | Sequence[int]) -> Self:
        """Bind the rule to f, whose name, signature and docstring it takes over."""
        if not callable(f):
            way = "call E.backward() and read w.grad" if isinstance(f, Tensor) else "give it one, such as np.sin"
            raise TypeError(f"grad: wanted a function, not {shown(f)}; {way}.")
        if not (isinstance(argnums, int) or all(isinstance(i, int) for i in argnums)):
            raise TypeError(
                f"grad of {getattr(f, '__name__', type(f).__name__)}: argnums must be the number of an argument, or "
                f"several, not {shown(argnums)}."
            )
        made = super().__new__(cls, rule, f, argnums)
        update_wrapper(made, f, updated=())
        return made

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        """Be a method where the function was one."""
        return self if owner is None else MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{self.func.__name__.strip('_')} of {self.args[0]!r}>"

    def __reduce__(self) -> Any:
        return qualified_name(self) or (type(self), (self.func, *self.args))


def _value_and_gradient(
    f: Callable[..., Any], argnums: int | Sequence[int], /, *args: Any, **kwargs: Any
) -> tuple[Any, Any]:
    several = not isinstance(argnums, int)
    positions = tuple(argnums) if not isinstance(argnums, int) else (argnums,)
    called = getattr(f, "__name__", type(f).__name__)
    if not positions or len({i % max(1, len(args)) for i in positions}) != len(positions):
        raise ValueError(f"grad of {called}: argnums must name an argument or more, each once, not {argnums}.")
    paused = is_paused()  # then the caller wants numbers, whatever they depend on
    with recorded():
        variables = [_variable(called, args, i) for i in positions]
        arguments = list(args)
        for i, x in zip(positions, variables, strict=True):
            arguments[i] = x
        outer, call = _within.get(), _Call()
        _within.set(call)
        try:
            value = f(*arguments, **kwargs)
        finally:
            _within.set(outer)
        if outer is not None:
            outer.differentiates = True
        oldest = min(x.serial for x in variables)
        with_graph = not paused and (
            outer is not None
            or any(isinstance(x, Tensor) and x.requires_grad for x in args)
            or _depends_on_older(value, oldest)
        )
        found = _find_gradients(called, value, variables, with_graph)
        if not (call.differentiates or any(x in found for x in variables)):
            which = f"argument{'s' * several} {', '.join(map(str, positions))}"
            message = f"grad of {called}: its value does not depend on {which}: {_why_constant(value)}"
            warn_user(message, UserWarning)
        gradients = [g if isinstance(g, Tensor) else x.of_gradient(g) for x in variables for g in (found.get(x),)]
    if not with_graph and not any(isinstance(x, Tensor) and not x.plain for x in args):
        value = value.as_plain() if isinstance(value, Tensor) else value
        gradients = [g.as_plain() for g in gradients]
    elif paused:
        value = value.detach() if isinstance(value, Tensor) else value
    return value, tuple(gradients) if several else gradients[0]


def _gradient_alone(f: Callable[..., Any], argnums: int | Sequence[int], /, *args: Any, **kwargs: Any) -> Any:
    return _value_and_gradient(f, argnums, *args, **kwargs)[1]


def _complex_derivative(f: Callable[..., Any], argnums: int | Sequence[int], /, *args: Any, **kwargs: Any) -> Any:
    called = f"holomorphic_grad of {getattr(f, '__name__', type(f).__name__)}"
    for i in (argnums,) if isinstance(argnums, int) else argnums:
        if i < len(args) and not np.issubdtype(np.result_type(args[i]), np.complexfloating):
            raise TypeError(f"{called}: argument {i} is {np.result_type(args[i])}; write x + 0j, or take grad.")

    @wraps(f)
    def real_part(*xs: Any, **options: Any) -> Any:
        value = f(*xs, **options)
        if not is_complex(value):
            raise TypeError(f"{called}: wanted a complex value, and the function returned a real one; take grad.")
        return value.real

    return _gradient_alone(real_part, argnums, *args, **kwargs)


def _variable(called: str, args: tuple[Any, ...], i: int) -> Tensor:
    """Give argument i as a tensor that nothing else has yet been computed from."""
    if not -len(args) <= i < len(args):
        raise ValueError(f"grad of {called}: argnums names positional argument {i}, and {len(args)} were given.")
    x = args[i]
    if isinstance(x, Tensor) and x.requires_grad:
        return identity(x)
    try:
        given = x if isinstance(x, Tensor) else Tensor(x)
    except (TypeError, ValueError) as error:
        raise type(error)(f"grad of {called}: argument {i} is no tensor: {error}") from error
    if given.dtype.kind not in "fc":
        raise TypeError(
            f"grad of {called}: argument {i} is {given.dtype}, and only floating-point arguments have gradients. "
            f"Write 3.0 for 3, or convert an array with .astype(float)."
        )
    tracing = tracer()
    if tracing is not None:
        variable: Tensor = tracing.variable(x if isinstance(x, Tensor | float) or is_array(x) else given.array)
        return variable
    t = constant_tensor(given.array)
    t.serial, t.born, t.stored_grad = leaf_serial(), -1, None
    return t


def _depends_on_older(value: Any, oldest: int) -> bool:
    """Say whether a value was also computed from tensors with gradients of their own, made before the variables.

    Then so were the gradients, which must be recorded, or those tensors' share in them would be lost.
    """
    seen: set[int] = set()
    stack = [value] if isinstance(value, Tensor) and value.serial > oldest else []
    while stack:
        for x in stack.pop().inputs:
            if not isinstance(x, Tensor) or x.serial <= 0 or id(x) in seen:
                continue
            if x.serial < oldest:
                return True
            seen.add(id(x))
            if x.serial > oldest:
                stack.append(x)
    return False


def _find_gradients(called: str, value: Any, variables: list[Tensor], with_graph: bool) -> dict[Tensor, Any]:
    if not isinstance(value, Tensor | int | float | complex | np.generic) and not is_array(value):
        raise TypeError(f"grad of {called}: wanted a scalar value, and the function returned {type(value).__name__}.")
    if np.shape(value) != ():
        raise ValueError(
            f"grad of {called}: wanted a scalar value, and it has shape {np.shape(value)}. Reduce it, with .sum() say."
        )
    if is_complex(value):
        raise TypeError(
            f"grad of {called}: wanted a real value, and it is complex. Take its .real, or np.abs of it; the "
            f"derivative of a holomorphic function is holomorphic_grad({called})."
        )
    found: dict[Tensor, Any] = {}
    oldest = min(x.serial for x in variables)
    if isinstance(value, Tensor) and value.serial >= oldest:
        seed = value.seed_gradient(None)
        found = fast_pullback(
            value, seed if with_graph else seed.array, create_graph=with_graph, since=oldest, keep=set(variables)
        )
    elif isinstance(value, Tensor) and value.spent:
        value.seed_gradient(None)  # which says why there is none
    return found


def _why_constant(value: Any) -> str:
    """Say why no gradient comes from a function's value, as far as the value shows it."""
    kind = np.result_type(value) if not isinstance(value, Tensor) else value.dtype
    if kind.kind == "b":
        return "it is a truth value, whose slope is 0 wherever it has one. Compare after differentiating."
    if kind.kind in "iu":
        return "it is a whole number, an index or a count, whose slope is 0. Take it after differentiating."
    cut = "the record of it was cut, as .item(), float(), .data, .detach() and no_grad() cut it, or it is constant"
    return f"it is {'a tensor' if isinstance(value, Tensor) else 'a plain number'}, and {cut}; the gradient is 0."
