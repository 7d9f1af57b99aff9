"""An update rule that very many parameters share is a loop in NumPy code: what it computes is what it did before."""

import linecache
import re
import sys
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim
from minigrad.compiler.load import load_backend
from minigrad.compiler.refusals import Unsupported
from minigrad.compiler.trace import updating
from tests.compiling import as_code, each_backend, running

RULES = [
    optim.Adam, optim.AdamW, optim.NAdam, optim.RAdam, optim.Adamax, optim.RMSProp, optim.AdaGrad, optim.Adadelta,
    optim.Lion, optim.Momentum, optim.SGD,
]  # fmt: skip
SCALED = optim.Momentum, optim.SGD  # where the learning rate goes into the backward pass instead
NEVER = 10**9


@pytest.fixture
def few(monkeypatch):
    """Let loops be over few parameters, so that every moment of one can be tried."""
    monkeypatch.setattr(updating, "LOOPED", 4)
    for backend in ("numpy", "native") if find_spec("numba") else ("numpy",):
        monkeypatch.setattr(type(load_backend(backend)), "repeats", 2)


def network(rule, each=4, dtype=np.float64, **options):
    """Layers of a matrix, a vector and a number each, by one rule."""
    rng = np.random.default_rng(3)
    shapes = [(2, 2), (2,), ()] * each
    params = [Tensor((0.3 * rng.normal(size=s) + 0.7).astype(dtype), requires_grad=True) for s in shapes]
    optimizer = rule(params, lr=0.05, **options)

    def loss(x):
        for W, b, c in zip(params[::3], params[1::3], params[2::3], strict=True):
            x = np.tanh(x @ W + b) * c
        return (x**2).sum()

    return params, optimizer, loss


def stepping(optimizer, loss):
    def step(x):
        optimizer.zero_grad()
        E = loss(x)
        E.backward()
        optimizer.step()
        return E

    return step


def numbers(params, optimizer):
    """Give all that a step changes."""
    return [
        np.array(x) for x in (*(p.data for p in params), *(s for state in optimizer.states for s in state.values()))
    ]


def ran(rule, backend, each, dtype=np.float64, steps=3):
    params, optimizer, loss = network(rule, each, dtype)
    step = stepping(optimizer, loss)
    code = as_code(step, backend) if backend else step
    losses = [np.array(code(np.ones((3, 2), dtype)).data) for _ in range(steps)]
    return [*losses, *numbers(params, optimizer)], code


def loops_of(code):
    return [line for line in str(code.report()).splitlines() if "a parameter each" in line]


@each_backend
@pytest.mark.parametrize("rule", RULES)
def test_very_many_parameters_move_as_they_do_eagerly(rule, backend, few):
    right, _ = ran(rule, None, 5)
    with running(backend):
        found, _ = ran(rule, backend, 5)
    for a, b in zip(found, right, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES)
def test_a_loop_computes_the_very_same_as_lines_for_each_parameter(rule, dtype, monkeypatch):
    looped, code = ran(rule, "numpy", 50, dtype)
    monkeypatch.setattr(updating, "LOOPED", NEVER)
    written, lines = ran(rule, "numpy", 50, dtype)
    assert len(loops_of(code)) == (0 if rule in SCALED else 3)
    assert not loops_of(lines)
    for a, b in zip(looped, written, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_rule_is_in_the_code_once_however_many_parameters_there_are():
    sources = [ran(optim.Adam, "numpy", each, steps=1)[1].source for each in (60, 120)]
    assert [source.count("√") for source in sources] == [6, 6]  # of three kinds, in the step and in what finishes it
    assert sources[0].count("def ") == sources[1].count("def ")


def test_few_parameters_have_lines_of_their_own():
    _, code = ran(optim.Adam, "numpy", updating.LOOPED - 1, steps=1)
    assert not loops_of(code)
    assert "turn, done" not in code.source


def test_settings_may_change_and_a_frozen_parameter_stays(few):
    found = []
    for backend in (None, "numpy"):
        params, optimizer, loss = network(optim.AdamW, 6, weight_decay=0.1)
        params[4].requires_grad = params[3].requires_grad = False
        code = as_code(stepping(optimizer, loss), backend) if backend else stepping(optimizer, loss)
        for lr in (0.05, 0.02, 0.0):
            optimizer.lr, optimizer.beta1 = lr, 0.5 + lr
            code(np.ones((3, 2)))
        found.append(numbers(params, optimizer))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def twice(params, optimizer, loss, x):
    """The second step starts from what the first one gives."""
    for _ in range(2):
        optimizer.zero_grad()
        loss(x).backward()
        optimizer.step()
    return loss(x)


def looked_at(params, optimizer, loss, x):
    """The new values, and the old ones of others, are returned."""
    before = params[0] * 1.0
    optimizer.zero_grad()
    loss(x).backward()
    optimizer.step()
    return before, params[1], params[2].sum() + params[5] ** 2


def left_behind(params, optimizer, loss, x):
    """Gradients stay, and go on from call to call."""
    loss(x).backward()
    optimizer.step()
    return params[0].sum()


def of_each_other(params, optimizer, loss, x):
    """The gradient of one parameter is another one itself, in whose memory the new values are."""
    optimizer.zero_grad()
    E = sum((a * b).sum() for a, b in zip(params[1::6], params[4::6], strict=True))
    E.backward()
    optimizer.step()
    return E


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("program", [twice, looked_at, left_behind, of_each_other])
def test_what_reads_new_values_or_memory_that_is_written_to(program, exact, few):
    found = []
    for compiled in (False, True):
        params, optimizer, loss = network(optim.Adam, 6)

        step = partial(program, params, optimizer, loss)

        code = compile(step, exact=exact) if compiled else step
        results = []
        for i in range(3):
            result = code(np.full((3, 2), 0.5 + i))
            results += [np.array(x.data) for x in (result if isinstance(result, tuple) else (result,))]
        found.append([*results, *numbers(params, optimizer)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


def test_it_is_verified_and_exported(few, tmp_path):
    params, optimizer, loss = network(optim.Adam, 5)
    code = compile(stepping(optimizer, loss), verify=2)
    for _ in range(3):
        code(np.ones((3, 2)))
    code.export(tmp_path / "step.py")
    names, given = {}, numbers(params, optimizer)
    exec((tmp_path / "step.py").read_text(), names)
    names["make"](*given)(np.ones((3, 2)), *(getattr(optimizer, name) for name in optimizer.settings))
    code(np.ones((3, 2)))
    for a, b in zip(given, numbers(params, optimizer), strict=True):
        np.testing.assert_array_equal(a, b)


# what an exception leaves


def stopping(code, at, *arguments):
    """Call code, and let Ctrl-C come at one moment: after a call, before it is noted. Say whether it came."""
    moments = 0

    def look(frame, event, argument):
        nonlocal moments
        if frame.f_code.co_name != "step" or not frame.f_code.co_filename.startswith("<minigrad.compile"):
            return None
        if event == "line":
            line = linecache.getlines(frame.f_code.co_filename)[frame.f_lineno - 1].strip()
            if re.match(r"[\w, ]+ = ", line):
                moments += 1
                if moments == at:
                    sys.settrace(None)
                    raise KeyboardInterrupt
        return look

    sys.settrace(look)
    try:
        code(*arguments)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.parametrize("rule", [optim.Adam, optim.RMSProp])
def test_ctrl_c_at_each_line_leaves_all_parameters_before_or_after(rule, few):
    params, optimizer, loss = network(rule)
    code, x = compile(stepping(optimizer, loss)), np.ones((3, 2))
    code(x)
    before = numbers(params, optimizer)
    saved = optimizer.state_dict()

    def put_back():
        for p, array in zip(params, before, strict=False):
            p.data[...] = array
        optimizer.load_state_dict(saved)

    code(x)
    after = numbers(params, optimizer)
    assert len(loops_of(code)) == 3
    seen, at = set(), 0
    while True:
        put_back()
        at += 1
        if not stopping(code, at, x):
            break
        now = numbers(params, optimizer)
        same = [all(map(np.array_equal, now, moment)) for moment in (before, after)]
        assert any(same), at
        seen.add(tuple(same))
    assert at > 100
    assert len(seen) == 2


def test_an_overflow_in_one_turn_leaves_no_parameters_in_between(few):
    seen = 0
    for spoiled in range(12):
        runs = []
        for raising in (False, True):
            params, optimizer, loss = network(optim.Adam)
            code, x = compile(stepping(optimizer, loss)), np.ones((3, 2))
            code(x)
            optimizer.states[spoiled]["m"].flat[0] = 1e300
            optimizer.states[spoiled]["v"].flat[0] = 1e-300
            optimizer.lr = 1e300
            before = numbers(params, optimizer)
            with np.errstate(all="raise" if raising else "ignore"):
                try:
                    code(x)
                except FloatingPointError:
                    seen += raising
            runs.append((before, numbers(params, optimizer)))
        (before, after), (_, now) = runs
        assert any(
            all(np.array_equal(a, b, equal_nan=True) for a, b in zip(now, s, strict=True)) for s in (before, after)
        )
    assert seen == 12


def test_layers_of_a_network_share_their_update():
    model = nn.Sequential(*(layer for _ in range(60) for layer in (nn.LayerNorm(3), np.tanh)))
    optimizer = optim.Adam(model.parameters(), 0.01)
    code = compile(stepping(optimizer, lambda x: (model(x) ** 2).sum()))
    code(np.linspace(-1, 1, 12).reshape(4, 3))
    assert len(loops_of(code)) == 1
    assert "×120, a parameter each" in loops_of(code)[0]


native = pytest.mark.skipif(find_spec("numba") is None, reason="needs numba")


@native
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", [optim.Adam, optim.RMSProp, optim.AdaGrad])
def test_machine_code_has_one_loop_for_each_kind_of_parameter(rule, dtype, few):
    right, _ = ran(rule, None, 60, dtype)
    found, code = ran(rule, "native", 60, dtype)
    assert code.report().backend == "native"
    assert len(loops_of(code)) == 3
    assert len(re.findall(r"for e in range\(60\)", code.source)) == 3
    tolerance = 1e-9 if dtype == np.float64 else 1e-4
    for a, b in zip(found, right, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance / 100)


@native
def test_machine_code_reads_gradients_that_are_returned_and_arrays_that_have_been_replaced(few):
    found = []
    for backend in (None, "native"):
        params, optimizer, loss = network(optim.Adam, 5)

        def step(x, params=params, optimizer=optimizer, loss=loss):
            optimizer.zero_grad()
            E = loss(x)
            E.backward()
            left = [p.grad * 2 for p in params[::2]], [p.grad for p in params]
            optimizer.step()
            return E, left

        code = as_code(step, backend) if backend else step
        got = []
        for turn in range(4):
            E, (twice, grads) = code(np.ones((3, 2)))
            got += [float(E.data), *(np.array(g.data) for g in (*twice, *grads))]
            if turn == 1:
                for p in params[::4]:
                    p.data = p.data * 0.5
        found.append([*got, *numbers(params, optimizer)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


@native
def test_what_machine_code_is_not_written_for_is_a_loop_in_numpy(few, monkeypatch):
    def refuse(self, draft, rule):
        raise Unsupported("this rule")

    rules = pytest.importorskip("minigrad.compiler.native.rules")
    monkeypatch.setattr(rules.RuleWriter, "__init__", refuse)
    right, _ = ran(optim.Adam, None, 8)
    found, code = ran(optim.Adam, "native", 8)
    assert code.report().backend == "native"
    assert "turn, done" in code.source
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
