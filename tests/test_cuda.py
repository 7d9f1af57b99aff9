"""CUDA code without a GPU: what each kernel computes, as plain C on this machine; what is left to CuPy, and why."""

import numpy as np
import pytest

from benchmarks.engine import Layers
from benchmarks.workloads import DTYPES, WORKLOADS
from minigrad import Tensor, compile, optim
from minigrad.compiler.cuda.dialects import write_module
from minigrad.compiler.cuda.elements import CALLED
from minigrad.compiler.cuda.kernels import NAME
from minigrad.compiler.cuda.registry import NO_KERNEL
from minigrad.ops import cumulative
from minigrad.ops.base import Elementwise
from minigrad.ops.common.libraries import bring
from minigrad.ops.elements import logic, rounding
from minigrad.ops.indexing import gives_view
from minigrad.ops.matrices import eigenpairs
from minigrad.ops.places import assignment, sorting
from tests.compiling import assert_same, stepping
from tests.fake_gpu import COMPILER, FakeDevice, on_fake
from tests.nvrtc import compile_cuda, find_nvrtc
from tests.other_array import OtherArray
from tests.samples import SAMPLES
from tests.samples_fft import fft_samples

NVRTC = find_nvrtc()
pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
LONG = f"Cast {np.longdouble.__name__} (2,3)"  # which no GPU has
ROWS = [sample for sample in SAMPLES if str(sample) != LONG]


def outcome(sample):
    """A function that gives a row's value and, where there is one, the gradient of the sum of its squares."""

    def step(*xs):
        y = sample.call(*xs)
        if getattr(y, "requires_grad", False):
            (y * y).sum().backward()
        return y, [x.grad for x in xs]

    return step


def brought(x):
    """Nested results as arrays of the host."""
    if isinstance(x, tuple | list):
        return [brought(part) for part in x]
    return None if x is None else np.array(bring(x.data if isinstance(x, Tensor) else x))


def called(f, arrays, put=lambda x: x):
    with np.errstate(all="ignore"):
        return brought(f(*(Tensor(put(x), requires_grad=True) for x in arrays)))


@pytest.fixture(scope="module")
def steps():
    """A step for each row, all of them written, so that one call of the C compiler builds the kernels of all."""
    made = {}
    for sample in ROWS:
        step = made[sample] = compile(outcome(sample), backend=on_fake())
        with np.errstate(all="ignore"):
            step.bind(*(Tensor(OtherArray(x), requires_grad=True) for x in sample.arrays()))
    return made


# The rows with an operation that CuPy computes, and why. All others are kernels alone.
SORTS = "what sorts along an axis, or is taken in that order"
PLACES = "a search for places"
AT_INDICES = "an assignment at indices that are computed"
COMPLEX = "CUDA kernels have no dtype complex128"


def find_reasons(sample):
    """Why CuPy computes operations of a row."""
    op, name = sample.op, str(sample)
    kind = op if isinstance(op, type) else type(op)
    if op is logic.bitwise_count:
        return {"CUDA kernels have no dtype uint8"}
    if name in NOTHING:
        return {"an extreme of nothing"}
    if issubclass(kind, assignment.AssignAt):
        return {AT_INDICES, PLACES}
    if issubclass(kind, assignment.IsLast) and sample.note == "halves of an order":
        return {PLACES, SORTS}
    if op is rounding.spacing:
        return {"C has no spacing of float64"}
    if name == "Assign scalar () ()":
        return {"a number, where arrays have kernels"}
    if kind is assignment.Assign and not gives_view(sample.call.key):
        return {"an assignment where arrays or truth values say to which elements"}
    if kind is eigenpairs.Eigenpairs or name in FOURIER:
        return {COMPLEX}
    if issubclass(kind, cumulative.AlongAxis):
        return {SORTS} if issubclass(kind, sorting.ArgSort | sorting.Reorder | sorting.Sort) else set()
    return {reason for reason, kinds in CALLED.items() if issubclass(kind, kinds)} - {"products of all but one"}


NOTHING = {
    *("Max max of no rows (0,3)", "Min min of no rows (0,3)"),
    *("Softmax axis 0 (2,0)", "LogSoftmax axis 0 (2,0)"),
}
FOURIER = set(map(str, fft_samples()))


@pytest.mark.parametrize("sample", ROWS, ids=str)
def test_kernels_compute_every_row_or_cupy_does(steps, sample):
    """The first call starts kernels, the second one captures them, the third replays what was captured."""
    step, arrays = steps[sample], sample.arrays()
    expected = called(outcome(sample), arrays)
    for _ in range(3):
        assert_same(expected, called(step, arrays, OtherArray))
    report = step.report()
    assert (step.backend, report.refused) == ("cuda", ())
    for operation, reason in report.calls:
        assert reason != NO_KERNEL, f"cuda: {operation} has no kernel: register one, or say why there is none"
    assert {reason for _, reason in report.calls} == find_reasons(sample)
    assert all(operation for operation, _ in report.calls)


KINDS = [np.float64, np.float32, np.int64, np.int32, np.bool_]


def elementwise_rows(dtype):
    """One row of each elementwise operation of one or two operands that takes elements of a dtype."""
    rows = {}
    for sample in SAMPLES:
        if isinstance(sample.op, Elementwise) and sample.shapes in (((2, 1, 3),), ((2, 3), (3,)), ((2, 3), ())):
            rows.setdefault(sample.op, sample)
    for sample in rows.values():
        arrays = [x.astype(dtype) for x in sample.arrays()]
        try:
            with np.errstate(all="ignore"):
                sample.numpy(*arrays)
        except (TypeError, ValueError):  # NumPy has no such loop, or no such power
            continue
        yield sample, arrays


@pytest.mark.parametrize("dtype", KINDS, ids=lambda dtype: dtype.__name__)
def test_elementwise_operations_of_every_dtype(dtype):
    """One step of all, whose values are those of NumPy's ufuncs, in shape and dtype too; integers to the last bit."""
    rows = list(elementwise_rows(dtype))
    assert len(rows) > 25

    def step(*xs):
        left = iter(xs)
        return [sample.call(*(next(left) for _ in arrays)) for sample, arrays in rows]

    code = compile(step, backend=on_fake())
    xs = [x for _, arrays in rows for x in arrays]
    with np.errstate(all="ignore"):
        expected = brought(step(*xs))
        found = brought(code(*map(OtherArray, xs)))
    for (sample, _), a, b in zip(rows, expected, found, strict=True):
        try:
            assert_same(a, b, 2e-6 if a.dtype == np.float32 else 1e-12)
        except AssertionError as error:
            raise AssertionError(f"{sample} of {np.dtype(dtype)}: {error}") from error


@pytest.mark.skipif(NVRTC is None, reason="there is no NVRTC (pip install nvidia-cuda-nvrtc)")
@pytest.mark.parametrize("dtype", DTYPES)
def test_nvidias_compiler_takes_the_networks(dtype):
    """W1 to W5 at their own sizes, by the rule with most kernels; no GPU is needed for that."""
    device = FakeDevice()
    for workload in WORKLOADS.values():
        layers = Layers(workload.start(dtype))
        for p in layers.model.parameters():
            p.data = OtherArray(p.data)
        step = stepping(layers.model, optim.Adam(layers.model.parameters()), layers.loss)
        compile(step, backend=on_fake(device)).bind(OtherArray(layers.X), OtherArray(layers.T))
    assert len(device.sources) == 5
    for source in device.sources:
        assert "error" not in compile_cuda(NVRTC, source)


@pytest.mark.skipif(NVRTC is None, reason="there is no NVRTC (pip install nvidia-cuda-nvrtc)")
def test_nvidias_compiler_takes_the_kernels_of_all_rows(steps):
    """Each text once, in one module for a GPU that has tensor cores of 2022: some thousand kernels, half a minute."""
    variants = [variant for step in steps.values() for found in step._variants.values() for variant in found]
    texts = dict.fromkeys(text for variant in variants for text in variant.program.code.kernels)
    assert len(texts) > 800
    source = write_module([text.replace(NAME, f"k{i}", 1) for i, text in enumerate(texts)])
    said = compile_cuda(NVRTC, source)
    assert "error" not in said, said[:3000]
