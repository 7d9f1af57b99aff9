"""Steps on a GPU that there is not: what is captured and replayed, which products are called, and what is refused."""

import re
from functools import partial
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest

from minigrad import Tensor, compile, fit, losses, nn, optim, relu, value_and_grad
from minigrad.compiler.cuda.products import Gemm
from minigrad.compiler.cuda.step import MOST_GRAPHS
from minigrad.ops.common.libraries import bring
from tests import cuda_threads
from tests.compiled_steps import RULES
from tests.compiling import assert_same, stepping
from tests.fake_gpu import COMPILER, FakeDevice, on_fake
from tests.other_array import OtherArray

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
SIZES = {"W2": ([4, 25, 25, 3], 8), "W3": ([784, 128, 10], 64)}


def data(sizes, rows, batches=4, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(batches, rows, sizes[0])).astype(dtype)
    return X, np.eye(sizes[-1], dtype=dtype)[rng.integers(0, sizes[-1], (batches, rows))]


def moved(model, put=OtherArray):
    for p in model.parameters():
        p.data = put(p.data.copy())
    return model


def network(sizes, dtype=np.float64, between=()):
    layers = [nn.Linear(n, m, rng=i, dtype=dtype) for i, (n, m) in enumerate(pairwise(sizes))]
    parts = [x for layer in layers for x in (layer, np.tanh, *between)]
    return nn.Sequential(*parts[: -1 - len(between)])


def train(model, rule, backend, X, T, put=OtherArray, loss=losses.softmax_cross_entropy):
    """Take a step for each batch, with a learning rate that falls; give the losses, the optimizer and the step."""
    optimizer = rule(model.parameters())
    step = compile(stepping(model, optimizer, loss), backend=backend)
    found = []
    for x, t in zip(X, T, strict=True):
        found.append(float(bring(step(put(x), put(t)).data)))
        optimizer.lr *= 0.9
    return found, optimizer, step


def assert_trained_alike(make, rule, X, T, device=None, tolerance=1e-11, **options):
    """Train on the fake and by NumPy code; give the device and the step."""
    device = device or FakeDevice()
    model, plain = moved(make()), make()
    found, optimizer, step = train(model, rule, on_fake(device), X, T, **options)
    wanted, beside, _ = train(plain, rule, "numpy", X, T, put=np.array, **options)
    np.testing.assert_allclose(found, wanted, rtol=tolerance)
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        assert type(p.data) is OtherArray
        np.testing.assert_allclose(bring(p.data), q.data, rtol=tolerance, atol=tolerance)
    for state, other in zip(optimizer.states, beside.states, strict=True):
        for name, value in state.items():
            np.testing.assert_allclose(bring(value), other[name], rtol=tolerance, atol=tolerance)
    return device, step


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_rule_trains_as_numpy_code_does(rule):
    sizes, rows = SIZES["W2"]
    device, step = assert_trained_alike(lambda: network(sizes), RULES[rule], *data(sizes, rows))
    assert str(step.report()) == "The step runs as cuda code."
    assert device.asked["multiply"] == 4 * 8  # three forward, two back, three weights


@pytest.mark.parametrize("rule", ["SGD", "Momentum", "Adam"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_digits(rule, dtype):
    sizes, rows = SIZES["W3"]
    tolerance = 1e-10 if dtype is np.float64 else 2e-3  # of weights that move by 0.1 a step
    given = data(sizes, rows, 3, dtype)
    assert_trained_alike(lambda: network(sizes, dtype), RULES[rule], *given, tolerance=tolerance)


def test_updates_are_drawn_into_the_products():
    sizes, rows = SIZES["W2"]
    _, step = assert_trained_alike(lambda: network(sizes), RULES["SGD"], *data(sizes, rows))
    gemms = [x for x in items(step) if isinstance(x, Gemm)]
    updates = [x for x in gemms if x.c.place.kind == "bound"]
    assert [(x.alpha, x.beta) for x in updates] == [(-1.0, 1.0)] * 3
    assert {(x.m, x.n, x.k) for x in updates} == {(4, 25, 8), (25, 25, 8), (25, 3, 8)}
    assert all(x.a.turned and not x.b.turned for x in updates)
    assert all((x.alpha, x.beta) == (1.0, 0.0) for x in gemms if x not in updates)


def items(step):
    return step._latest().program.code.items


def test_a_graph_is_captured_at_the_second_call_and_follows_the_learning_rate():
    """Of the same arrays, which are written into; a number is sent where it is another."""
    sizes, rows = SIZES["W2"]
    device, (X, T) = FakeDevice(), data(sizes, rows)
    model, plain = moved(network(sizes)), network(sizes)
    optimizer, beside = optim.SGD(model.parameters(), 0.1), optim.SGD(plain.parameters(), 0.1)
    step = compile(stepping(model, optimizer, losses.softmax_cross_entropy), backend=on_fake(device))
    eager = stepping(plain, beside, losses.softmax_cross_entropy)
    x, t = OtherArray(np.empty_like(X[0])), OtherArray(np.empty_like(T[0]))
    for n in range(8):
        x[...], t[...] = OtherArray(X[n % 4]), OtherArray(T[n % 4])
        optimizer.lr = beside.lr = 0.3 if n > 4 else 0.1
        np.testing.assert_allclose(bring(step(x, t).data), eager(X[n % 4], T[n % 4]).data, rtol=1e-12)
    asked = device.asked
    launches = sum(not isinstance(x, Gemm) for x in items(step))
    assert (asked["capture"], asked["replay"]) == (1, 7)
    assert (asked["launch"], asked["multiply"]) == (2 * launches, 2 * 8)  # once to start, once to capture
    assert asked["upload"] == 2  # of the learning rate
    assert asked["copy"] == 8  # of the loss, which the next call writes over


def test_results_are_not_written_over_by_the_next_call():
    step = compile(lambda x: (x * 2, x.sum()), backend=on_fake())
    calls = [step(OtherArray(np.full(3, float(n)))) for n in range(4)]
    for n, (y, total) in enumerate(calls):
        np.testing.assert_array_equal(bring(y), np.full(3, 2.0 * n))
        assert bring(total) == 3 * n


def test_arguments_at_ever_other_addresses_go_to_one_place():
    device = FakeDevice()
    step = compile(lambda x: (x * x).sum(), backend=on_fake(device))
    held = [OtherArray(np.full(5, float(n))) for n in range(3 * MOST_GRAPHS)]
    assert [float(bring(step(x))) for x in held] == [5.0 * n * n for n in range(3 * MOST_GRAPHS)]
    assert device.asked["capture"] == 1
    assert device.asked["replay"] == 2 * MOST_GRAPHS - 1


def test_arguments_that_lie_otherwise_or_on_the_host():
    """A transpose, a part, an array of NumPy's, one that shares memory with the parameter that is written to."""
    w = Tensor(OtherArray(np.arange(12.0).reshape(3, 4)), requires_grad=True, name="w")
    plain = Tensor(np.arange(12.0).reshape(3, 4), requires_grad=True)

    def stepping(w):
        optimizer = optim.SGD([w], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            E = (w * x * x).sum()
            E.backward()
            optimizer.step()
            return E, x * w

        return step

    code, eager = compile(stepping(w), backend=on_fake()), stepping(plain)
    wide = np.arange(24.0).reshape(3, 8)
    for _ in range(2):
        for x in (np.arange(12.0).reshape(4, 3).T, wide[:, ::2]):
            for given in (OtherArray(x), x):
                for a, b in zip(code(given), eager(x), strict=True):
                    np.testing.assert_allclose(bring(a.data), b.data)
    for a, b in zip(code(w.data), eager(plain.data.copy()), strict=True):
        np.testing.assert_allclose(bring(a.data), b.data)
    np.testing.assert_allclose(bring(w.data), plain.data)


def test_an_array_of_the_host_that_the_function_names_is_sent_when_it_has_changed():
    device, offset = FakeDevice(), np.arange(3.0)
    step = compile(lambda x: x + offset, backend=on_fake(device))
    x = OtherArray(np.ones(3))
    for n in range(4):
        offset[0] = n // 2
        np.testing.assert_array_equal(bring(step(x)), 1 + offset)
    assert device.asked["upload"] == 2


def test_what_a_function_writes_into_its_argument_goes_there():
    def f(a):
        a[0] = a[1] * 2
        return a.sum()

    step, a, b = compile(f, backend=on_fake()), OtherArray(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3)
    for _ in range(3):
        np.testing.assert_array_equal(bring(step(a)), f(b))
        np.testing.assert_array_equal(bring(a), b)


def test_calls_are_bound_verified_and_recorded():
    x = np.arange(6.0).reshape(2, 3)
    given = OtherArray(x.copy())
    bound = compile(lambda a: (a * a).sum(), backend=on_fake()).bind(given)
    for n in range(1, 4):
        given[...] = OtherArray(n * x)
        np.testing.assert_allclose(bring(bound()), n * n * (x * x).sum())
    verified = compile(lambda a: np.tanh(a).sum(), verify=2, backend=on_fake())
    for _ in range(3):
        np.testing.assert_allclose(bring(verified(OtherArray(x))), np.tanh(x).sum(), rtol=1e-14)
    w = Tensor(OtherArray(x), requires_grad=True)
    E = compile(lambda w: (w * w).sum(), backend=on_fake())(w) * 3
    E.backward()
    np.testing.assert_allclose(bring(w.grad.data), 6 * x)


def test_exact_code_contracts_nothing_and_keeps_infinities():
    asked = []

    class Asked(FakeDevice):
        def load(self, source, exact):
            asked.append(exact)
            return super().load(source, exact)

    def f(x):
        return x * 1e200 * 1e200, np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    x = np.linspace(-1, 800, 6).reshape(2, 3)
    step = compile(f, exact=True, backend=on_fake(Asked()))
    with np.errstate(all="ignore"):
        for a, b in zip(step(OtherArray(x)), f(x), strict=True):
            np.testing.assert_allclose(bring(a), b, rtol=1e-14)
    assert asked == [True]


def test_an_embedding_is_gathered_and_its_gradient_added_up():
    def make():
        return nn.Sequential(nn.Embedding(7, 3, rng=0))

    labels, T = np.array([[1, 2, 1, 0]] * 4), np.eye(3)[np.zeros((4, 4), int)]
    _, step = assert_trained_alike(make, RULES["Momentum"], labels, T)
    assert not step.report().calls


def test_dropout_draws_what_numpy_code_draws():
    sizes, rows = SIZES["W2"]
    X, T = data(sizes, rows)
    assert_trained_alike(lambda: network(sizes, between=(nn.Dropout(0.4, rng=5),)), RULES["Adam"], X, T)


def test_what_cupy_computes_parts_the_graph():
    """A convolution and its gradients: named in the report, and between graphs of all else."""

    def make():
        first = nn.Conv2d(1, 2, 3, rng=0)
        return nn.Sequential(first, relu, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3, rng=1))

    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(4, 5, 1, 6, 6)), np.eye(3)[rng.integers(0, 3, (4, 5))]
    device, step = assert_trained_alike(make, RULES["SGD"], X, T)
    reasons = {reason for _, reason in step.report().calls}
    assert reasons == {"a convolution", "what windows are taken of, or added to"}
    assert "a call between its loops: convolution" in str(step.report())
    x, t = OtherArray(X[0]), OtherArray(T[0])
    before = device.asked["capture"]
    for _ in range(3):
        step(x, t)
    graphs = device.asked["capture"] - before
    assert graphs > 1
    assert device.asked["replay"] == 3 * graphs  # the first batch has been at this address before


def test_a_recurrence_is_written_out():
    def f(h, W, X):
        for x in (X[i] for i in range(6)):
            h = np.tanh(h @ W + x)
        return (h * h).sum()

    rng = np.random.default_rng(0)
    given = [rng.normal(size=shape) for shape in ((2, 3), (3, 3), (6, 2, 3))]
    step = compile(value_and_grad(f, argnums=(0, 1, 2)), backend=on_fake())
    for _ in range(3):
        E, gradients = step(*map(OtherArray, given))
        wanted, expected = value_and_grad(f, argnums=(0, 1, 2))(*given)
        np.testing.assert_allclose(bring(E), wanted, rtol=1e-13)
        for a, b in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(bring(a), b, rtol=1e-12, atol=1e-13)
    assert not step.report().calls


PRODUCTS = {
    "vectors": ((3,), (3, 4)),
    "a column": ((4, 3), (3,)),
    "a batch": ((2, 4, 3), (2, 3, 5)),
    "a batch of one": ((2, 1, 4, 3), (5, 3, 2)),
    "a stack by a matrix": ((2, 4, 3), (3, 5)),
}


@pytest.mark.parametrize("shapes", PRODUCTS.values(), ids=PRODUCTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32, np.bool_])
@pytest.mark.parametrize("turn", [False, True])
def test_products(shapes, dtype, turn):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-3, 4, shape[::-1] if turn else shape).astype(dtype) for shape in shapes)
    f = (lambda a, b: a.T @ b.T) if turn else (lambda a, b: a @ b)
    device = FakeDevice()
    step = compile(f, backend=on_fake(device))
    found = bring(step(OtherArray(a), OtherArray(b)))
    wanted = f(a, b)
    assert_same(wanted, found)
    assert (device.asked["multiply"] > 0) == (np.dtype(dtype).kind == "f")


def test_a_softmax_with_its_loss_is_one_kernel_beside_the_sums_over_other_axes():
    """A row after the other: the maximum, the sum of exponentials, the quotients, δ; what is of a kernel of its own?"""
    u, t = np.random.default_rng(0).normal(size=(7, 5)), np.eye(5)[np.arange(7) % 5]
    f = value_and_grad(losses.softmax_cross_entropy)
    step = compile(f, backend=on_fake())
    for _ in range(3):
        E, g = step(OtherArray(u), OtherArray(t))
        np.testing.assert_allclose(bring(E), f(u, t)[0], rtol=1e-14)
        np.testing.assert_allclose(bring(g), f(u, t)[1], rtol=1e-13, atol=1e-15)
    code = step._latest().program.code
    assert [text.count("SYNC") for text in code.kernels if "SYNC" in text] == [5]
    assert len(code.items) == 2  # the rows, and the loss with its sign


def update_by_a_sum(w, b, x):
    b -= (x * w).sum(axis=0)
    return b


def update_what_the_sum_reads(w, b, x):
    b -= (x * b).sum(axis=0)
    return b


def update_two_by_each_other(w, b, x):
    s, t = (x * b).sum(axis=0), (x * w).sum(axis=0)
    b -= t
    w -= s
    return b


def update_one_by_the_new_other(w, b, x):
    s = x.sum(axis=0)
    b -= s
    w -= s * b
    return w + s


def update_by_other_places(w, b, x):
    b -= (x.sum(axis=0) * w)[::-1]
    return b


def update_what_is_read_afterwards(w, b, x):
    s = x.sum(axis=0)
    old = (x + b).max(axis=1)
    b -= s
    return old


def update_by_a_number(w, b, x):
    b *= -(x * x).sum()
    w -= np.sqrt((x * x).sum()) + 1
    return b


UPDATES = [
    *(update_by_a_sum, update_what_the_sum_reads, update_two_by_each_other, update_one_by_the_new_other),
    *(update_by_other_places, update_what_is_read_afterwards, update_by_a_number),
]


def compare_updates(step, rows, device):
    """Compare steps that write over what sums have read, or have not, with themselves in NumPy."""
    x = np.random.default_rng(0).normal(size=(rows, 5))
    kept = []
    for backend, put in ((on_fake(device), OtherArray), (None, np.array)):
        w, b = (Tensor(put(np.linspace(*ends, 5)), name=name) for ends, name in (((-1, 1), "w"), ((2, 3), "b")))
        f = partial(step, w, b)
        f = f if backend is None else compile(f, backend=backend)
        kept.append([*(bring(f(put(x)).data).copy() for _ in range(3)), bring(w.data), bring(b.data)])
    for a, c in zip(*kept, strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("step", UPDATES, ids=lambda step: step.__name__)
@pytest.mark.parametrize("rows", [1, 7, 20000])
def test_what_follows_a_sum_is_in_its_kernel_where_that_may_be(step, rows):
    compare_updates(step, rows, FakeDevice())


ROWS = {
    "rows of rows": lambda x: x - x.sum(axis=-1, keepdims=True) * x.max(axis=-1, keepdims=True),
    "a number a row": lambda x: np.exp(x - np.log(np.exp(x).sum(axis=-1))[..., None]).sum(axis=-1),
    "the row before": lambda x: x[1:] - x.sum(axis=-1)[:-1, ..., None],
    "columns as rows": lambda x: x.sum(axis=-1) + x.sum(axis=0)[..., 0],
    "backwards": lambda x: x * x.sum(axis=-1)[::-1, ..., None] + x.sum(axis=-1, keepdims=True),
}


SHAPES = {name: [(3, 3)] if name == "columns as rows" else [(6, 4), (1, 3), (2, 3, 4), (5, 1)] for name in ROWS}


@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name in ROWS for shape in SHAPES[name]])
def test_what_is_read_of_other_rows_waits_for_a_kernel_of_its_own(name, shape):
    compare_rows(name, shape, FakeDevice())


def compare_rows(name, shape, device):
    """Compare with NumPy a function of rows, and its gradient."""
    x = np.random.default_rng(0).normal(size=shape)
    f = ROWS[name]
    g = value_and_grad(lambda x: (f(x) ** 2).sum())
    step = compile(lambda x: (f(x), *g(x)), backend=on_fake(device))
    for a, b in zip(step(OtherArray(x)), (f(x), *g(x)), strict=True):
        np.testing.assert_allclose(bring(a), b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 40000), (40000, 3), (120000,), (1, 20000), (0, 4), (4, 0)])
def test_long_sums_and_empty_ones(shape):
    """Few long rows are summed in parts, which a second kernel adds up."""
    x = np.random.default_rng(0).normal(size=shape)

    def f(x):
        last = x.max(axis=-1) if x.shape[-1] else x.sum(axis=-1)
        return x.sum(axis=0), x.sum(axis=-1), last, x.sum(), (x * x).sum(), np.exp(x).mean(axis=0) if len(x) else 1.0

    step = compile(f, backend=on_fake())
    for a, b in zip(step(OtherArray(x)), f(x), strict=True):
        np.testing.assert_allclose(bring(a), b, rtol=1e-12, atol=1e-11)


@pytest.mark.skipif(cuda_threads.COMPILER is None, reason="there is no C++ compiler")
class TestByThreads:
    """CUDA C as it is, by threads with barriers: what lanes of a block do with each other."""

    def test_gathering(self):
        rng = np.random.default_rng(0)
        x, y, i = rng.normal(size=(70, 33)), rng.normal(size=(70, 33)), np.array([3, -2, 3, 0])

        def f(x, y, i):
            c = x.max(axis=1, keepdims=True)
            sums = x.sum(axis=0), x.sum(axis=1), (x * y).sum(), np.exp(x - c).sum(axis=1), x.min(axis=0)
            return *sums, x - c, x[i], np.cumsum(x, axis=0), (x > 0).any(axis=1), np.prod(x[:, :5], axis=1)

        step = compile(f, backend=on_fake(cuda_threads.ThreadedDevice()))
        for a, b in zip(step(*map(OtherArray, (x, y, i))), f(x, y, i), strict=True):
            np.testing.assert_allclose(bring(a), b, rtol=1e-12, atol=1e-13)

    def test_parts_of_long_rows_and_sums_at_one_place(self):
        z, i = np.random.default_rng(0).normal(size=(3, 20000)), np.arange(600) % 7
        f = value_and_grad(lambda w, z: (w[i] ** 2).sum() + z.sum(axis=1) @ w[:3], argnums=(0, 1))
        step, w = compile(f, backend=on_fake(cuda_threads.ThreadedDevice())), np.linspace(-1, 1, 7)
        E, gradients = step(OtherArray(w), OtherArray(z))
        wanted, expected = f(w, z)
        np.testing.assert_allclose(bring(E), wanted, rtol=1e-11)
        for a, b in zip(gradients, expected, strict=True):
            np.testing.assert_allclose(bring(a), b, rtol=1e-11)

    @pytest.mark.parametrize("step", UPDATES, ids=lambda step: step.__name__)
    def test_updates(self, step):
        compare_updates(step, 40, cuda_threads.ThreadedDevice())

    @pytest.mark.parametrize("name", ROWS)
    def test_rows(self, name):
        compare_rows(name, SHAPES[name][0], cuda_threads.ThreadedDevice())

    @pytest.mark.parametrize("rule", ["SGD", "Adam"])
    def test_a_network(self, rule):
        sizes, rows = SIZES["W2"]
        X, T = data(sizes, rows, 2)
        assert_trained_alike(lambda: network(sizes), RULES[rule], X, T, device=cuda_threads.ThreadedDevice())


@pytest.mark.parametrize("rng", [None, 3])
def test_epochs_deal_batches_on_the_gpu_and_bring_losses_after_each(rng):
    sizes, rows = SIZES["W2"]
    (X, T), device = data(sizes, 30, 1), FakeDevice()
    model, plain = moved(network(sizes)), network(sizes)
    step, _ = step_of(model, device)
    optimizer = RULES["SGD"](plain.parameters())
    beside = compile(stepping(plain, optimizer, losses.softmax_cross_entropy))
    asked = OtherArray.asked
    found = step.epochs(OtherArray(X[0]), OtherArray(T[0]), batch_size=rows, epochs=3, rng=rng)
    assert OtherArray.asked == asked
    np.testing.assert_allclose(found, beside.epochs(X[0], T[0], batch_size=rows, epochs=3, rng=rng), rtol=1e-11)
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(bring(p.data), q.data, rtol=1e-11)


@pytest.mark.parametrize("put", [OtherArray, np.array], ids=["on the GPU", "on the host"])
def test_fit(put):
    sizes = SIZES["W2"][0]
    X, T = (x[0] for x in data(sizes, 30, 1))

    def run(model, given, **options):
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        chosen = {"rng": 0, "progress": False, "validation": given} | options
        return fit(model, losses.softmax_cross_entropy, optimizer, given, 3, 8, **chosen)

    model, plain = moved(network(sizes)), network(sizes)
    device = FakeDevice()
    found, wanted = run(model, (put(X), put(T)), compile=on_fake(device)), run(plain, (X, T))
    np.testing.assert_allclose(found.loss, wanted.loss, rtol=1e-10)
    np.testing.assert_allclose(found.validation_loss, wanted.validation_loss, rtol=1e-10)
    assert device.asked["multiply"] > 0
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(bring(p.data), q.data, rtol=1e-10)


# what is refused


def step_of(model, device=None, rule=RULES["SGD"]):
    optimizer = rule(model.parameters())
    return compile(stepping(model, optimizer, losses.softmax_cross_entropy), backend=on_fake(device)), optimizer


def test_a_parameter_that_is_left_on_the_host():
    sizes, rows = SIZES["W2"]
    (X, T), model = data(sizes, rows), network(SIZES["W2"][0])
    before = [p.data.copy() for p in model.parameters()]
    with pytest.raises(TypeError, match=r"W₁\(4, 25\) lies on the host, as a ndarray.*W1.data = cupy.asarray"):
        step_of(model)[0](OtherArray(X[0]), OtherArray(T[0]))
    for p, w in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, w)


def test_a_parameter_that_comes_back_to_the_host():
    sizes, rows = SIZES["W2"]
    (X, T), model = data(sizes, rows), moved(network(SIZES["W2"][0]))
    step, _ = step_of(model)
    given = OtherArray(X[0]), OtherArray(T[0])
    step(*given)
    model.parameters()[1].data = np.zeros(25)
    with pytest.raises(TypeError, match=r"b₁\(25,\) lies on the host"):
        step(*given)


def test_running_averages_that_are_left_on_the_host():
    model = moved(nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm(4)))
    optimizer, x = optim.SGD(model.parameters(), 0.1), np.random.default_rng(0).normal(size=(5, 3))
    step = compile(stepping(model, optimizer, lambda y, t: ((y - t) ** 2).sum()), backend=on_fake())
    with pytest.raises(TypeError, match=r"\(4,\) lies on the host.*for p in model.buffers\(\): p.data = cupy"):
        step(OtherArray(x), 1.5)
    for p in model.buffers():
        p.data = OtherArray(p.data.copy())
    plain = nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm(4))
    beside = optim.SGD(plain.parameters(), 0.1)
    eager = stepping(plain, beside, lambda y, t: ((y - t) ** 2).sum())
    for _ in range(3):
        np.testing.assert_allclose(bring(step(OtherArray(x), 1.5).data), eager(x, 1.5).data, rtol=1e-10, atol=1e-12)
    for p, q in zip(model.buffers(), plain.buffers(), strict=True):
        np.testing.assert_allclose(bring(p.data), q.data, rtol=1e-12)


def test_running_values_that_were_made_on_the_host():
    sizes, rows = SIZES["W2"]
    (X, T), model = data(sizes, rows), network(SIZES["W2"][0])
    step, _ = step_of(model, rule=RULES["Adam"])
    moved(model)
    with pytest.raises(TypeError, match=r"a running value of the optimizer, lies on the host\. Move"):
        step(OtherArray(X[0]), OtherArray(T[0]))


def test_too_little_memory():
    sizes, rows = SIZES["W2"]
    (X, T), model = data(sizes, rows), moved(network(SIZES["W2"][0]))
    before = [bring(p.data).copy() for p in model.parameters()]
    with pytest.raises(MemoryError, match=r"the step needs 32\.\d MiB of the GPU's memory, and 1.0 MiB are free"):
        step_of(model, FakeDevice(free=1 << 20))[0](OtherArray(X[0]), OtherArray(T[0]))
    for p, w in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(bring(p.data), w)


def test_a_dtype_that_no_gpu_has():
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(TypeError, match=r"which no GPU has; cast to float64"):
        compile(lambda x: x * 2, backend=on_fake())(np.ones(3, np.longdouble))


def test_an_array_of_neither_library():
    class Foreign(OtherArray):
        pass

    device = FakeDevice()
    device.takes = lambda x: type(x) is OtherArray
    with pytest.raises(TypeError, match=r"an argument is a Foreign, and backend=\"cuda\" computes with arrays of CuPy"):
        compile(lambda x: x * 2, backend=on_fake(device))(Foreign(np.ones(3)))


def test_an_index_out_of_bounds_is_raised_by_the_next_call():
    step = compile(lambda x, i: x[i] * 1.0, backend=on_fake())
    x = OtherArray(np.arange(4.0))
    np.testing.assert_array_equal(bring(step(x, OtherArray(np.array([1, 4, -5])))), [1, np.nan, np.nan])
    with pytest.raises(IndexError, match="out of bounds for axis 0 with size 4, in an earlier call"):
        step(x, OtherArray(np.array([1, 2, 3])))
    np.testing.assert_array_equal(bring(step(x, OtherArray(np.array([1, 2, -4])))), [1, 2, 0])


def test_without_cupy_or_a_gpu_it_says_what_to_install_or_check():
    step = compile(lambda x: x * 2, backend="cuda")
    if find_spec("cupy") is None:
        with pytest.raises(ImportError, match=re.escape("pip install cupy-cuda13x")):
            step(np.ones(3))
    else:
        cupy = pytest.importorskip("cupy")
        try:
            there = cupy.cuda.runtime.getDeviceCount() > 0
        except cupy.cuda.runtime.CUDARuntimeError:
            there = False
        if not there:
            with pytest.raises(RuntimeError, match="wants a GPU, and CUDA finds none"):
                step(np.ones(3))


def test_names_of_backends():
    with pytest.raises(ValueError, match='backend must be "numpy", "native" or "cuda", not \'gpu\''):
        compile(lambda x: x, backend="gpu")
