"""Copies and pickles: the copy computes what its original does, is trained apart from it, and runs as fast."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from minigrad import (
    Tensor,
    compile,
    debug,
    derive,
    fit,
    grad,
    hessian,
    jvp,
    simplify,
    softmax,
    trace,
    value_and_grad,
    vmap,
)
from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node
from minigrad.engine.transforms.functional import value_and_grad as defined_there
from minigrad.losses import squared_error
from minigrad.nn import MLP, Dropout, Linear, Sequential
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.elementwise import relu, tanh
from minigrad.ops.indexing import Index
from minigrad.optim import SGD, Adadelta, AdaGrad, Adam, Adamax, AdamW, Lion, Momentum, NAdam, Nesterov, RAdam, RMSProp

ROOT = Path(__file__).parent.parent
X = np.random.default_rng(0).normal(size=(5, 3))


def pickled(x, protocol=pickle.DEFAULT_PROTOCOL):
    return pickle.loads(pickle.dumps(x, protocol))


WAYS = [copy.copy, copy.deepcopy, *(partial(pickled, protocol=n) for n in range(2, pickle.HIGHEST_PROTOCOL + 1))]
DEEP = WAYS[1:]
again = pytest.mark.parametrize("again", WAYS)
deeply = pytest.mark.parametrize("again", DEEP)


# Operations

swish = Elementwise("swish", lambda x: x / (1 + np.exp(-x)), lambda y, x: y + (1 - y) / (1 + np.exp(-x)), text="s({x})")
stretched = Elementwise(  # its name is no variable's, and no identifier; its rules are lambdas
    "x³ / 3", lambda x: x**3 / 3, lambda y, x: x**2, text="{x}³ / 3", definition=lambda x: x**3 / 3
)


class Scale(Op):
    """An operation of the user's, with a field."""

    name, letters, text, fields = "scale", "x", "{x}·k", ("factor",)
    vjps = (lambda op, g, y, x: g * op.factor,)

    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x * self.factor

    def shape(self, *shapes):
        return shapes[0]


class Careless(Scale):
    """One that does not say what it is made of."""

    fields = ()


careless = Careless(3.0)


@again
@pytest.mark.parametrize("op", [swish, stretched, tanh, softmax, careless], ids=repr)
def test_an_operation_in_a_variable_is_the_same(op, again):
    assert again(op) is op


@again
@pytest.mark.parametrize("op", [Scale(2.5), Index((slice(None, 1), np.array([0, 2]))), softmax], ids=repr)
def test_an_operation_with_fields_is_equal(op, again):
    found = again(op)
    assert (found, hash(found), type(found)) == (op, hash(op), type(op))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_an_operation_that_no_variable_holds_is_copied(copied):
    ops = [Elementwise("f", np.exp, lambda y, x: y, text="f({x})"), Careless(2.0)]
    model = Sequential(Linear(3, 3, 0), *ops)
    assert all(x is y for x, y in zip(copied(model).layers[1:], ops, strict=True))


@pytest.mark.parametrize("op", [Elementwise("f", np.exp, lambda y, x: y, text="f({x})"), Careless(2.0)], ids=repr)
def test_an_operation_that_would_not_be_found_again_is_not_pickled(op):
    with pytest.raises(pickle.PicklingError, match=r"without fields is pickled by the variable .* none does"):
        pickle.dumps(op)


def test_an_operation_that_another_process_has_not_is_named(monkeypatch):
    data = pickle.dumps(swish)
    monkeypatch.delattr(sys.modules[__name__], "swish")
    with pytest.raises(AttributeError, match=r"pickled as swish of .*test_copies.* Define it at the top level"):
        pickle.loads(data)


# Tensors


class Parameter(Tensor):
    """A kind of tensor of the user's, with an attribute."""


@again
def test_a_tensor_keeps_its_kind_name_and_gradient_flag(again):
    w = Parameter(np.ones((2, 3), np.float32), requires_grad=True, name="W")
    w.role = "weight"
    found = again(w)
    assert (type(found), found.name, found.requires_grad, found.dtype) == (Parameter, "W", True, np.float32)
    assert (found.role, found.place) == ("weight", w.place)
    np.testing.assert_array_equal(found.data, w.data)


@again
def test_a_copy_has_an_array_of_its_own(again):
    for w in (Tensor([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)):
        assert not np.shares_memory(again(w).data, w.data)


@again
def test_a_gradient_is_copied_too(again):
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w**2).sum().backward()
    found = again(w)
    np.testing.assert_array_equal(found.grad.data, [2, 4])
    if again is not copy.copy:
        assert not np.shares_memory(found.grad.data, w.grad.data)
    w.grad = None
    (w**2).sum().backward()
    np.testing.assert_array_equal(found.grad.data, [2, 4])


@deeply
def test_a_tensor_in_two_places_is_one_in_the_copy(again):
    w = Tensor([1.0], requires_grad=True)
    a, b = again([w, w])
    assert a is b


# Models and optimizers


class Net:
    """A model of the user's own, that keeps a gradient function and a compiled method."""

    def __init__(self):
        self.body = Sequential(Linear(3, 4, 0), swish, Dropout(0.5, 3), Linear(4, 2, 1), stretched)
        self.fast = compile(self.loss)
        self.slope = grad(self.loss)

    def loss(self, x):
        return (self.body(x) ** 2).sum()

    @compile
    def decorated(self, x):
        return self.loss(x)

    @grad
    def gradient(self):
        return self.loss(X)


@deeply
def test_a_copied_model_has_the_same_operations_and_weights_of_its_own(again):
    model = Net()
    twin = again(model)
    for layer, found in zip(model.body.layers, twin.body.layers, strict=True):
        assert found is layer if isinstance(layer, Op) else found is not layer
    np.testing.assert_array_equal(twin.loss(X).data, model.loss(X).data)  # the masks are drawn alike
    model.body.layers[0].W.data += 1
    assert twin.loss(X).item() != model.loss(X).item()


@deeply
def test_what_a_model_keeps_of_itself_is_of_the_copy(again):
    model = Net()
    model.body.eval()
    expected = model.fast(X).detach()
    twin = again(model)
    twin.body.layers[0].W.data[:] = 0
    assert twin.fast.__wrapped__.__self__ is twin
    np.testing.assert_allclose(twin.fast(X).data, twin.loss(X).data)
    np.testing.assert_allclose(model.fast(X).data, expected)
    assert (twin.slope(X).data == 0).all()
    assert (model.slope(X).data != 0).any()
    np.testing.assert_allclose(twin.decorated(X).data, twin.loss(X).data)


def net():
    return MLP([3, 4, 2], "tanh", "identity", rng=1)


RULES = [SGD, Momentum, AdaGrad, RMSProp, Adam, AdamW, Nesterov, NAdam, RAdam, Adamax, Adadelta, Lion]


def train(model, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        (model(X) ** 2).sum().backward()
        optimizer.step()


@deeply
@pytest.mark.parametrize("rule", RULES)
def test_a_copied_optimizer_goes_on_with_the_copied_model(rule, again):
    model = net()
    optimizer = rule(model.parameters(), 0.01)
    train(model, optimizer, 3)
    twin, other = again((model, optimizer))
    assert all(p is q for p, q in zip(twin.parameters(), other.params, strict=True))
    before = [p.data.copy() for p in model.parameters()]
    train(twin, other, 3)
    for p, kept in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, kept)
    train(model, optimizer, 3)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    np.testing.assert_equal(other.state_dict(), optimizer.state_dict())


@pytest.mark.parametrize("rule", RULES)
def test_a_shallow_copy_of_an_optimizer_has_the_parameters_and_settings_of_its_own(rule):
    model = net()
    optimizer = rule(model.parameters(), 0.01)
    train(model, optimizer, 2)
    twin = copy.copy(optimizer)
    state = optimizer.state_dict()
    twin.lr = 0.0
    twin.step()
    assert all(p is q for p, q in zip(optimizer.params, twin.params, strict=True))
    np.testing.assert_equal(optimizer.state_dict(), state)
    before = model.parameters()[0].data.copy()
    optimizer.step()
    assert (model.parameters()[0].data != before).all()


def test_a_pickled_optimizer_is_no_larger_than_what_it_keeps():
    w = Tensor(np.zeros(100_000), requires_grad=True)
    assert len(pickle.dumps(SGD([w], 0.1))) < 1.01 * w.data.nbytes
    assert len(pickle.dumps(Adam([w]))) < 3.01 * w.data.nbytes


@deeply
def test_an_attribute_of_an_optimizer_of_ones_own_is_copied(again):
    class_ = SGD
    optimizer = class_(net().parameters(), 0.1)
    optimizer.note = {"epoch": 3}
    assert again(optimizer).note == {"epoch": 3}


# Functions of functions


def energy(x):
    return (x**3).sum()


@grad
def slope(x):
    return (x**3).sum()


@compile
def square(x):
    return x * x


class Physics:
    """A namespace of decorated functions."""

    @staticmethod
    @value_and_grad
    def both(x):
        return (x**3).sum()


@again
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (grad(energy), 3 * X**2),
        (grad(np.sin), np.cos(0.3)),
        (grad(grad(np.sin)), -np.sin(0.3)),
        (slope, 3 * X**2),
        (square, X * X),
        (compile(grad(energy)), 3 * X**2),
        (compile(energy, backend="native"), (X**3).sum()),
        (partial(grad(energy)), 3 * X**2),
    ],
)
def test_a_function_of_a_function(f, expected, again):
    x = 0.3 if np.ndim(expected) == 0 and expected not in [(X**3).sum()] else X
    np.testing.assert_allclose(again(f)(x), expected, rtol=1e-12)
    f(x)
    np.testing.assert_allclose(again(f)(x), expected, rtol=1e-12)  # also once it has been called


@again
def test_several_values_and_what_is_decorated(again):
    value, (dx, dy) = again(value_and_grad(np.dot, (0, 1)))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    assert (float(value), dx.tolist(), dy.tolist()) == (11, [3, 4], [1, 2])
    assert again(slope) is slope
    assert again(square) is square
    assert again(Physics.both) is Physics.both


def test_a_function_of_a_function_is_called_and_bound_like_it():
    assert (slope.__name__, slope.__module__, slope.__doc__) == ("slope", __name__, None)
    assert "gradient" in repr(slope)
    assert grad(defined_there).__doc__ == defined_there.__doc__
    assert grad(lambda f, argnums: f * argnums)(2.0, argnums=3.0) == 3  # names that the rule uses itself


def test_what_cannot_be_pickled_says_what_it_is():
    for made in (grad(lambda x: x), compile(lambda x: x)):
        with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
            pickle.dumps(made)
        assert copy.copy(made)(2.0) is not None
        assert copy.deepcopy(made)(2.0) is not None


@deeply
def test_a_derivation_of_a_copy_reads_the_same(again):
    model = again(MLP([3, 4, 2], "tanh", "softmax", rng=0))
    original = MLP([3, 4, 2], "tanh", "softmax", rng=0)
    assert str(derive((model(X) ** 2).sum())) == str(derive((original(X) ** 2).sum()))


def test_a_copied_model_runs_the_same_machine_code():
    """A copied operation that no backend knew ran as NumPy, 15 times slower."""
    pytest.importorskip("numba")
    model = MLP([3, 4, 2], "relu", "softmax", rng=0)
    assert model.layers[1] is relu
    for twin in (copy.deepcopy(model), pickled(model), copy.deepcopy(pickled(model))):
        step = compile(lambda x, twin=twin: twin(x).sum(), backend="native")
        step(X)
        assert step.backend == "native"


# Errors, which a pool of processes pickles; on one that cannot be made again it would wait for ever


def diverge():
    model = Linear(3, 2, 0)
    fit(model, squared_error, SGD(model.parameters(), 0.1), (X * np.nan, X[:, :2]), 1, progress=False)


def make_infinity():
    with debug():
        np.log(Tensor([0.0, 1.0], requires_grad=True, name="w"))


@again
@pytest.mark.parametrize("fail", [diverge, make_infinity])
def test_an_error_is_copied_with_what_it_holds(fail, again):
    with pytest.raises(FloatingPointError) as caught:
        fail()
    error, twin = caught.value, again(caught.value)
    assert (type(twin), str(twin)) == (type(error), str(error))
    assert vars(twin).keys() == vars(error).keys()
    if fail is make_infinity:
        assert (twin.op, twin.names, twin.place) == (error.op, error.names, error.place)
        np.testing.assert_equal(twin.values, error.values)
    else:
        assert twin.history == error.history


# Other processes

SCRIPT = """
    import multiprocessing, sys
    import numpy as np
    from minigrad import Tensor, compile, grad, nn, optim
    from minigrad.ops.base import Elementwise

    cube = Elementwise("a name", lambda x: x**3, lambda y, x: 3 * x**2, text="{x}³")

    def energy(x):
        return cube(x).sum()

    @compile
    def step(x):
        return energy(x) * 2

    slope = grad(energy)

    def work(task):
        f, model, optimizer, x = task
        (model(x) ** 2).sum().backward()
        optimizer.step()
        return f(x), model, optimizer, model.layers[1] is cube

    if __name__ == "__main__":
        x = np.arange(6.0).reshape(3, 2)
        model = nn.Sequential(nn.Linear(2, 2, 0), cube)
        adam = optim.Adam(model.parameters())
        for f in (energy, step, slope, compile(energy)):
            expected = f(x)
            with make_pool() as pool:
                ((value, twin, other, same),) = pool.map(work, [(f, model, adam, x)])
            np.testing.assert_allclose(np.asarray(value), np.asarray(expected))
            assert same and twin.layers[1] is cube
            assert other.params[0] is twin.layers[0].W and other.states[0]["t"] == 1 and adam.states[0]["t"] == 0
        print("done")
"""


@pytest.mark.parametrize("method", sorted({"spawn", "forkserver"} & set(multiprocessing.get_all_start_methods())))
def test_everything_goes_to_another_process_and_back(method, tmp_path):
    script = textwrap.dedent(SCRIPT).replace("make_pool()", f"multiprocessing.get_context({method!r}).Pool(1)")
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.stdout == "done\n", done.stderr


def test_joblib_keeps_a_model(tmp_path):
    joblib = pytest.importorskip("joblib")
    model = net()
    joblib.dump((model, Adam(model.parameters()), grad(energy)), tmp_path / "model")
    twin, optimizer, f = joblib.load(tmp_path / "model")
    np.testing.assert_array_equal(twin(X).data, model(X).data)
    np.testing.assert_allclose(f(X), 3 * X**2)
    train(twin, optimizer, 1)


@pytest.mark.parametrize("again", [*DEEP, *(partial(pickled, protocol=n) for n in (0, 1))])
def test_a_graph_is_copied_with_what_it_was_recorded_with(again):
    """Equal operations on equal operands stay one, in the copy too, and operands of one name stay two."""
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True, name="x")
    graph = trace((np.exp(x) * x + np.exp(x) @ np.array([[1.0, 2.0], [3.0, 5.0]])).sum())
    other = again(graph)
    assert str(other) == str(graph)
    assert len(other) == len(graph)
    assert other() == graph()
    np.testing.assert_array_equal(other.gradient()(), graph.gradient()())
    assert str(simplify(other.gradient())) == str(simplify(graph.gradient()))
    node = other.inputs["x"]
    assert np.exp(node) is np.exp(node)
    assert other(x=np.zeros(2)) == 11.0
    kept = other.values[node]
    kept[0] = 9.0
    assert graph.values[graph.inputs["x"]][0] == 1.0


def test_a_deep_graph_is_pickled_without_recursion():
    x = Node(name="x", table={})
    deep = x
    for i in range(20_000):
        deep = deep * 0.5 + i
    graph = Graph([deep], {x: np.array(1.0)})
    assert pickled(graph)() == graph() == copy.deepcopy(graph)()


def test_a_derivation_is_copied_and_says_why_it_is_not_pickled():
    model = MLP([3, 4, 2], "tanh", "softmax", rng=0)
    derivation = derive((model(X) ** 2).sum())
    for other in (copy.copy(derivation), copy.deepcopy(derivation)):
        assert str(other) == str(derivation)
        assert str(other[0].steps()) == str(derivation[0].steps())
        assert all(x.difference < 1e-6 for x in other.check())
    with pytest.raises(TypeError, match=r"holds the record of its loss.*to_numpy"):
        pickle.dumps(derivation)


COPIES = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])


@COPIES
def test_a_copy_of_what_a_function_is_differentiated_by_keeps_its_gradient(copied):
    x = np.array([1.0, 2.0])

    def f(x):
        return (copied(x) ** 2 * x).sum()

    np.testing.assert_allclose(grad(f)(x), 3 * x**2)
    np.testing.assert_allclose(hessian(f)(x), np.diag(6 * x))
    np.testing.assert_allclose(jvp(f, (x,), (np.ones(2),))[1], 3 * np.sum(x**2))
    np.testing.assert_allclose(vmap(f)(np.eye(2)), [1, 1])
    np.testing.assert_allclose(compile(grad(f))(x), 3 * x**2)


def test_a_step_within_a_step_may_copy_the_parameters_it_starts_from():
    x, p = np.array([0.3, -0.8]), {"w": np.array([1.0, 2.0]), "b": np.array([0.1, 0.2])}

    def loss(p):
        return (np.tanh(x * p["w"] + p["b"]) ** 2).sum()

    def after_a_step(p, copied=copy.deepcopy):
        fast = copied(p)
        g = grad(loss)(fast)
        return loss({name: fast[name] - 0.1 * g[name] for name in fast})

    expected = grad(lambda p: after_a_step(p, copied=lambda p: p))(p)
    for found in (grad(after_a_step)(p), compile(grad(after_a_step))(p)):
        for name in p:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


@COPIES
def test_code_copies_a_parameter_as_it_is_at_the_call(copied):
    w, x = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    f = compile(lambda x: (copied(w) * x).sum())
    assert float(f(x)) == 11
    w.data = np.array([10.0, 20.0])
    assert float(f(x)) == 110


def test_arrays_that_two_tensors_share_are_one_in_a_copy():
    shared = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    model = [shared, {"tied": shared}]
    first, second = (lambda twin: (twin[0], twin[1]["tied"]))(copy.deepcopy(model))
    assert first is second
    assert first is not shared
