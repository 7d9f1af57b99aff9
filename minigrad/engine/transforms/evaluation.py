"""One call of a function that is differentiated: variables in the place of its arguments, and the walk back to them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.engine.conversion import is_array
from minigrad.engine.messages.named_arguments import list_arguments, within
from minigrad.engine.operand import Operand
from minigrad.engine.record import fast_pullback
from minigrad.engine.recording import announce_walk, compilation, is_paused, leaf_serial, mapping, recorded
from minigrad.engine.tensor import Tensor, constant_tensor
from minigrad.engine.transforms.trees import (
    bundle_numbers,
    fill_tree,
    is_leaf,
    list_leaves,
    map_tree,
    name_leaves,
    unbundle_numbers,
)
from minigrad.engine.writing.versions import assigned, find_first
from minigrad.engine.writing.watch import VARIABLE
from minigrad.ops.common.alphabet import printable
from minigrad.ops.elementwise import identity
from minigrad.ops.parts import is_complex

Place = int | str  # of an argument: its position, or its name


class Evaluation:
    """A call f(…) with variables, tensors that nothing has been computed from yet, for the leaves of some arguments.

    ``variables`` are those of all arguments at ``places``, ``value`` is what f returned, ``differentiates`` whether f
    has taken a gradient itself, which may be constant for good reason.
    """

    def __init__(
        self,
        called: str,
        f: Callable[..., Any],
        places: Sequence[Place],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> None:
        self.called, self.differentiates, self.mapping = called, False, mapping()
        self.outer = within.get()
        self.given = [args[place] if isinstance(place, int) else kwargs[place] for place in places]
        self.variables: list[Tensor] = []
        self.f, self.arguments, self.named = f, list(args), dict(kwargs)
        self.trees: list[Any] = []  # the arguments at ``places``, with variables for leaves
        with recorded():
            for place, x in zip(places, self.given, strict=True):
                owner: Any = self.arguments if isinstance(place, int) else self.named
                owner[place] = self._take_variables(x, f"argument {place}")
                self.trees.append(owner[place])
            token = within.set(self)
            try:
                self.value = f(*self.arguments, **self.named)
            finally:
                within.reset(token)
        if assigned:  # the function may have assigned to elements of its arguments
            self.variables = [find_first(x) for x in self.variables]
        if self.outer is not None:
            self.outer.differentiates = True
        self.oldest = min((x.serial for x in self.variables), default=0)
        leaves = [x for tree in (*args, *kwargs.values()) for x in ((tree,) if is_leaf(tree) else list_leaves(tree))]
        given = [x for x in leaves if isinstance(x, Tensor)]
        self.plain = all(x.plain for x in given)  # then arrays are wanted, as arrays were given
        self.older: bool | None = None  # has f read what has a gradient, too? Until somebody asks
        self.recorded = self._is_nested() or any(x.requires_grad for x in given)

    def list_arguments(self) -> Iterator[tuple[str, Any]]:
        """Give the arguments as the function has got them, with the path to each."""
        return list_arguments(self.f, self.arguments, self.named)

    def _take_variables(self, tree: Any, path: str) -> Any:
        """Give an argument with a variable in the place of each leaf."""
        if is_leaf(tree) and tree is not None:
            self.variables.append(make_variable(self.called, tree, path))
            return self.variables[-1]
        bundled = bundle_numbers(tree)
        variables = [make_variable(self.called, x, where) for where, x in name_leaves(bundled, path)]
        if not variables:
            raise TypeError(f"{self.called}: {path} is {tree!r}, which holds nothing to differentiate by.")
        self.variables += variables
        return fill_tree(bundled, iter(variables))

    def fill(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """Give what belongs to each variable as the arguments have them: a tree for each."""
        left = iter(found)
        pairs = zip(self.given, self.trees, strict=True)
        return tuple(next(left) if is_leaf(x) else unbundle_numbers(x, fill_tree(tree, left)) for x, tree in pairs)

    def _is_nested(self) -> bool:
        """Say whether a gradient is being taken of what calls this, and by variables that belong to the same lanes.

        Outside a vmap that runs here, gradients of its lanes follow from what those are made of.
        """
        outer = within.get()
        return outer is not None and outer.mapping is mapping()

    def needs_graph(self, *values: Any) -> bool:
        """Say whether gradients of some values must have a record of their own."""
        if is_paused():
            return False  # the caller wants numbers, whatever they depend on
        if self.recorded or self._is_nested():
            return True
        if self.older is None:
            self.older = any(depends_on_older(x, self.oldest) for x in values)
        return self.older

    def pull(self, output: Any, seed: Any, with_graph: bool) -> list[Tensor]:
        """Carry ∂E/∂output back to the variables: ∂E/∂variable of each, zeros where none flows."""
        found: dict[Tensor, Any] = {}
        if isinstance(output, Tensor) and output.serial >= self.oldest:
            # lanes of a vmap around the walk compute with Tensors and with arrays, not with what stands for arrays
            of_lanes = isinstance(output.array, Operand)
            with_graph = with_graph or (of_lanes and seed.level > output.level)
            outside = of_lanes and seed.level < output.level and not (type(seed) is Tensor and seed.serial <= 0)
            with recorded():
                announce_walk(output, seed, self.oldest)
                found = fast_pullback(
                    output,
                    seed if with_graph or outside else seed.array,  # lanes are made of what is recorded outside
                    create_graph=with_graph,
                    since=self.oldest,
                    keep={x for x in self.variables if x.op is not None},
                )
        elif isinstance(output, Tensor) and output.spent:
            output.seed_gradient(None)  # which says why there is none
        self.reached = any(x in found for x in self.variables)
        return [_as_tensor(x, found.get(x)) for x in self.variables]

    def give(self, tree: Any, with_graph: bool) -> Any:
        """Give values of the call as the caller is to have them: as arrays if only such were given."""
        if with_graph or not (self.plain or is_paused()):
            return tree
        change = _as_plain if self.plain else stop_tensor
        return change(tree) if isinstance(tree, Tensor) else map_tree(change, tree)


def _as_plain(x: Any) -> Any:
    return x.as_plain() if isinstance(x, Tensor) else x


def stop_tensor(x: Any) -> Any:
    """Give the same value as a constant."""
    return x.detach() if isinstance(x, Tensor) else x


def is_within() -> bool:
    """Say whether a function that is differentiated is running."""
    return within.get() is not None


def make_variable(called: str, x: Any, path: str) -> Tensor:
    """Give a leaf of an argument as a tensor that nothing else has yet been computed from."""
    lanes = mapping()
    if isinstance(x, Tensor) and x.requires_grad and lanes is None:
        return _see_again(x)
    try:
        given = x if isinstance(x, Tensor) else constant_tensor(x) if _is_floating(x) else Tensor(x)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{called}: {path} is no tensor: {error}") from error
    if given.dtype.kind not in "fc":
        raise TypeError(
            f"{called}: {path} is {given.dtype}, and only floating-point arguments have gradients. "
            f"Write 3.0 for 3, or convert an array with .astype(float)."
        )
    tracing = compilation() if lanes is None else lanes
    if tracing is None:
        t = constant_tensor(given.array)
        t.serial, t.stored_grad = leaf_serial(), None
    else:
        t = tracing.variable(x if isinstance(x, Tensor | float) or is_array(x) else given.array)
    t.born = VARIABLE
    return t


def _is_floating(x: Any) -> bool:
    """Say whether x is an array that a Tensor takes as it is, of a dtype that has gradients: the usual case."""
    return type(x) is np.ndarray and x.dtype.kind in "fc"


def _see_again(x: Tensor) -> Tensor:
    """Give a variable in the place of what has a gradient already: the same, but another tensor."""
    if compilation() is not None:
        t = identity(x)
        t.born = VARIABLE
        return t
    t = x.as_constant(x.array)
    t.record_operation(identity, (x,), (x.array,))
    t.born = VARIABLE
    return t


def _as_tensor(x: Tensor, g: Any) -> Tensor:
    """Give what the walk found for a variable as a Tensor: one of lanes may come to a variable that has none."""
    if isinstance(g, Tensor):
        return g
    lift = getattr(g, "lift", None)
    return x.of_gradient(g) if lift is None else lift()


def depends_on_older(value: Any, oldest: int) -> bool:
    """Say whether a value was also computed from tensors with gradients of their own, made before the variables.

    Then so were the gradients, which must be recorded, or those tensors' share in them would be lost.
    """
    seen: set[int] = set()
    stack = [value] if isinstance(value, Tensor) and value.serial > oldest else []
    while stack:
        for x in stack.pop().inputs:
            if not isinstance(x, Tensor) or x.serial <= 0 or id(x) in seen:
                continue
            if x.serial < oldest and x.op is None and getattr(x, "born", None) != VARIABLE:
                return True
            seen.add(id(x))
            if x.serial != oldest:
                stack.append(x)
    return False


def find_places(called: str, f: Any, argnums: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Place]:
    """Give where the arguments stand that ``argnums`` means, by position or by name: each once, one or more."""
    if type(argnums) is int and 0 <= argnums < len(args):
        return [argnums]
    chosen = (argnums,) if isinstance(argnums, int | str) else tuple(argnums)
    places = [_find_place(called, f, i, args, kwargs) for i in chosen]
    if not places or len(set(places)) != len(places):
        raise ValueError(f"{called}: argnums must name an argument or more, each once, not {argnums!r}.")
    return places


def _find_place(called: str, f: Any, i: Place, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Place:
    if isinstance(i, int):
        if not -len(args) <= i < len(args):
            say_call = "" if args else " Call what it gives with the function's arguments."
            raise ValueError(f"{called}: argnums names positional argument {i}, and {len(args)} were given.{say_call}")
        return i % len(args)
    if i in kwargs:
        return i
    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):  # a function in C may have none
        names = []
    if i not in names:
        raise ValueError(
            f"{called}: argnums names the argument {i!r}; there are {', '.join(names) or 'none with names'}."
        )
    if names.index(i) >= len(args):
        raise ValueError(f"{called}: argnums names the argument {i!r}, which was not given.")
    return names.index(i)


def name_function_of(rule: str, f: Any) -> str:
    """Say what is done to which function, for an error: ``grad of loss``."""
    return f"{rule} of {printable(getattr(f, '__name__', type(f).__name__))}"


def _say_return(value: Any) -> str:
    if value is None:
        return " Is a return missing?"
    return " Return one number; with has_aux=True others may follow it." if isinstance(value, tuple | list) else ""


def refuse_value(called: str, value: Any) -> None:
    """Raise unless a value is a scalar, which has a gradient."""
    if not isinstance(value, Tensor | int | float | complex | np.generic) and not is_array(value):
        returned = f"{type(value).__name__}.{_say_return(value)}"
        raise TypeError(f"{called}: wanted a scalar value, and the function returned {returned}")
    shape = value.shape if isinstance(value, Tensor) else np.shape(value)
    if shape != ():
        raise ValueError(f"{called}: wanted a scalar value, and it has shape {shape}. Reduce it, with .sum() say.")
    if is_complex(value):
        raise TypeError(
            f"{called}: wanted a real value, and it is complex. Take its .real, or np.abs of it; the derivative of a "
            f"holomorphic function f is holomorphic_grad(f)."
        )
