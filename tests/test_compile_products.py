"""Products of matrices in native code: of every size, however the factors lie, in blocks and by BLAS."""

from importlib import import_module

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, optim
from minigrad.compiler import blas
from minigrad.compiler.numpy import backend as numpy_backend
from minigrad.losses import squared_error
from minigrad.ops.linalg import matmul
from tests.compiling import as_code, assert_same, each_backend, plain, running, side_by_side, stepping


@pytest.fixture
def sharing(monkeypatch):
    """Let products, also small ones, be shared by the threads of BLAS, or by none, where native code has none."""
    crew = import_module("minigrad.compiler.native.crew")

    def shared(threads):
        monkeypatch.setattr(crew, "READY", False)
        monkeypatch.setattr(blas, "one_thread", lambda: not threads)
        monkeypatch.setattr(blas, "WORTH_THREADS", 1)

    return shared


SIZES = [(7, 5, 9), (13, 40, 17), (1, 6, 33), (1, 33, 6), (9, 7, 1), (40, 2, 1), (2, 0, 3), (0, 4, 2), (26, 3, 70)]
DTYPES = [np.float64, np.float32]


def every_way(a, b, at, bt, wide):
    """Factors in rows, in columns, turned round, with elements apart, and with one row or column repeated."""
    flat = np.broadcast_to(a[:1], a.shape), np.broadcast_to(b[:, :1], b.shape)
    return [a @ b, at.T @ b, a @ bt.T, at.T @ bt.T, wide[:, ::2] @ b[::-1], a[:, ::-1] @ b[:, ::-1], flat[0] @ flat[1]]


def factors(sizes, dtype):
    """A and B, their transposes in memory of their own, and a matrix every other column of which is A's shape."""
    m, k, n = sizes
    rng = np.random.default_rng(m * n + k)
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    return [x.astype(dtype) for x in (a, b, a.T.copy(), b.T.copy(), rng.normal(size=(m, 2 * k)))]


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_a_product_of_any_size(sizes, threads, sharing):
    pytest.importorskip("numba")
    sharing(threads)
    with running("interpreted"):
        code = compile(every_way, backend="native")
        given = factors(sizes, np.float64)
        assert_same(plain(every_way(*given)), plain(code(*given)))
    assert ("gemm64(" in code.source) == (threads and min(sizes) > 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("sizes", "threads"), [((13, 40, 17), False), ((26, 3, 70), False), ((13, 40, 17), True)])
def test_a_product_in_machine_code(sizes, threads, dtype, sharing):
    pytest.importorskip("numba")
    sharing(threads)
    code = compile(every_way, backend="native")
    given = factors(sizes, dtype)
    assert_same(plain(every_way(*given)), plain(code(*given)), 1e-12 if dtype is np.float64 else 1e-5)
    assert "address" in code.source


def of_batches(a, b, v):
    """Products of batches, which are broadcast, and of vectors on either side."""
    return [a @ b, b.swapaxes(1, 2) @ a.swapaxes(2, 3), a[0] @ b[0], b[:, :, :4] @ b[0], v @ b, a @ v, v @ v]


@pytest.mark.parametrize("how", ["interpreted", "machine"])
def test_products_of_batches_and_vectors(how):
    pytest.importorskip("numba")
    rng = np.random.default_rng(0)
    given = [rng.normal(size=shape) for shape in ((2, 1, 3, 4), (5, 4, 6), (4,))]
    with running(how if how == "interpreted" else "native"):
        code = compile(of_batches, backend="native")
        assert_same(plain(of_batches(*given)), plain(code(*given)))
        eager = grad(lambda *args: sum((x * x).sum() for x in of_batches(*args)))
        slope = compile(eager, backend="native")
        assert_same(plain(eager(*given)), plain(slope(*given)))
    assert "address" in code.source
    assert "address" in slope.source


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("rows", [1, 5, 20])
def test_a_layer_starts_from_its_bias_and_its_update_is_added_where_the_weights_lie(rows, threads, sharing):
    """u = y W + b and W ← W − η yᵀ δ, written out by hand."""
    pytest.importorskip("numba")
    sharing(threads)
    rng = np.random.default_rng(rows)
    y, t, W, b = (rng.normal(size=shape) for shape in ((rows, 19), (rows, 35), (19, 35), (35,)))
    params = [Tensor(W.copy(), requires_grad=True, name="W"), Tensor(b.copy(), requires_grad=True, name="b")]
    optimizer = optim.SGD(params, lr=0.1)
    step = stepping(lambda y: y @ params[0] + params[1], optimizer, squared_error)
    with running("interpreted"):
        code = compile(step, backend="native")
        for _ in range(3):
            δ = y @ W + b - t
            assert float(code(y, t)) == pytest.approx(0.5 * (δ**2).sum(), rel=1e-12)
            W, b = W - 0.1 * y.T @ δ, b - 0.1 * δ.sum(axis=0)
            np.testing.assert_allclose(params[0].data, W, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(params[1].data, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("how", ["interpreted", "machine"])
@pytest.mark.parametrize("sizes", [(13, 40, 17), (26, 9, 70), (5, 47, 1)])
def test_sums_that_go_far_are_taken_in_parts(sizes, how, monkeypatch):
    """Of 4 steps here, of which the last part may have fewer: y = A B in every way, Aᵀ C + b, and W ← W − η Aᵀ δ."""
    tasks = pytest.importorskip("minigrad.compiler.native.tasks")
    monkeypatch.setattr(tasks, "FAR", 64)
    monkeypatch.setattr(tasks, "AT_A_TIME", 4)
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(sizes[0], sizes[2])), rng.normal(size=sizes[2])
    w = Tensor(W.copy(), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(a, b_, at, bt, wide):
        y = at @ w
        E = 0.5 * ((y - b_) ** 2).sum()
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return [*every_way(a, b_, at, bt, wide), at.T @ b_ + b, E]

    with running(how):
        code = compile(step, backend="native")
        for _ in range(2):
            given = factors(sizes, np.float64)
            _, b_, at, *_ = given
            δ = at @ W - b_
            assert_same([*every_way(*given), at.T @ b_ + b, np.array(0.5 * (δ**2).sum())], plain(code(*given)), 1e-12)
            W = W - 0.1 * at.T @ δ
            np.testing.assert_allclose(w.data, W, rtol=1e-11, atol=1e-11)
    assert ("for f in range(" in code.source) == (sizes[1] >= 8)


@pytest.mark.parametrize(("width", "registers"), [(16, 16), (16, 32), (32, 16)])
def test_blocks_for_processors_with_narrower_vectors(width, registers, monkeypatch):
    """SSE and NEON have vectors of 16 bytes, AVX of 32; the sizes are such as no other test compiles code for."""
    tile = pytest.importorskip("minigrad.compiler.native.tile")
    monkeypatch.setattr(tile, "BYTES", width)
    for name, value in zip(("SUMS", "ACROSS", "MOST_ROWS"), tile.budget(registers), strict=True):
        monkeypatch.setattr(tile, name, value)
    assert tile.block(100, 100, 8) == ((6, width // 2) if registers == 32 else (6, width // 4))
    code = compile(every_way, backend="native")
    given = factors((width + 5, registers + 3, 23), np.float32)
    assert_same(plain(every_way(*given)), plain(code(*given)), 1e-5)
    assert "address" in code.source


@pytest.mark.parametrize("bias", [lambda w: w[::2], lambda w: w[:9][::-1], lambda w: w.reshape(9, 2)[:, 0]])
@pytest.mark.parametrize("rows", [1, 4])
def test_a_bias_whose_elements_lie_apart(rows, bias):
    pytest.importorskip("numba")
    rng = np.random.default_rng(rows)
    given = [rng.normal(size=shape) for shape in ((rows, 13), (13, 9), (18,))]
    with running("interpreted"):
        code = compile(lambda a, b, w: a @ b + bias(w), backend="native")
        np.testing.assert_allclose(code(*given), given[0] @ given[1] + bias(given[2]), rtol=1e-12)
    assert "address" in code.source


@pytest.mark.parametrize("backend", ["numpy", "interpreted"])
@pytest.mark.parametrize("model", [lambda A, B: A @ B, lambda A, B: A.T @ B, lambda A, B: A @ B @ A])
def test_updates_by_products_that_read_each_others_old_values(model, backend, monkeypatch):
    """∂E/∂A = δ Bᵀ reads B, and ∂E/∂B = Aᵀ δ reads A: neither may see what the other has become."""
    monkeypatch.setattr(blas, "one_thread", lambda: True)
    monkeypatch.setattr(numpy_backend, "one_thread", lambda: True)
    monkeypatch.setattr(numpy_backend, "WORTH_A_GEMM", 1)

    def factorizing():
        rng = np.random.default_rng(0)
        params = [Tensor(rng.normal(size=(6, 6)), requires_grad=True) for _ in range(2)]
        step = stepping(lambda _: model(*params), optim.SGD(params, lr=0.01), squared_error)
        return step, lambda: params

    x = np.random.default_rng(1).normal(size=(6, 6))
    side_by_side(factorizing, [(x, x)] * 3, backend)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_backend
def test_a_stack_of_matrices_times_one_is_one_product(backend, dtype):
    rng = np.random.default_rng(0)
    W, V, b = (Tensor(rng.normal(size=shape).astype(dtype), requires_grad=True) for shape in ((5, 6), (6, 4), (6,)))
    x = rng.normal(size=(2, 3, 4, 5)).astype(dtype)

    def step(x):
        y = np.tanh(x @ W + b) @ V
        z = np.swapaxes(x, 1, 2) @ W  # whose rows do not lie in order
        return [y, z, *grads((y * y).sum() + (z**2).sum(), W, V, b)]

    def grads(E, *leaves):
        E.backward()
        found = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        return found

    with running(backend):
        code = as_code(step, backend)
        assert_same(plain(step(x)), plain(code(x)), 1e-4 if dtype == np.float32 else 1e-11)
    if backend == "numpy":
        assert "matmul" not in code.source


def test_a_stack_of_matrices_times_one_of_another_size_is_refused():
    with pytest.raises(ValueError, match="matmul"):
        matmul(np.ones((2, 3, 5)), np.ones((6, 4)))
