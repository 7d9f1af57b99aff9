"""Functions of functions: the gradient of a function as a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper, wraps
from types import MethodType
from typing import Any, Self

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.messages.errors import warn_user
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.evaluation import Evaluation, Place, find_places, name_function_of, refuse_value
from minigrad.engine.transforms.trees import list_leaves, name_leaves
from minigrad.ops.common.copies import qualified_name
from minigrad.ops.common.dtypes import dtype_of
from minigrad.ops.parts import is_complex

Argnums = Place | Sequence[Place]


@with_usage
def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Give a function that returns both f(…) and its gradient ∂f/∂(argument ``argnums``).

    ``f`` takes arrays or numbers as it would without us, in NumPy's syntax, and returns a scalar. The gradient has the
    argument's shape and dtype; an argument may be a tree, a dict, list, tuple, namedtuple or dataclass of arrays, and
    its gradient is one of gradients. ``argnums`` is a position or a name; for several, the gradient is a tuple. With
    ``has_aux`` f returns (value, more), and ((value, more), gradient) is what comes. Arrays in, arrays out; Tensors
    in, Tensors out, and also where f reads a Tensor that requires a gradient, on which its own then depends. Such
    functions nest: ``grad(grad(f))``.

    Raises ``TypeError`` for an argument that is not floating point, ``ValueError`` if f's value is not a scalar. Warns
    if that depends on none of the arguments, as a truth value or what has gone through ``.item()`` does not.

    >>> value, gradient = value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    return Transformed(_value_and_gradient, f, check_argnums("grad", f, argnums), has_aux)


@with_usage
def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Give the gradient function ∂f/∂(argument ``argnums``) of a scalar function, as ``value_and_grad`` does.

    With ``has_aux`` f returns (value, more), and (gradient, more) is what comes.

    >>> float(grad(grad(np.sin))(0.5) + np.sin(0.5))
    0.0
    >>> grad(lambda p: p["a"] ** 2 * p["b"])({"a": np.float64(3), "b": np.float64(2)})
    {'a': array(12.), 'b': array(9.)}
    """
    return Transformed(_gradient_alone, f, check_argnums("grad", f, argnums), has_aux)


@with_usage
def holomorphic_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Give f′, the complex derivative of a holomorphic function of complex numbers, as ``grad`` does of a real one.

    By Cauchy and Riemann's equations it is the gradient of the real part, which ``f`` is believed to have them for.

    Raises ``TypeError`` for an argument or a value that is not complex.

    >>> complex(holomorphic_grad(lambda z: z**2)(3 + 1j))
    (6+2j)
    """
    return Transformed(_complex_derivative, f, check_argnums("holomorphic_grad", f, argnums))


class Transformed(partial[Any]):
    """A function made of another one, f, by a rule: ``rule(f, *options, …)``; called, and found, like f itself.

    It is an object, so that it can be pickled: a closure cannot. Calling a partial costs no more than calling one.
    """

    def __new__(cls, rule: Callable[..., Any], f: Callable[..., Any], *options: Any) -> Self:
        """Bind the rule to f, whose name, signature and docstring it takes over."""
        made = super().__new__(cls, rule, f, *options)
        update_wrapper(made, f, updated=())
        return made

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        """Be a method where the function was one."""
        return self if owner is None else MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{self.func.__name__.strip('_')} of {self.args[0]!r}>"

    def __reduce__(self) -> Any:
        return qualified_name(self) or (type(self), (self.func, *self.args))


def check_function(rule: str, f: Any) -> None:
    """Raise unless f is a function."""
    if not callable(f):
        way = "call E.backward() and read w.grad" if isinstance(f, Tensor) else "give it one, such as np.sin"
        raise TypeError(f"{rule}: wanted a function, not {shown(f)}; {way}.")


def check_argnums(rule: str, f: Any, argnums: Any) -> Argnums:
    """Give the positions or names of arguments, if f is a function and they are such; several as a tuple."""
    check_function(rule, f)
    if isinstance(argnums, int | str):
        return argnums
    chosen = tuple(argnums) if hasattr(argnums, "__iter__") else (argnums,)
    if not all(isinstance(i, int | str) for i in chosen):
        raise TypeError(
            f"{name_function_of(rule, f)}: argnums must be the number of an argument, or its name, or several, not "
            f"{shown(argnums)}."
        )
    return chosen


def _value_and_gradient(
    f: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any
) -> tuple[Any, Any]:
    called = name_function_of("grad", f)
    call = Evaluation(called, f, find_places(called, f, argnums, args, kwargs), args, kwargs)
    value, more = split_aux(called, call.value) if has_aux else (call.value, None)
    refuse_value(called, value)
    with_graph = call.needs_graph(value, *list_leaves(more))
    flows = isinstance(value, Tensor) and value.serial >= call.oldest
    found = call.pull(value, value.seed_gradient(None) if flows else None, with_graph)
    if not (call.differentiates or call.reached):
        which = f"argument {argnums}" if isinstance(argnums, int | str) else f"arguments {', '.join(map(str, argnums))}"
        warn_user(f"{called}: its value does not depend on {which}: {_why_constant(value)}", UserWarning)
    gradients = call.fill(found)
    gradient = call.give(gradients[0] if isinstance(argnums, int | str) else gradients, with_graph)
    value = call.give(value, with_graph)
    return ((value, call.give(more, with_graph)) if has_aux else value), gradient


def _gradient_alone(f: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    value, gradient = _value_and_gradient(f, argnums, has_aux, *args, **kwargs)
    return (gradient, value[1]) if has_aux else gradient


def _complex_derivative(f: Callable[..., Any], argnums: Argnums, /, *args: Any, **kwargs: Any) -> Any:
    called = name_function_of("holomorphic_grad", f)
    for place in find_places(called, f, argnums, args, kwargs):
        for path, x in name_leaves(args[place] if isinstance(place, int) else kwargs[place], f"argument {place}"):
            if not is_complex(x):
                raise TypeError(f"{called}: {path} is {dtype_of(x)}; write x + 0j, or take grad.")

    @wraps(f)
    def real_part(*xs: Any, **options: Any) -> Any:
        value = f(*xs, **options)
        if not is_complex(value):
            raise TypeError(f"{called}: wanted a complex value, and the function returned a real one; take grad.")
        return value.real

    return _gradient_alone(real_part, argnums, False, *args, **kwargs)


def split_aux(called: str, returned: Any) -> tuple[Any, Any]:
    """Give a function's value, and what more it returned."""
    if not (isinstance(returned, tuple | list) and len(returned) == 2):
        raise TypeError(f"{called}: with has_aux the function returns (value, more), not {shown(returned)}.")
    return returned[0], returned[1]


def _why_constant(value: Any) -> str:
    """Say why no gradient comes from a function's value, as far as the value shows it."""
    kind = np.result_type(value) if not isinstance(value, Tensor) else value.dtype
    if kind.kind == "b":
        return "it is a truth value, whose slope is 0 wherever it has one. Compare after differentiating."
    if kind.kind in "iu":
        return "it is a whole number, an index or a count, whose slope is 0. Take it after differentiating."
    cut = "the record of it was cut, as .item(), float(), .data, .detach() and no_grad() cut it, or it is constant"
    return f"it is {'a tensor' if isinstance(value, Tensor) else 'a plain number'}, and {cut}; the gradient is 0."
