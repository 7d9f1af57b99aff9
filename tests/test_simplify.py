"""Simplifying: random graphs of the whole table of operations, each equal to the raw one, never larger, and final."""

from itertools import count

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.algebra.simplify import simplify
from minigrad.algebra.trace import trace
from minigrad.engine.node import Node
from tests.samples import SAMPLES


def joined(a, b, how):
    """Combine two values of one shape, so that there is something to cancel, to merge and to distribute."""
    return [lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / (b * b + 1), lambda: -a, lambda: a * a * b,
            lambda: 1 - a, lambda: (a - b) * (a + b), lambda: a + a, lambda: 2.0 * a, lambda: a / 4][how]()


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
