"""checkpoint: the same gradients, of any order, with the memory of √n layers."""

import tracemalloc

import numpy as np
import pytest

from minigrad import Tensor, checkpoint, compile, derive, grad, jacobian, nn, vmap
from minigrad.engine.transforms.frugal import Unread, find_read
from minigrad.ops import arithmetic, elementwise, linalg
from minigrad.ops.elements import trigonometric
from tests.samples import SAMPLES
from tests.test_backward import BINARY, UNARY

rng = np.random.default_rng(0)
W, x = rng.normal(size=(3, 3)), rng.normal(size=3)


def two_layers(w, x):
    return np.tanh(w @ np.tanh(w @ x))


def energy(w, x):
    return (two_layers(w, x) ** 2).sum()


part = checkpoint(two_layers)


@pytest.mark.parametrize("f", [part, checkpoint(part), lambda w, x: part(w, part(w, x)) * 0 + part(w, x)])
def test_gradients_of_any_order(f):
    def same(w, x):
        return (f(w, x) ** 2).sum()

    np.testing.assert_allclose(grad(same)(W, x), grad(energy)(W, x))
    slopes = [grad(lambda w, e=e: (grad(e, 1)(w, x) ** 2).sum())(W) for e in (same, energy)]
    np.testing.assert_allclose(*slopes)
    np.testing.assert_allclose(jacobian(f, 1)(W, x), jacobian(two_layers, 1)(W, x))
    np.testing.assert_allclose(vmap(grad(lambda x: same(W, x)))(W), vmap(grad(lambda x: energy(W, x)))(W))
    np.testing.assert_allclose(compile(grad(lambda w: same(w, x)))(W), grad(energy)(W, x))


def test_tensors_from_outside_get_their_gradients():
    w, v = Tensor(W, requires_grad=True), Tensor(x, requires_grad=True)
    h = w @ v
    part = checkpoint(lambda y, *, scale: {"a": np.tanh(w @ y) * scale, "b": [h * y, 3.0]})
    found = part(np.ones(3), scale=2.0)
    assert found["b"][1] == 3
    (found["a"] * found["b"][0]).sum().backward()
    got = w.grad.data, v.grad.data
    w.grad = v.grad = None
    (np.tanh(w @ np.ones(3)) * 2 * h).sum().backward()
    np.testing.assert_allclose(got[0], w.grad.data)
    np.testing.assert_allclose(got[1], v.grad.data)


def test_a_derivation_looks_into_it():
    v = Tensor(x, requires_grad=True, name="v")
    found = derive((checkpoint(np.tanh)(v) ** 2).sum())
    assert "tanh(v)" in str(found)
    with pytest.raises(TypeError, match="a derivation cannot look into it"):
        derive((checkpoint(lambda y: v * y)(v) ** 2).sum())


def test_random_draws_are_the_same_again():
    layer = nn.Dropout(0.5, rng=0)
    v = Tensor(np.arange(1.0, 9.0), requires_grad=True)
    y = checkpoint(lambda v: layer(v) ** 2)(v)
    y.sum().backward()
    np.testing.assert_allclose(v.grad.data * v.data, 2 * y.data)


def test_what_is_not_computed_again_is_an_error():
    draws = np.random.default_rng(1)
    v = Tensor(x, requires_grad=True)
    y = checkpoint(lambda v: v * draws.normal(size=3))(v)
    with pytest.raises(RuntimeError, match="computed again, it does not give what it did"):
        y.sum().backward()
    with pytest.raises(TypeError, match="checkpoint: wanted a function"):
        checkpoint(v)


class Scaled:
    by, kept = 2.0, np.array([2.0, 2.0])


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("f", "change"),
    [
        (lambda v, w: v * Scaled.by, lambda w: setattr(Scaled, "by", 3.0)),
        (lambda v, w: v * Scaled.kept, lambda w: Scaled.kept.fill(3.0)),
        (lambda v, w: np.sin(v * w), lambda w: setattr(w, "data", np.array([5.0, 5.0]))),
        (lambda v, w: np.sin(v) if Scaled.by == 2 else np.tanh(2 * v), lambda w: setattr(Scaled, "by", 4.0)),
    ],
)
def test_what_has_been_changed_is_an_error_even_if_the_value_is_the_same(f, change, create_graph, monkeypatch):
    """0 · 2 and 0 · 3 are one, and have the derivatives 2 and 3."""
    monkeypatch.setattr(Scaled, "by", 2.0)
    monkeypatch.setattr(Scaled, "kept", np.array([2.0, 2.0]))
    v, w = (Tensor(np.full(2, n), requires_grad=True) for n in (0.0, 2.0))
    checkpoint(f)(v, w).sum().backward(create_graph=create_graph)
    wanted = v.grad.data
    v.grad = None
    f(v, w).sum().backward()
    np.testing.assert_array_equal(v.grad.data, wanted)
    y = checkpoint(lambda v: f(v, w))(v).sum()
    change(w)
    with pytest.raises(RuntimeError, match="What it reads has been changed since"):
        y.backward(create_graph=create_graph)


@pytest.mark.parametrize("create_graph", [False, True])
def test_running_averages_follow_a_batch_once(create_graph):
    layers = [nn.BatchNorm(3) for _ in range(2)]
    batch = np.random.default_rng(1).normal(size=(6, 3))
    for f in (layers[0], checkpoint(layers[1])):
        for n in (1.0, 2.0):
            v = Tensor(n * batch, requires_grad=True)
            (f(v) ** 3).sum().backward(create_graph=create_graph)
    for one, other in zip(layers[0].buffers(), layers[1].buffers(), strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def peak_of(layers, block):
    """The most memory that value and gradient of a chain take at once."""

    def run(v, n):
        for _ in range(n):
            v = np.tanh(v * 1.1)
        return v

    part = checkpoint(lambda v: run(v, block)) if block > 1 else lambda v: run(v, 1)

    def chain(v):
        for _ in range(layers // block):
            v = part(v)
        return v.sum()

    v = np.ones(20_000)
    grad(chain)(v)
    tracemalloc.start()
    grad(chain)(v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_grows_as_the_root_of_the_layers():
    """16 layers in 4 parts keep 4 + 4 arrays, 144 in 12 parts thrice as many; without parts nine times as many."""
    few, many = peak_of(16, 4), peak_of(144, 12)
    assert 2 < many / few < 4
    assert peak_of(144, 1) / peak_of(16, 1) > 7
    assert many < peak_of(144, 1) / 4


def recurrent(turns, block):
    """The memory that a recurrent network's gradient takes, in arrays of a step, with checkpoints around blocks."""
    random = np.random.default_rng(0)
    Wx, Wh, b = (Tensor(random.normal(size=n) / 8, requires_grad=True) for n in ((4, 64), (64, 64), 64))
    X = random.normal(size=(turns, 32, 4))

    def run(h, X):
        for x in X:
            h = np.tanh(x @ Wx + h @ Wh + b)
        return h

    part = checkpoint(run)

    def step():
        h = np.zeros((32, 64))
        for t in range(0, turns, block):
            h = part(h, X[t : t + block])
        (h * h).mean().backward()
        found = [p.grad.data for p in (Wx, Wh, b)]
        for p in (Wx, Wh, b):
            p.grad = None
        return found

    step()
    tracemalloc.start()
    found = step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    wanted = grad(lambda *ws: (last(X, *ws) ** 2).mean(), (0, 1, 2))(Wx.data, Wh.data, b.data)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)
    return peak / (32 * 64 * 8)


def last(X, Wx, Wh, b):
    h = np.zeros((32, 64))
    for x in X:
        h = np.tanh(x @ Wx + h @ Wh + b)
    return h


def test_a_part_keeps_one_array_a_step_of_a_recurrent_network():
    """Of the five that a step computes; JAX's scan of checkpointed scans keeps three and a half."""
    few, many = recurrent(100, 10), recurrent(400, 20)
    assert many - few < 2 * (20 + 20 - 10 - 10)  # with those that Python's objects come to; all five make 60


@pytest.mark.parametrize(
    ("op", "values", "read"),
    [
        (arithmetic.add, (x, x), (False, (False, False))),
        (arithmetic.multiply, (x, x), (False, (True, True))),
        (elementwise.exp, (x,), (True, (False,))),
        (trigonometric.sin, (x,), (False, (True,))),
        (linalg.matmul, (W, x), (False, (True, True))),
    ],
)
def test_rules_say_what_they_read(op, values, read):
    assert find_read(op, op(*values), values) == read


def test_what_is_in_hand_stays_as_it_is():
    held = []

    def f(v):
        u = v + 1
        held.append(u)
        for _ in range(20):
            v = v + np.sin(v + 2.0) + 1
        return v * held[-1]

    np.testing.assert_allclose(grad(lambda v: checkpoint(f)(v).sum())(x), grad(lambda v: f(v).sum())(x), rtol=1e-12)
    assert not any(isinstance(u.array, Unread) for u in held)


def test_what_nobody_reads_is_computed_again_where_somebody_does():
    found = []

    def f(v):
        u = v + 1
        y = (u + 2) + 3
        found.append(y)
        return np.sin(y)

    v = Tensor(x, requires_grad=True)
    checkpoint(f)(v)
    (inner,) = (t for t in found[0].inputs if isinstance(t, Tensor))
    assert isinstance(inner.array, Unread)
    np.testing.assert_allclose(np.asarray(inner.array), x + 3)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.filterwarnings("ignore")
def test_random_parts_have_the_gradients_that_they_have_without(seed):
    def f(a, b, c):
        random = np.random.default_rng(seed)
        pool = [a, b, c]
        for _ in range(12):
            u, v = (pool[i] for i in random.integers(len(pool), size=2))
            op = random.choice(np.array([*UNARY, *BINARY], object))
            try:
                y = op(u) if op in UNARY else op(u, v)
            except ValueError:
                continue
            pool = [y, *pool][: random.integers(3, 7)]
        return sum((y * y).sum() for y in pool)

    starts = [np.random.default_rng(seed).normal(size=shape) for shape in ((3, 3), (3,), (3, 1))]
    for a, b in zip(grad(checkpoint(f), (0, 1, 2))(*starts), grad(f, (0, 1, 2))(*starts), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_every_operation_has_the_gradient_that_it_has_without():
    looked = 0
    for sample in SAMPLES:
        arrays = sample.arrays()

        def f(*xs, sample=sample):
            return np.sin(np.asarray(0.0) + sample.call(*(x + 0.0 for x in xs)) * 1.0).sum()

        try:
            wanted = grad(f, tuple(range(len(arrays))))(*arrays)
        except (TypeError, ValueError, AttributeError):
            continue
        found = grad(checkpoint(f), tuple(range(len(arrays))))(*arrays)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13, err_msg=str(sample))
        looked += 1
    assert looked > 200
