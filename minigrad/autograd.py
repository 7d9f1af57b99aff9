"""What HIPS autograd calls its differential operators, called as it calls them: ``from minigrad.autograd import …``.

A function of one argument, the one at ``argnum``, is what each of them is for; the others are passed on. They are the
transforms of ``engine``, by other names and in other orders. ``minigrad`` itself has those that are used most.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.transforms import functional, jacobians, products
from minigrad.engine.transforms.custom import defjvp, defvjp, primitive
from minigrad.engine.transforms.evaluation import name_function_of
from minigrad.engine.transforms.functional import Transformed, check_argnums, check_function
from minigrad.engine.transforms.recomputation import checkpoint
from minigrad.engine.transforms.trees import fill_tree, list_leaves, map_tree
from minigrad.ops import shaping
from minigrad.ops.common.dtypes import dtype_of
from minigrad.ops.parts import is_complex

__all__ = [
    "checkpoint",
    "defjvp",
    "defvjp",
    "deriv",
    "elementwise_grad",
    "flatten",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "multigrad_dict",
    "primitive",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
]


def grad(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give the gradient by one argument, or by several, a tuple of them, of a function of one number in any shape."""
    check_function("grad", fun)
    return functional.grad(Transformed(_call_for_number, fun), argnum)


def _call_for_number(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    value = fun(*args, **kwargs)
    return np.reshape(value, ()) if getattr(value, "shape", ()) and value.size == 1 else value


def value_and_grad(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give a function that returns both value and gradient."""
    return functional.value_and_grad(fun, argnum)


def grad_and_aux(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give, for a function that returns (value, more), one that returns (gradient, more)."""
    return functional.grad(fun, argnum, has_aux=True)


def grad_named(fun: Callable[..., Any], argname: str) -> Callable[..., Any]:
    """Give the gradient by the argument of that name."""
    return functional.grad(fun, argname)


def holomorphic_grad(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give f′ of a holomorphic function of complex numbers."""
    return functional.holomorphic_grad(fun, argnum)


def jacobian(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give all derivatives ∂fᵢ/∂xⱼ, of the value's shape and then the argument's."""
    return jacobians.jacobian(fun, argnum)


def hessian(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give all second derivatives of a scalar function."""
    return jacobians.hessian(fun, argnum)


def hessian_vector_product(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give (*args, v) ↦ H v."""
    return products.hessian_vector_product(fun, argnum)


hessian_tensor_product = hessian_vector_product


def elementwise_grad(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give the derivative of each element of a function that acts on each by itself: the sum of each Jacobian's column.

    >>> elementwise_grad(np.exp)(np.array([0.0, 0.0]))
    array([1., 1.])
    """
    return Transformed(_elementwise, fun, check_argnums("elementwise_grad", fun, argnum))


def _elementwise(fun: Callable[..., Any], argnum: Any, /, *args: Any, **kwargs: Any) -> Any:
    pull, value = _pullback("elementwise_grad", fun, argnum, args, kwargs)
    if any(map(is_complex, list_leaves(value))):
        called = name_function_of("elementwise_grad", fun)
        raise TypeError(f"{called}: wanted a real value, and it is complex. See holomorphic_grad.")
    return pull(map_tree(lambda y: np.ones(np.shape(y), dtype_of(y)), value))


def deriv(fun: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """Give the derivative along ones: f′ of a function of a number, whatever the shape of its value.

    >>> deriv(lambda x: np.stack([x, x**2]))(3.0)
    array([1., 6.])
    """
    return Transformed(_derivative, fun, check_argnums("deriv", fun, argnum))


def _derivative(fun: Callable[..., Any], argnum: int, /, *args: Any, **kwargs: Any) -> Any:
    push = _pushforward(fun, argnum, *args, **kwargs)
    return push(map_tree(lambda x: np.ones(np.shape(x), dtype_of(x)), args[argnum]))[1]


def make_vjp(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give args ↦ (vjp, f(*args)), with vjp: g ↦ ∂E/∂argument, from g = ∂E/∂f.

    >>> pull, y = make_vjp(lambda x: x**2)(np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    array([ 2., 40.])
    """
    return Transformed(_make_vjp, fun, check_argnums("make_vjp", fun, argnum))


def _make_vjp(fun: Callable[..., Any], argnum: Any, /, *args: Any, **kwargs: Any) -> Any:
    return _pullback("make_vjp", fun, argnum, args, kwargs)


def _pullback(rule: str, fun: Callable[..., Any], argnum: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Give the pullback by one argument, or several, and the value."""
    chosen, alone = (argnum, False) if isinstance(argnum, tuple) else ((argnum,), True)
    linear = products.linearize(rule, fun, chosen, args, kwargs)
    return (lambda g: linear.pull_tree(g)[0]) if alone else linear.pull_tree, linear.give_value()


def make_jvp(fun: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """Give args ↦ jvp, with jvp: tangent ↦ (f(*args), ∂f/∂argument · tangent).

    >>> float(make_jvp(lambda x, n: x**n)(3.0, 2)(1.0)[1])
    6.0
    """
    return Transformed(_pushforward, fun, check_argnums("make_jvp", fun, argnum))


def _pushforward(fun: Callable[..., Any], argnum: int, /, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    def of_one(x: Any) -> Any:
        return fun(*args[:argnum], x, *args[argnum:][1:], **kwargs)

    return lambda tangent: products.jvp(of_one, (args[argnum],), (tangent,))


def make_hvp(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give args ↦ (hvp, gradient), with hvp: v ↦ H v; the gradient is taken once."""
    return make_vjp(functional.grad(fun, argnum), argnum)


def make_ggnvp(f: Callable[..., Any], g: Callable[..., Any] | None = None, f_argnum: int = 0) -> Callable[..., Any]:
    """Give args ↦ (v ↦ Jᵀ H J v), the generalized Gauss-Newton matrix: J of f, H of a scalar g of f, ½ Σ y² if None."""
    return Transformed(_make_ggnvp, f, g or _half_square, check_argnums("make_ggnvp", f, f_argnum))


def _half_square(y: Any) -> Any:
    return 0.5 * np.sum(y**2, axis=-1)


def _make_ggnvp(f: Callable[..., Any], g: Callable[..., Any], argnum: int, /, *args: Any, **kwargs: Any) -> Any:
    pull, y = _make_vjp(f, argnum, *args, **kwargs)
    curve, _ = _make_vjp(functional.grad(g), 0, y)
    push = _pushforward(f, argnum, *args, **kwargs)
    return lambda v: pull(curve(push(v)[1]))


def tensor_jacobian_product(fun: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """Give (*args, v) ↦ Σ v ∂f/∂argument, summed over as many leading axes of f as v has."""
    return Transformed(_multiply_jacobian, fun, check_argnums("tensor_jacobian_product", fun, argnum))


vector_jacobian_product = tensor_jacobian_product


def _multiply_jacobian(fun: Callable[..., Any], argnum: Any, /, *args: Any, **kwargs: Any) -> Any:
    *arguments, vector = args

    def weighted(*xs: Any, **options: Any) -> Any:
        return np.tensordot(vector, fun(*xs, **options), axes=np.ndim(vector))

    return jacobians.jacobian(weighted, argnum)(*arguments, **kwargs)


def multigrad_dict(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Give args ↦ {name: gradient} by all arguments, as the function names them.

    >>> multigrad_dict(lambda x, y: x * y)(2.0, y=3.0)
    {'x': array(3.), 'y': array(2.)}
    """
    check_function("multigrad_dict", fun)
    return Transformed(_gradients_by_name, fun)


def _gradients_by_name(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    bound = inspect.signature(fun).bind(*args, **kwargs)
    bound.apply_defaults()
    names = tuple(bound.arguments)
    return dict(zip(names, functional.grad(fun, names)(*bound.args, **bound.kwargs), strict=True))


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Give all numbers of a tree in one vector, and the function that makes such a tree of a vector again.

    Both can be differentiated.

    >>> vector, unflatten = flatten({"W": np.eye(2), "b": [3.0]})
    >>> vector
    array([1., 0., 0., 1., 3.])
    >>> unflatten(2 * vector)["b"]
    [np.float64(6.0)]
    """
    leaves = list_leaves(value)
    shapes = [np.shape(x) for x in leaves]
    stops = np.cumsum([np.prod(shape, dtype=int) for shape in shapes]).tolist()
    arrays = [x if hasattr(x, "shape") else np.asarray(x) for x in leaves]
    vector = shaping.concatenate([shaping.ravel(x) for x in arrays]) if arrays else np.zeros(0)

    def unflatten(vector: Any) -> Any:
        total = stops[-1] if stops else 0
        if np.shape(vector) != (total,):
            raise ValueError(f"unflatten: wanted a vector of {total} numbers, and its shape is {np.shape(vector)}.")
        parts = (vector[start:stop] for start, stop in zip([0, *stops], stops, strict=False))
        pairs = zip(parts, shapes, strict=True)
        return fill_tree(value, (x[0] if shape == () else np.reshape(x, shape) for x, shape in pairs))

    return vector, unflatten
