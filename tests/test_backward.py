"""The walk as the mathematics has it, against the fast one over what tensors store, on random graphs."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

from minigrad import Tensor, relu, sigmoid, softmax
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node
from minigrad.engine.record import fast_pullback
from minigrad.ops.linalg import affine

SHAPES = [(3, 3), (3,), (1, 3), (3, 1), ()]
UNARY = [
    *(np.exp, np.tanh, np.sin, sigmoid, relu, np.square, np.sqrt, np.negative, np.absolute, np.cbrt),
    *(lambda x: x.T, lambda x: x**3, lambda x: x.sum(axis=-1, keepdims=True) if x.ndim else x),
    *(
        lambda x: x[..., :1] if x.ndim else x,
        lambda x: x.max(axis=0) if x.ndim else x,
        lambda x: x * np.ones((2, 3, 3)),
    ),
    *(lambda x: x.astype(np.float32), lambda x: softmax(x) if x.ndim else x, lambda x: x * 2.0, lambda x: 1 - x),
    *(lambda x: x[[0, 0, 2]] if x.ndim and len(x) == 3 else x, lambda x: x * np.arange(3.0) + np.ones((3, 1))),
]
BINARY = [
    *(np.add, np.subtract, np.multiply, np.maximum, np.minimum),
    *(lambda a, b: a / (1 + b * b), lambda a, b: np.where(a > b, a, np.sqrt(b)), lambda a, b: np.where(b > 0, b, a)),
    *(lambda a, b: a @ b if a.ndim and b.ndim and a.shape[-1] == b.shape[-2:][0] else a * b,),
    *(
        lambda a, b: np.stack([a, b]) if a.shape == b.shape else a - b,
        lambda a, b: np.concatenate([a.ravel(), b.ravel()])[:3],
    ),
]


def random_graph(seed, size=12):
    """Give leaves and results: every result is used as often as chance has it, some by none."""
    rng = np.random.default_rng(seed)
    leaves = []
    for shape in SHAPES:
        values = rng.choice([-1.5, -0.5, 0.0, 0.5, 1.0, 1.0], shape)  # zeros and ties: kinks and infinite slopes
        leaves.append(Tensor(values.astype(rng.choice(["float32", "float64"])), requires_grad=True))
    pool, results = list(leaves), []
    for _ in range(size):
        a, b = (pool[i] for i in rng.integers(len(pool), size=2))
        op = rng.choice(np.array([*UNARY, *BINARY], object))
        try:
            with np.errstate(all="ignore"):
                y = op(a) if op in UNARY else op(a, b)
        except ValueError:  # these two do not broadcast together
            continue
        if y.size <= 100 and not any(y is x for x in pool):
            pool.append(y)
            results.append(y)
    return leaves, results


def same(first, second):
    """The same gradients of the same operands, in every bit; each NaN in its place."""
    assert first.keys() == second.keys()
    for x, g in first.items():
        g, other = (getattr(t, "data", t) if isinstance(t, Tensor) else t for t in (g, second[x]))
        assert g.dtype == x.dtype
        np.testing.assert_array_equal(g, other, strict=True)


seeds = pytest.mark.parametrize("seed", range(40))


def both(output, gradient, **options):
    """Walk both ways; what the first finds is what the second finds."""
    with np.errstate(all="ignore"):
        read, fast = (walk(output, gradient, **options) for walk in (pullback, fast_pullback))
    same(read, fast)
    return read, fast


@seeds
def test_the_walks_agree(seed):
    leaves, results = random_graph(seed)
    for y in [y for y in results if y.requires_grad][::-2]:
        found, _ = both(y, np.ones(y.shape, y.dtype))
        assert set(found) <= set(leaves)


@seeds
def test_the_walks_agree_on_what_is_kept_and_what_is_constant(seed):
    _, results = random_graph(seed)
    y = results[-1]
    keep = set(results[::3])
    both(y, np.full(y.shape, 0.5, y.dtype), keep=keep)
    for since in (results[0].serial, results[len(results) // 2].serial):
        found, _ = both(y, np.full(y.shape, 0.5, y.dtype), since=since, keep=keep)
        assert all(x.serial >= since for x in found)


@seeds
def test_the_walks_agree_in_every_order(seed):
    """Each walk's gradients are graphs, which the other walk then differentiates."""
    _, results = random_graph(seed, 6)
    y = results[-1]
    read, fast = both(y, Tensor(np.ones(y.shape, y.dtype)), create_graph=True)
    for _ in range(2):
        with np.errstate(all="ignore"):
            sums = [
                sum((np.arange(1.0, 1.0 + g.size).reshape(g.shape) * g).sum() for g in found.values())
                for found in (read, fast)
            ]
        if not any(g.requires_grad for g in read.values()):
            break
        seed_ = Tensor(np.ones((), sums[0].dtype))
        with np.errstate(all="ignore"):
            read, fast = (
                walk(s, seed_, create_graph=True) for walk, s in zip((fast_pullback, pullback), sums, strict=True)
            )
        same(read, fast)


def test_what_a_choice_left_out_has_no_slope():
    """√x has an infinite slope at 0, which where() leaves out: 0, not NaN, whichever way it is walked."""
    x = Tensor([0.0, 4.0], requires_grad=True)
    y = np.where(x > 0, np.sqrt(x), x)
    found, _ = both(y, np.ones(2))
    np.testing.assert_array_equal(found[x], [1, 0.25])
    z = np.sqrt(x) + np.where(x > 0, x, 0)  # here the slope is asked for
    found, _ = both(z, np.ones(2))
    np.testing.assert_array_equal(found[x], [np.inf, 1.25])


def test_gradients_of_shared_operands_add_up():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    z = y * y + y.sum() * x
    found, _ = both(z, np.ones(2))
    np.testing.assert_array_equal(found[x], 4 * x.data**3 + 2 * x.data * x.data.sum() + (x.data**2).sum())


def test_one_walk_writes_formulas():
    x, W, b = (Node(name=name, shape=shape, table={}) for name, shape in (("x", (4, 3)), ("W", (3, 2)), ("b", (2,))))
    for node in (W, b):
        node.table = x.table
    u = affine(x, W, b)
    g = Node(name="g", shape=(4, 2), table=x.table)
    assert pullback(u, g) == {x: g @ W.T, W: x.T @ g, b: g.sum(axis=0)}


def test_it_reads_as_the_mathematics():
    """At most twenty lines: a newcomer takes them in at once."""
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(pullback))).body
    body = function.body[1:]
    assert ast.get_docstring(function)
    assert body[-1].end_lineno - body[0].lineno + 1 <= 20


@pytest.mark.parametrize("walk", [pullback, fast_pullback])
def test_a_deep_graph_and_a_wide_one(walk):
    x = Tensor(np.ones(()), requires_grad=True)
    y = x
    for _ in range(20_000):
        y = -y
    assert walk(y, np.ones(()))[x] == 1
    assert walk(sum([np.tanh(x) for _ in range(2000)]), np.ones(()))[x] == pytest.approx(2000 * (1 - np.tanh(1) ** 2))
