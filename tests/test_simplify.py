"""Simplifying: random graphs of the whole table of operations, each equal to the raw one, never larger, and final."""

from contextlib import suppress
from itertools import count

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.simplify import simplify
from minigrad.algebra.trace import trace
from minigrad.engine.node import Node
from tests.samples import SAMPLES


def joined(a, b, how):
    """Combine two values of one shape, so that there is something to cancel, to merge and to distribute."""
    return [
        lambda: a + b,
        lambda: a - b,
        lambda: a * b,
        lambda: a / (b * b + 1),
        lambda: -a,
        lambda: a * a * b,
        lambda: 1 - a,
        lambda: (a - b) * (a + b),
        lambda: a + a,
        lambda: 2.0 * a,
        lambda: a / 4,
    ][how]()


def random_graph(rng):
    """Give the traced graph of a loss made of random rows of the table: its forward part and its gradients."""
    dtype = np.float32 if rng.random() < 0.15 else np.float64
    pool, number = {}, count()
    everything = []

    def keep(value):
        if isinstance(value, Tensor) and value.dtype.kind == "f":
            pool.setdefault(value.shape, []).append(value)
            everything.append(value)

    for _ in range(rng.integers(1, 5)):
        sample = SAMPLES[rng.integers(len(SAMPLES))]
        inputs = []
        for array in sample.arrays(dtype):
            known = pool.get(array.shape, [])
            if known and rng.random() < 0.7:
                x = known[rng.integers(len(known))]
                inputs.append(x * x * 0.1 + 0.5 if sample.low > 0 else x)
            else:
                x = Tensor(array, requires_grad=True, name=f"p{next(number)}")
                inputs.append(x)
                pool.setdefault(x.shape, []).append(x)
        keep(sample.call(*inputs))
        for _ in range(rng.integers(0, 4)):
            shape = list(pool)[rng.integers(len(pool))]
            a, b = (pool[shape][i] for i in rng.integers(len(pool[shape]), size=2))
            keep(joined(a, b, rng.integers(11)))
    recorded = [v for v in everything if v.serial > 0]
    if not recorded:
        return None
    loss = sum((v * v if rng.random() < 0.5 else v).sum() * 0.5 for v in recorded)
    return trace(loss)


def differences(seed):
    """Say what is wrong with the simplified gradient of a random graph, if anything."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        graph = random_graph(rng)
        if graph is None:
            return None
        raw = graph.gradient()
        expected = raw() if len(raw.outputs) > 1 else (raw(),)
        simple = simplify(raw)
        values = simple() if len(raw.outputs) > 1 else (simple(),)
    if len(simple) > len(raw):
        return f"larger: {len(simple)} > {len(raw)}\n{raw}\n{simple}"
    again = simplify(simple)
    if [id(x) for x in again.outputs] != [id(x) for x in simple.outputs]:
        return f"not final\n{simple}\n{again}"
    for was, now, a, b in zip(raw.outputs, simple.outputs, expected, values, strict=True):
        if np.shape(was) != np.shape(now) or (isinstance(now, Node) and was.dtype != now.dtype):
            return f"shape or dtype: {was!r} {was.dtype} {now!r} {getattr(now, 'dtype', '')}\n{raw}\n{simple}"
        if isinstance(now, Node) and np.asarray(b).dtype != np.asarray(a).dtype:
            return f"dtype of the value: {np.asarray(a).dtype} {np.asarray(b).dtype}\n{raw}\n{simple}"
        finite = np.isfinite(a)  # where the raw value is ∞ − ∞ or 0 · ∞, the simplified one may be better
        scale = 1 + np.abs(np.where(finite, a, 0)).max(initial=0.0)
        tolerance = 1e-8 if np.asarray(a).dtype == np.float64 else 1e-3
        if not (np.abs(np.where(finite, b - a, 0)) <= tolerance * scale).all():
            return f"differs: {a} {b}\n{raw}\n{simple}"
    return None


@pytest.mark.parametrize("block", range(10))
def test_a_random_graph_simplifies_to_an_equal_one_that_is_no_larger_and_final(block):
    for seed in range(40 * block, 40 * block + 40):
        assert differences(seed) is None, seed


KINDS = {"x": "f8", "y": "f8", "a": "u1", "b": "u1", "c": "i1", "i": "i8", "m": "?", "k": "?"}


def mixed_graph(rng):
    """Give a random expression of floating-point numbers, integers and truth values, and values of its inputs."""
    table = {}
    pool = [Node(name=name, shape=(3,), dtype=kind, table=table) for name, kind in KINDS.items()]
    draws = {"f": lambda: rng.uniform(0.5, 2, 3), "b": lambda: rng.random(3) < 0.5}
    values = {x: draws.get(x.dtype.kind, lambda: rng.integers(1, 100, 3))().astype(x.dtype) for x in pool}
    for _ in range(rng.integers(2, 9)):
        a, b = (pool[i] for i in rng.integers(len(pool), size=2))
        with suppress(TypeError, OverflowError):  # truth values have no sign
            how = rng.integers(15)
            pool.append(joined(a, b, how) if how < 11 else (a.sum() * b, a / b, a * 2.0, a * a)[how - 11])
    return pool[-1], values


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("block", range(6))
def test_integers_that_wrap_and_truth_values_keep_their_arithmetic(block):
    for seed in range(100 * block, 100 * block + 100):
        expression, values = mixed_graph(np.random.default_rng(seed))
        try:
            (before,) = evaluate([expression], values)
        except (TypeError, OverflowError):  # NumPy has none for these kinds
            continue
        (simple,) = simplify(Graph([expression], {})).outputs
        (after,) = evaluate([simple], values)
        sure = np.isfinite(before)
        assert np.asarray(before).dtype == np.asarray(after).dtype or not isinstance(simple, Node), seed
        np.testing.assert_allclose(np.broadcast_to(after, sure.shape)[sure], before[sure], rtol=1e-7, err_msg=str(seed))
