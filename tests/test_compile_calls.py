"""Steps of runs of loops and calls between them: where they are cut, what they share, and what Ctrl-C leaves."""

import linecache
import re
import signal
import sys
from contextvars import copy_context
from itertools import pairwise

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, no_grad, optim
from minigrad.compiler.passes.cut import MOST, cut_alike, cut_plan
from minigrad.compiler.passes.plan import plan_order
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.cumulative import CumSum
from minigrad.ops.elementwise import exp, tanh
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import Transpose
from minigrad.scipy.special import erf, gammaln
from tests.compiling import as_code, assert_same, plain, running, state, stepping
from tests.samples import SAMPLES

pytest.importorskip("numba")
RNG = np.random.default_rng(3)
IMAGES, WANTED = RNG.normal(size=(5, 1, 6, 6)), RNG.normal(size=(5, 3))


class Filtering:
    """A convolution, a layer of its elements, and the pseudo-inverse of a matrix: calls in both directions."""

    def __init__(self, dtype=np.float64):
        rng = np.random.default_rng(4)
        self.filter = nn.Conv2d(1, 2, 3, rng=rng, dtype=dtype)
        self.layer = nn.Linear(32, 3, rng=rng, dtype=dtype)
        S = np.eye(3) + 0.1 * rng.normal(size=(3, 3))
        self.S = Tensor(S.astype(dtype), requires_grad=True, name="S")

    def __call__(self, x):
        y = np.tanh(self.filter(x)).reshape(len(x), -1)
        return np.sin(self.layer(y)) @ np.linalg.pinv(self.S).T

    def parameters(self):
        return [*self.filter.parameters(), *self.layer.parameters(), self.S]


def distance(y, t):
    return ((y - t) ** 2).sum()


def filtering(rule=optim.Adam, dtype=np.float64):
    """A training step, its parameters and its optimizer."""
    model = Filtering(dtype)
    optimizer = rule(model.parameters(), lr=0.02)
    return stepping(model, optimizer, distance), model.parameters(), optimizer


@pytest.mark.parametrize("rule", [optim.SGD, optim.Momentum, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_step_of_loops_and_calls_trains_as_the_eager_one(rule, dtype):
    (eager, params, optimizer), (step, others, other) = filtering(rule, dtype), filtering(rule, dtype)
    x, t = IMAGES.astype(dtype), WANTED.astype(dtype)
    with running("interpreted"):
        code = as_code(step, "interpreted")
        for lr in (0.02, 0.02, 0.01):
            optimizer.lr = other.lr = lr
            assert_same(plain(eager(x, t)), plain(code(x, t)), 1e-11 if dtype is np.float64 else 1e-4)
    assert_same(state(params, optimizer), state(others, other), 1e-11 if dtype is np.float64 else 1e-3)
    assert code.backend == "native"
    assert {refusal.operation.partition("(")[0] for refusal in code.report().calls} >= {"pinv"}
    assert code.cache_info().misses == 1


def test_a_step_of_loops_and_calls_in_machine_code():
    (eager, params, optimizer), (step, others, other) = filtering(), filtering()
    code = compile(step, backend="native")
    wide = np.zeros((5, 1, 6, 12))
    wide[..., ::2] = IMAGES
    fixed = IMAGES.copy()
    fixed.flags.writeable = False
    for x in (IMAGES, wide[..., ::2], fixed, IMAGES):
        assert_same(plain(eager(x, WANTED)), plain(code(x, WANTED)), 1e-11)
    assert_same(state(params, optimizer), state(others, other), 1e-11)
    assert code.backend == "native"
    assert str(code.report()).splitlines()[0] == "The step runs as native code."
    assert (
        "  a call between its loops: pinv(rcond=None, hermitian=False): what LAPACK computes"
        in str(code.report()).splitlines()
    )


def test_epochs_of_such_a_step_loop_in_python_and_say_why():
    (eager, params, _), (step, others, _) = filtering(), filtering()
    with running("interpreted"):
        code = as_code(step, "interpreted")
        losses = code.epochs(IMAGES, WANTED, 5, epochs=2)
    np.testing.assert_allclose(losses.ravel(), [eager(IMAGES, WANTED).item() for _ in range(2)], rtol=1e-11)
    assert_same(plain(params), plain(others), 1e-11)
    assert (
        str(code.report()).splitlines()[-1]
        == "  epochs loops in Python: Python calls the loops, and what is between them"
    )


def test_names_that_the_code_has_itself_may_be_arguments():
    names = ["scratch", "bind_run", "lay_in_order", "known", "finish", "done", "code", "loops", "kept", "step", "make"]
    head = f"def f({', '.join(names)}):"
    known = {"np": np, "w": Tensor(np.ones(3), requires_grad=True), "no_grad": no_grad}
    body = [f"    total = {' + '.join(names)}", "    with no_grad():", "        w.data = w.data * 0.5 + np.tanh(total)"]
    exec("\n".join([head, *body, "    return np.sort(total) * w"]), known)
    xs = [RNG.normal(size=3) for _ in names]
    expected = [plain(known["f"](*xs)) for _ in range(2)]
    for backend in ("numpy", "interpreted"):
        known["w"].data = np.ones(3)
        with running(backend):
            code = as_code(known["f"], backend)
            assert_same(expected, [plain(code(*xs)) for _ in range(2)])


@pytest.mark.parametrize("between", [np.sort, np.tanh])
def test_an_array_from_outside_that_lies_out_of_order_is_copied_at_each_call(between):
    """Also where there are no calls between loops; what is written into it later is seen."""
    A = RNG.normal(size=(3, 4))
    turned, narrow = A.T, A[:, ::2]

    def f(x):
        return between(x @ turned) + (narrow * x[0, 0]).max()

    x = RNG.normal(size=(2, 4))
    with running("interpreted"):
        code = as_code(f, "interpreted")
        for _ in range(3):
            assert_same(plain(f(x)), plain(code(x)))
            A += 1
    assert code.backend == "native"
    assert code.cache_info().misses == 1
    assert len(code.report().calls) == (between is np.sort)


# where a plan is cut


def inputs(*shapes):
    return [Node(shape=shape, dtype=np.dtype(np.float64)) for shape in shapes]


def cut(*outputs):
    """The groups of a plan of which CumSum alone is a call."""
    plan = plan_order(outputs, {})
    calls = {x for x in plan.first if isinstance(x.op, CumSum)}
    return cut_plan(plan, calls, outputs)


def test_what_is_ready_for_loops_is_one_run():
    """Two chains, each with a call in it: three groups, where one chain after the other would make five."""
    a, b = inputs((4,), (4,))
    groups = cut(exp(CumSum(0)(exp(a))) + tanh(CumSum(0)(tanh(b))))
    assert [(group.loops, len(group.nodes)) for group in groups] == [(True, 2), (False, 2), (True, 3)]


def test_a_cut_begins_with_calls_where_that_takes_fewer_runs():
    a, b = inputs((4,), (4,))
    groups = cut(exp(CumSum(0)(a)) + Sum()(b))
    assert [(group.loops, len(group.nodes)) for group in groups] == [(False, 1), (True, 3)]


def test_what_later_loops_alone_read_is_computed_with_them():
    """exp(b) is ready at once, and would have to be stored."""
    a, b = inputs((4,), (4,))
    first, call, last = cut(CumSum(0)(tanh(a)) * exp(b))
    assert [len(group.nodes) for group in (first, call, last)] == [1, 1, 2]
    assert [x.shape for x in last.reads] == [(4,), (4,)]
    assert list(first.leaving) == first.nodes


def test_a_view_is_in_no_group_and_what_it_looks_at_leaves():
    (a,) = inputs((4, 4))
    y = exp(a)
    groups = cut(CumSum(0)(Transpose()(y)))
    assert [group.nodes[0] is y for group in groups] == [True, False]
    assert list(groups[0].leaving) == [y]


def test_long_runs_are_several():
    (y,) = inputs((4,))
    for _ in range(250):
        y = tanh(y)
    groups = cut(y)
    assert [(group.loops, len(group.nodes)) for group in groups] == [(True, 100), (True, 100), (True, 50)]
    assert [list(group.leaving) for group in groups] == [group.nodes[-1:] for group in groups]


@pytest.mark.parametrize("period", [1, 7, 34, 60, 99, 101, 150])
def test_runs_of_what_repeats_are_alike(period):
    """But for the first and the last two; none is longer than twice what a run is."""
    ops, (x,) = [exp, tanh], inputs((2, 3))
    which = np.random.default_rng(period).integers(0, 2, period)
    for i in [0, 1, 1, 1, 0, *[*which] * (1200 // period)]:
        x = ops[i](x)
    nodes = [y for y in order_nodes([x]) if y.op is not None]
    runs = list(cut_alike(nodes))
    assert [y for run in runs for y in run] == nodes
    assert max(map(len, runs)) <= 2 * MOST
    kinds = {tuple(y.op for y in run) for run in runs[1:-2]}
    assert len(kinds) == 1


def test_runs_of_what_does_not_repeat_have_their_length():
    ops, (x,) = [exp, tanh], inputs((2, 3))
    for i in np.random.default_rng(0).integers(0, 2, 730):
        x = ops[i](x)
    nodes = [y for y in order_nodes([x]) if y.op is not None]
    runs = list(cut_alike(nodes))
    assert [y for run in runs for y in run] == nodes
    assert [len(run) for run in runs[:-1]] == [MOST] * 7
    assert [list(run) for run in cut_alike(nodes[:MOST])] == [nodes[:MOST]]
    assert list(map(list, cut_alike([]))) in ([], [[]])


@pytest.mark.parametrize("seed", range(30))
def test_a_cut_keeps_the_order_of_random_graphs(seed):
    rng = np.random.default_rng(seed)
    nodes = inputs(*[(3, 3)] * 3)
    for _ in range(60):
        x, y = rng.choice(len(nodes), 2)
        made = [CumSum(0)(nodes[x]), exp(nodes[x]), nodes[x] * nodes[y], Transpose()(nodes[x]), Sum(1, True)(nodes[y])]
        nodes.append(made[rng.integers(len(made))])
    plan = plan_order(nodes[-5:], {})
    calls = {x for x in plan.first if isinstance(x.op, CumSum)}
    groups = cut_plan(plan, calls, nodes[-5:])
    assert all(a.loops != b.loops or not a.loops for a, b in pairwise(groups))
    known = set()
    for group in groups:
        before = set(known)
        for node in group.nodes:
            assert (node in calls) != group.loops
            for x in node.inputs:
                while isinstance(x.op, Transpose):
                    (x,) = x.inputs
                assert x.op is None or x in known
                assert x in before or x in group.nodes or x in group.reads
            known.add(node)
    wanted = {x for x in plan.first if not isinstance(x.op, Transpose)}
    assert (known, sum(len(group.nodes) for group in groups)) == (wanted, len(wanted))


# what runs and calls share


def test_arrays_that_cross_take_their_memory_in_turns():
    def deep(x):
        for _ in range(7):
            x = np.tanh(np.sort(np.tanh(x) * 0.5) + np.partition(x, 3))
        return x

    x = RNG.normal(size=50)
    with running("interpreted"):
        code = as_code(deep, "interpreted")
        assert_same(plain(deep(x)), plain(code(x)))
    assert len(re.findall(r"np\.empty\(\((?:50),\), np\.float64\)", code.source)) <= 6
    assert code.source.count("bind_run(") >= 7


def test_numbers_cross_in_both_directions():
    """A norm that a call gives, one that loops give, a Python number, an integer and a truth value."""

    def crossing(x, scale):
        determinant = np.linalg.det(x)
        shifted = x * determinant * scale + np.abs(x).max()
        positive = (shifted > 0).sum()
        values = np.sort(shifted, axis=0) * erf(shifted.sum()) + gammaln(positive) + (determinant > 0)
        return values, determinant * 2, [np.sort(values.sum() * scale + x, axis=1), erf(scale * 0.1), positive]

    x = RNG.normal(size=(3, 3))
    with running("interpreted"):
        code = as_code(crossing, "interpreted")
        for value, scale in ((x, 2.0), (-x, 0.5), (x.astype(np.float32), 3.0)):
            assert_same(plain(crossing(value, scale)), plain(code(value, scale)), 1e-12)
    assert code.backend == "native"


def whole(x, flags):
    """Integers and truth values in loops and in calls."""
    ordered = np.sort(x * 7 - 3, axis=0)
    counted = np.cumsum(ordered % 5, axis=0) ** 2
    kept = np.where(np.cumsum(flags, axis=0) % 2 == 0, counted, -ordered)
    return kept, np.sort(flags & (kept > 0), axis=0), np.cumprod(kept, axis=0), ordered.max() - kept.min()


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int16, np.uint8])
def test_integers_and_truth_values_are_numpys_bit_for_bit(dtype):
    x = RNG.integers(0, 100, size=(6, 4)).astype(dtype)
    flags = RNG.random((6, 4)) < 0.5
    with running("interpreted"):
        code = as_code(whole, "interpreted")
        for a, b in zip(plain(whole(x, flags)), plain(code(x, flags)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    assert code.backend == "native"


def test_an_argument_that_looks_at_a_parameter_is_read_before_that_is_written():
    def made():
        W = Tensor(np.random.default_rng(1).normal(size=(3, 3)), requires_grad=True, name="W")
        optimizer = optim.SGD([W], lr=0.1)
        return stepping(lambda x: np.sort(np.tanh(x @ W), axis=1), optimizer, distance), W

    (eager, W), (step, V) = made(), made()
    with running("interpreted"):
        code = as_code(step, "interpreted")
        for _ in range(3):
            assert_same(plain(eager(W.data.T, W.data)), plain(code(V.data.T, V.data)))
            assert_same(plain(W), plain(V))
    assert code.backend == "native"


def test_what_a_run_refuses_when_it_is_written_is_a_call():
    """W ← ½ (W + Wᵀ) reads other places of W than those that it has written; Σ W leaves the run that it is in."""

    def made():
        W = Tensor(np.random.default_rng(2).normal(size=(3, 3)), requires_grad=True, name="W")

        @no_grad()
        def step(x):
            W.data = (W + W.T + np.exp(x)) * 0.5
            return np.sort(W * x, axis=0), (W * W).sum() * np.linalg.det(W)

        return step, W

    (eager, W), (step, V) = made(), made()
    x = RNG.normal(size=(3, 3))
    with running("interpreted"):
        code = as_code(step, "interpreted")
        for _ in range(3):
            assert_same(plain(eager(x)), plain(code(x)), 1e-11)
            assert_same(plain(W), plain(V), 1e-11)
    assert code.backend == "native"
    reasons = {refusal.reason for refusal in code.report().calls}
    assert "a new value computed from other places of the old one" in reasons


def test_a_large_step_of_loops_alone_is_several_functions(monkeypatch):
    """With products that are drawn into parameters, which stay together wherever it is cut."""

    def made():
        weights = [
            Tensor(np.random.default_rng(i).normal(size=(9, 9), scale=0.3), requires_grad=True) for i in range(60)
        ]
        optimizer = optim.SGD(weights, lr=0.01)

        def chain(x):
            for i, w in enumerate(weights):  # layers that are alike would be a loop
                x = (np.tanh, np.sin, np.cos)[i * i * 5 % 11 % 3](x @ w) + x * 0.5
            return x

        return stepping(chain, optimizer, distance), weights

    monkeypatch.setattr("minigrad.compiler.native.backend.LARGE", 400)
    (eager, weights), (step, others) = made(), made()
    x = RNG.normal(size=(4, 9))
    with running("interpreted"):
        code = as_code(step, "interpreted")
        for _ in range(2):
            assert_same(plain(eager(x, x)), plain(code(x, x)), 1e-10)
    assert_same(plain(weights), plain(others), 1e-10)
    assert 4 < code.source.count("bind_run(") < 12
    assert code.report().rolled == code.report().refused == code.report().calls == ()
    assert code.backend == "native"


def test_equal_runs_are_compiled_once():
    def deep(x):
        for _ in range(6):
            x = np.sort(np.tanh(x) * 0.5)
        return x

    with running("interpreted"):
        code = as_code(deep, "interpreted")
        assert_same(plain(deep(np.arange(4.0))), plain(code(np.arange(4.0))))
    assert code.source.count("bind_run(") == 6
    assert code.source.count("def code") == 2  # the first is passed the argument, the others are bound


def test_runs_that_read_parts_of_an_array_are_equal():
    """A sequence, x[t] by x[t]: of an argument, of a parameter, and of what is computed from them."""
    w = Tensor(RNG.normal(size=(8, 3)), requires_grad=True, name="w")

    def deep(x):
        scaled, y = np.exp(x * 0.1), x[0] * 0
        for t in range(8):
            y = np.sort(np.tanh(x[t] * w[t] + y * scaled[t]) + x[t, ::-1])
        return y

    x = RNG.normal(size=(8, 3))
    with running("interpreted"):
        code = as_code(deep, "interpreted")
        for given in (x, np.asfortranarray(x)):
            assert_same(plain(deep(given)), plain(code(given)))
    assert code.source.count("bind_run(") == 8
    assert code.source.count("def code") <= 3  # the first, which computes scaled as well, and all others


SPREAD = [
    *("Solve", "CumSum", "CumProd", "Recurrence", "Convolve", "SearchSorted", "Einsum", "Windows", "Convolution"),
    *("RFFT", "Cholesky", "Sort", "ScatterAt", "Erf"),
]


def test_numba_compiles_runs_between_a_spread_of_calls():
    """One row of each family of calls, all in one step: what Python runs as native code elsewhere is compiled here."""
    rows = {}
    for sample in SAMPLES:
        kind = sample.op if isinstance(sample.op, type) else type(sample.op)
        if kind.__name__ in SPREAD:
            rows.setdefault(kind.__name__, sample)
    given = [(sample, sample.arrays()) for sample in rows.values()]
    assert len(given) >= 9

    def step(*xs):
        left = iter(xs)
        parts = [(sample.call(*(np.tanh(next(left)) + x for x in arrays)) * 2.0) for sample, arrays in given]
        return [np.tanh(part) for part in parts if part.dtype.kind == "f"]

    code = compile(step, backend="native")
    xs = [x for _, arrays in given for x in arrays]
    assert_same(plain(step(*xs)), plain(code(*xs)), 1e-11)
    assert code.backend == "native"
    assert code.report().calls


# Ctrl-C


def stopping(code, at, *arguments):
    """Call code, and let Ctrl-C come at one moment: after a call, before it is noted. Say whether it came."""
    moments = 0

    def look(frame, event, argument):
        nonlocal moments
        if frame.f_code.co_name != "step" or not frame.f_code.co_filename.startswith("<minigrad.compile"):
            return None
        if event == "line":
            line = lines(frame)[frame.f_lineno - 1].strip()
            if re.match(r"done = |\w+ = ", line):  # not before a call, which would run to its end first
                moments += 1
                if moments == at:
                    sys.settrace(None)
                    raise KeyboardInterrupt
        return look

    def lines(frame):
        return linecache.getlines(frame.f_code.co_filename)

    sys.settrace(look)
    try:
        code(*arguments)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def everything(params, optimizer):
    """All numbers that a step changes."""
    states = [np.array(x) for values in optimizer.states for x in values.values()]
    return [*(p.data.copy() for p in params), *states]


class Chained:
    """Updates by hand of which each reads what the one before has written, by way of calls and of numbers."""

    def __init__(self):
        starts = ((0.1, 0.9), (0.9, 0.2), (0.3, 0.4))
        self.W, self.V, self.U = (Tensor(np.linspace(*ends, 4), requires_grad=True) for ends in starts)

    @no_grad()
    def step(self, x, t):
        W, V, U = self.W, self.V, self.U
        W -= 0.1 * np.tanh(x) * W
        moved = np.partition(W * 2, 1) + np.sort(W)
        V -= np.tanh(moved) * (moved * moved).sum()
        U -= np.sort(V**2) * np.exp(-moved)
        return (V * t).sum()


def chained():
    model = Chained()
    return model.step, [model.W, model.V, model.U], optim.SGD([model.W], 1.0)


@pytest.mark.parametrize("make", [filtering, chained])
@pytest.mark.parametrize("backend", ["numpy", "interpreted"])
def test_ctrl_c_between_any_two_lines_leaves_it_before_or_after(make, backend):
    given = (np.arange(4.0), np.ones(4)) if make is chained else (IMAGES, WANTED)
    step, params, optimizer = make()
    start, first = everything(params, optimizer), optimizer.state_dict()
    with running(backend):
        code = as_code(step, backend)

        def after(at):
            """What a call leaves if Ctrl-C comes at a moment, and whether it came."""
            for p, array in zip(params, start, strict=False):
                p.data[...] = array
            optimizer.load_state_dict(first)
            return stopping(code, at, *given), everything(params, optimizer)

        code(*given)
        _, done = after(0)
        assert not all(map(np.array_equal, start, done))
        at, came, seen = 1, True, set()
        while came:
            came, now = after(at)
            same = [all(map(np.array_equal, now, moment)) for moment in (start, done)]
            assert any(same), f"moment {at}"
            seen.add(same.index(True))
            at += 1
    assert seen == {0, 1}
    assert at > 10


def test_ctrl_c_between_runs_of_machine_code():
    """All arrays are those of one moment, by Adam's own t, wherever it comes."""
    step, params, optimizer = filtering()
    code = compile(step, backend="native")
    code(IMAGES, WANTED)
    first, start = everything(params, optimizer), optimizer.state_dict()
    moments = {1: first}
    for t in range(2, 201):
        code(IMAGES, WANTED)
        moments[t] = everything(params, optimizer)

    def train():
        for _ in range(198):
            code(IMAGES, WANTED)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    hits = 0
    try:
        for delay in np.linspace(3e-4, 4e-3, 30):
            for p, array in zip(params, first, strict=False):
                p.data[...] = array
            optimizer.load_state_dict(start)
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                copy_context().run(train)  # of its own: np.linalg, interrupted, leaves its errstate in force
            except KeyboardInterrupt:
                hits += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            now = everything(params, optimizer)
            for a, b in zip(now, moments[int(now[-1])], strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert hits > 5
