"""Backends: what each does for every operation, what a step reports of it, and a backend of one's own."""

import re

import numpy as np
import pytest

from minigrad import Tensor, compile, optim
from minigrad.compiler.numpy.backend import NumpyBackend
from minigrad.ops import arithmetic, elementwise, shaping
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.elements import logic
from minigrad.ops.indexing import gives_view
from minigrad.ops.matrices import decompositions, eigenpairs, einsum, inverses
from minigrad.ops.networks import windows
from minigrad.ops.places import assignment, positions, sorting
from tests.compiling import assert_same, plain
from tests.evaluating import EvaluatingBackend
from tests.interpreted import interpreted
from tests.samples import SAMPLES
from tests.samples_along import along_samples, sliding_samples
from tests.samples_fft import fft_samples

registry = pytest.importorskip("minigrad.compiler.native.registry")
native = pytest.importorskip("minigrad.compiler.native.backend")
BY_PYTHON = native.NativeBackend(interpreted)  # native code that Python runs instead of numba

# The rows with an operation that is a call between loops, and why. All others are loops alone.
CALLED = {
    f"Cast {np.longdouble.__name__} (2,3)": f"native code has no dtype {np.dtype(np.longdouble)}",
    "Max max of no rows (0,3)": "an extreme of nothing",
    "Min min of no rows (0,3)": "an extreme of nothing",
    "Softmax axis 0 (2,0)": "an extreme of nothing",
    "LogSoftmax axis 0 (2,0)": "an extreme of nothing",
    **{
        str(row): "what sorts along an axis, or is taken in that order"
        for row in along_samples()
        if issubclass(row.op, sorting.ArgSort | sorting.Reorder | sorting.Sort)
    },
    **{str(row): "one row moved along another" for row in sliding_samples()},
    **{str(row): "a search for places" for row in SAMPLES if row.op in (sorting.SearchSorted, positions.Positions)},
    "IsLast halves of an order (4,)": ("a search for places", "what sorts along an axis, or is taken in that order"),
}
LAPACK = "what LAPACK computes"
BY_LOOPS = (
    *(inverses.Inverse, inverses.Solve, inverses.Determinant, inverses.Cofactors),
    *(decompositions.Cholesky, decompositions.HalfLower),
)
CALLED |= {
    str(row): LAPACK
    for row in SAMPLES
    if isinstance(row.op, type) and issubclass(row.op, inverses.OfMatrices) and not issubclass(row.op, BY_LOOPS)
}
CALLED |= {str(row): "native code has no dtype complex128" for row in SAMPLES if row.op is eigenpairs.Eigenpairs}
NAMED_AXES = "a sum over named axes that is no product of two matrices"
CALLED |= {str(row): NAMED_AXES for row in SAMPLES if row.op is einsum.Einsum}
CALLED |= {str(row): "native code has no dtype complex128" for row in fft_samples()}
TO_CHOSEN = "an assignment where arrays or truth values say to which elements"
CALLED |= {str(row): TO_CHOSEN for row in SAMPLES if row.op is assignment.Assign and not gives_view(row.call.key)}
AT_INDICES = "an assignment at indices that are computed"
CALLED |= {str(row): (AT_INDICES, "a search for places") for row in SAMPLES if row.op is assignment.AssignAt}
CALLED |= {str(row): "native code has no dtype uint8" for row in SAMPLES if row.op is logic.bitwise_count}
SHIFT = "a shift, which the processor defines by few bits"
CALLED |= {str(row): SHIFT for row in SAMPLES if row.op in (logic.left_shift, logic.right_shift)}
CALLED["Assign scalar () ()"] = "a number, where arrays alone have loops"
WINDOWS = "what windows are taken of, or added to"
CALLED |= {str(row): WINDOWS for row in SAMPLES if isinstance(row.op, type) and issubclass(row.op, windows.Windows)}

# Those of which nothing is left for loops: one call, and no gradient.
ALONE = {
    *("ArgSort along 0 (3,4)", "ArgSort along -1 (3,4)"),
    *(str(row) for row in SAMPLES if row.op is positions.Positions and row.note != "searchsorted"),
}


def outcome(sample):
    """A function that gives a row's value and, where there is one, the gradient of the sum of its squares."""

    def step(*xs):
        y = sample.call(*xs)
        if isinstance(y, Tensor) and y.requires_grad:
            (y * y).sum().backward()
        return y, [x.grad for x in xs if isinstance(x, Tensor)]

    return step


def called(sample, step):
    """What a step gives for a row's inputs, as Tensors that take gradients."""
    xs = [Tensor(x, requires_grad=True) for x in sample.arrays()]
    with np.errstate(all="ignore"):
        return plain(list(step(*xs)))


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_numpy_code_computes_every_row(sample):
    step = compile(outcome(sample))
    assert_same(called(sample, outcome(sample)), called(sample, step))
    assert step.backend == "numpy"
    assert not step.report().refused


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_native_code_computes_every_row_by_loops_or_by_calls_between_them(sample):
    step = compile(outcome(sample), backend=BY_PYTHON)
    assert_same(called(sample, outcome(sample)), called(sample, step))
    alone, report = str(sample) in ALONE, step.report()
    named = {refusal for _, refusal in report.refused} if alone else set(report.calls)
    for operation, reason in named:
        assert reason != registry.NO_KERNEL, (
            f"native: {operation} has no kernel: register one, or say why there is none"
        )
    wanted = CALLED.get(str(sample), ())
    assert {reason for _, reason in named} == ({wanted} if isinstance(wanted, str) else set(wanted))
    assert all(operation for operation, _ in named)
    assert step.backend == ("numpy" if alone else "native")
    assert alone or not report.refused


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_backend_that_evaluates_computes_every_row(sample):
    step = compile(outcome(sample), backend=EvaluatingBackend())
    assert_same(called(sample, outcome(sample)), called(sample, step))
    first, *loops = str(step.report()).splitlines()  # a long polynomial is a loop of its own
    assert first == "The step runs as evaluating code."
    assert all(line.startswith("  a loop: ") for line in loops)


def test_the_rows_that_are_called_exist():
    assert not CALLED.keys() - {str(sample) for sample in SAMPLES}
    assert not ALONE - CALLED.keys()


def elementwise_rows(dtype):
    """One row of each elementwise operation, and inputs for it, of a dtype."""
    rows = {}
    for sample in SAMPLES:
        op = sample.op if isinstance(sample.op, Elementwise) else None
        if op is not None and sample.shapes in (((2, 1, 3),), ((2, 3), (3,)), ((2, 3), ())):
            rows.setdefault(op, sample)
    return [(sample, sample.arrays(dtype)) for sample in rows.values()]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numba_compiles_every_elementwise_operation(dtype):
    """All of them in one step: what Python has run as native code in the test above is machine code here."""
    rows = elementwise_rows(dtype)
    assert len(rows) > 25

    def step(*xs):
        left = iter(xs)
        return [sample.call(*(next(left) for _ in arrays)) for sample, arrays in rows]

    code = compile(step, backend="native")
    xs = [x for _, arrays in rows for x in arrays]
    for found, expected in zip(code(*xs), step(*xs), strict=True):
        assert_same(plain(expected), plain(found), 1e-12 if dtype is np.float64 else 2e-6)
    assert code.backend == "native"


@pytest.mark.parametrize("ufunc", [np.cbrt, np.exp2, np.log1p, np.arctan, np.arcsinh, np.deg2rad])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32])
def test_a_ufunc_that_numba_knows_needs_no_kernel(ufunc, dtype):
    op = Elementwise(ufunc.__name__, ufunc, lambda y, x: y, text="f({x})")
    x = np.array([[1, 2, 3], [4, 5, 6]], dtype)
    for step in (compile(lambda x: op(x) + 1, backend=BY_PYTHON), compile(lambda x: op(x).sum(), backend=BY_PYTHON)):
        assert_same(plain(step.__wrapped__(x)), plain(step(x)), 1e-6 if dtype is np.float32 else 1e-12)
        assert step.backend == "native"
        assert f"np.{ufunc.__name__}(" in step.source


@pytest.mark.parametrize("ufunc", [np.hypot, np.arctan2, np.logaddexp, np.copysign, np.fmod])
def test_a_ufunc_of_two_operands_that_numba_knows_needs_no_kernel(ufunc):
    op = Elementwise(ufunc.__name__, ufunc, lambda y, a, b: y, lambda y, a, b: y, text="f({a}, {b})")
    a, b = np.linspace(-2, 2, 6).reshape(2, 3), np.array([1.5, -2.5, 0.5])
    for call in (lambda a, b: op(a, b), lambda a, b: op(a, 2.0) + b, lambda a, b: op(3, b.astype(np.float32))):
        step = compile(call, backend=BY_PYTHON)
        assert_same(plain(call(a, b)), plain(step(a, b)))
        assert step.backend == "native"


def test_numba_takes_a_ufunc_without_a_kernel():
    """A step with cbrt, which has one line in ops and none in the compiler, its gradient and its update included."""
    w, other = (Tensor(np.linspace(0.5, 2, 3), requires_grad=True, name="w") for _ in "ab")
    x = np.linspace(1, 2, 6).reshape(2, 3)

    def stepping(w):
        optimizer = optim.SGD([w], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            E = (np.cbrt(w * x) ** 2).sum()
            E.backward()
            optimizer.step()
            return E

        return step

    eager, code = stepping(w), compile(stepping(other), backend="native")
    for _ in range(3):
        assert_same(plain(eager(x)), plain(code(x)))
    assert_same(w.data, other.data)
    assert (code.backend, code.report().refused) == ("native", ())


@pytest.mark.parametrize("backend", [NumpyBackend(), BY_PYTHON], ids=["numpy", "native"])
def test_a_forward_in_numpy_syntax_is_opened(backend):
    swish = Elementwise("swish", lambda x: x * elementwise.sigmoid(x), lambda y, x: y, text="swish({x})")
    step = compile(lambda x: swish(swish(x)) + 1, backend=backend)
    x = np.linspace(-3, 3, 12).reshape(3, 4)
    assert_same(plain(swish(swish(x)) + 1), plain(step(x)))
    assert step.backend == backend.name
    assert "swish" not in re.sub(r"#.*", "", step.source)


def looking(x):
    """A function that no expression can stand for."""
    return np.array([max(float(v), 0.5) for v in np.ravel(x)]).reshape(np.shape(x))


class Sorted(Op):
    """An operation of somebody's own, which no backend has heard of."""

    name, letters, text, vjps = "sorted", "x", "sorted({x})", (None,)
    differentiable = False

    def forward(self, x):
        return np.sort(x)

    def shape(self, *shapes):
        return shapes[0]


def test_a_report_names_what_is_not_native_and_why():
    op = Elementwise("looking", looking, lambda y, x: y, text="looking({x})")
    heaviside = Elementwise("heaviside", np.heaviside, None, None, text="H({a}, {b})")
    own = Sorted()
    step = compile(lambda x: own(op(x)) + np.cbrt(heaviside(x, 0.5)), backend=BY_PYTHON)
    with pytest.raises(RuntimeError, match="has not been called yet"):
        step.report()
    x = np.array([2.0, -1.0, 0.0])
    np.testing.assert_allclose(np.asarray(step(x)), [1.5, 0.5, 2 + np.cbrt(0.5)])
    assert step.backend == "native"
    assert str(step.report()).splitlines() == [
        "The step runs as native code.",
        "  a call between its loops: looking: its forward is Python, and neither a ufunc nor made of operations",
        "  a call between its loops: sorted: no native kernel is registered for it",
        "  a call between its loops: heaviside: numba has no ufunc heaviside",
    ]


def test_a_step_of_which_nothing_is_left_for_loops_runs_as_numpy_code():
    step, own = compile(lambda x: own(own(x)), backend=BY_PYTHON), Sorted()
    np.testing.assert_array_equal(np.asarray(step(np.array([2.0, -1.0, 0.0]))), [-1, 0, 2])
    assert str(step.report()).splitlines() == [
        "The step runs as numpy code.",
        "  not native: sorted: no native kernel is registered for it",
    ]


@pytest.mark.parametrize("name", ["erf", "expit", "cbrt", "exp2"])  # of which NumPy has the last two by its own lights
def test_a_ufunc_of_another_library_is_called_itself(name, tmp_path):
    ufunc = getattr(pytest.importorskip("scipy.special"), name)
    op = Elementwise(name, ufunc, lambda y, x: y, text="f({x})")
    x = np.array([[8.0, 27.0, 0.5], [1.0, -2.0, 0.1]])
    for call in (lambda x: op(x) * 2, lambda x: op(op(x).sum()) + 1):
        step = compile(call, backend=BY_PYTHON)
        assert_same(plain(call(x)), plain(step(x)), 0)
        assert f"a call between its loops: {name}: numba has no ufunc {name}" in str(step.report())
        with pytest.raises(ValueError, match=f"{name}.* is computed by a function of its own, not by NumPy"):
            step.export(tmp_path / "step.py")


def test_a_dtype_that_native_code_does_not_have_is_reported():
    step = compile(lambda x: x * 2, backend=BY_PYTHON)
    assert step(np.ones(3, np.float16)).dtype == np.float16
    assert "not native: multiply: native code has no dtype float16" in str(step.report())
    step(np.ones(3))
    assert (step.backend, str(step.report())) == ("native", "The step runs as native code.")


def test_arrays_that_machine_code_cannot_write_to_are_reported():
    memory = np.ones((4, 6))
    w = Tensor(memory[:, ::2], requires_grad=True)  # where others are to see what is written
    optimizer = optim.SGD([w], lr=0.5)

    def update(x):
        optimizer.zero_grad()
        E = (w * x).sum()
        E.backward()
        optimizer.step()
        return E

    step = compile(update, backend=BY_PYTHON)
    step(np.ones((4, 3)))
    np.testing.assert_array_equal(w.data, np.full((4, 3), 0.5))
    assert str(step.report()).splitlines()[1] == "  not native: an array whose elements do not lie in order"


@pytest.mark.parametrize("start", [np.zeros(3), np.zeros(())], ids=["vector", "number"])
def test_a_loop_over_batches_in_python_is_reported(start):
    w = Tensor(start, requires_grad=True)
    rows = np.arange(12.0).reshape(4, 3)

    def loss(x, t):
        return (((x * w).sum(axis=1) - t) ** 2).sum()

    def kept(x, t):  # which leaves a gradient behind, as the loop in machine code does not
        E = loss(x, t)
        E.backward()
        return E

    step, other = compile(loss, backend=BY_PYTHON), compile(kept, backend=BY_PYTHON)
    expected = (rows.sum(axis=1) ** 2)[None]
    np.testing.assert_array_equal(other.epochs(rows, rows.sum(axis=1), batch_size=1), expected)
    reason = "a step that does more than return a loss and update parameters"
    assert str(other.report()).splitlines() == [
        "The step runs as native code.",
        f"  epochs loops in Python: {reason}",
    ]
    assert step(rows, rows.sum(axis=1)).item() == expected.sum()
    assert str(step.report()) == "The step runs as native code."


def test_a_backend_of_ones_own():
    """One that lets NumPy write and counts what it has written."""

    class Counting(NumpyBackend):
        name, written = "counting", []

        def write(self, draft):
            self.written.append(draft.name)
            return super().write(draft)

    def twice(x):
        return 2 * x

    step = compile(twice, backend=Counting())
    np.testing.assert_array_equal(step(np.arange(3.0)), [0, 2, 4])
    assert (step.backend, Counting.written) == ("counting", ["twice"])


def test_the_nearest_class_of_an_operation_counts():
    find = registry.KERNELS.find
    assert find(arithmetic.add) is not find(elementwise.cbrt)
    assert find(elementwise.cbrt) is registry.KERNELS.kernels[Elementwise]
    assert find(arithmetic.Power(3)) is registry.KERNELS.kernels[arithmetic.Power]
    assert find(shaping.Stack(0)) is registry.KERNELS.kernels[shaping.Concatenate]
    assert find(Sorted()) is None
