"""Every rule against its closed form: the running values summed out by hand over all gradients so far."""

import tracemalloc

import numpy as np
import pytest

from minigrad.engine.tensor import Tensor
from minigrad.optim import (
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    Groups,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    RAdam,
    RMSProp,
)

RULES = {
    "SGD": lambda params: SGD(params, 0.1),
    "Momentum": lambda params: Momentum(params, 0.1, 0.8),
    "AdaGrad": lambda params: AdaGrad(params, 0.1, eps=1e-3),
    "RMSProp": lambda params: RMSProp(params, 0.1, 0.7, eps=1e-3),
    "Adam": lambda params: Adam(params, 0.1, 0.8, 0.9, eps=1e-3),
    "AdamW": lambda params: AdamW(params, 0.1, 0.8, 0.9, eps=1e-3, weight_decay=0.2),
    "Nesterov": lambda params: Nesterov(params, 0.1, 0.8),
    "NAdam": lambda params: NAdam(params, 0.1, 0.8, 0.9, eps=1e-3),
    "RAdam": lambda params: RAdam(params, 0.1, 0.8, 0.9, eps=1e-3),
    "Adamax": lambda params: Adamax(params, 0.1, 0.8, 0.9, eps=1e-3),
    "Adadelta": lambda params: Adadelta(params, 0.5, 0.7, eps=1e-3),
    "Lion": lambda params: Lion(params, 0.1, 0.8, 0.9, weight_decay=0.2),
}
every_rule = pytest.mark.parametrize("make", RULES.values(), ids=RULES)


def decayed(values, keep):
    """(1 − keep) Σᵢ keepᵗ⁻ⁱ xᵢ: the running average from 0, written out."""
    return (1 - keep) * sum(keep ** (len(values) - 1 - i) * x for i, x in enumerate(values))


def by_hand(rule, path, gs):
    """The next w from all w so far and all gradients so far."""
    w, g, t = path[-1], gs[-1], len(gs)
    squares = [x**2 for x in gs]
    match rule:
        case "SGD":
            return w - 0.1 * g
        case "Momentum":
            return w - 0.1 * g + 0.8 * (w - path[-2] if t > 1 else 0)
        case "AdaGrad":
            return w - 0.1 * g / (np.sqrt(sum(squares)) + 1e-3)
        case "RMSProp":
            return w - 0.1 * g / (np.sqrt(decayed(squares, 0.7)) + 1e-3)
        case "Adam" | "AdamW":
            m, v = decayed(gs, 0.8) / (1 - 0.8**t), decayed(squares, 0.9) / (1 - 0.9**t)
            return w - 0.1 * m / (np.sqrt(v) + 1e-3) - (0.1 * 0.2 * w if rule == "AdamW" else 0)
        case "Nesterov":
            return w - 0.1 * g - 0.1 * sum(0.8 ** (t - i) * x for i, x in enumerate(gs))
        case "NAdam":
            m, v = decayed(gs, 0.8), decayed(squares, 0.9) / (1 - 0.9**t)
            return w - 0.1 * (0.8 * m / (1 - 0.8 ** (t + 1)) + 0.2 * g / (1 - 0.8**t)) / (np.sqrt(v) + 1e-3)
        case "RAdam":  # the first four steps are without rates
            m, v = decayed(gs, 0.8) / (1 - 0.8**t), decayed(squares, 0.9) / (1 - 0.9**t)
            rho = 19 - 2 * t * 0.9**t / (1 - 0.9**t)
            if rho <= 4:
                return w - 0.1 * m
            return w - 0.1 * m * np.sqrt((rho - 4) * (rho - 2) * 19 / (15 * 17 * rho)) / (np.sqrt(v) + 1e-3)
        case "Adamax":
            m, u = decayed(gs, 0.8) / (1 - 0.8**t), [0.9 ** (t - 1 - i) * (abs(x) + 1e-3) for i, x in enumerate(gs)]
            return w - 0.1 * m / np.max(u, axis=0)
        case "Adadelta":
            moves = []
            for i in range(t):
                d = decayed([x**2 for x in moves], 0.7) if moves else 0
                moves.append(np.sqrt((d + 1e-3) / (decayed(squares[: i + 1], 0.7) + 1e-3)) * gs[i])
            return w - 0.5 * moves[-1]
        case "Lion":
            m = decayed(gs[:-1], 0.9) if t > 1 else 0
            return w - 0.1 * (np.sign(0.8 * m + 0.2 * g) + 0.2 * w)


def parameters(dtype=np.float64):
    rng = np.random.default_rng(0)
    shapes = {"W": (2, 3), "b": (3,), "c": ()}
    return [Tensor(rng.normal(size=s).astype(dtype), requires_grad=True, name=name) for name, s in shapes.items()]


def give_gradients(params, rng):
    for p in params:
        p.grad = Tensor(np.asarray(rng.normal(size=p.shape), p.dtype))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-4)])
def test_five_steps_by_hand(rule, dtype, rtol):
    params, rng = parameters(dtype), np.random.default_rng(1)
    arrays = [p.data for p in params]
    optimizer = RULES[rule](params)
    paths, gs = [[w.astype(float)] for w in arrays], [[] for _ in params]
    for _ in range(5):
        give_gradients(params, rng)
        optimizer.step()
        for p, path, seen in zip(params, paths, gs, strict=True):
            seen.append(p.grad.data.astype(float))
            path.append(by_hand(rule, path, seen))
            np.testing.assert_allclose(p.data, path[-1], rtol=rtol, atol=rtol)
    for p, w in zip(params, arrays, strict=True):
        assert p.data is w  # written in place
        assert p.dtype == dtype


def test_gradients_of_the_engine():
    w, v = Tensor([1.0, -2.0], requires_grad=True), Tensor([3.0, 5.0], requires_grad=True)
    optimizer = SGD([w, v], 0.1)
    for _ in range(2):
        optimizer.zero_grad()
        (w * w + 3 * v).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, [0.64, -1.28])  # w ← (1 − 2η) w, twice
    np.testing.assert_allclose(v.data, [2.4, 4.4])


def test_the_first_step_of_adam_is_of_size_lr():
    w = Tensor([0.0, 0.0, 0.0], requires_grad=True)
    w.grad = Tensor([1e-3, -50.0, 0.0])
    Adam([w], 0.25, eps=1e-12).step()
    np.testing.assert_allclose(w.data, [-0.25, 0.25, 0], rtol=1e-8)


@every_rule
def test_nothing_large_is_allocated(make):
    w = Tensor(np.ones(200_000), requires_grad=True)
    w.grad = Tensor(np.ones(200_000))
    optimizer = make([w])
    tracemalloc.start()
    try:
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000


@every_rule
def test_zero_gradients_leave_finite_parameters(make):
    w = Tensor(np.ones(2, np.float32), requires_grad=True)
    optimizer = make([w])
    for g in ([1.0, 0.0], [0.0, 0.0], [0.0, 0.0]):
        w.grad = Tensor(np.array(g, np.float32))
        optimizer.step()
    assert np.isfinite(w.data).all()


@every_rule
def test_a_parameter_without_a_gradient_is_passed_over(make):
    """Its running values stand still too: it goes on later as if the steps in between had not been."""
    (_, b, _), (_, alone, _) = parameters(), parameters()
    other = Tensor(1.0, requires_grad=True)
    optimizer, undisturbed = make([b, other]), make([alone])
    for turn in range(6):
        g = np.random.default_rng(turn).normal(size=3)
        optimizer.zero_grad()
        other.grad = Tensor(1.0)
        if turn % 2:
            before = b.data.copy()
            optimizer.step()
            np.testing.assert_array_equal(b.data, before)
        else:
            b.grad, alone.grad = Tensor(g), Tensor(g)
            optimizer.step()
            undisturbed.step()
    np.testing.assert_array_equal(b.data, alone.data)


@every_rule
def test_lr_may_change_between_steps(make):
    w = Tensor(np.ones(2, np.float32), requires_grad=True)
    w.grad = Tensor(np.ones(2, np.float32))
    optimizer = make([w])
    optimizer.lr = 0
    optimizer.step()
    np.testing.assert_array_equal(w.data, 1)
    optimizer.lr = np.float64(0.5)
    optimizer.step()
    assert w.dtype == np.float32
    assert (w.data != 1).all()
    with pytest.raises(ValueError, match=r"lr must be a finite number, 0 or more, not -1"):
        optimizer.lr = -1
    assert optimizer.lr == 0.5


def test_zero_grad_forgets():
    params = parameters()
    give_gradients(params, np.random.default_rng(0))
    SGD(params, 0.1).zero_grad()
    assert all(p.grad is None for p in params)


def test_an_array_put_in_the_place_of_the_old_one_is_followed():
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer, old = SGD([w], 0.5), w.data
    w.data = np.array([5.0, 7.0])
    w.grad = Tensor([2.0, 2.0])
    optimizer.step()
    np.testing.assert_array_equal(w.data, [4, 6])
    np.testing.assert_array_equal(old, [1, 2])


@pytest.mark.parametrize("new", [np.ones(2), np.ones((1, 3)), np.ones(3, np.float32)], ids=str)
def test_an_array_of_another_kind_is_refused_before_anything_changes(new):
    W, b, _ = parameters()
    optimizer, before = SGD([W, b], 0.1), W.data.copy()
    b.requires_grad = False  # a constant may be given any array
    b.data = new
    b.requires_grad = True
    give_gradients([W, b], np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"params\[1\] \(b\) is now .* float64 \(3,\) .*make a new optimiser"):
        optimizer.step()
    np.testing.assert_array_equal(W.data, before)


def test_a_gradient_of_another_shape_is_refused_before_anything_changes():
    W, b, _ = params = parameters()
    optimizer, before = SGD(params, 0.1), W.data.copy()
    give_gradients(params, np.random.default_rng(0))
    b.grad.data = np.ones(1)  # would broadcast
    with pytest.raises(ValueError, match=r"gradient of params\[1\] \(b\) has shape \(1,\), not the parameter's \(3,\)"):
        optimizer.step()
    np.testing.assert_array_equal(W.data, before)


def test_a_step_without_any_gradient_is_an_error():
    with pytest.raises(RuntimeError, match=r"SGD\.step: no parameter has a gradient; call backward\(\) first"):
        SGD(parameters(), 0.1).step()


W = Tensor(1.0, requires_grad=True, name="W")


@pytest.mark.parametrize(
    ("params", "kind", "message"),
    [
        ([], ValueError, "params is empty"),
        (W, TypeError, r"not one Tensor; write \[w\]"),
        (3, TypeError, r"must be a list of Tensors, not int"),
        ([W, np.ones(2)], TypeError, r"params\[1\] is ndarray, not a Tensor"),
        ([W, W], ValueError, r"params\[1\] \(W\) is in params twice"),
        ([W * 2], ValueError, r"params\[0\] is the result of an operation"),
        ([Tensor(1.0)], ValueError, r"params\[0\] does not require a gradient"),
        ([Tensor([1, 2], name="n")], TypeError, r"params\[0\] \(n\) is int64"),
        ([Tensor(np.broadcast_to(1.0, 3), requires_grad=True)], ValueError, r"params\[0\] has a read-only array"),
    ],
)
def test_parameters_that_cannot_be_trained(params, kind, message):
    with pytest.raises(kind, match=message):
        SGD(params, 0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD([W], -0.1), "lr"),
        (lambda: SGD([W], float("nan")), "lr"),
        (lambda: SGD([W], float("inf")), "lr"),
        (lambda: Momentum([W], 0.1, 1.0), "momentum must be at least 0 and less than 1"),
        (lambda: AdaGrad([W], 0.1, eps=-1), "eps"),
        (lambda: RMSProp([W], 0.1, rho=-0.1), "rho"),
        (lambda: Adam([W], beta1=1), "beta1"),
        (lambda: Adam([W], beta2=1.5), "beta2"),
        (lambda: AdamW([W], weight_decay=-1), "weight_decay"),
        (lambda: Nesterov([W], momentum=1), "momentum must be at least 0 and less than 1"),
        (lambda: Lion([W], beta1=1), "beta1"),
        (lambda: RAdam([W], beta2=0.6), "beta2 must be above 0.6, not 0.6: .* take Adam"),
        (lambda: setattr(RAdam([W]), "beta2", 0.5), "beta2 must be above 0.6"),
        (lambda: Adadelta([W], rho=2), "rho"),
        (lambda: Adamax([W], eps=-1), "eps"),
        (lambda: NAdam([W], beta1=2), "beta1"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_parameters_may_come_from_a_generator():
    assert SGD((p for p in [W]), 0.1).params == (W,)


def test_parameters_stay_those_that_it_was_made_for():
    """One that is appended would not be trained; one that is taken away would, by a gradient that piles up."""
    optimizer, other = SGD([W], 0.1), Tensor(2.0, requires_grad=True)
    with pytest.raises(AttributeError, match="append"):
        optimizer.params.append(other)
    with pytest.raises(TypeError, match=r"SGD: params are those .* optim.Groups of two"):
        optimizer.params = [W, other]
    with pytest.raises(AttributeError, match="append"):
        Groups(optimizer).params.append(other)
    assert optimizer.params == (W,)


@every_rule
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_state_goes_on_bit_for_bit(make, dtype):
    original, copies = parameters(dtype), parameters(dtype)
    first = make(original)
    for seed in range(3):
        give_gradients(original, np.random.default_rng(seed))
        first.step()
    first.lr = 0.05
    state = first.state_dict()
    for p, q in zip(original, copies, strict=True):
        q.data[...] = p.data
    for seed in range(3, 6):  # the state must be a copy, not a view of what goes on changing
        give_gradients(original, np.random.default_rng(seed))
        first.step()
    second = make(copies)
    second.load_state_dict(state)
    assert second.lr == 0.05
    for seed in range(3, 6):
        give_gradients(copies, np.random.default_rng(seed))
        second.step()
    for p, q in zip(original, copies, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: RMSProp(parameters(), 0.1), "state is of RMSProp with .*rho.*, not of Adam"),
        (lambda: AdamW(parameters(), 0.1), "state is of AdamW"),
        (lambda: Adam(parameters()[:2], 0.1), "state is of 2 parameters, .* has 3"),
        (lambda: Adam(parameters()[::-1], 0.1), r"for params\[0\] \(W\)"),
        (lambda: Adam(parameters(np.float32), 0.1), r"for params\[0\] \(W\)"),
    ],
)
def test_a_state_of_another_optimizer_changes_nothing(other, message):
    params = parameters()
    optimizer = Adam(params, 0.2)
    give_gradients(params, np.random.default_rng(0))
    optimizer.step()
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(other().state_dict())
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_repr():
    assert repr(Momentum([W], 0.1)) == "Momentum(lr=0.1, momentum=0.9)"
