"""Layers against the formulas they stand for, written out in NumPy."""

import copy
import pickle

import numpy as np
import pytest

from minigrad.engine.tensor import Tensor
from minigrad.nn import MLP, Dropout, Linear, Sequential, he, normal, xavier
from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.reduction import softmax

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 4))


def names(model):
    return [p.name for p in model.parameters()]


# Linear


def test_linear_is_affine():
    layer = Linear(4, 3, rng=1)
    layer.b.data = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(layer(X).data, X @ layer.W.data + [1, 2, 3])


def test_linear_gradients_by_hand():
    layer, x = Linear(4, 3, rng=1), Tensor(X, requires_grad=True)
    delta = rng.normal(size=(5, 3))
    layer(x).backward(delta)
    np.testing.assert_allclose(layer.W.grad.data, X.T @ delta)
    np.testing.assert_allclose(layer.b.grad.data, delta.sum(axis=0))
    np.testing.assert_allclose(x.grad.data, delta @ layer.W.data.T)


def test_linear_without_bias():
    layer = Linear(4, 3, rng=1, bias=False)
    assert layer.b is None
    assert layer.parameters() == [layer.W]
    np.testing.assert_allclose(layer(X).data, X @ layer.W.data)
    assert repr(layer) == "Linear(4, 3, bias=False)"


def test_linear_starts_from_the_initializer_and_zero():
    layer = Linear(4, 3, rng=7, init=he)
    np.testing.assert_array_equal(layer.W.data, he((4, 3), 7))
    np.testing.assert_array_equal(layer.b.data, np.zeros(3))


def test_float32_stays_float32():
    model = Sequential(Linear(4, 3, 0, dtype=np.float32), np.tanh, Dropout(0.5, 0), Linear(3, 2, 0, dtype=np.float32))
    y = model(X.astype(np.float32))
    y.sum().backward()
    assert y.dtype == np.float32
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Linear(0, 3), ValueError, "inputs must be 1 or more, not 0"),
        (lambda: Linear(3, -1), ValueError, "outputs must be 1 or more, not -1"),
        (lambda: Linear(3, 1.5), TypeError, "float"),
        (lambda: Linear(3, 1, dtype=int), TypeError, "dtype must be a floating-point type, not int64"),
        (lambda: Dropout(1), ValueError, "rate is the share that is dropped"),
        (lambda: Dropout(-0.1), ValueError, "rate"),
        (lambda: Dropout(float("nan")), ValueError, "rate"),
        (lambda: normal(-1), ValueError, "sigma"),
        (lambda: MLP([3]), ValueError, r"sizes needs an input and an output at least"),
        (lambda: MLP(3), ValueError, r"sizes needs"),
        (lambda: MLP([3, 0, 1]), ValueError, r"sizes\[1\] must be 1 or more"),
        (lambda: MLP([3, 1], output="swish"), ValueError, r"no activation is called 'swish'; .*'relu'"),
        (lambda: Sequential(Linear(2, 2), 3), TypeError, "layer 1 is the int 3, not a callable"),
        (lambda: Sequential([Linear(2, 2)]), TypeError, r"layer 0 is a list, .* write Sequential\(\*layers\)"),
    ],
)
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_a_shape_error_names_the_weight():
    with pytest.raises(ValueError, match="W₂"):
        Sequential(Linear(4, 3), np.tanh, Linear(5, 2))(X)


# Names


def test_alone_a_layer_has_no_number():
    assert names(Linear(2, 3)) == ["W", "b"]


def test_layers_with_parameters_are_counted():
    model = Sequential(Linear(2, 2), np.tanh, Dropout(0.5), Linear(2, 2, bias=False), sigmoid, Linear(2, 2))
    assert names(model) == ["W₁", "b₁", "W₂", "W₃", "b₃"]


def test_two_digits():
    assert names(MLP([1] * 13))[-2:] == ["W₁₂", "b₁₂"]


def test_nested_layers_keep_counting():
    inner = Sequential(Linear(2, 2), Linear(2, 2))
    assert names(inner) == ["W₁", "b₁", "W₂", "b₂"]
    assert names(Sequential(Linear(2, 2), Sequential(inner, np.tanh), Linear(2, 2)))[::2] == ["W₁", "W₂", "W₃", "W₄"]


def test_names_of_the_user_stay():
    layer = Linear(2, 2)
    layer.W.name = "A"
    model = Sequential(Linear(2, 2), layer)
    assert names(model) == ["W₁", "b₁", "A", "b₂"]
    model.parameters()[1].name = "threshold"
    assert names(Sequential(Linear(2, 2), model)) == ["W₁", "b₁", "W₂", "threshold", "A", "b₃"]


def test_a_layer_used_twice_counts_once_and_is_trained_once():
    tied = Linear(2, 2, 0)
    model = Sequential(tied, np.tanh, Linear(2, 2), tied)
    assert names(model) == ["W₁", "b₁", "W₂", "b₂"]
    assert len({id(p) for p in model.parameters()}) == 4


def test_tied_weights_keep_one_name():
    first, second = Linear(2, 2), Linear(2, 2)
    second.W = first.W
    assert names(Sequential(first, second)) == ["W₁", "b₁", "b₂"]


def test_a_layer_of_the_users_own_counts():
    class Scale:
        def __init__(self):
            self.gain = Tensor(2.0, requires_grad=True, name="γ")

        def __call__(self, x):
            return x * self.gain

        def parameters(self):
            return [self.gain]

    model = Sequential(Scale(), Linear(4, 1, 0))
    assert names(model) == ["γ", "W₂", "b₂"]
    np.testing.assert_allclose(model(X).data, 2 * X @ model.layers[1].W.data)


# Sequential and MLP


def test_sequential_applies_the_first_layer_first():
    np.testing.assert_allclose(Sequential(np.exp, np.tanh)(Tensor(X)).data, np.tanh(np.exp(X)))


ACTIVATIONS = {
    "sigmoid": lambda u: 1 / (1 + np.exp(-u)),
    "tanh": np.tanh,
    "relu": lambda u: u * (u > 0),
    "identity": lambda u: u,
}


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("output", ["softmax", "identity"])
def test_mlp_by_hand(hidden, output):
    model = MLP([4, 3, 2], hidden, output, rng=1)
    W1, b1, W2, b2 = (p.data for p in model.parameters())
    b1[...], b2[...] = [0.1, -0.2, 0.3], [0.5, -0.5]
    u = ACTIVATIONS[hidden](X @ W1 + b1) @ W2 + b2
    expected = u if output == "identity" else np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model(X).data, expected)


def test_mlp_takes_any_callable():
    model = MLP([4, 3, 1], hidden=np.sin, output=np.exp, rng=1)
    W1, _, W2, _ = (p.data for p in model.parameters())
    np.testing.assert_allclose(model(X).data, np.exp(np.sin(X @ W1) @ W2))


def test_mlp_initializes_for_what_follows_each_layer():
    model, draws = MLP([4, 3, 2], "relu", rng=1), np.random.default_rng(1)
    np.testing.assert_array_equal(model.layers[0].W.data, he((4, 3), draws))
    np.testing.assert_array_equal(model.layers[2].W.data, xavier((3, 2), draws))
    given = MLP([4, 3, 2], "relu", rng=1, init=normal(0.01))
    np.testing.assert_array_equal(given.layers[0].W.data, normal(0.01)((4, 3), 1))


def test_one_seed_is_one_network_in_every_dtype():
    double, single = MLP([4, 3, 2], rng=5), MLP([4, 3, 2], rng=5, dtype=np.float32)
    for p, q in zip(double.parameters(), single.parameters(), strict=True):
        np.testing.assert_array_equal(p.data.astype(np.float32), q.data)


def test_the_layers_of_a_network_draw_different_weights():
    model = MLP([3, 3, 3], rng=0)
    assert (model.layers[0].W.data != model.layers[2].W.data).all()


def test_repr_tells_the_architecture():
    assert repr(MLP([4, 3, 2])) == "MLP(Linear(4, 3), sigmoid, Linear(3, 2), softmax)"
    model = Sequential(Linear(4, 3), np.tanh, Dropout(0.5), Sequential(Linear(3, 2), relu))
    assert repr(model) == "Sequential(Linear(4, 3), tanh, Dropout(0.5), Sequential(Linear(3, 2), relu))"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_a_network_of_its_own(again):
    model = Sequential(Linear(4, 3, 0), np.tanh, Dropout(0.5, 0))
    twin = again(model)
    np.testing.assert_array_equal(twin(X).data, model(X).data)
    twin.parameters()[0].data += 1
    assert (twin.parameters()[0].data != model.parameters()[0].data).all()
    assert names(twin) == names(model)


# Dropout


def test_dropout_drops_the_given_share_and_scales_the_rest():
    y = Dropout(0.25, rng=0)(np.ones((200, 200)))
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 0.01
    assert abs(y.mean() - 1) < 0.01


def test_dropout_passes_gradients_only_where_it_passed_values():
    x = Tensor(np.ones((4, 5)), requires_grad=True)
    y = Dropout(0.5, rng=0)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)
    assert set(np.unique(y.data)) == {0, 2}


def test_dropout_draws_anew_in_every_call_and_repeats_with_its_seed():
    first, second = Dropout(0.5, rng=3), Dropout(0.5, rng=3)
    ones = np.ones(50)
    masks = [first(ones) for _ in range(3)]
    np.testing.assert_array_equal(masks, [second(ones) for _ in range(3)])
    assert not np.array_equal(masks[0], masks[1])


def test_dropout_of_integers_is_not_truncated():
    assert set(np.unique(Dropout(0.25, rng=0)(np.ones(100, int)))) == {0, 1 / 0.75}


def test_eval_reaches_every_layer_and_train_undoes_it():
    model = Sequential(Dropout(0.5, 0), Sequential(np.tanh, Dropout(0.5, 1)))
    model.eval()
    np.testing.assert_array_equal(model(X), np.tanh(X))
    model.train()
    assert (model(X) == 0).any()


@pytest.mark.parametrize("modes", [(), ("train",), ("eval",), ("train", "eval")])
def test_a_layer_of_ones_own_hears_of_the_modes_that_it_has(modes):
    heard = []
    methods = {mode: lambda self, mode=mode: heard.append(mode) for mode in modes}
    layer = type("Own", (), {"__call__": lambda self, x: x, **methods})
    model = Sequential(layer(), np.tanh, Sequential(layer()))
    model.train()
    assert heard == [mode for mode in modes if mode == "train"] * 2
    model.eval()
    assert heard[-2:] == ["eval", "eval"] if "eval" in modes else "eval" not in heard


def test_no_dropout_at_rate_zero():
    assert Dropout(0)(X) is X


def test_generators_are_collected_once():
    shared = np.random.default_rng(0)
    alone = Dropout(0.5, 1)
    model = Sequential(Linear(2, 2), Dropout(0.5, shared), Sequential(Dropout(0.1, shared), alone))
    assert model.generators() == [shared, alone.rng]


def test_softmax_of_a_network_sums_to_one():
    y = MLP([4, 6, 3], rng=0)(X).data
    np.testing.assert_allclose(y.sum(axis=1), 1)
    np.testing.assert_allclose(y, softmax(MLP([4, 6, 3], output="identity", rng=0)(X)).data)
