"""Products with a Jacobian J = ∂f/∂x, from either side, and with a Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.conversion import is_array, join_list
from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.recording import recorded
from minigrad.engine.tensor import Tensor, constant_tensor
from minigrad.engine.transforms.evaluation import Evaluation, find_places, name_function_of, stop_tensor
from minigrad.engine.transforms.functional import Argnums, Transformed, check_argnums, check_function, grad, split_aux
from minigrad.engine.transforms.trees import fill_tree, fit_leaves, list_leaves, map_tree, name_leaves
from minigrad.ops import shaping
from minigrad.ops.common.libraries import alike, is_other, make_seed


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Give f(*primals), and the function that carries a gradient back: g ↦ (∂E/∂primal, …), from g = ∂E/∂f.

    Primals and value are arrays, numbers or Tensors, or trees of them; g is a tree like the value, and each gradient
    one like its primal. The pullback may be called again, differentiated and mapped over. With ``has_aux`` f returns
    (value, more), and more comes third.

    Raises ``ValueError`` for a g that is not like the value, ``TypeError`` for primals that are not floating point.

    >>> y, pull = vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    check_function("vjp", f)
    called = name_function_of("vjp", f)
    primals = tuple(map_tree(_copy_array, x) for x in primals)  # the pullback is of what they hold now
    linear = Linearization(called, f, range(len(primals)), primals, {}, has_aux)
    value = (linear.give_value(), linear.pull_tree)
    return (*value, linear.give_more()) if has_aux else value


def linearize(
    rule: str, f: Callable[..., Any], argnums: Argnums, args: Sequence[Any], kwargs: dict[str, Any]
) -> Linearization:
    """Call f, and give the linear map from a gradient of its value to those of some of its arguments."""
    called = name_function_of(rule, f)
    return Linearization(called, f, find_places(called, f, argnums, args, kwargs), args, kwargs)


class Linearization:
    """A call of f, and the linear map from a gradient of its value to those of its arguments.

    ``joined`` is all of the value that can have a gradient, in one vector, or the one tensor where there is but one: so
    that a walk over what f recorded is one walk, however many outputs there are.
    """

    def __init__(
        self,
        called: str,
        f: Callable[..., Any],
        places: Sequence[Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        has_aux: bool = False,
    ) -> None:
        self.called = called
        self.call = Evaluation(called, f, places, args, kwargs)
        self.value: Any = self.call.value
        self.more: Any = None
        if has_aux:
            self.value, self.more = split_aux(called, self.value)
        self.outputs = list_leaves(self.value)
        for path, x in name_leaves(self.value, "the value"):
            if not isinstance(x, Tensor | int | float | complex | np.generic) and not is_array(x):
                raise TypeError(f"{called}: {path} must be an array or a number, not {type(x).__name__}.")
        self.flowing = [i for i, x in enumerate(self.outputs) if self._flows(x)]
        with recorded():
            self.joined: Any = join_leaves([self.outputs[i] for i in self.flowing])
        self.with_graph = self.call.needs_graph(*self.outputs, *list_leaves(self.more))

    def _flows(self, x: Any) -> bool:
        """Say whether a gradient flows back from an output, to the variables of this call."""
        if isinstance(x, Tensor) and x.spent:
            x.seed_gradient(None)  # which says why there is none
        return isinstance(x, Tensor) and x.serial >= self.call.oldest

    def give_value(self) -> Any:
        """Give the value as the caller is to have it."""
        return self.call.give(self.value, self.with_graph)

    def give_more(self) -> Any:
        """Give what f returned besides."""
        return self.call.give(self.more, self.with_graph)

    def pull_tree(self, gradient: Any) -> tuple[Any, ...]:
        """Carry a gradient, a tree like the value, back to the arguments."""
        leaves = _fit_arrays(self.called, self.value, gradient, "the gradient")
        paths = [path for path, _ in name_leaves(self.value, "the gradient")]
        for path, x, y in zip(paths, leaves, self.outputs, strict=True):
            if np.shape(x) != np.shape(y):
                raise ValueError(f"{self.called}: {path} must have the shape {np.shape(y)}, not {np.shape(x)}.")
        with_graph = self.call.needs_graph(*self.outputs) or any(
            isinstance(x, Tensor) and x.requires_grad for x in leaves
        )
        with recorded():
            seed = join_leaves([_as_constant(leaves[i], self.outputs[i]) for i in self.flowing])
            gradients = self.call.fill(self.pull_joined(seed, with_graph))
        tensors = any(isinstance(x, Tensor) and not x.plain for x in leaves)
        return gradients if tensors else self.call.give(gradients, with_graph)

    def pull_joined(self, seed: Any, with_graph: bool) -> list[Any]:
        """Carry a gradient, a tensor like the joined value, back to the variables."""
        if self.joined is not None and seed.dtype != self.joined.dtype:
            seed = seed.astype(self.joined.dtype)
        return self.call.pull(self.joined, seed, with_graph)


def _copy_array(x: Any) -> Any:
    return x.copy(order="K") if isinstance(x, np.ndarray) else x


def join_leaves(leaves: Sequence[Any]) -> Any:
    """Give tensors in one vector; the one as it is if there is but one, and None if there is none."""
    if len(leaves) < 2:
        return leaves[0] if leaves else None
    return shaping.concatenate([shaping.ravel(x) for x in leaves])


def _as_constant(x: Any, y: Any) -> Tensor:
    """Give a gradient that a user gave as a tensor of its output's dtype, in the library of that."""
    if isinstance(x, Tensor) or is_other(x):
        x = x if x.dtype == y.dtype else x.astype(y.dtype)
        return x if isinstance(x, Tensor) else constant_tensor(x)
    return constant_tensor(alike(np.asarray(x, y.dtype), y))


@with_usage
def jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Give f(*primals), and its derivative along tangents: Σ ∂f/∂primal · tangent, a tree like the value.

    Primals and tangents are tuples, one for each argument, and trees like each other; for one argument that is an array
    or a number it may stand by itself. With ``has_aux`` f returns (value, more), and more comes third. The pullback
    g ↦ Jᵀ g is linear in g, and J is what carries a gradient back through it: right to any order.

    Raises ``ValueError`` for tangents that are not like the primals.

    >>> jvp(lambda x, y: x * y, (np.eye(2), 3.0), (np.ones((2, 2)), 0.0))[1]
    array([[3., 3.],
           [3., 3.]])
    """
    check_function("jvp", f)
    called = name_function_of("jvp", f)
    primals, tangents = _as_arguments(called, primals, tangents)
    value, pull, *more = vjp(f, *primals, has_aux=has_aux)
    _, push = vjp(pull, map_tree(make_seed, value))
    return (value, push(tuple(tangents))[0], *more)


def _as_arguments(called: str, primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Give primals and tangents as tuples that are like each other."""
    if not isinstance(primals, tuple | list):
        primals, tangents = (primals,), (tangents,)
    primals, tangents = tuple(primals), tuple(tangents) if isinstance(tangents, tuple | list) else tangents
    leaves = _fit_arrays(called, primals, tangents, "tangents")
    for (path, x), t in zip(name_leaves(primals, "tangents"), leaves, strict=True):
        if np.shape(x) != np.shape(t):
            raise ValueError(f"{called}: {path} must have the primal's shape {np.shape(x)}, not {np.shape(t)}.")
    return primals, fill_tree(primals, iter(leaves))


def _fit_arrays(called: str, like: Any, tree: Any, path: str) -> list[Any]:
    """Give what stands in a tree where another one has its leaves; a list, where that has an array, as an array."""
    return [join_list(x) if isinstance(x, list | tuple) else x for x in fit_leaves(called, like, tree, path)]


@with_usage
def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """Give the product of the Hessian of a scalar function with a vector: Σ ∂²f/∂x∂xᵀ · tangent, like the primal.

    Primals and tangents are as for ``jvp``; for several arguments the product is a tuple, of the Hessian by all of
    them. It costs a few gradients, whatever the size: the Hessian is symmetric, so that its product with a vector is
    what carries that back through the gradient.

    >>> hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    check_function("hvp", f)
    primals, tangents = _as_arguments(name_function_of("hvp", f), primals, tangents)
    _, pull = vjp(grad(f, tuple(range(len(primals)))), *primals)
    products = pull(tangents)
    return products[0] if len(products) == 1 else products


@with_usage
def hessian_vector_product(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Give the function (*arguments, v) ↦ H v, of the Hessian H of a scalar function by one argument.

    >>> hessian_vector_product(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    return Transformed(_multiply_hessian, f, check_argnums("hessian_vector_product", f, argnums))


def _multiply_hessian(f: Callable[..., Any], argnums: Argnums, /, *args: Any, **kwargs: Any) -> Any:
    called = name_function_of("hessian_vector_product", f)
    if not args:
        raise TypeError(f"{called}: wanted the arguments, and then the vector.")
    *arguments, vector = args
    linear = linearize("hessian_vector_product", grad(f, argnums), argnums, arguments, kwargs)
    products = linear.pull_tree(vector)
    return products[0] if isinstance(argnums, int | str) else products


@with_usage
def stop_gradient(tree: Any) -> Any:
    """Give the same values, through which no gradient flows: ∂/∂x of ``stop_gradient(x)`` is 0.

    Tensors become constants, arrays and numbers are such; in a tree each of them by itself.

    >>> float(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    return map_tree(stop_tensor, tree)
