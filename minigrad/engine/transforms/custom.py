"""A derivative of one's own: ``custom_vjp`` as JAX has it, ``primitive`` with ``defvjp`` and ``defjvp`` as autograd."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from minigrad.engine.transforms.functional import check_function
from minigrad.engine.transforms.mapping import vmap
from minigrad.engine.transforms.own_rules import Ruled
from minigrad.engine.transforms.products import vjp
from minigrad.engine.transforms.trees import fill_tree, list_leaves, map_tree, spread_prefix
from minigrad.ops import shaping
from minigrad.ops.base import as_array
from minigrad.ops.common.libraries import make_zeros


class CustomVjp(Ruled):
    """A function with a derivative of its own: see ``custom_vjp``."""

    def __init__(self, f: Callable[..., Any], nondiff_argnums: Iterable[int] = ()) -> None:
        super().__init__(f)
        self.static = tuple(nondiff_argnums)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> Callable[..., Any]:
        """State the derivative: fwd(*args) → (f(*args), kept), and bwd(kept, g) → the gradient of each argument.

        bwd gets the arguments at ``nondiff_argnums`` first. A gradient may be None, for 0. Where the rules are in
        NumPy's syntax, they are differentiated for higher orders.
        """
        check_function("defvjp", fwd)
        check_function("defvjp", bwd)
        self.fwd, self.bwd = fwd, bwd
        return bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Give f(…), recorded with the rule if a gradient flows to an argument."""
        if self.fwd is None or self.bwd is None:
            raise TypeError(f"{self.name}: no derivative is stated. Call {self.name}.defvjp(fwd, bwd) before.")
        args = self.order_arguments(args, kwargs) if kwargs else args
        if not self.static:
            return super().__call__(*args)
        static = {i % len(args): args[i] for i in self.static}

        def insert(*others: Any) -> list[Any]:
            left = iter(others)
            return [static[i] if i in static else next(left) for i in range(len(args))]

        bound = CustomVjp(lambda *others: self.f(*insert(*others)))
        bound.__name__ = self.name  # type: ignore[attr-defined]
        fwd, bwd = self.fwd, partial(self.bwd, *(static[i % len(args)] for i in self.static))
        bound.defvjp(lambda *others: fwd(*insert(*others)), bwd)
        return bound(*(x for i, x in enumerate(args) if i not in static))

    def order_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Give all arguments by position, with their defaults."""
        bound = inspect.signature(self.f).bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.args

    @property
    def rules(self) -> tuple[Any, ...]:
        """Give fwd and bwd."""
        return self.fwd, self.bwd

    def forward(self, *args: Any) -> tuple[Any, Any]:
        """Call fwd."""
        assert self.fwd is not None
        returned = self.fwd(*args)
        if not (isinstance(returned, tuple) and len(returned) == 2):
            raise TypeError(f"{self.name}: fwd must return (value, kept), not {type(returned).__name__}.")
        return returned

    def pull_back(self, args: tuple[Any, ...], y: Any, g: Any, kept: Any, wanted: set[int]) -> Any:
        """Call bwd."""
        assert self.bwd is not None
        return self.bwd(self.forward(*args)[1] if kept is None else kept, g)

    def over_lanes(self, axes: tuple[Any, ...]) -> CustomVjp:
        """Map the function and both of its rules; the gradient of what is the same for all lanes is their sum."""
        assert self.fwd is not None
        assert self.bwd is not None
        mapped, bwd = CustomVjp(vmap(self.f, axes)), vmap(self.bwd)

        def pull_all(kept: Any, g: Any) -> Any:
            found = bwd(kept, g)
            return tuple(map(sum_shared, axes, found if isinstance(found, tuple | list) else (found,)))

        mapped.defvjp(vmap(self.fwd, axes), pull_all)
        return mapped


def custom_vjp(f: Callable[..., Any], nondiff_argnums: Iterable[int] = ()) -> CustomVjp:
    """Give f with a derivative that you state, by ``f.defvjp(fwd, bwd)``.

    Arguments and values are arrays or trees of them; those at ``nondiff_argnums`` are whatever they are. f must read no
    tensor from outside that requires a gradient.

    >>> @custom_vjp
    ... def clipped(x):
    ...     return x
    >>> _ = clipped.defvjp(lambda x: (x, None), lambda kept, g: (np.minimum(g, 1.0),))
    >>> vjp(clipped, np.array([1.0, 2.0]))[1](np.array([0.5, 50.0]))
    (array([0.5, 1. ]),)
    """
    check_function("custom_vjp", f)
    return CustomVjp(f, nondiff_argnums)


class Primitive(Ruled):
    """A function that is differentiated by rules for its arguments, not looked into: see ``primitive``."""

    def __init__(self, f: Callable[..., Any]) -> None:
        super().__init__(f)
        self.makers: dict[int, Callable[..., Any] | None] = {}
        self.options: dict[str, Any] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Give f(…), recorded with its rules if a gradient flows to an argument."""
        if not kwargs:
            return super().__call__(*args)
        bound = Primitive(partial(self.f, **kwargs))
        bound.__name__ = self.name  # type: ignore[attr-defined]
        bound.makers, bound.options = self.makers, kwargs
        return bound(*args)

    @property
    def rules(self) -> tuple[Any, ...]:
        """Give the rule of each argument."""
        return tuple(maker for maker in self.makers.values() if maker is not None)

    def forward(self, *args: Any) -> tuple[Any, Any]:
        """Call the function; its rules get the value and the arguments, and need no more."""
        return self.f(*args), None

    def pull_back(self, args: tuple[Any, ...], y: Any, g: Any, kept: Any, wanted: set[int]) -> Any:
        """Call the rules of the arguments that are wanted."""
        return [self.pull_argument(i, args, y, g) if i in wanted else None for i in range(len(args))]

    def pull_argument(self, i: int, args: tuple[Any, ...], y: Any, g: Any) -> Any:
        """Give the gradient of one argument."""
        if i not in self.makers:
            raise NotImplementedError(
                f"{self.name}: no derivative is stated by argument {i}; write defvjp({self.name}, …), with None for 0."
            )
        maker = self.makers[i]
        return None if maker is None else maker(y, *args, **self.options)(g)

    def over_lanes(self, axes: tuple[Any, ...]) -> Primitive:
        """Call the function, which is not looked into, for one lane after the other; map the rules."""

        def each(*args: Any) -> Any:
            n = next(x.shape[0] for x, axis in pairs(args) if axis == 0)
            rows = [self.f(*fill_tree(args, (x[k] if axis == 0 else x for x, axis in pairs(args)))) for k in range(n)]
            columns = zip(*map(list_leaves, rows), strict=True)
            return fill_tree(rows[0], (shaping.stack([as_array(x) for x in column]) for column in columns))

        def pairs(args: tuple[Any, ...]) -> Iterable[tuple[Any, Any]]:
            return zip(list_leaves(args), spread_prefix(self.name, axes, args, "axes"), strict=True)

        def maker(i: int, y: Any, *args: Any) -> Callable[[Any], Any]:
            def pull(y: Any, g: Any, *args: Any) -> Any:
                found = self.pull_argument(i, args, y, g)
                return map_tree(lambda x: 0.0 * x, args[i]) if found is None else found

            return lambda g: sum_shared(axes[i], vmap(pull, (0, 0, *axes))(y, g, *args))

        mapped = Primitive(each)
        mapped.__name__ = self.name  # type: ignore[attr-defined]
        mapped.makers = {i: partial(maker, i) for i in self.makers}
        return mapped


def sum_shared(axes: Any, gradient: Any) -> Any:
    """Add up the gradients of all lanes for those leaves of an argument that all lanes share."""
    if gradient is None:
        return None
    leaves = list_leaves(gradient)
    places = spread_prefix("vmap", axes, gradient, "in_axes")
    return fill_tree(gradient, (g if axis == 0 else g.sum(0) for g, axis in zip(leaves, places, strict=True)))


def primitive(f: Callable[..., Any]) -> Primitive:
    """Give f as a function that is not looked into, whose derivative ``defvjp`` or ``defjvp`` states.

    It gets bare arrays, and may do with them what it likes.

    >>> @primitive
    ... def cube(x):
    ...     return np.asarray(x) ** 3
    >>> defvjp(cube, lambda y, x: lambda g: g * 3 * x**2)
    >>> vjp(cube, 2.0)[1](1.0)
    (array(12.),)
    """
    check_function("primitive", f)
    return Primitive(f)


def defvjp(f: Primitive, *makers: Callable[..., Any] | None, argnums: Iterable[int] | None = None) -> None:
    """State the gradient of a primitive by each argument: maker(y, *args) gives g ↦ ∂E/∂argument; None is for 0.

    ``argnums`` are the arguments' positions, 0, 1, … if they are not given.
    """
    for i, maker in zip(_check_primitive("defvjp", f, argnums), makers, strict=False):
        f.makers[i] = maker


def defjvp(f: Primitive, *rules: Callable[..., Any] | str | None, argnums: Iterable[int] | None = None) -> None:
    """State the derivative of a primitive by each argument, forward: rule(t, y, *args) is what y gets of a tangent t.

    It is linear in t, and gradients go back through it. ``"same"`` is for a function in NumPy's
    syntax that is linear itself, None for 0.
    """

    def maker(i: int, rule: Any, y: Any, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        def push(t: Any) -> Any:
            if rule == "same":
                return f.f(*args[:i], t, *args[i + 1 :], **kwargs)
            return rule(t, y, *args, **kwargs)

        return lambda g: vjp(push, map_tree(lambda x: make_zeros(np.shape(x), x), args[i]))[1](g)[0]

    for i, rule in zip(_check_primitive("defjvp", f, argnums), rules, strict=False):
        f.makers[i] = None if rule is None else partial(maker, i, rule)


def _check_primitive(called: str, f: Any, argnums: Iterable[int] | None) -> Iterable[int]:
    if not isinstance(f, Primitive):
        raise TypeError(f"{called}: wanted a function made by primitive(…), not {f!r}.")
    return count() if argnums is None else argnums
