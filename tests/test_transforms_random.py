"""Transforms within transforms, drawn at random, of a function of a tree: against differences in exact fractions."""

from fractions import Fraction
from functools import reduce

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.transforms.trees import fill_tree, list_leaves

STEP = Fraction(1, 10**9)
WEIGHTS = (2, -1, 3)
POINT = (0.75, -0.5, 1.25)  # fractions of 2, so that both sides compute at the same place
SCALES = (0.5, 1.0, 1.5)


def tree_of(x):
    """Give a vector of three as the tree that the function takes."""
    return {"a": x[:2], "b": (x[2], None)}


def weigh(tree):
    """Add up the leaves of a tree like the argument, each number by its weight."""
    a, b = list_leaves(tree)
    return (a * np.array(WEIGHTS[:2])).sum() + WEIGHTS[2] * b


TANGENT = tree_of(np.array(WEIGHTS, float))


def cubic(tree):
    """The function that is transformed: a polynomial, whose fourth derivatives are no constants."""
    (u, v), (w, _) = tree["a"], tree["b"]
    return u**3 * v + v**2 * w**2 * u - w**3 * u + v / 2


def slope(f, i):
    """Give ∂f/∂xᵢ of a function of three fractions."""

    def moved(x, by):
        return f(tuple(x[k] + by * (k == i) for k in range(3)))

    return lambda x: (moved(x, STEP) - moved(x, -STEP)) / (2 * STEP)


def weighed_slope(f):
    """Give Σ wᵢ ∂f/∂xᵢ."""
    return lambda x: sum(w * slope(f, i)(x) for i, w in enumerate(WEIGHTS))


@mg.custom_vjp
def squared(y):
    return y * y


squared.defvjp(lambda y: (y * y, {"y": y}), lambda kept, g: (2 * g * kept["y"],))


def mapped(f):
    scales = np.array(SCALES)
    lanes = {"a": 0, "b": (0, None)}
    return lambda p: mg.vmap(f, (lanes,))(fill_tree(p, (np.multiply.outer(scales, x) for x in list_leaves(p)))).sum()


def jacobian_of_two(f):
    def weighed(p):
        found = mg.jacobian(lambda q: np.stack([f(q), 2 * f(q)]))(p)
        return sum(weigh({"a": found["a"][k], "b": (found["b"][0][k], None)}) for k in range(2))

    return weighed


def hessian(f):
    def weighed(p):
        found = mg.hessian(f)(p)
        rows = {"a": [weigh(x) for x in zip_rows(found["a"])], "b": (weigh(found["b"][0]), None)}
        return weigh({"a": np.stack(rows["a"]), "b": rows["b"]})

    def zip_rows(tree):
        return [fill_tree(tree, (x[k] for x in list_leaves(tree))) for k in range(2)]

    return weighed


def by_name(f):
    def named(shift, tree):
        return f(tree) + 0.0 * shift, {"more": tree["a"]}

    return lambda p: weigh(mg.grad(named, argnums="tree", has_aux=True)(1.0, tree=p)[0])


# name: the transform of a function of a tree, and of one of three fractions
TRANSFORMS = {
    "grad": (lambda f: lambda p: weigh(mg.grad(f)(p)), weighed_slope),
    "grad by name with aux": (by_name, weighed_slope),
    "value_and_grad": (
        lambda f: lambda p: (lambda value, g: value + weigh(g))(*mg.value_and_grad(f)(p)),
        lambda f: lambda x: f(x) + weighed_slope(f)(x),
    ),
    "jvp": (lambda f: lambda p: mg.jvp(f, (p,), (TANGENT,))[1], weighed_slope),
    "vjp": (lambda f: lambda p: weigh(mg.vjp(f, p)[1](3.0)[0]), lambda f: lambda x: 3 * weighed_slope(f)(x)),
    "jacobian": (jacobian_of_two, lambda f: lambda x: 3 * weighed_slope(f)(x)),
    "hessian": (hessian, lambda f: weighed_slope(weighed_slope(f))),
    "hvp": (lambda f: lambda p: weigh(mg.hvp(f, (p,), (TANGENT,))), lambda f: weighed_slope(weighed_slope(f))),
    "vmap": (mapped, lambda f: lambda x: sum(f(tuple(Fraction(s) * v for v in x)) for s in SCALES)),
    "checkpoint": (mg.checkpoint, lambda f: f),
    "custom_vjp": (lambda f: lambda p: squared(f(p)), lambda f: lambda x: f(x) ** 2),
    "stop_gradient": (
        lambda f: lambda p: f(p) + mg.stop_gradient(f(p)) * 0.0,
        lambda f: f,
    ),
}
SECOND = {"hessian", "hvp"}


def drawn(seed):
    """Give some names of transforms, from the innermost on: no more than three derivatives."""
    rng = np.random.default_rng(seed)
    names = rng.choice(list(TRANSFORMS), size=4).tolist()
    orders = np.cumsum(
        [2 if x in SECOND else x not in ("vmap", "checkpoint", "custom_vjp", "stop_gradient") for x in names]
    )
    return [name for name, order in zip(names, orders, strict=True) if order <= 3]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("seed", range(60))
def test_transforms_of_transforms_are_differences(seed, compiled):
    names = drawn(seed)
    f = reduce(lambda f, name: TRANSFORMS[name][0](f), names, cubic)
    exact = reduce(lambda f, name: TRANSFORMS[name][1](f), names, lambda x: cubic(tree_of(x)))
    wanted = float(exact(tuple(map(Fraction, POINT))))
    p = tree_of(np.array(POINT))
    found = mg.compile(f)(p) if compiled else f(p)
    np.testing.assert_allclose(float(found), wanted, rtol=1e-9, atol=1e-9, err_msg=" of ".join(names[::-1]))
