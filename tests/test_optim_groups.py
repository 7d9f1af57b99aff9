"""Groups of parameters against each group's rule by itself, in loops, in fit, as code and in files."""

import numpy as np
import pytest

from minigrad import Tensor, callbacks, compile, load, losses, nn, save
from minigrad.optim import SGD, AdamW, Groups, Momentum
from minigrad.storage import CheckpointError
from minigrad.training import fit
from tests.training_by_hand import T, X, sum_of_squares


def make():
    model = nn.MLP([3, 5, 2], "tanh", output="identity", rng=0)
    first, others = model.parameters()[:2], model.parameters()[2:]
    return model, Groups(Momentum(first, 0.02), AdamW(others, 0.01, weight_decay=0.1))


def alone(updates):
    """The same by two optimizers, side by side."""
    model, groups = make()
    for _ in range(updates):
        for optimizer in groups.groups:
            optimizer.zero_grad()
        sum_of_squares(model(X), T).backward()
        for optimizer in groups.groups:
            optimizer.step()
    return [p.data for p in model.parameters()]


def same(model, wanted, **tolerance):
    for p, q in zip(model.parameters(), wanted, strict=True):
        np.testing.assert_allclose(p.data, q, **{"rtol": 1e-12} | tolerance)


@pytest.mark.parametrize("way", [False, "numpy", "native"], ids=["eager", "numpy", "native"])
def test_each_group_has_its_own_rule(way):
    model, groups = make()

    def step(x, t):
        groups.zero_grad()
        E = sum_of_squares(model(x), t)
        E.backward()
        groups.step()
        return E

    step = compile(step, backend=way) if way else step
    for _ in range(6):
        step(X, T)
    same(model, alone(6))


@pytest.mark.parametrize("way", [False, "numpy", "native"], ids=["eager", "numpy", "native"])
def test_fit_takes_groups_and_a_schedule_takes_all_along(way):
    model, groups = make()
    fit(model, sum_of_squares, groups, (X, T), 6, progress=False, compile=way)
    same(model, alone(6))
    rates = []
    half = callbacks.StepDecay(2, 0.5)
    fit(
        model, sum_of_squares, groups, (X, T), 4, progress=False, compile=way,
        callbacks=[half, lambda training: rates.append([group.lr for group in groups.groups])],
    )  # fmt: skip
    np.testing.assert_allclose(rates, [[0.02, 0.01], [0.02, 0.01], [0.01, 0.005], [0.01, 0.005]])
    assert groups.lr == 0.02
    np.testing.assert_allclose(groups.groups[1].lr, 0.01)


def test_a_rate_of_0_on_the_way_forgets_no_ratio():
    _, groups = make()
    groups.lr = 0.0
    assert [group.lr for group in groups.groups] == [0, 0]
    groups.lr = 0.2
    np.testing.assert_allclose([group.lr for group in groups.groups], [0.2, 0.1])


def test_saved_and_loaded(tmp_path):
    model, groups = make()
    fit(model, sum_of_squares, groups, (X, T), 3, progress=False)
    save(tmp_path / "net.npz", model, groups)
    other, again = make()
    load(tmp_path / "net.npz", other, again)
    fit(other, sum_of_squares, again, (X, T), 3, progress=False)
    same(other, alone(6))
    assert [set(state) for state in groups.states] == [{"delta"}] * 2 + [
        set(AdamW([Tensor(1.0, requires_grad=True)]).states[0])
    ] * 2
    one = nn.MLP([3, 5, 2], "tanh", output="identity", rng=0)
    with pytest.raises(CheckpointError, match=r"the state is of Momentum \+ AdamW"):
        load(tmp_path / "net.npz", one, SGD(one.parameters(), 0.1))
    swapped = Groups(AdamW(one.parameters()[:2], 0.1), Momentum(one.parameters()[2:], 0.1))
    with pytest.raises(CheckpointError, match="the state is of Momentum"):
        load(tmp_path / "net.npz", one, swapped)
    three = Groups(*(SGD([p], 0.1) for p in one.parameters()[:3]))
    with pytest.raises(CheckpointError, match=r"the state is of Momentum \+ AdamW, 4 parameters, not of Groups\(SGD"):
        load(tmp_path / "net.npz", one, three)


def test_a_group_without_gradients_is_passed_over():
    model, groups = make()
    before = model.parameters()[2].data.copy()
    for p in model.parameters()[:2]:
        p.grad = Tensor(np.ones(p.shape))
    groups.step()
    np.testing.assert_array_equal(model.parameters()[2].data, before)
    groups.zero_grad()
    with pytest.raises(RuntimeError, match=r"Groups.step: no parameter has a gradient; call backward"):
        groups.step()


model = nn.Linear(3, 2, 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Groups(), ValueError, "give an optimizer for each group"),
        (lambda: Groups(SGD), TypeError, "group 0 must be an optimizer, such as .*, not the class SGD"),
        (lambda: Groups([SGD([model.W], 0.1)]), TypeError, "group 0 must be an optimizer, .*not a list"),
        (
            lambda: Groups(SGD([model.W], 0.1), SGD([model.W], 0.1)),
            ValueError,
            "W is in two groups and would be updated",
        ),
        (
            lambda: setattr(Groups(SGD([model.W], 0.0)), "lr", 0.1),
            ValueError,
            "first group's lr is 0, and nothing tells",
        ),
        (lambda: setattr(Groups(SGD([model.W], 0.1)), "lr", -1), ValueError, "lr must be a finite number, 0 or more"),
        (
            lambda: fit(model, losses.squared_error, Groups(SGD([Tensor(1.0, requires_grad=True)], 0.1)), (X, T), 1),
            ValueError,
            "none of",
        ),
    ],
)
def test_wrong_input_is_told_so(call, error, message):
    with pytest.raises(error, match=message):
        call()
