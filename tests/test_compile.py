"""Compiled steps against the eager ones, call by call."""

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, nn, no_grad, optim, value_and_grad
from minigrad.losses import cross_entropy, softmax_cross_entropy, squared_error
from minigrad.ops.arithmetic import multiply
from tests.compiling import as_code, assert_same, each_backend, gradients, plain, running, side_by_side, state, stepping

RULES = {
    "SGD": lambda params: optim.SGD(params, lr=0.1),
    "Momentum": lambda params: optim.Momentum(params, lr=0.1),
    "AdaGrad": lambda params: optim.AdaGrad(params, lr=0.1),
    "RMSProp": lambda params: optim.RMSProp(params, lr=0.01),
    "Adam": lambda params: optim.Adam(params, lr=0.01),
    "AdamW": lambda params: optim.AdamW(params, lr=0.01),
}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 3))
HOT = np.eye(2)[RNG.integers(2, size=(4, 5))]
SOFT = RNG.dirichlet([1, 1], size=(4, 5))
LABELS = RNG.integers(2, size=(4, 5))


def mlp(**options):
    return nn.MLP([3, 4, 2], rng=np.random.default_rng(1), **options)


def training(loss, rule=RULES["SGD"], make=mlp):
    """Give what makes a training step, and what it leaves."""

    def made():
        model = make()
        optimizer = rule(model.parameters())
        return stepping(model, optimizer, loss), lambda: state(model.parameters(), optimizer)

    return made


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
def test_another_dtype_is_another_trace(backend):
    with running(backend):
        code = as_code(lambda x: (x * x).sum(), backend)
        for kind in (np.float64, np.float32, np.float64, np.int64):
            x = np.array([1, 2, 3], kind)
            assert_same(plain((x * x).sum()), plain(code(x)))
        assert code.cache_info()[:2] == (1, 3)


@each_backend
def test_keywords_containers_and_static_arguments(backend):
    def f(pair, options, *, power, scale=1.0, how="plus"):
        a, (b, c) = pair
        y = a**power * scale + b * options["w"]
        return {"y": y + c if how == "plus" else y - c, "parts": [a, (y.sum(), how, power)]}

    rng = np.random.default_rng(0)
    with running(backend):
        code = as_code(f, backend)
        for power, scale, how in [(2, 0.5, "plus"), (2, 0.75, "plus"), (3, 0.5, "minus"), (2, 0.25, "plus")]:
            pair = (rng.normal(size=3), [rng.normal(size=3), rng.normal()])
            options = {"w": rng.normal(size=(2, 3)), "note": None}
            expected = f(pair, options, power=power, scale=scale, how=how)
            found = code(pair, options, power=power, scale=scale, how=how)
            assert found["parts"][1][1:] == (how, power)
            assert_same(plain(expected["y"]), plain(found["y"]))
            assert_same(plain(expected["parts"][1][0]), plain(found["parts"][1][0]))
        assert code.cache_info()[:2] == (2, 2)


@each_backend
def test_tensors_as_arguments_get_their_gradients(backend):
    def f(a, b):
        E = (np.sin(a) * b).sum()
        E.backward()
        return E

    with running(backend):
        code = as_code(f, backend)
        for seed in range(4):
            rng = np.random.default_rng(seed)
            pairs = [[Tensor(x.copy(), requires_grad=True) for x in (rng.normal(size=3), np.ones(3))] for _ in range(2)]
            # take the same arrays for both
            for x, y in zip(*pairs, strict=True):
                y.data = x.data.copy()
            for _ in range(2):  # the second adds to the first
                assert_same(plain(f(*pairs[0])), plain(code(*pairs[1])))
                assert_same(*(plain([x.grad for x in pair]) for pair in pairs))
        assert code.cache_info().misses == 2


@each_backend
def test_one_tensor_twice_and_a_captured_one_among_the_arguments(backend):
    def make():
        W = Tensor(np.array([1.0, 2.0]), requires_grad=True)

        def f(a, b):
            E = (a * b * W).sum()
            E.backward()
            return E

        return f, W

    with running(backend):
        (f, W), (g, V) = make(), make()
        code = as_code(g, backend)
        for pick in ("ab", "aa", "Wb", "WW", "ab", "aW"):
            both = []
            for call, own in ((f, W), (code, V)):
                own.grad = None
                known = {
                    "W": own,
                    **{n: Tensor(np.array([0.5, 3.0 + i]), requires_grad=True) for i, n in enumerate("ab")},
                }
                value = call(*(known[n] for n in pick))
                both.append(plain([value, *(t.grad for t in known.values())]))
            assert_same(*both)


@each_backend
def test_gradient_transforms(backend):
    def f(x):
        return (np.tanh(x) ** 2).sum()

    def twice(x):
        return (grad(f)(x) ** 2).sum()

    cases = [value_and_grad(f), grad(f), grad(twice), value_and_grad(twice)]
    with running(backend):
        for function in cases:
            code = as_code(function, backend)
            for x in X[:, 0]:
                assert_same(plain(function(x)), plain(code(x)))
        third = grad(grad(grad(np.tanh)))
        code = as_code(third, backend)
        for x in (0.5, -1.0, 2.0):
            assert float(code(x)) == pytest.approx(float(third(x)), rel=1e-11)


@each_backend
def test_parts_that_take_no_gradient(backend):
    def make():
        W = Tensor(np.ones((3, 2)), requires_grad=True)

        def f(x):
            with no_grad():
                scale = (W * W).sum()
            y = x @ W
            E = (y * y.detach()).sum() * scale
            E.backward()
            return E, scale, y.detach()

        return f, lambda: [state([W]), gradients([W])]

    side_by_side(make, [(x,) for x in X], backend)


@each_backend
def test_results_are_not_overwritten_by_the_next_call(backend):
    W = Tensor(np.ones((3, 3)), requires_grad=True)

    def f(x):
        y = x @ W
        return y.T, y, y[1:], np.broadcast_to(y.sum(), (2, 2)), x.T, W, W.T

    with running(backend):
        code = as_code(f, backend)
        first = code(X[0])
        kept = plain(first)
        W.data += 1
        code(X[1])
        before = [i for i in range(7) if i not in (5, 6)]  # W itself moves
        assert_same([plain(first)[i] for i in before], [kept[i] for i in before])


@each_backend
def test_what_is_written_into_a_captured_array_is_seen(backend):
    scale = np.array([1.0, 2.0, 3.0])
    with running(backend):
        code = as_code(lambda x: x * scale, backend)
        assert_same(plain(X[0] * scale), plain(code(X[0])))
        scale[0] = 7
        assert_same(plain(X[0] * scale), plain(code(X[0])))


def test_source_and_graph_show_the_latest_call():
    code = compile(training(squared_error)()[0])
    with pytest.raises(RuntimeError, match="has not been called yet"):
        _ = code.source
    code(X[0], HOT[0])
    assert "def make(" in code.source
    assert "def step(x, t, lr):" in code.source
    assert "# " in code.source  # formulas
    assert any("matmul" in repr(node) for node in code.graph.nodes)
    assert code.cache_info() == (0, 1, 64, 1)
    code(X[1], HOT[1])
    code(X[1][:2], HOT[1][:2])
    assert code.cache_info() == (1, 2, 64, 2)


def test_at_most_so_many_traces_are_kept():
    code = compile(lambda x, n: x + n)
    for n in range(70):
        code(1.0, n)
    assert code.cache_info() == (0, 70, 64, 64)
    assert float(code(1.0, 0)) == 1.0


def test_compile_is_a_decorator_and_says_what_it_does_not_take():
    @compile
    def double(x):
        """Twice x."""
        return 2 * x

    @compile(backend="numpy")
    def triple(x):
        return 3 * x

    assert (double.__name__, double.__doc__) == ("double", "Twice x.")
    np.testing.assert_array_equal(double(np.ones(2)) + triple(np.ones(2)), [5, 5])
    with pytest.raises(TypeError, match="wanted a function, not int"):
        compile(3)
    with pytest.raises(ValueError, match=r"backend must be .numpy. or .native., not .cuda."):
        compile(double, backend="cuda")


@pytest.mark.parametrize(("threads", "called"), [("1", True), ("2", False)])
def test_a_large_update_is_one_call_of_blas_where_it_has_one_thread(monkeypatch, threads, called):
    """The product is added to W where W lies: the same new W as by hand, and no other array of its size."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, threads)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(32, 200)), rng.normal(size=(32, 180))
    W = Tensor(rng.normal(size=(200, 180)), requires_grad=True, name="W")
    optimizer = optim.SGD([W], lr=0.01)

    @compile
    def step(x, t):
        E = squared_error(x @ W, t)
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    wanted = W.data - 0.01 * x.T @ (x @ W.data - t)
    step(x, t)
    np.testing.assert_allclose(W.data, wanted, rtol=1e-12, atol=1e-12)
    assert ("dgemm(" in step.source) is called


PICKED = {
    "rows": lambda Q, i: (Q[i] ** 3).sum(),
    "rows by a matrix": lambda Q, i: (Q[i[:, None] - [0, 1]] ** 3).sum(),
    "an element of each row": lambda Q, i: (Q[np.arange(5) - 2, i] ** 3).sum(),
    "two indices, broadcast": lambda Q, i: (np.exp(Q)[i[:, None], i] ** 3).sum(),
    "of a view": lambda Q, i: (Q.T[i - 1] ** 3).sum(),
    "beside a slice": lambda Q, i: (Q[:, i] ** 3).sum(),
}


@each_backend
@pytest.mark.parametrize("f", PICKED.values(), ids=PICKED)
def test_positions_that_an_argument_names(f, backend):
    Q = RNG.normal(size=(4, 4, 4))
    calls = [(Q, np.array(i)) for i in ([0, 3, 2, 2, -1], [1, 1, 1, 1, 1], [-2, 3, 0, 0, 2])]
    side_by_side(lambda: (value_and_grad(f), lambda: None), calls, backend)


@each_backend
def test_a_position_that_is_not_there(backend):
    with running(backend):
        code = as_code(lambda Q, i: Q[i] * 2, backend)
        code(np.ones((4, 3)), np.array([0, 3]))
        for wrong in (4, -5):
            with pytest.raises(IndexError, match="out of bounds for axis 0 with size 4"):
                code(np.ones((4, 3)), np.array([0, wrong]))


@each_backend
def test_a_sum_over_nothing_is_0_whatever_it_is_divided_by(backend):
    """1 / p goes in front of a sum of something; 0 / 0 would be NaN."""
    with running(backend):
        code = as_code(lambda x, p: (x / p).sum(axis=0), backend)
        np.testing.assert_array_equal(code(np.ones((0, 2)), np.zeros(())), [0, 0])


@each_backend
def test_what_the_terms_of_a_sum_share_is_multiplied_once(backend):
    def f(a, b, c, d):
        return c * a + 3 * (c * b) - d * c, a - c * b * d - c * d, -(c * a) - c * b

    with running(backend):
        code = as_code(f, backend)
        given = np.random.default_rng(0).normal(size=(4, 3))
        assert_same(plain(f(*map(Tensor, given))), plain(code(*given)))
        products = sum(node.op == multiply for node in code.graph.nodes)
        assert products == 5  # c (a + 3 b − d), a − c (b d + d), −c (a + b)


def test_a_long_sum_is_looked_through_without_recursion():
    def f(x, y):
        total = x
        for _ in range(2000):
            total = total + x * y * 1.5
        return total

    code = compile(lambda x, y: f(x, y) + f(y, x * x))
    x, y = np.ones(2), np.full(2, 0.5)
    np.testing.assert_allclose(code(x, y), f(x, y) + f(y, x * x))


@each_backend
def test_rows_of_a_parameter_that_an_argument_names(backend):
    """An embedding, written as one writes it."""

    def embedding():
        W = Tensor(np.random.default_rng(0).normal(size=(6, 4)), requires_grad=True)
        optimizer = optim.SGD([W], lr=0.1)

        def step(i, t):
            E = ((W[i] - t) ** 2).sum() + W[i, 1:][:, 0].sum() if i.ndim == 1 else (W[i[0], i[1]] - t[0, 0]).sum()
            optimizer.zero_grad()
            E.backward()
            optimizer.step()
            return E

        return step, lambda: [W]

    t = np.random.default_rng(1).normal(size=(3, 4))
    calls = [(np.array(i), t) for i in ([1, 1, 3], [0, 5, -1], [[1, 2], [3, 0]])]
    side_by_side(embedding, calls, backend)


def test_the_same_function_becomes_the_same_code():
    """Where two factors are shared as often: native code is kept under its source, from one process to the next."""

    def f(a, b, c, d):
        return a * b * c + b * a * d - c * d * a * b

    kept = [compile(f) for _ in range(12)]
    for code in kept:
        code(*np.ones((4, 3)))
    assert len({code.source for code in kept}) == 1
