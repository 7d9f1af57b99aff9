"""What must grow with the number of operations or of parts, and no faster: the same work at two sizes, counted."""

import builtins
import dis
import itertools
import sys

import numpy as np
import pytest

from benchmarks import growing
from minigrad import Tensor, optim, softmax, value_and_grad
from minigrad.algebra import simplify
from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.api import compile
from minigrad.compiler.passes import lower, plan
from minigrad.compiler.passes.factor import factor_sums
from minigrad.engine.node import Node, order_nodes
from minigrad.ops import shaping
from tests.compiling import as_code, running

TIMES = 4  # as many operations, which take linear work 4 times as many calls and quadratic work 16 times
MOST = 6.5
CALLS = 2_000  # of functions for each operation of a trace: 400 to 1 900 now, half as many again before alike ones


def count_calls(work, n):
    """Count the calls, of Python's functions and of C's, that ``work`` of a size makes: no clock, so no noise."""
    calls = 0

    def note(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work(n)
    finally:
        sys.setprofile(None)
    return calls


def growth(work, small):
    """How many times as many calls ``work`` of TIMES the size makes; the first run loads what is loaded late."""
    work(2)
    few, many = (count_calls(work, n) for n in (small, TIMES * small))
    return many / few


W, b = np.eye(3) * 0.9, np.full(3, 0.1)

STEPS = {
    "products": lambda x, y, i: np.sin(y) * x + 0.5,
    "powers of one": lambda x, y, i: y * x + np.tanh(y),
    "numbers": lambda x, y, i: y * 1.01 - x,
    "layers": lambda x, y, i: np.tanh(y @ W + b),
    "choices": lambda x, y, i: np.where(y > 0.2, y * 0.9, x),
    "softmax": lambda x, y, i: softmax(y) + x,
    "residuals": lambda x, y, i: y + np.tanh(y @ W),
}


def chain(step, n):
    def f(x):
        y = x
        for i in range(n):
            y = step(x, y, i)
        return y.sum()

    return f


@pytest.mark.parametrize("step", STEPS)
def test_compiling_a_chain_with_its_gradient_is_linear(step):
    x = np.array([0.1, 0.3, 0.5])

    def work(n):
        compile(value_and_grad(chain(STEPS[step], n)))(x)

    assert growth(work, 10) < MOST


@pytest.mark.parametrize("step", STEPS)
def test_a_long_chain_is_compiled_right(step):
    x = np.array([0.1, 0.3, 0.5])
    f = value_and_grad(chain(STEPS[step], 60))
    for found, right in zip(compile(f)(x), f(x), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9)


LINEAR = 1.3  # times as many calls for each operation, at most; 1.15 now, of Adam's native code
WRITTEN = [("numpy", kind) for kind in growing.KINDS] + [("native", x) for x in ("MLP", "Adam", "RNN", "attention")]


@pytest.mark.parametrize(("backend", "kind"), WRITTEN)
def test_an_operation_takes_as_many_calls_in_a_long_program_as_in_a_short_one(backend, kind):
    """Counted for programs of 800, 1 600 and 3 200 operations, those of the gradient and of the optimizer included.

    Of shorter ones that are no loop fewer ways to find one are tried, for a third fewer calls. Where parameters share
    one update rule, each counts as if it had its own.
    """
    program, calls = growing.KINDS[kind], []
    with running("interpreted" if backend == "native" else backend):  # numba's share is measured by ``growing``
        few, more = (growing.first_call(program(n), backend).traced for n in (6, 12))
        each = (more - few) / 6
        parts = round(800 / each)
        for n in (parts, 2 * parts, TIMES * parts):
            given = program(n)
            calls.append(count_calls(lambda n, given=given: growing.first_call(given, backend), n) / (n * each))
    assert max(calls[1] / calls[0], calls[2] / calls[1]) < LINEAR
    assert calls[-1] < CALLS, "compiling has become slower for each operation"


def test_tensors_among_the_arguments_are_told_apart_in_linear_time():
    """Counted: the bytes of the code that tells a call like the traced one from another."""

    def f(*xs):
        E = sum((x * x).sum() for x in xs)
        E.backward()
        return E

    few, many = (compile(f) for _ in range(2))
    for step, n in ((few, 40), (many, TIMES * 40)):
        step(*(Tensor([1.0, i], requires_grad=True) for i in range(n)))
    few, many = (len(step._last.enter.__code__.co_code) for step in (few, many))
    assert many / few < MOST


def test_the_names_of_a_long_program_are_put_in_front_of_a_short_block():
    """Python's compiler inserts MAKE_CELL there for each name that step reads, and moves the rest: n² time."""
    x, drawn = np.array([0.1, 0.3, 0.5]), np.random.default_rng(0).integers(4, size=800)
    layers = [lambda x, y: np.tanh(y @ W + b), lambda x, y: np.sin(y) * x, lambda x, y: y / (1 + y * y)]
    layers.append(lambda x, y: np.sum(y) * x)  # in no order that repeats, which would be a loop
    step = compile(value_and_grad(chain(lambda x, y, i: layers[drawn[i]](x, y), 800)))
    step(x)
    module = builtins.compile(step.source, "<test>", "exec")
    (make,) = (x for x in module.co_consts if getattr(x, "co_name", None) == "make")
    code = [x for x in dis.get_instructions(make) if x.opname not in ("MAKE_CELL", "EXTENDED_ARG")]
    assert len(make.co_cellvars) > 800
    first = next(i for i, x in enumerate(code) if x.opcode in dis.hasjrel)
    assert first < 10 < len(code) / 100


WIDE = {
    "a sum": lambda x, i: x * float(i),
    "a sum of pairs with a common factor": lambda x, i: np.sin(x * i) * np.tanh(x) + np.sin(x * i) * np.exp(x + i),
    "slices": lambda x, i: np.sin(x[i % 3]),
    "squared sums": lambda x, i: (x * float(i)).sum() ** 2,
}


@pytest.mark.parametrize("term", WIDE)
def test_compiling_many_terms_is_linear(term):
    def work(n):
        def f(x):
            return sum(WIDE[term](x, i) for i in range(n)).sum()

        compile(value_and_grad(f))(np.array([0.1, 0.3, 0.5]))

    assert growth(work, 12) < MOST


def test_what_each_layer_has_to_shorten_takes_no_pass_of_its_own(monkeypatch):
    """In a normalized layer something can be shortened only once the layer before it has been."""
    passes = []
    shorten = simplify._regions_shortened
    monkeypatch.setattr(
        simplify, "_regions_shortened", lambda *args, **more: (passes.append(1), shorten(*args, **more))[1]
    )

    def f(x):
        for _ in range(12):
            z = x - x.mean()
            x = z / np.sqrt((z**2).mean() + 1e-5)
        return (x**3).sum()

    x = np.array([0.1, 0.3, 0.6])
    for found, right in zip(compile(value_and_grad(f))(x), value_and_grad(f)(x), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-6, atol=1e-9)
    assert len(passes) <= simplify.BY_STEPS + 2


def test_a_pass_that_changes_nothing_rebuilds_nothing(monkeypatch):
    rebuilt = []
    monkeypatch.setattr(
        lower, "rebuild_node", lambda node, becomes: rebuilt.append(node) or rebuild_node(node, becomes)
    )
    x = Node(name="x", shape=(3,), table={})
    y = x
    for _ in range(50):
        y = np.sin(y) * x
    first = order_nodes([y])[1]
    assert lower.rewrite_nodes([y, 2.0], lambda node: None) == [y, 2.0]
    assert rebuilt == []
    (other,) = lower.rewrite_nodes([y], lambda node: np.cos(x) if node is first else None)
    assert len(rebuilt) == len(order_nodes([y])) - 2  # all that comes behind it
    assert order_nodes([other])[1] is np.cos(x)


def test_the_order_of_nodes_looks_at_each_operand_once():
    looked = []

    class Operands(tuple[Node, ...]):
        def __iter__(self):
            for part in super().__iter__():
                looked.append(part)
                yield part

    x = Node(name="x", shape=(3,), table={})
    layers = [x]
    for _ in range(20):
        layers.append(np.stack([*layers, layers[-1]])[0])
    nodes = order_nodes(layers[-1:])
    assert all(nodes.index(part) < i for i, node in enumerate(nodes) for part in node.inputs)
    for node in nodes:
        node.inputs = Operands(node.inputs)
    assert order_nodes(layers[-1:]) == nodes
    assert len(looked) == sum(len(node.inputs) for node in nodes)


def test_factors_that_pairs_of_terms_share_are_found_in_linear_time():
    def work(n):
        table = {}
        a, b, c = ([Node(name=f"{name}{i}", shape=(2,), table=table) for i in range(n)] for name in "abc")
        total = sum((p * q + p * r for p, q, r in zip(a, b, c, strict=True)), 0.0 * a[0])
        (found,) = factor_sums([total])
        assert found is not total

    assert growth(work, 50) < MOST


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
@pytest.mark.parametrize(
    ("backend", "between"), [("numpy", np.tanh), ("interpreted", np.tanh), ("interpreted", np.sort)]
)
def test_compiling_a_training_step_is_linear_in_layers(rule, backend, between):
    """Native code is written as one function, or as runs of loops between the calls that sort."""

    def work(n):
        weights = [Tensor(W.copy(), requires_grad=True) for _ in range(n)]
        optimizer = rule(weights, lr=0.1)

        def step(x):
            optimizer.zero_grad()
            for w in weights:
                x = between(np.tanh(x @ w))
            E = (x**2).sum()
            E.backward()
            optimizer.step()
            return E

        as_code(step, backend)(np.ones((2, 3)))

    with running(backend):
        assert growth(work, 12) < MOST


def test_what_is_written_in_place_is_gone_through_as_often_for_many_layers_as_for_few(monkeypatch):
    """The products that are drawn into an update asked it of each layer, once for every layer, which no call shows."""
    asked, find = [], plan._chains

    class Asked(dict):
        def values(self):
            asked.append(len(self))
            return super().values()

    def dense(x, parameters):
        i = next(turn)  # layers that are alike would be a loop
        return (np.tanh, np.sin, np.cos)[i * i * 5 % 11 % 3](x @ parameters[0] + parameters[1])

    monkeypatch.setattr(plan, "_chains", lambda *args: Asked(find(*args)))
    counts = []
    for n in (4, 12):
        turn = itertools.cycle(range(n))
        step, arguments = growing.training(dense, optim.SGD)(n)
        compile(step)(*arguments)
        assert max(asked) == 2 * n
        counts.append(len(asked))
        asked.clear()
    assert counts[0] == counts[1]


JOINS = {
    "stack": (np.stack, lambda t, n: [t[0]] * n),
    "concatenate": (np.concatenate, lambda t, n: [t[:1]] * n),
    "concatenate of several lengths": (np.concatenate, lambda t, n: [t[: i % 3] for i in range(n)]),
}


@pytest.mark.parametrize("join", JOINS)
def test_joined_parts_go_backward_in_linear_time(join, monkeypatch):
    """Counted: where the parts stand is found once, and no rule is given the values of all the others."""
    joined, parts = JOINS[join]
    t = Tensor([1.0, 2.0], requires_grad=True)
    y = joined(parts(t, 500)).sum()
    found, given = [], []
    split = shaping.Concatenate.split

    def counted(op, inputs):
        found.append(op)
        rules = split(op, inputs)
        return [lambda *args, rule=rule: (given.append(len(args)), rule(*args))[1] for rule in rules]

    monkeypatch.setattr(shaping.Concatenate, "split", counted)
    y.backward()
    assert (len(found), sum(given)) == (1, 3 * 500)
    counts = {"stack": [500, 0], "concatenate": [500, 0], "concatenate of several lengths": [333, 166]}
    assert np.array_equal(t.grad.data, counts[join])


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_each_of_the_joined_parts_has_its_own_gradient(axis, create_graph):
    rng = np.random.default_rng(0)
    for joined, shapes in ((np.concatenate, [(2, 3), (2, 3), (2, 3)]), (np.stack, [(2, 3)] * 3)):
        leaves = [Tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes]
        arrays = [x.data for x in leaves]
        weights = rng.normal(size=joined(arrays, axis=axis).shape)
        E = (joined([leaves[0], arrays[1], leaves[2]], axis=axis) ** 2 * weights).sum()
        E.backward(create_graph=create_graph)
        whole = 2 * joined(arrays, axis=axis) * weights
        cut = np.split(whole, 3, axis=axis)
        cut = [part.squeeze(axis) for part in cut] if joined is np.stack else cut
        for leaf, part in zip(leaves[::2], cut[::2], strict=True):
            np.testing.assert_allclose(leaf.grad.data, part)
        assert leaves[1].grad is None
