"""The one module that calls CuPy and cuBLAS, on stand-ins for both that compute in the host's memory."""

import numpy as np
import pytest

from minigrad import compile, losses
from minigrad.compiler.cuda.backend import CudaBackend
from minigrad.ops.common.libraries import bring
from tests.compiled_steps import RULES
from tests.compiling import stepping
from tests.fake_cupy import Cuda, FakeArray, Stream, make_device
from tests.fake_gpu import COMPILER
from tests.test_cuda_steps import PRODUCTS, SIZES, data, moved, network

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


def on(cuda):
    device = make_device(cuda)
    return CudaBackend(lambda: device)


@pytest.mark.parametrize("rule", ["SGD", "Adam"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_network_trains_as_numpy_code_does(rule, dtype):
    sizes, rows = SIZES["W2"]
    (X, T), cuda = data(sizes, rows, 1, dtype), Cuda()
    model, plain = moved(network(sizes, dtype), FakeArray), network(sizes, dtype)
    optimizer, beside = RULES[rule](model.parameters()), RULES[rule](plain.parameters())
    step = compile(stepping(model, optimizer, losses.softmax_cross_entropy), backend=on(cuda))
    code = compile(stepping(plain, beside, losses.softmax_cross_entropy))
    x, t = FakeArray(X[0]), FakeArray(T[0])
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    for _ in range(5):
        np.testing.assert_allclose(bring(step(x, t).data), code(X[0], T[0]).data, rtol=tolerance)
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(bring(p.data), q.data, rtol=tolerance, atol=tolerance)
    assert cuda.asked.count("gemm") == 2 * 8  # once started, once captured
    assert cuda.asked.count("copy 3") == 5


@pytest.mark.parametrize("shapes", PRODUCTS.values(), ids=PRODUCTS)
@pytest.mark.parametrize("turn", [False, True])
def test_products(shapes, turn):
    """Vectors, batches, transposes: each by the words of cuBLAS, which counts by columns."""
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape[::-1] if turn else shape) for shape in shapes)
    f = (lambda a, b: a.T @ b.T) if turn else (lambda a, b: a @ b)
    cuda = Cuda()
    step = compile(f, backend=on(cuda))
    for _ in range(3):
        np.testing.assert_allclose(bring(step(FakeArray(a), FakeArray(b))), f(a, b), rtol=1e-13)
    assert "gemm" in cuda.asked


def test_work_goes_to_the_current_stream_and_waits_where_that_is_another():
    cuda = Cuda()
    step = compile(lambda x: x * 2, backend=on(cuda))
    x, stream = FakeArray(np.arange(3.0)), Stream()
    for _ in range(3):
        step(x)
    assert Stream.waited == []
    with stream:
        np.testing.assert_array_equal(bring(step(x)), [0, 2, 4])
    assert Stream.waited == [0]


def test_free_memory_is_what_the_gpu_and_the_pool_have():
    step = compile(lambda x: x * 2, backend=on(Cuda(free=1000)))
    with pytest.raises(MemoryError, match="the step needs 32"):
        step(FakeArray(np.arange(3.0)))


def test_an_index_out_of_bounds_comes_back_through_pinned_memory():
    step = compile(lambda x, i: x[i], backend=on(Cuda()))
    x = FakeArray(np.arange(4.0))
    step(x, FakeArray(np.array([7])))
    with pytest.raises(IndexError, match="out of bounds for axis 0 with size 4"):
        step(x, FakeArray(np.array([1])))


def test_a_capture_that_fails_is_ended():
    device = make_device(Cuda())

    def work():
        raise KeyError("what went wrong")

    with pytest.raises(KeyError, match="what went wrong"):
        device.capture(work)
    assert all(stream.kept is None for stream in Stream.current)


def test_a_refusal_of_cublas_is_raised():
    class Refusing:
        def __getattr__(self, name):
            return lambda *given: 0 if name != "cublasDgemm_v2" else 14

    device = make_device(Cuda())
    device.blas = Refusing()
    backend = CudaBackend(lambda: device)
    with pytest.raises(RuntimeError, match="cuBLAS refused a product of matrices with status 14"):
        compile(lambda a, b: a @ b, backend=backend)(FakeArray(np.ones((2, 3))), FakeArray(np.ones((3, 2))))
