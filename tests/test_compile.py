"""Compiled steps against the eager ones, call by call."""

import numpy as np
import pytest

from minigrad import Tensor, nn, optim
from minigrad.losses import cross_entropy, softmax_cross_entropy, squared_error
from tests.compiled_steps import HOT, RNG, RULES, X, mlp, training
from tests.compiling import as_code, assert_same, each_backend, gradients, plain, running, side_by_side, state

SOFT = RNG.dirichlet([1, 1], size=(4, 5))
LABELS = RNG.integers(2, size=(4, 5))


@each_backend
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_each_update_rule(rule, dtype, backend):
    def make():
        return mlp(dtype=dtype)

    calls = [(x.astype(dtype), t.astype(dtype)) for x, t in zip(X, HOT, strict=True)]
    code = side_by_side(
        training(squared_error, RULES[rule], make), calls, backend, 1e-12 if dtype is np.float64 else 1e-4
    )
    assert code.cache_info().misses == 1


@each_backend
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("targets", [HOT, SOFT, LABELS], ids=["one-hot", "soft", "labels"])
def test_softmax_cross_entropy(targets, reduction, backend):
    def loss(y, t):
        return softmax_cross_entropy(y, t, reduction)

    side_by_side(training(loss, make=lambda: mlp(output="identity")), zip(X, targets, strict=True), backend)


@each_backend
@pytest.mark.parametrize("loss", [cross_entropy, squared_error])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_textbooks_losses(loss, reduction, backend):
    def make():
        return mlp(output="softmax" if loss is cross_entropy else "identity")

    side_by_side(training(lambda y, t: loss(y, t, reduction), make=make), zip(X, HOT, strict=True), backend)


@each_backend
def test_dropout_draws_the_same_sequence(backend):
    def make():
        rng = np.random.default_rng(3)
        return nn.Sequential(
            nn.Linear(3, 6, rng=rng),
            np.tanh,
            nn.Dropout(0.5, rng=rng),
            nn.Linear(6, 2, rng=rng),
            nn.Dropout(0.2, rng=rng),
        )

    side_by_side(training(squared_error, make=make), zip(X, HOT, strict=True), backend)


@each_backend
def test_train_and_eval_are_told_apart(backend):
    def make():
        rng = np.random.default_rng(3)
        model = nn.Sequential(nn.Linear(3, 6, rng=rng), nn.Dropout(0.5, rng=rng))

        def call(x, mode):
            return model(x)

        def switched(x, mode):
            getattr(model, mode)()
            return switched.call(x)

        switched.call = model
        return model, switched

    with running(backend):
        (_, switched), (other, code) = make(), make()
        code.call = as_code(lambda x: other(x), backend)
        for mode, x in zip(["train", "eval", "train", "train", "eval"], [*X, X[0]], strict=True):
            assert_same(plain(switched(x, mode)), plain(code(x, mode)))
        assert code.call.cache_info().misses == 2


@each_backend
def test_tied_weights(backend):
    def make():
        W = Tensor(np.random.default_rng(0).normal(size=(3, 3)), requires_grad=True)
        optimizer = optim.Momentum([W], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            E = squared_error(np.tanh(np.tanh(x @ W) @ W.T), x, "mean")
            E.backward()
            optimizer.step()
            return E

        return step, lambda: state([W], optimizer)

    side_by_side(make, [(x,) for x in X], backend)


@each_backend
@pytest.mark.parametrize("where", ["nowhere", "before", "after", "between", "at every second call", "by hand"])
def test_gradients_add_up_until_they_are_forgotten(where, backend):
    def make():
        W = Tensor(np.ones((3, 2)), requires_grad=True)
        optimizer = optim.SGD([W], lr=0.1)

        def step(x, t, number):
            if where == "before" or (where == "at every second call" and not number):
                optimizer.zero_grad()
            if where == "by hand":
                W.grad = None
            E = squared_error(x @ W, t)
            E.backward()
            if where == "between":
                optimizer.zero_grad()
                (E * 2).backward()
            if where != "at every second call" or number:
                optimizer.step()
            if where == "after":
                optimizer.zero_grad()
            return E, W.grad

        return step, lambda: [state([W]), gradients([W]) if where in ("nowhere", "after") else []]

    side_by_side(make, [(x, t, i % 2) for i, (x, t) in enumerate(zip(X, HOT, strict=True))], backend)


@each_backend
def test_a_step_that_uses_its_gradients_up_leaves_none(backend):
    step, _ = training(squared_error)()
    with running(backend):
        code = as_code(step, backend)
        step(X[0], HOT[0])
        for x, t in zip(X, HOT, strict=True):
            code(x, t)
            cells = dict(zip(step.__code__.co_freevars, step.__closure__, strict=True))
            assert gradients(cells["model"].cell_contents.parameters()) == [None] * 4


@each_backend
def test_backward_without_a_step_adds_to_what_is_there(backend):
    def make():
        model = mlp()

        def step(x, t):
            E = squared_error(model(x), t)
            E.backward()
            return E

        return step, lambda: [state(model.parameters()), gradients(model.parameters())]

    side_by_side(make, zip(X, HOT, strict=True), backend)


@each_backend
def test_two_optimizers(backend):
    def make():
        model = mlp()
        first, second = model.parameters()[:2], model.parameters()[2:]
        rules = optim.Adam(first, lr=0.01), optim.Momentum(second, lr=0.1)

        def step(x, t):
            for rule in rules:
                rule.zero_grad()
            E = squared_error(model(x), t)
            E.backward()
            for rule in rules:
                rule.step()
            return E

        return step, lambda: [state(first, rules[0]), state(second, rules[1])]

    side_by_side(make, zip(X, HOT, strict=True), backend)


@each_backend
def test_what_may_change_between_calls(backend):
    """Parameters replaced or written to, an optimizer's state loaded, learning rates, shapes and dtypes."""
    with running(backend):
        models = [mlp(), mlp()]
        rules = [optim.Adam(m.parameters(), lr=0.01) for m in models]
        steps = []
        for model, rule in zip(models, rules, strict=True):

            def step(x, t, model=model, rule=rule):
                rule.zero_grad()
                E = squared_error(model(x), t)
                E.backward()
                rule.step()
                return E

            steps.append(step)
        steps[1] = as_code(steps[1], backend)
        saved = []

        def both(change=lambda model, rule: None, rows=5):
            for model, rule in zip(models, rules, strict=True):
                change(model, rule)
            for x, t in zip(X[:2], HOT[:2], strict=True):
                assert_same(*(plain(step(x[:rows], t[:rows])) for step in steps))
                assert_same(*(plain(state(m.parameters(), r)) for m, r in zip(models, rules, strict=True)))

        def load(model, rule):
            rule.load_state_dict(saved[0])

        def replace(model, rule):
            for p in model.parameters():
                p.data = p.data * 2

        both()
        saved.append(rules[0].state_dict())
        both(lambda model, rule: setattr(rule, "lr", 0.5))
        both(lambda model, rule: setattr(rule, "beta1", 0.5))
        both(replace)
        both(load)
        both(lambda model, rule: model.parameters()[0].data.fill(0.25))
        both(rows=2)  # the last batch is smaller
        both()
        assert steps[1].cache_info().misses == 2


@each_backend
def test_a_number_less_itself_is_a_constant(backend):
    """0 − 0, of two Python numbers, is left where its shape is that of a number already."""
    p = Tensor(-0.8, requires_grad=True)

    def step():
        p.grad = None
        y = (p - p) / 4
        (y * y).sum().backward()
        return y, p.grad

    with running(backend):
        assert [float(x) for x in as_code(step, backend)()] == [0, 0]


@each_backend
def test_a_count_of_elements_is_the_number_that_it_is(backend):
    def f(x):
        return (x * x).sum() / x.size + x.size * x.mean() - x.size

    x = np.arange(6.0).reshape(2, 3)
    with running(backend):
        np.testing.assert_allclose(as_code(f, backend)(x), (x * x).mean() + x.sum() - 6)
