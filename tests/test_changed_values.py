"""What changes between forward and backward: the gradient is that of the values used, or an error says what to do."""

import gc
import weakref

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, load, no_grad, optim, save
from minigrad.engine.writing.watch import seals
from minigrad.nn import Linear

RULES = {
    "SGD": lambda params: optim.SGD(params, lr=0.1),
    "Momentum": lambda params: optim.Momentum(params, lr=0.1),
    "AdaGrad": lambda params: optim.AdaGrad(params, lr=0.1),
    "RMSProp": lambda params: optim.RMSProp(params, lr=0.1),
    "Adam": lambda params: optim.Adam(params, lr=0.1),
    "AdamW": lambda params: optim.AdamW(params, lr=0.1),
    "Nesterov": lambda params: optim.Nesterov(params, lr=0.1),
    "NAdam": lambda params: optim.NAdam(params, lr=0.1),
    "RAdam": lambda params: optim.RAdam(params, lr=0.1),
    "Adamax": lambda params: optim.Adamax(params, lr=0.1),
    "Adadelta": lambda params: optim.Adadelta(params, lr=0.1),
    "Lion": lambda params: optim.Lion(params, lr=0.1),
}


class InPlace(optim.SGD):
    """A rule of one's own, which knows of writing in place alone."""

    def _update(self, w, g, eta, buf, state):
        w -= eta * g


RULES["one's own"] = lambda params: InPlace(params, lr=0.1)

LOSSES = {  # of w, and their gradients by hand
    "w³": (lambda w: (w**3).sum(), lambda w: 3 * w**2),
    "w·w·w": (lambda w: (w * w * w).sum(), lambda w: 3 * w**2),
    "(wᵀ)³": (lambda w: (w.T**3).sum(), lambda w: 3 * w**2),
    "w[...]³": (lambda w: (w[...] ** 3).sum(), lambda w: 3 * w**2),
    "reshape": (lambda w: (w.reshape(-1) ** 3).sum(), lambda w: 3 * w**2),
    "exp": (lambda w: np.exp(w).sum(), np.exp),
    "w @ w": (lambda w: (w.reshape(1, -1) @ w.reshape(-1, 1)).sum(), lambda w: 2 * w),
}


def leaf(data, **options):
    return Tensor(data, requires_grad=True, **options)


def matrix():
    return leaf(np.linspace(1.0, 2.0, 6).reshape(2, 3), name="w")


# The library's own updates


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("made", [lambda: leaf([2.0]), lambda: leaf(2.0), matrix, lambda: leaf(np.ones((0, 2)))])
def test_a_step_between_two_losses_and_their_gradients(made, rule, loss):
    w = made()
    f, by_hand = LOSSES[loss]
    before = w.data.copy()
    E1, E2 = (w**2).sum(), f(w)
    E1.backward()
    optimizer = RULES[rule]([w])
    optimizer.step()
    after = w.data.copy()
    assert before.size == 0 or not np.array_equal(after, before)
    w.grad = None
    E2.backward()
    np.testing.assert_allclose(w.grad.data, by_hand(before), rtol=1e-12)
    np.testing.assert_array_equal(w.data, after)


@pytest.mark.parametrize("rule", RULES)
def test_a_record_that_is_alive_changes_no_step(rule):
    """The steps are the same, to the last bit, whether E of the step before is still bound or not."""
    ways = []
    for keeps in (0, 1, 3):
        w, kept = matrix(), []
        optimizer = RULES[rule]([w])
        for _ in range(6):
            E = np.exp(w).sum()
            optimizer.zero_grad()
            E.backward()
            kept.append(E)
            del E
            kept = kept[-keeps:] if keeps else []
            optimizer.step()
        ways.append(w.data.copy())
    np.testing.assert_array_equal(ways[0], ways[1])
    np.testing.assert_array_equal(ways[0], ways[2])


@pytest.mark.parametrize("rule", RULES)
def test_a_steady_loop_goes_to_and_fro_between_two_arrays(rule):
    w, arrays = matrix(), set()
    optimizer = RULES[rule]([w])
    for step in range(10):
        E = np.exp(w).sum()  # still bound when the next one is computed
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        if step:
            arrays.add(w.data.ctypes.data)
    assert len(arrays) <= 2


@pytest.mark.parametrize("rule", RULES)
def test_what_shares_the_memory_of_a_view_has_its_gradient_many_steps_later(rule):
    """w is a view of what has no other name, and so is its detached transpose: neither holds the other."""
    w, v = matrix(), leaf(np.ones((3, 2)))
    optimizer, before = RULES[rule]([w]), w.array.T.copy()
    E = (w.T.detach() * v).sum()
    for _ in range(4):
        w.grad = None
        (w**2).sum().backward()
        optimizer.step()
    E.backward()
    np.testing.assert_array_equal(v.grad.data, before)


def test_losses_of_many_steps_ago_have_their_own_gradients():
    w, losses, values = leaf([2.0, -1.0]), [], []
    optimizer = optim.SGD([w], lr=0.1)
    for _ in range(5):
        values.append(w.data.copy())
        losses.append((w**3).sum())
        w.grad = None
        (w**2).sum().backward()
        optimizer.step()
    for E, value in zip(losses, values, strict=True):
        w.grad = None
        E.backward()
        np.testing.assert_allclose(w.grad.data, 3 * value**2)


def test_nothing_recorded_then_the_array_is_written_where_it_lies():
    w = leaf([2.0, 3.0])
    array, optimizer = w.data, optim.SGD([w], lr=0.1)
    w.grad = Tensor([1.0, 1.0])
    optimizer.step()
    assert w.data is array


def test_an_array_of_two_losses_that_was_made_before(tmp_path):
    model, other = Linear(2, 3, rng=0), Linear(2, 3, rng=1)
    save(tmp_path / "other", other)
    x, W = np.array([[1.0, 2.0]]), model.W.data.copy()
    E = (model(x) ** 2).sum()
    load(tmp_path / "other", model)
    np.testing.assert_array_equal(model.W.data, other.W.data)
    E.backward()
    np.testing.assert_allclose(model.W.grad.data, x.T @ (2 * (x @ W)))


def test_new_data_for_a_leaf_and_for_a_constant():
    w, x = leaf([2.0]), Tensor([3.0])
    E = (w**2 * x).sum()
    w.data, x.data = np.array([7.0]), np.array([0.0])
    E.backward()
    np.testing.assert_array_equal(w.grad.data, [12])


def test_parameters_that_share_memory_go_on_sharing_it():
    memory = np.arange(1.0, 5.0)
    w, v = leaf(memory[:3]), leaf(memory[1:])
    tied, twin = leaf([1.0, 2.0]), leaf([0.0, 0.0])
    twin.data = tied.data
    E = (w**2).sum() + (v**2).sum() + (tied * twin).sum()
    E.backward()
    optim.SGD([w, v, tied, twin], lr=0.1).step()
    np.testing.assert_array_equal(w.data[1:], v.data[:2])
    np.testing.assert_array_equal(memory[1:], v.data)
    np.testing.assert_allclose(tied.data, [0.8, 1.6])
    assert tied.data is twin.data
    with pytest.raises(RuntimeError, match="changed in place"):
        E.backward()


# What the user's own hands change


def test_an_array_written_through_data_is_an_error_that_names_all():
    w = leaf([2.0], name="w")
    y = w**2
    w.data[:] = 5
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    message = str(caught.value)
    assert "the array of w has been changed in place since power(w) was computed" in message
    assert "test_changed_values.py:" in message
    assert "w.data = w.data - 1" in message
    assert w.grad is None


def change_all(t):
    t.data[:] = 5


def change_one(t):
    t.data[-1] += 1


def subtract_from_data(t):
    t.data -= 1


def clip(t):
    np.clip(t.data, 0, 0.5, out=t.data)


def fill(t):
    t.data.fill(0.5)


def through_a_view(t):
    t.data[::-1].T[:1] = 9


CHANGES = [change_all, change_one, subtract_from_data, clip, fill, through_a_view]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_way_to_change_a_leaf_is_noticed_by_every_loss(loss, change):
    w = leaf([2.0, 3.0], name="w")
    E = LOSSES[loss][0](w)
    change(w)
    with pytest.raises(RuntimeError, match="changed in place since"):
        E.backward()


@pytest.mark.parametrize("change", CHANGES)
def test_every_way_to_change_a_result_is_noticed(change):
    w = leaf([2.0, 3.0], name="w")
    for f in (np.exp, np.tanh, np.sqrt, lambda w: 1 / (1 + np.exp(-w))):
        y = f(w)
        change_if_allowed(y, change)
        with pytest.raises(RuntimeError, match="changed in place since"):
            y.sum().backward()


def change_if_allowed(y, change):
    """Only a leaf's .data can be assigned to, as ``y.data -= 1`` does at its end."""
    if change is subtract_from_data:
        with np.errstate(all="ignore"):
            array = y.data
            array -= 1
    else:
        change(y)


def test_a_constant_that_changes_is_noticed():
    x, w = Tensor([1.0, 2.0], name="x"), leaf([3.0, 4.0], name="w")
    E = (w * x).sum()
    x += 1
    with pytest.raises(RuntimeError, match="the array of x has been changed"):
        E.backward()
    E = (w * x).sum()
    E.backward()
    np.testing.assert_array_equal(w.grad.data, [2, 3])


def test_what_asarray_gives_of_a_constant_is_in_the_users_hands():
    w, constant = Tensor([2.0, 3.0], requires_grad=True), Tensor([1.0, 1.0])
    for given, loss in ((w.detach(), (w**2).sum()), (constant, (w * constant).sum())):
        np.asarray(given)[0] = 9.0
        with pytest.raises(RuntimeError, match="changed in place"):
            loss.backward()


def test_what_was_only_read_is_no_error():
    w = leaf([2.0, 3.0])
    y = np.exp(w)
    assert y.data.sum() > w.data.sum()
    y.sum().backward()
    np.testing.assert_allclose(w.grad.data, np.exp([2.0, 3.0]))


def test_an_update_by_hand_is_for_the_losses_that_follow():
    """The loop that everybody writes: E is alive while w changes, and the next E is computed from the new w."""
    w, by_hand = leaf([2.0, 3.0]), np.array([2.0, 3.0])
    for _ in range(4):
        w.grad = None
        E = (w**3).sum()
        E.backward()
        w.data -= 0.01 * w.grad.data
        by_hand = by_hand - 0.01 * 3 * by_hand**2
        np.testing.assert_allclose(w.data, by_hand, rtol=1e-12)


def test_a_change_that_the_gradient_does_not_depend_on_is_no_error():
    w, b = leaf([2.0, 3.0]), leaf([1.0, 1.0])
    E = (w + b).sum() + w[0] + w.reshape(2, 1).sum()
    w.data[:] = 7
    E.backward()
    np.testing.assert_array_equal(w.grad.data, [3, 2])


def test_a_change_before_the_last_reading_is_noticed_too():
    w = leaf([2.0, 3.0])
    old = (w**2).sum()
    w.data[:] = 5
    new = (w**2).sum()
    assert w.data[0] == 5  # looked at again, and left as it is
    new.backward()
    np.testing.assert_array_equal(w.grad.data, [10, 10])
    with pytest.raises(RuntimeError, match="changed in place"):
        old.backward()


def test_a_large_array_is_compared_by_a_sample():
    w = leaf(np.ones((1000, 300)))
    E = (w**2).sum()
    w.data -= 0.5
    with pytest.raises(RuntimeError, match="changed in place"):
        E.backward()


def test_an_error_leaves_no_gradient_behind_and_the_second_order_is_watched():
    w = leaf([2.0])
    E = (w**3).sum()
    w.data[:] = 1
    with pytest.raises(RuntimeError, match="changed in place"):
        E.backward(create_graph=True)
    assert w.grad is None


def test_what_is_gone_is_not_watched():
    gc.collect()
    others, w = set(seals), leaf([2.0, 3.0])
    y = np.exp(w)
    assert y.data is not None
    assert set(seals) > others
    del y, w
    gc.collect()
    assert set(seals) <= others


def test_a_gradient_of_a_function_may_look_at_its_values():
    def f(x):
        y = x * x
        assert y.data[0] == 4
        return y.sum()

    np.testing.assert_array_equal(grad(f)(np.array([2.0])), [4])


def test_a_change_in_no_grad_leaves_the_loss_of_before_its_gradient():
    for change in (lambda w: w.__isub__(1.0), lambda w: w.__setitem__(0, 9.0), lambda w: w.__imul__([2.0, 3.0])):
        w = leaf([2.0, 3.0])
        E = (w**3).sum()
        with no_grad():
            change(w)
        E.backward()
        np.testing.assert_array_equal(w.grad.data, [12, 27])


# Compiled steps


def stepping(params, backend="numpy", rule=optim.SGD):
    """A compiled step on E = Σ (w² x), and the optimizer in it."""
    optimizer = rule(params, lr=0.1)

    @compile(backend=backend)
    def step(x):
        optimizer.zero_grad()
        E = sum((w**2 * x).sum() for w in params)
        E.backward()
        optimizer.step()
        return E

    return step


def test_what_was_recorded_before_a_compiled_step_keeps_its_values(backend_itself):
    w = leaf([2.0, 3.0], name="w")
    step, x = stepping([w], backend_itself), np.ones(2)
    for _ in range(4):  # traced in the first call, replayed in the others
        kept, used = (w**3).sum(), w.data.copy()
        before = (w**3).sum()
        before.backward()
        np.testing.assert_allclose(w.grad.data, 3 * used**2)
        w.grad = None
        step(x)
        step(x)
        kept.backward()
        np.testing.assert_allclose(w.grad.data, 3 * used**2)
        np.testing.assert_allclose(w.data, used * 0.64)
        w.grad = None
        after = (w**3).sum()
        after.backward()
        np.testing.assert_allclose(w.grad.data, 3 * (used * 0.64) ** 2)
        w.grad = None


def test_an_array_that_was_taken_is_no_compiled_steps_any_more(backend_itself):
    w = leaf([2.0, 3.0], name="w")
    step, x = stepping([w], backend_itself), np.ones(2)
    taken = [w.data]
    for _ in range(4):
        step(x)
        taken.append(w.data)
    for n, array in enumerate(taken):
        np.testing.assert_allclose(array, np.array([2.0, 3.0]) * 0.8**n)


HOLDERS = [
    lambda w: w.data,
    lambda w: w.data[0],
    lambda w: w.detach(),
    lambda w: w.detach()[0],
    lambda w: np.asarray(w.detach()),
    lambda w: Tensor(w.data),
    lambda w: memoryview(w.data),
    *map(no_grad, (lambda w: w[0], lambda w: w.T, lambda w: w.reshape(-1), np.squeeze, lambda w: np.split(w, 2)[0])),
    *map(no_grad, (lambda w: w.real, lambda w: np.broadcast_to(w, (3, 2, 2)), lambda w: next(iter(w)))),
]


@pytest.mark.parametrize("hold", HOLDERS)
@pytest.mark.parametrize("compiled", [False, True])
def test_what_was_taken_of_a_parameter_stays_what_it_was(hold, compiled):
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    optimizer = optim.SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        (w**2 * x).sum().backward()
        optimizer.step()

    step = compile(step) if compiled else step
    for _ in range(3):
        kept = hold(w)
        before = np.array(kept.data if isinstance(kept, Tensor) else kept)
        step(1.0)
        step(1.0)
        np.testing.assert_array_equal(kept.data if isinstance(kept, Tensor) else kept, before)


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
def test_a_compiled_step_stays_in_its_arrays_where_nobody_holds_them(rule):
    w, v = leaf(np.ones(300)), leaf(np.ones(200))
    step, x = stepping([w, v], rule=rule), 1.0
    step(x)
    arrays = [weakref.ref(t.array) for t in (w, v)]
    for _ in range(5):
        assert (w.data + (w * w).sum().data).shape == (300,)
        step(x)
    assert all(array() is t.array for array, t in zip(arrays, (w, v), strict=True))
    kept = (v * v).sum()
    step(x)
    assert arrays[0]() is w.array
    assert arrays[1]() is not v.array
    del kept
    assert arrays[1]() is None  # the optimizer has let go of it, too


def test_two_compiled_steps_of_one_parameter_go_on_in_the_same_array():
    w = leaf([2.0, 3.0])
    steps = [stepping([w]), stepping([w])]
    for step in steps * 2:
        step(1.0)
    array = weakref.ref(w.array)
    for step in steps * 3:
        assert (w * w).sum().data > 0
        step(1.0)
    assert w.array is array()
    np.testing.assert_allclose(w.data, np.array([2.0, 3.0]) * 0.8**10)


def test_compiled_steps_of_tied_parameters_are_noticed_by_what_was_recorded_before():
    w, v = leaf([2.0, 3.0], name="w"), leaf([0.0, 0.0])
    v.data = w.data
    step = stepping([w])
    step(1.0)
    E = (w**3).sum()
    step(1.0)
    assert v.array is w.array
    with pytest.raises(RuntimeError, match="the array of w has been changed in place"):
        E.backward()


def test_what_was_recorded_before_a_loop_of_epochs_keeps_its_values():
    pytest.importorskip("numba")
    w = leaf([2.0, 3.0], name="w")
    optimizer = optim.SGD([w], lr=0.1)

    @compile(backend="native")
    def step(x, t):
        optimizer.zero_grad()
        E = ((x @ w - t) ** 2).sum()
        E.backward()
        optimizer.step()
        return E

    X, T = np.eye(2), np.ones(2)
    for _ in range(3):
        E, used = (w**3).sum(), w.data.copy()
        step.epochs(X, T, batch_size=1)
        E.backward()
        np.testing.assert_allclose(w.grad.data, 3 * used**2)
        np.testing.assert_allclose(w.data, used - 0.2 * (used - 1))
        w.grad = None
