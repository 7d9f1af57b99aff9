"""Large matrices computed in blocks of rows, as attention is: the values of the unblocked code, without the matrix."""

import tracemalloc

import numpy as np
import pytest

from minigrad import Tensor, compile, losses, nn, optim
from minigrad.compiler.blocking import making, regions
from minigrad.compiler.rolling.loop import Loop
from minigrad.engine.node import order_nodes
from minigrad.nn.attention import attend
from tests.compiling import as_code, each_backend, plain, running

rng = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Let matrices of few rows be worth it, and blocks be of eight."""
    monkeypatch.setattr(regions, "LEAST", 1)
    monkeypatch.setattr(regions, "LONG", 16)
    monkeypatch.setattr(making, "ELEMENTS", 1)
    monkeypatch.setattr(making, "FEWEST", 8)
    monkeypatch.setattr(making, "ALIGNED", 4)
    monkeypatch.setattr(making, "ROWS_OF_A_SHARE", 16)


def operations(outputs):
    """All operations of a graph, those of loops' turns too, and how often each is computed."""
    for node in order_nodes(outputs):
        if node.op is not None:
            yield node, 1
        if isinstance(node.op, Loop):
            yield from ((x, n * node.op.body.count) for x, n in operations(node.op.body.values))


def largest(step):
    """The number of elements of the largest array that a step computes."""
    return max(node.size for node, _ in operations(step._last.graph.outputs))


def count_products(step):
    """The multiplications of a step's products."""
    found = operations(step._last.graph.outputs)
    products = [(n, x) for x, n in found if x.op.name == "matmul" and 4 in (*x.shape, x.inputs[0].shape[-1])]
    return sum(n * x.size * x.inputs[0].shape[-1] for n, x in products)  # but for NumPy's sums, which are products too


def by_hand(Q, K, V, mask=None):
    """A softmax that is written out."""
    S = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    S = S if mask is None else S + mask
    E = np.exp(S - S.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True) @ V


def divided_last(Q, K, V, mask=None):
    """Divided by the sums at the very end, when the rows have few columns."""
    S = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    E = np.exp(S if mask is None else S + mask)
    return (E @ V) / E.sum(axis=-1, keepdims=True)


def choosing(Q, K, V, mask):
    """A mask that chooses between numbers and −∞."""
    return nn.functional.softmax(np.where(mask, Q @ np.swapaxes(K, -1, -2) * 0.3, -np.inf)) @ V


def in_half(Q, K, V, mask=None):
    """Half of the weights dropped, and a bounded score."""
    A = nn.functional.softmax(np.tanh(Q @ np.swapaxes(K, -1, -2) / 3) * 4)
    return A * np.cos(A) @ V


def causal(Q, K, V, mask=None):
    return attend(Q, K, V, mask, causal=True)


def below(Q, K, V, mask=None):
    """A triangle that is cut out of E."""
    E = np.tril(np.exp(Q @ np.swapaxes(K, -1, -2) / 4), 2)
    return E @ V / E.sum(axis=-1, keepdims=True)


def hidden(*shape):
    """A mask that hides a third, and all of one row."""
    mask = np.where(rng.random(shape) < 0.3, -np.inf, rng.normal(size=shape))
    mask[..., 3, 0] = 0
    return mask


SHAPES = {
    "one head": ((37, 4), (29, 4), (29, 3)),
    "samples": ((3, 33, 4), (3, 24, 4), (3, 24, 4)),
    "heads": ((2, 3, 19, 4), (2, 3, 40, 4), (2, 3, 40, 4)),
    "one K for all heads": ((2, 3, 19, 4), (2, 1, 20, 4), (2, 1, 20, 4)),
    "blocks without a rest": ((32, 3), (32, 3), (32, 3)),
}
CASES = [
    (function, name, mask)
    for name, (q, k, _) in SHAPES.items()
    for function, mask in [
        (attend, None),
        (attend, hidden(q[-2], k[-2])),
        (attend, rng.random((q[-2], k[-2])) < 0.7),
        (by_hand, hidden(*q[:-1], k[-2])),
        (divided_last, None),
        (choosing, hidden(q[-2], k[-2]) > -1),
        (in_half, None),
        (causal, None),
        (below, None),
    ]
]


def training(function, shapes, mask, dtype):
    """Give a function of nothing that gives a loss and the gradients by Q, K and V."""
    random = np.random.default_rng(1)
    weights = [Tensor(random.normal(size=shape).astype(dtype), requires_grad=True) for shape in shapes]
    mask = np.asarray(mask, dtype) if mask is not None and mask.dtype.kind == "f" else mask

    def step():
        y = function(*weights) if mask is None else function(*weights, mask)
        E = (np.sin(y) * y).sum()
        E.backward()
        found = [w.grad for w in weights]
        for w in weights:
            w.grad = None
        return E, y, *found

    return step


BY_BACKEND = [(backend, i) for backend, step in (("numpy", 1), ("interpreted", 4)) for i in range(0, len(CASES), step)]


@pytest.mark.parametrize(("backend", "number"), BY_BACKEND)
def test_values_and_gradients_are_those_of_the_unblocked_code(backend, number):
    function, name, mask = CASES[number]
    with running(backend):
        step = as_code(training(function, SHAPES[name], mask, np.float64), backend)
        found = plain(step())
    wanted = plain(training(function, SHAPES[name], mask, np.float64)())
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    q, k, _ = SHAPES[name]
    assert largest(step) < np.prod(q[:-1]) * k[-2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_machine_code(dtype):
    pytest.importorskip("numba")
    shapes = (2, 2, 21, 4), (2, 2, 26, 4), (2, 2, 26, 3)
    found = plain(compile(training(causal, shapes, None, dtype), backend="native")())
    for a, b in zip(found, plain(training(causal, shapes, None, dtype)()), strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=1e-11 if dtype == np.float64 else 2e-5, atol=1e-5)


@each_backend
def test_a_row_that_may_look_nowhere_is_nan_in_blocks_too(backend):
    mask = np.zeros((20, 20))
    mask[5], mask[:, 7] = -np.inf, -np.inf
    shapes = ((20, 4),) * 3
    with np.errstate(invalid="ignore"), running(backend):
        found = plain(as_code(training(attend, shapes, mask, np.float64), backend)())
        wanted = plain(training(attend, shapes, mask, np.float64)())
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    assert np.isnan(found[1]).any(1).sum() == 1


@each_backend
def test_a_mask_that_is_written_to_is_another_one(backend):
    mask = np.where(np.tri(24, dtype=bool), 0.0, -np.inf)
    shapes = ((24, 4),) * 3
    step = training(attend, shapes, mask, np.float64)
    with running(backend):
        code = as_code(lambda: step(), backend)
        before = plain(code())
        mask[:] = np.where(np.tri(24, dtype=bool), -np.inf, 0.0)
        mask[-1, 0] = 0
        after, wanted = plain(code()), plain(step())
    for a, b in zip(after, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    assert not np.allclose(before[1], after[1])


def test_columns_that_a_known_mask_hides_are_not_computed():
    shapes = ((64, 4),) * 3
    counts = []
    for function in (attend, causal, below):
        code = compile(training(function, shapes, None, np.float64), backend="numpy")
        code()
        counts.append(count_products(code))
    whole = 7 * 64 * 64 * 4  # two products, and on the way back the first again and four
    assert counts[0] == whole
    assert counts[1] == whole * 5 / 8
    assert counts[2] <= whole * 0.7


def test_a_window_hides_columns_on_both_sides():
    def near(Q, K, V):
        E = np.triu(np.tril(np.exp(Q @ K.T), 3), -3)
        return E @ V / E.sum(axis=-1, keepdims=True)

    shapes = ((64, 4),) * 3
    code = compile(training(near, shapes, None, np.float64), backend="numpy")
    for a, b in zip(plain(code()), plain(training(near, shapes, None, np.float64)()), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    assert largest(code) < 64 * 64


def test_a_matrix_that_is_returned_is_computed_whole():
    Q, K, V = (rng.normal(size=(24, 4)) for _ in range(3))

    def both(Q, K, V):
        A = nn.functional.softmax(Q @ K.T)
        return A, A @ V

    code = compile(both, backend="numpy")
    A, y = plain(code(Q, K, V))
    S = np.exp(Q @ K.T)
    np.testing.assert_allclose(A, S / S.sum(1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(y, A @ V, rtol=1e-12)
    assert not any(isinstance(x.op, Loop) for x, _ in operations(code._last.graph.outputs))


@each_backend
def test_a_block_of_a_transformer_is_trained_alike(backend):
    X = rng.normal(size=(2, 24, 8))

    def make():
        block = nn.TransformerBlock(8, 2, causal=True, rng=0)
        rule = optim.SGD(block.parameters(), lr=1e-3)

        def step(x):
            rule.zero_grad()
            E = losses.squared_error(block(x), np.roll(x, 1, axis=1))
            E.backward()
            rule.step()
            return E

        return step, block.parameters()

    (eager, wanted), (f, found) = make(), make()
    with running(backend):
        code = as_code(f, backend)
        for _ in range(2):
            np.testing.assert_allclose(code(X).item(), eager(X).item(), rtol=1e-11)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-9, atol=1e-11)


def test_logits_of_many_words_are_never_there_as_a_whole():
    X, T = rng.normal(size=(40, 4)), np.eye(48)[rng.integers(0, 48, 40)]
    W = Tensor(rng.normal(size=(4, 48)), requires_grad=True)

    def step(x, t):
        E = losses.softmax_cross_entropy(x @ W, t)
        E.backward()
        g, W.grad = W.grad, None
        return E, g

    code = compile(step, backend="numpy")
    for a, b in zip(plain(code(X, T)), plain(step(X, T)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_memory_grows_with_the_rows_and_not_with_their_square(monkeypatch):
    monkeypatch.undo()
    rows, heads, peaks = 1024, 4, []
    for backend in (None, "numpy"):
        step = training(causal, ((heads, rows, 8),) * 3, None, np.float32)
        step = step if backend is None else compile(step, backend=backend)
        tracemalloc.start()
        step()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    matrices = heads * rows * rows * 4
    assert peaks[0] > 2 * matrices
    assert peaks[1] < matrices
