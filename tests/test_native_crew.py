"""Threads that share loops of native code: what they compute, who else asks meanwhile, and that they sleep."""

import os
import re
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from minigrad import Tensor, compile
from tests.interpreted import interpreted

crew = pytest.importorskip("minigrad.compiler.native.crew", exc_type=ImportError)
native = pytest.importorskip("minigrad.compiler.native.backend", exc_type=ImportError)
BY_PYTHON = native.NativeBackend(interpreted)
pytestmark = pytest.mark.skipif(not crew.READY, reason="this system has no semaphores for it")


@pytest.fixture
def sharing(monkeypatch):
    """Let three threads share loops, also short ones."""
    monkeypatch.setattr(crew, "WORTH", 1)
    monkeypatch.setattr(crew, "FEWEST", 2)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")


SIZES = [(7, 5, 9), (13, 40, 17), (1, 6, 33), (40, 2, 1), (0, 4, 2), (26, 3, 70), (130, 9, 200), (67, 300, 5)]


@pytest.mark.usefixtures("sharing")
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_of_every_size_however_the_factors_lie(sizes, dtype):
    m, k, n = sizes
    rng = np.random.default_rng(0)
    a, b, c, d = (rng.normal(size=shape).astype(dtype) for shape in ((m, k), (k, n), (k, m), (n, k)))
    bias = rng.normal(size=n).astype(dtype)

    def products(a, b, c, d, bias):
        return a @ b, c.T @ b + bias, a @ d.T, c.T @ d.T

    code = compile(products, backend=BY_PYTHON)
    for found, wanted in zip(code(a, b, c, d, bias), products(a, b, c, d, bias), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4 if dtype == np.float32 else 1e-11, atol=1e-3)
    assert max(m, n) < 100 or "in shared(" in code.source


@pytest.mark.usefixtures("sharing")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_copy_columns_to_places_of_their_own(dtype):
    """Of a factor that is turned round, whose last columns are fewer than the others."""
    rng = np.random.default_rng(1)
    A, B = rng.integers(-9, 9, (90, 1000)).astype(dtype), rng.integers(-9, 9, (490, 1000)).astype(dtype)
    code, wanted = compile(lambda A, B: A @ B.T, backend="native"), A @ B.T
    for _ in range(60):
        np.testing.assert_array_equal(code(A, B), wanted)
    assert len(set(re.findall(r"me \* (\d+)", code.source))) == 1


def make_step(seed):
    """Give a step of a layer and of stacks, in machine code, that threads share, and what it gives."""
    rng = np.random.default_rng(seed)
    X, W, b = rng.normal(size=(100, 150)), Tensor(rng.normal(size=(150, 130)), requires_grad=True), rng.normal(size=130)
    Q = rng.normal(size=(6, 2, 30, 8))

    def step(X, Q):
        y = np.tanh(X @ W + b)
        (y * y).sum().backward()
        g, W.grad = W.grad, None
        return y, g, Q @ np.swapaxes(Q, -1, -2)

    y = np.tanh(X @ W.data + b)
    return compile(step, backend="native"), (X, Q), (y, X.T @ (2 * y * (1 - y**2)), Q @ np.swapaxes(Q, -1, -2))


def assert_right(found, wanted):
    for x, y in zip(found, wanted, strict=True):
        np.testing.assert_allclose(getattr(x, "data", x) if isinstance(x, Tensor) else x, y, rtol=1e-11, atol=1e-11)


@pytest.mark.usefixtures("sharing")
def test_several_steps_at_once():
    """One of them has the crew, the others go on alone."""
    steps = [make_step(seed) for seed in range(3)]
    for code, given, wanted in steps:
        assert_right(code(*given), wanted)
        assert code.source.count("in shared(") >= 3
    failed = []

    def call_often(code, given, wanted):
        try:
            for _ in range(60):
                assert_right(code(*given), wanted)
        except AssertionError as error:
            failed.append(error)

    threads = [threading.Thread(target=call_often, args=step) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.usefixtures("sharing")
def test_the_crew_sleeps():
    code, given, _ = make_step(3)
    code(*given)
    assert sum(thread.name == "minigrad" for thread in threading.enumerate()) >= 2
    time.sleep(0.05)  # of NumPy's own threads
    began = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - began < 0.2


SCRIPT = """
    import os
    import numpy as np
    from minigrad import compile
    from minigrad.compiler.native import crew
    crew.WORTH, crew.FEWEST = 1, 2
    a, b = np.random.default_rng(0).normal(size=(2, 90, 90))
    code = compile(lambda a, b: a @ b, backend="native")
    assert np.allclose(code(a, b), a @ b) and "in shared(" in code.source
    child = os.fork()
    if not child:
        right = np.allclose(code(a, b), a @ b)
        other = compile(lambda a, b: a @ b + 1, backend="native")
        os._exit(0 if right and np.allclose(other(a, b), a @ b + 1) else 1)
    _, status = os.waitpid(child, 0)
    print("the child", os.waitstatus_to_exitcode(status), np.allclose(code(a, b), a @ b))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked there")
def test_a_forked_process_has_a_crew_of_its_own():
    given = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(SCRIPT)]
    done = subprocess.run(
        given, capture_output=True, text=True, timeout=120, env=os.environ | {"OPENBLAS_NUM_THREADS": "3"}
    )
    assert done.stdout == "the child 0 True\n", done.stderr


@pytest.mark.usefixtures("sharing")
@pytest.mark.parametrize("backend", [BY_PYTHON, "native"], ids=["python", "native"])
def test_loops_over_elements_and_sums_along_inner_axes(backend):
    """What is gathered over the outermost axis is not shared."""
    rng = np.random.default_rng(0)
    x, c = rng.normal(size=(9, 7, 11)), rng.normal(size=11)

    def step(x, c, scale):
        e = np.exp(x * scale + c)
        return e / e.sum(-1, keepdims=True), (e * e).sum((0, 2)), e.max(1), e.sum(), np.where(e > 1, x, -x)

    code = compile(step, backend=backend)
    for found, wanted in zip(code(x, c, 0.5), step(x, c, 0.5), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert "in shared(" in code.source


@pytest.mark.usefixtures("sharing")
def test_equal_loops_that_threads_share():
    """Many equal ones are one function, in which each is shared."""
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(40, 30)), rng.normal(size=(6, 30, 30))

    def step(x):
        for W in weights:
            x = np.tanh(x @ W)
        return x

    code = compile(step, backend="native")
    np.testing.assert_allclose(code(x), step(x), rtol=1e-10)
    assert code.source.count("in shared(") >= 12
