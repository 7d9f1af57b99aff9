"""Groups of parameters with settings of their own, frozen layers, and models as arrays by name."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import Tensor, compile, fit, load, losses, nn, optim, save
from tests.test_optim import RULES, give_gradients, parameters

rng = np.random.default_rng(0)
X, T = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))


def leaf(*shape):
    return Tensor(np.ones(shape), requires_grad=True)


def net(seed=0):
    return nn.Sequential(nn.Linear(3, 4, seed), np.tanh, nn.Linear(4, 2, seed + 1))


def grouped(model, rule=optim.Adam, **options):
    first, _, last = model.layers
    return rule([{"params": first.parameters(), "lr": 0.1}, {"params": last.parameters()}], lr=0.01, **options)


def train(model, optimizer, steps, how=lambda f: f):
    @how
    def step(x, t):
        optimizer.zero_grad()
        E = losses.squared_error(model(x), t)
        E.backward()
        optimizer.step()
        return E

    return [float(step(X, T).data) for _ in range(steps)]


def arrays(model):
    return [p.data.copy() for p in model.parameters()]


@pytest.mark.parametrize("rule", RULES)
def test_groups_are_optimizers_of_their_own(rule):
    kind = getattr(optim, rule)
    (W, b, c), alone = parameters(), parameters()
    together = kind([{"params": [W, b], "lr": 0.3}, {"params": [c]}], lr=0.02)
    apart = [kind(alone[:2], lr=0.3), kind(alone[2:], lr=0.02)]
    for seed in range(3):
        give_gradients([W, b, c], np.random.default_rng(seed))
        give_gradients(alone, np.random.default_rng(seed))
        together.step()
        for one in apart:
            one.step()
    for p, q in zip([W, b, c], alone, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_decay_of_weights_alone_by_hand():
    W, b = leaf(2), leaf(2)
    optimizer = optim.AdamW([{"params": [W], "weight_decay": 0.5}, {"params": [b], "weight_decay": 0}], 0.1, eps=0)
    for p in (W, b):
        p.grad = Tensor([1.0, -1.0])
    optimizer.step()
    np.testing.assert_allclose(W.data, 0.95 - 0.1 * np.array([1, -1]))
    np.testing.assert_allclose(b.data, 1 - 0.1 * np.array([1, -1]))


def test_a_schedule_scales_the_rates_of_all_groups():
    model = net()
    optimizer = grouped(model, optim.SGD)
    assert optimizer.lr == 0.1
    optimizer.lr = 0.05
    assert [group.lr for group in optimizer.groups] == pytest.approx([0.05, 0.005])
    fit(model, losses.squared_error, optimizer, (X, T), 2, 10, progress=False)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_compiled_is_eager(backend):
    results = []
    for how in (lambda f: f, lambda f: compile(f, backend=backend)):
        model = net()
        optimizer = grouped(model)
        found = train(model, optimizer, 3, how)
        optimizer.groups[0].lr = 0.03  # is read anew
        results.append([*found, *train(model, optimizer, 2, how), *arrays(model)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_copies_go_on(again):
    model = net()
    optimizer = grouped(model)
    train(model, optimizer, 2)
    twin, other = again((model, optimizer))
    before = arrays(model)
    train(twin, other, 2)
    for p, q in zip(arrays(model), before, strict=True):
        np.testing.assert_array_equal(p, q)
    train(model, optimizer, 2)
    for p, q in zip(arrays(model), arrays(twin), strict=True):
        np.testing.assert_array_equal(p, q)


def test_a_file_goes_on(tmp_path):
    model, other = net(), net(5)
    optimizer, again = grouped(model), grouped(other)
    train(model, optimizer, 2)
    optimizer.groups[0].lr = 0.07
    save(tmp_path / "m", model, optimizer)
    load(tmp_path / "m", other, again)
    assert again.groups[0].lr == 0.07
    assert train(other, again, 2) == train(model, optimizer, 2)
    whole = optim.Adam(other.parameters())
    with pytest.raises(ValueError, match=r"Adam \+ Adam"):
        load(tmp_path / "m", other, whole)
    with pytest.raises(ValueError, match="the state is of Adam"):
        again.load_state_dict(whole.state_dict())


def test_all_are_checked_before_the_first_is_changed():
    w, v = leaf(2), leaf(2)
    optimizer = optim.SGD([{"params": [w]}, {"params": [v]}], lr=0.1)
    w.grad, v.grad = Tensor([1.0, 1.0]), Tensor([1.0, 1.0])
    v.grad.data = np.ones(3)
    with pytest.raises(ValueError, match=r"gradient of params\[0\] has shape \(3,\)"):
        optimizer.step()
    np.testing.assert_array_equal(w.data, 1)
    optimizer.zero_grad()
    assert w.grad is v.grad is None
    with pytest.raises(RuntimeError, match="no parameter has a gradient"):
        optimizer.step()


W = leaf(1)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: optim.SGD([{"params": [W]}, W], lr=1),
            TypeError,
            r'each is one with "params".*params\[1\] is a Tensor',
        ),
        (lambda: optim.SGD([{"lr": 1}], lr=1), TypeError, r"params\[0\] is a dict"),
        (lambda: optim.SGD([{"params": [W], "decay": 1}], lr=1), TypeError, "sets 'decay'; a group may set lr"),
        (lambda: optim.SGD([{"params": [W]}, {"params": [W]}], lr=1), ValueError, "a tensor is in two groups"),
        (lambda: optim.SGD([{"params": [W], "lr": -1}], lr=1), ValueError, "lr must be a finite number"),
        (lambda: setattr(optim.SGD([{"params": [W], "lr": 1}]), "lr", -1), ValueError, "Groups: lr must be"),
        (
            lambda: optim.SGD(nn.freeze(net()).parameters(), 1),
            ValueError,
            "leave out what is frozen: .*p.requires_grad",
        ),
        (lambda: nn.freeze(np.tanh), TypeError, r"freeze: wanted a layer, which has parameters\(\)"),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


# Frozen layers


def test_a_frozen_layer_stands_still_and_lets_gradients_through():
    model, free = net(), net()
    nn.freeze(model.layers[2])
    E, F = (losses.squared_error(m(X), T) for m in (model, free))
    E.backward()
    F.backward()
    np.testing.assert_array_equal(model.layers[0].W.grad.data, free.layers[0].W.grad.data)
    assert model.layers[2].W.grad is None
    learning = [p for p in model.parameters() if p.requires_grad]
    before = model.layers[2].W.data.copy()
    train(model, optim.SGD(learning, 0.01), 3)
    np.testing.assert_array_equal(model.layers[2].W.data, before)
    nn.unfreeze(model)
    train(model, optim.SGD(model.parameters(), 0.01), 1)
    assert (model.layers[2].W.data != before).any()


def test_frozen_in_the_midst_of_training():
    model = net()
    optimizer = optim.Momentum(model.parameters(), 0.01)
    train(model, optimizer, 2)
    nn.freeze(model.layers[0])
    before = model.layers[0].W.data.copy()
    train(model, optimizer, 2)
    np.testing.assert_array_equal(model.layers[0].W.data, before)


# Models as arrays by name


def test_a_state_by_name():
    model = nn.Sequential(nn.Linear(3, 4, 0), nn.BatchNorm(4), nn.Linear(4, 2, 1))
    model(X)
    state = model.state_dict()
    assert [*state] == ["W₁", "b₁", "γ₂", "β₂", "W₃", "b₃", "buffer[0]", "buffer[1]"]
    other = nn.Sequential(nn.Linear(3, 4, 5), nn.BatchNorm(4), nn.Linear(4, 2, 6))
    other.load_state_dict(state)
    state["W₁"][...] = 0  # a copy
    for m in (model, other):
        m.eval()
    np.testing.assert_array_equal(model(X).data, other(X).data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("W₁"), "the state lacks W₁; it is that of another model"),
        (lambda s: s.update(V=1), "has V, which the model has not"),
        (lambda s: s.update({"b₃": np.ones(3)}), r"b₃ is float64 \(3,\) in the state, and float64 \(2,\) in the model"),
        (lambda s: s.update({"b₃": np.array(["a", "b"])}), "b₃ is <U1"),
    ],
)
def test_a_state_of_another_model_changes_nothing(change, message):
    model = net()
    model.parameters()[2].name, model.parameters()[3].name = "W₃", "b₃"
    state = {name: x + 1 for name, x in model.state_dict().items()}
    change(state)
    before = arrays(model)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    for p, q in zip(arrays(model), before, strict=True):
        np.testing.assert_array_equal(p, q)
