"""Every slip that compare knows, made in NumPy by hand on several networks: each is named first, and alone."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses, softmax
from minigrad.ops.alphabet import to_subscript
from tests.byhand import LAYERS, OTHER_LAYERS, RECURRENT, THREE_LAYERS, TWO_LAYERS, WORDS, Layers, logistic

SYMBOLS = {"sigmoid": "σ({})", "tanh": "tanh({})", "relu": "relu({})"}
layers = pytest.mark.parametrize("net", LAYERS, ids=lambda net: "-".join(net.functions))
recurrent = pytest.mark.parametrize("net", RECURRENT, ids=lambda net: f"{net.steps}-{net.every}")
words = pytest.mark.parametrize("net", WORDS, ids=lambda net: f"{net.indices}")


def named(net, arrays, **options):
    """The first wrong key and what is said of it; all that is wrong after it follows from it."""
    result = compare(net.loss_of(), arrays, **options)
    assert result.first is not None, "no slip was seen"
    wrong = [row for row in result if not row.right]
    assert [row.key for row in wrong if not row.follows] == [result.first.key]
    assert {row.sources for row in wrong[1:]} <= {(result.first.key,)}
    return result.first.key, result.first.slip


def values_of(v):
    """The values on the way to E, without the input."""
    return {key: value for key, value in v.items() if key != "Y0"}


def hidden(net):
    """The layers that have a function and another layer after them."""
    return [i for i, name in enumerate(net.functions[:-1], 1) if name != "identity"]


@layers
def test_the_networks_by_hand_are_right(net):
    v = net.forward()
    assert compare(net.loss_of(), values_of(v) | net.backward(v))


@recurrent
def test_the_recurrent_networks_by_hand_are_right(net):
    assert compare(net.loss_of(), net.gradients())


def input_of(i):
    return f"Y{to_subscript(i - 1)}" if i > 1 else "X"


@layers
def test_a_bias_forgotten(net):
    for i in range(1, len(net.functions) + 1):
        v, n = net.forward(forgotten=i), to_subscript(i)
        g, last = net.backward(v), len(net.functions)
        says = f"b{n} is forgotten in {input_of(i)} W{n} + b{n}"
        output = i == last and net.functions[-1] == "identity"
        equation = f"Y{n} = {input_of(i)} W{n} + b{n}" if output else f"U{n} = {input_of(i)} W{n} + b{n}"
        says = f"b{n} is forgotten in {equation}"
        assert named(net, g) == (f"dY{last}", says)
        assert named(net, values_of(v) | g) == (f"U{i}", says)
        for key in (f"dW{last}", "dW1", "db1"):
            assert named(net, {key: g[key]}) == (key, says)
        if i < last:  # δ is right, and only the product after that layer is fed with the wrong Y
            fed = net.backward(net.forward(), fed={f"Y{i}": v[f"Y{i}"]})
            assert named(net, fed) == (f"dW{i + 1}", says)


@layers
def test_the_argument_in_place_of_the_output(net):
    v = net.forward()
    for i in hidden(net):
        key, n = f"dW{i + 1}", to_subscript(i)
        fed = net.backward(v, fed={f"Y{i}": v[f"U{i}"]})
        assert named(net, fed) == (key, f"U{n} is used in place of Y{n}")


@layers
def test_a_derivative_that_is_given_the_argument(net):
    v = net.forward()
    given_u = {"sigmoid": lambda u, y: u * (1 - u), "tanh": lambda u, y: 1 - u**2}
    given_y = {"sigmoid": lambda u, y: logistic(y) * (1 - logistic(y)), "tanh": lambda u, y: 1 - np.tanh(y) ** 2}
    for i in hidden(net):
        name, n = net.functions[i - 1], to_subscript(i)
        if name not in given_u:
            continue
        f = SYMBOLS[name].format(f"U{n}")
        g = net.backward(v, slopes={i: given_u[name]})
        says = f"U{n} is taken for Y{n} in f′, the derivative of {f}"
        assert named(net, g) == (f"δ{i}", says)
        assert named(net, {"dW1": g["dW1"]}) == ("dW1", says)
        g = net.backward(v, slopes={i: given_y[name]})
        says = f"f′ is taken at Y{n} instead of U{n}, the derivative of {f}"
        assert named(net, g) == (f"δ{i}", says)
        assert named(net, {"db1": g["db1"]}) == ("db1", says)


OTHERS = {  # another function's f′, as text by n and as a learner writes it
    "tanh": [("1 − Y{0}²", lambda u, y: 1 - y**2), ("1 − tanh(U{0})²", lambda u, y: 1 - np.tanh(u) ** 2)],
    "sigmoid": [
        ("(1 − Y{0}) ⊙ Y{0}", lambda u, y: y * (1 - y)),
        ("(1 − σ(U{0})) ⊙ σ(U{0})", lambda u, y: logistic(u) * (1 - logistic(u))),
    ],
    "relu": [("U{0} > 0", lambda u, y: u > 0)],
    "sin": [("cos(U{0})", lambda u, y: np.cos(u))],
    "square": [("2 U{0}", lambda u, y: 2 * u)],
}


@layers
@pytest.mark.parametrize("other", OTHERS)
def test_another_functions_derivative(net, other):
    v = net.forward()
    for i in hidden(net):
        name, n = net.functions[i - 1], to_subscript(i)
        for formula, rule in OTHERS[other] if name != other else ():
            says = f"f′ is that of {other}, {formula.format(n)}, and should be that of {SYMBOLS[name].format(f'U{n}')}"
            g = net.backward(v, slopes={i: rule})
            assert named(net, g) == (f"δ{i}", says)
            assert named(net, {"dW1": g["dW1"]}) == ("dW1", says)
            assert named(net, {f"db{i}": -g[f"db{i}"]}) == (f"db{i}", f"{says}, and the sign is wrong")


@layers
def test_a_missing_derivative(net):
    v = net.forward()
    for i in hidden(net):
        g = net.backward(v, slopes={i: lambda u, y: 1})
        says = f"f′ is missing, the derivative of {SYMBOLS[net.functions[i - 1]].format(f'U{to_subscript(i)}')}"
        assert named(net, g) == (f"δ{i}", says)
        assert named(net, {"dW1": g["dW1"]}) == ("dW1", says)


@pytest.mark.parametrize("net", [net for net in LAYERS if net.functions[-1] == "softmax"], ids=str)
def test_only_the_diagonal_of_softmaxs_jacobian(net):
    n = len(net.functions)
    g = net.backward(net.forward(), slopes={n: lambda u, y: y * (1 - y)})
    says = f"only the diagonal of the Jacobian of softmax(U{to_subscript(n)}) is there, ∂yₖ/∂uₖ"
    assert named(net, g) == (f"δ{n}", says)
    for key in ("dW1", f"db{n}", "dY1"):
        assert named(net, {key: g[key]}) == (key, says)


def test_only_the_diagonal_inside_attention():
    rng = np.random.default_rng(4)
    X, W, T = rng.normal(size=(5, 4)), rng.normal(size=(4, 4)), rng.normal(size=(5, 4))
    recorded = Tensor(W, requires_grad=True, name="W")
    loss = losses.squared_error(softmax(Tensor(X, name="X") @ recorded @ X.T) @ X, T)
    e = np.exp(X @ W @ X.T)
    A = e / e.sum(axis=1, keepdims=True)
    dA = (A @ X - T) @ X.T
    assert compare(loss, {"dW": X.T @ (A * (dA - (dA * A).sum(axis=1, keepdims=True))) @ X})
    row = compare(loss, {"dW": X.T @ (A * (1 - A) * dA) @ X}).first
    assert row.slip.startswith("only the diagonal of the Jacobian of softmax(")


@layers
@pytest.mark.parametrize("rate", [0.5, 0.01, 1e-3])
def test_a_weight_that_was_already_updated(net, rate):
    v = net.forward()
    g, n = net.backward(v), len(net.functions)
    after = {f"W{i}": net.p[f"W{i}"] - rate * g[f"dW{i}"] for i in range(2, n + 1)}
    for i in range(2, n + 1):
        mine = net.backward(v, weights={f"W{i}": after[f"W{i}"]})
        says = f"W{to_subscript(i)} was already updated, with η = {rate:g}"
        assert named(net, mine) == (f"dY{i - 1}", says)
        for key in ("dW1", "db1", f"dY{i - 1}"):
            assert named(net, {key: mine[key]}) == (key, says)
    mine = net.backward(v, weights=after)
    *others, last = [f"W{to_subscript(i)}" for i in range(n, 1, -1)]
    says = f"{', '.join(others)} and {last} were" if others else f"{last} was"
    assert named(net, {"dW1": mine["dW1"]}) == ("dW1", f"{says} already updated, with η = {rate:g}")


@recurrent
def test_a_recurrent_weight_that_was_already_updated(net):
    g = net.gradients()
    mine = net.gradients(Wh=net.p["Wh"] - 0.05 * g["dWh"])
    for key in ("db", "dWx", "dWh"):
        assert named(net, {key: mine[key]}) == (key, "Wh was already updated, with η = 0.05")


@recurrent
def test_a_recurrent_weight_that_is_not_transposed(net):
    mine = net.gradients(Wh=net.p["Wh"].T)
    _, says = named(net, mine)
    assert says == f"Wh is not transposed, in {net.steps - 1} places"


@recurrent
def test_slips_in_every_step(net):
    """What is done wrong in a step is done wrong in all of them, and named once for all."""
    others = f" and {net.steps - 1} more like it"
    for mistake, says, ends in (
        ({"no_bias": True}, "b is forgotten in U₁ = X₁ Wx + H₀ Wh + b", others),
        ({"slope": lambda u, y: 1}, "f′ is missing, the derivative of tanh(U₁)", others),
        (
            {"slope": lambda u, y: y * (1 - y)},
            "f′ is that of sigmoid, (1 − Y₁) ⊙ Y₁, and should be that of tanh(",
            others,
        ),
        ({"slope": lambda u, y: 1 - u**2}, "U₁ is taken for Y₁ in f′, the derivative of tanh(U₁)", others),
    ):
        mine = net.gradients(**mistake)
        for arrays in (mine, {"dWh": mine["dWh"]}, {"dWx": mine["dWx"]}):
            said = named(net, arrays)[1]
            assert said.startswith(says)
            assert said.endswith(ends)
    said = named(net, {"dWh": net.gradients(u_for_y=True)["dWh"]})[1]
    assert "is used in place of " in said


def test_slips_around_an_index():
    """A bias after the rows of a table, and a function of them: the way back ends at an index."""
    for net in WORDS:
        A, W, T, b = net.p["A"], net.p["W"], net.T, np.array([0.5, -1.0, 0.3])
        tensors = [Tensor(x, requires_grad=True, name=name) for x, name in ((A, "A"), (W, "W"), (b, "b"))]
        loss = losses.squared_error(np.tanh(tensors[0][net.i]) @ tensors[1] + tensors[2], T)

        def gradient(bias, slope, fed, net=net):
            """∂E/∂A and ∂E/∂W."""
            u = net.p["A"][net.i]
            y = np.tanh(u)
            δ = y @ net.p["W"] + bias - net.T
            dA = np.zeros_like(net.p["A"])
            np.add.at(dA, net.i, (δ @ net.p["W"].T) * slope(u, y))
            return {"dA": dA, "dW": fed(u, y).T @ δ}

        def right(u, y):
            return 1 - y**2

        def output(u, y):
            return y

        assert compare(loss, gradient(b, right, output))
        for mine, key, says in (
            (gradient(0, right, output), "dA", "b is forgotten in "),
            (gradient(0, right, output), "dW", "b is forgotten in "),
            (gradient(b, lambda u, y: 1, output), "dA", "f′ is missing, the derivative of tanh("),
            (gradient(b, lambda u, y: y * (1 - y), output), "dA", "f′ is that of sigmoid, "),
        ):
            assert compare(loss, {key: mine[key]}).first.slip.startswith(says)
        assert "is used in place of" in compare(loss, {"dW": gradient(b, right, lambda u, y: u)["dW"]}).first.slip


def test_one_of_two_uses():
    rng = np.random.default_rng(12)
    X, V, T = rng.normal(size=(6, 4)), rng.normal(size=(4, 4)), rng.normal(size=(6, 4))
    weight = Tensor(V, requires_grad=True, name="V")
    loss = losses.squared_error(np.tanh(Tensor(X, name="X") @ weight) @ weight, T)
    h = np.tanh(X @ V)
    e = h @ V - T
    last, first = h.T @ e, X.T @ ((e @ V.T) * (1 - h**2))
    assert compare(loss, {"dV": first + last})
    for mine, kept in ((first, "X V"), (last, "Y₁ V")):
        says = compare(loss, {"dV": mine}).first.slip
        assert says == f"only one of its 2 uses is counted, that in {kept}; += is due, and not ="


@recurrent
def test_one_use_of_a_shared_weight(net):
    mine = net.gradients(assign=True)
    for key in ("dWx", "dWh", "db"):
        name, says = named(net, {key: mine[key]})
        assert name == key
        assert says.startswith(f"only the first of its {net.steps} uses is counted, that in ")
        assert says.endswith("; += is due, and not =")


@recurrent
def test_the_last_steps_alone(net):
    for k in range(1, net.steps - 1):
        mine = net.gradients(last=k)
        for key in ("dWx", "db"):
            name, says = named(net, {key: mine[key]})
            assert name == key
            if net.every:
                which = f"last {k} of its {net.steps} uses are" if k > 1 else f"last of its {net.steps} uses is"
                assert says.startswith(f"only the {which} counted")
            else:
                assert says == cut_off(net, k, says)


@recurrent
def test_backpropagation_that_is_cut_off_in_time(net):
    for k in range(1, net.steps):
        mine = net.gradients(reach=k)
        _, says = named(net, mine)
        assert says == cut_off(net, k, says)
        _, says = named(net, {"dWx": mine["dWx"]})
        assert says == cut_off(net, k, says)


def cut_off(net, k, says):
    if k == 1:
        assert says.endswith(" and the like were constants")
        return "nothing comes back through time, as if " + says.removeprefix("nothing comes back through time, as if ")
    return f"the way back through time is cut off after {k} of {net.steps} steps"


def test_cut_off_in_a_gated_network():
    """hₜ = zₜ hₜ₋₁ + (1 − zₜ) tanh(xₜ W + hₜ₋₁ V), zₜ = σ(xₜ A + hₜ₋₁ B): the state goes on by three ways."""
    rng = np.random.default_rng(8)
    x, T = rng.normal(size=(4, 2, 3)), rng.normal(size=(2, 3))
    p = {name: rng.normal(size=(3, 3)) for name in "WVAB"}
    W, V, A, B = (Tensor(value, requires_grad=True, name=name) for name, value in p.items())
    h = Tensor(np.ones((2, 3)), name="h0")
    one = 1.0
    for t in range(4):
        z = one / (one + np.exp(-(x[t] @ A + h @ B)))
        h = z * h + (1 - z) * np.tanh(x[t] @ W + h @ V)
    loss = losses.squared_error(h, T)
    states, gates, candidates = [np.ones((2, 3))], [None], [None]
    for t in range(4):
        gates.append(logistic(x[t] @ p["A"] + states[-1] @ p["B"]))
        candidates.append(np.tanh(x[t] @ p["W"] + states[-1] @ p["V"]))
        states.append(gates[-1] * states[-1] + (1 - gates[-1]) * candidates[-1])

    def gradient_of_V(reach):
        g, total = states[4] - T, np.zeros((3, 3))
        for t in range(4, 4 - reach, -1):
            z, c, before = gates[t], candidates[t], states[t - 1]
            through_c, through_z = g * (1 - z) * (1 - c**2), g * (before - c) * z * (1 - z)
            total += before.T @ through_c
            g = g * z + through_c @ p["V"].T + through_z @ p["B"].T
        return total

    assert compare(loss, {"dV": gradient_of_V(4)})
    for k in (2, 3):
        says = f"the way back through time is cut off after {k} of 4 steps"
        assert compare(loss, {"dV": gradient_of_V(k)}).first.slip == says


@words
def test_an_index_that_is_repeated(net):
    g = net.rows_gradient()
    right, wrong = np.zeros_like(net.p["A"]), np.zeros_like(net.p["A"])
    np.add.at(right, net.i, g)
    wrong[net.i] = g
    also_wrong = np.zeros_like(wrong)
    also_wrong[net.i] += g
    assert compare(net.loss_of(), {"dA": right})
    for mine in (wrong, also_wrong):
        assert named(net, {"dA": mine})[1].endswith(
            " takes twice is counted once; np.add.at is due, and not = or += with an index"
        )


def test_a_repeated_index_in_other_places():
    rng = np.random.default_rng(6)
    a, W, T = rng.normal(size=5), rng.normal(size=(3, 2)), rng.normal(size=(2, 4))
    i = np.array([[0, 1, 0], [4, 0, 1]])
    loss = losses.squared_error(np.tanh(Tensor(a, requires_grad=True, name="a")[i]) @ W, T[:, :2])
    g = ((np.tanh(a[i]) @ W - T[:, :2]) @ W.T) * (1 - np.tanh(a[i]) ** 2)
    wrong = np.zeros(5)
    wrong[i] = g
    assert "takes twice is counted once" in compare(loss, {"da": wrong}).first.slip
    pair = Tensor(W, requires_grad=True, name="W")[np.array([0, 2, 0]), np.array([1, 1, 1])]
    wrong = np.zeros((3, 2))
    wrong[[0, 2, 0], [1, 1, 1]] = W[[0, 2, 0], [1, 1, 1]] * [1, 2, 3]
    loss = (0.5 * pair**2 * np.array([1.0, 2.0, 3.0])).sum()
    assert "takes twice is counted once" in compare(loss, {"dW": wrong}).first.slip


@layers
def test_one_sample_alone(net):
    v = net.forward()
    g = net.backward(v)
    for i in range(1, len(net.functions) + 1):
        y, δ = v[f"Y{i - 1}"], g[f"δ{i}"]
        says = f"only the last of the {net.rows} samples is counted; += is due, and not ="
        assert named(net, {f"dW{i}": np.outer(y[-1], δ[-1])}) == (f"dW{i}", says)
        assert named(net, {f"db{i}": δ[-1]}) == (f"db{i}", says)


@layers
def test_values_on_the_way_there(net):
    v = net.forward()
    g = net.backward(v)
    for i, name in enumerate(net.functions, 1):
        n = to_subscript(i)
        if name in SYMBOLS:
            f = SYMBOLS[name].format(f"U{n}")
            mine = v | {f"Y{i}": v[f"U{i}"]}
            assert compare(net.loss_of(), values_of(mine)).first.slip == f"it is computed with U{n} in place of {f}"
        if net.functions[i - 1] == "sigmoid":
            mine = values_of(v) | {f"Y{i}": np.tanh(v[f"U{i}"])} | g
            says = f"tanh(U{n}) stands where σ(U{n}) is due"
            first = compare(net.loss_of(), mine).first
            assert (first.key, first.slip) == (f"Y{i}", says)
            assert f"It should be Y{n} = σ(U{n})." in str(compare(net.loss_of(), mine))
    assert named(net, {"E": 2 * v["E"]}) == ("E", "a factor ½ is missing")
    assert named(net, {"E": v["E"] / net.rows}) == ("E", f"it is divided by {net.rows}, and E is not, which is a sum")
    assert named(net, {"Y1": v["Y1"].T}) == ("Y1", "it is transposed")


def test_a_softmax_over_the_wrong_axis():
    for net in LAYERS:
        if net.functions[-1] == "softmax":
            n = len(net.functions)
            e = np.exp(net.forward()[f"U{n}"])
            u = to_subscript(n)
            for axis, says in ((0, "axis 0"), (None, "all axes")):
                mine = e / e.sum(axis=axis, keepdims=True)
                first = compare(net.loss_of(), {f"Y{n}": mine}).first
                assert first.slip in (f"softmax(U{u}) is taken over {says}", "it is no usual slip")
                assert axis is None or first.slip == f"softmax(U{u}) is taken over {says}"


def test_a_wrong_value_explains_all_that_comes_after_it():
    net = THREE_LAYERS
    v = net.forward(functions=("tanh", "tanh", "softmax"))
    mine = values_of(v) | net.backward(v)
    result = compare(net.loss_of(), mine)
    assert (result.first.key, result.first.slip) == ("Y2", "tanh(U₂) stands where σ(U₂) is due")
    assert [row.key for row in result if row.right] == ["U1", "Y1", "U2"]
    assert "→ dW3 follows from Y2" in str(result)


@pytest.mark.parametrize("net", [TWO_LAYERS, THREE_LAYERS, OTHER_LAYERS], ids=lambda net: "-".join(net.functions))
def test_two_slips_at_once(net):
    """Of two mistakes each is told: the second besides what follows from the first, or both in one array."""
    v = net.forward()
    f = SYMBOLS[net.functions[0]].format("U₁")
    g = net.backward(v, slopes={1: lambda u, y: 1})
    result = compare(net.loss_of(), g | {"dW1": -g["dW1"]})
    assert (result.first.key, result.first.slip) == ("δ1", f"f′ is missing, the derivative of {f}")
    assert result["db1"].sources == ("δ1",)
    assert result["dW1"].slip == "the sign is wrong, besides what follows from the wrong ones before it"
    both = f"b₁ is forgotten in U₁ = X W₁ + b₁, and f′ is missing, the derivative of {f}"
    g = net.backward(net.forward(forgotten=1), slopes={1: lambda u, y: 1})
    assert named(net, {"dW1": g["dW1"]}) == ("dW1", both)
    twice = compare(net.loss_of(), g)
    assert twice.first.slip == "b₁ is forgotten in U₁ = X W₁ + b₁"
    assert twice["δ1"].slip.startswith(f"f′ is missing, the derivative of {f}, besides")
    assert twice["dW1"].follows


@pytest.mark.parametrize("net", [TWO_LAYERS, OTHER_LAYERS, RECURRENT[2], WORDS[0]], ids=lambda net: type(net).__name__)
def test_nothing_is_said_of_an_array_that_no_slip_gives(net):
    """Numbers at random are no slip, whatever array they stand for; and one slip is not told of another's array."""
    rng = np.random.default_rng(11)
    loss = net.loss_of()
    for line in derive(loss):
        if line.target.op is None:
            says = compare(loss, {line.symbol: rng.normal(size=line.shape)}).first.slip
            assert says == "it is no usual slip"


def test_functions_written_out_by_hand():
    """σ as 1 / (1 + e⁻ᵘ), softmax as a quotient, and softplus: a function is what stands between U and Y."""
    net = Layers((4, 5, 3), ("sigmoid", "softmax"), "CE")
    x, T = Tensor(net.X, name="X"), Tensor(net.T, name="T")
    W1, b1, W2, b2 = (Tensor(net.p[k], requires_grad=True, name=k) for k in ("W1", "b1", "W2", "b2"))
    e = np.exp(1 / (1 + np.exp(-(x @ W1 + b1))) @ W2 + b2)
    loss = -(T * np.log(e / e.sum(axis=1, keepdims=True))).sum()
    v = net.forward()
    assert compare(loss, values_of(v) | net.backward(v))
    wrong = net.backward(v, slopes={1: lambda u, y: 1 - y**2})
    assert compare(loss, wrong).first.slip.startswith("f′ is that of tanh, 1 − Y₁², and should be that of ")
    wrong = net.backward(v, slopes={2: lambda u, y: y * (1 - y)})
    assert compare(loss, {"dW1": wrong["dW1"]}).first.slip.startswith("only the diagonal of the Jacobian of ")
    u = x @ W1 + b1
    loss = losses.squared_error((u / (1 + np.exp(-u)) + np.sin(u)) @ W2 + b2, T)  # a function of one's own
    U, σ = v["U1"], logistic(v["U1"])
    y = U * σ + np.sin(U)
    δ2 = y @ net.p["W2"] + net.p["b2"] - net.T
    g = δ2 @ net.p["W2"].T
    δ1 = g * (σ + U * σ * (1 - σ) + np.cos(U))
    assert compare(loss, {"Y1": y, "δ2": δ2, "δ1": δ1, "dW2": y.T @ δ2, "dW1": net.X.T @ δ1})
    for mine, says in (
        (net.X.T @ g, "f′ is missing, the derivative of "),
        (net.X.T @ (g * y * (1 - y)), "f′ is that of sigmoid, (1 − Y₁) ⊙ Y₁, and should be that of "),
        (net.X.T @ (g * np.cos(U)), "f′ is that of sin, cos(U₁), and should be that of "),
    ):
        assert compare(loss, {"dW1": mine}).first.slip.startswith(says)
    assert compare(loss, {"dW2": U.T @ δ2}).first.slip == "U₁ is used in place of Y₁"


def test_the_keys_of_values():
    net = OTHER_LAYERS
    v, loss = net.forward(), net.loss_of()
    for key in ("U1", "U₁", " U_1 "):
        assert compare(loss, {key: v["U1"]})
    assert compare(loss, {"U3": v["U3"], "Y3": v["Y3"], "E": v["E"]})  # one Node by two names
    with pytest.raises(ValueError, match="'Y1' and 'Y₁' are the same value, Y₁"):
        compare(loss, {"Y1": v["Y1"], "Y₁": v["Y1"]})
    with pytest.raises(ValueError, match=r"called 'Y9'; there are .*, and of the way there U1, Y1, .*, Y3, E$"):
        compare(loss, {"Y9": v["Y1"]})


def test_results_and_tables_with_names_of_their_own():
    rng = np.random.default_rng(3)
    table, x = rng.normal(size=(4, 3)), rng.normal(size=3)
    E = Tensor(table, requires_grad=True, name="E")  # not the error
    hidden = np.tanh(E @ x)
    loss = (hidden**2).sum()
    h = np.tanh(table @ x)
    right = {"hidden": h, "E": np.outer(2 * h * (1 - h**2), x)}
    assert compare(loss, right, names={"hidden": hidden})
    row = compare(loss, right | {"hidden": table @ x}, names={"hidden": hidden}).first
    assert row.key == row.symbol == "hidden"
    assert row.slip.startswith("it is computed with ")
    assert row.equation.startswith("hidden = tanh(")
