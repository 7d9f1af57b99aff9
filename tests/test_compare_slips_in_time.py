"""Slips in the steps of a recurrent network, around an index and in one of several uses, made by hand and named."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses
from minigrad.derivation.comparing.judge import Judge
from minigrad.derivation.comparing.places import places_of
from tests.byhand import WORDS, logistic
from tests.slips_by_hand import layers, named, recurrent

words = pytest.mark.parametrize("net", WORDS, ids=lambda net: f"{net.indices}")


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


@pytest.mark.parametrize("steps", [3, 30])
def test_where_there_is_no_usual_slip_the_search_ends(steps):
    """All pairs of slips in 30 steps would be a million operations, and five seconds; each takes about 4 μs."""
    rng = np.random.default_rng(0)
    Wx, Wh, V = (Tensor(rng.normal(size=s) / 2, requires_grad=True) for s in ((3, 4), (4, 4), (4, 2)))
    b, h = Tensor(np.zeros(4), requires_grad=True), np.zeros((5, 4))
    for x in rng.normal(size=(steps, 5, 3)):
        h = np.tanh(x @ Wx + h @ Wh + b)
    derivation = derive(losses.squared_error(h @ V, np.ones((5, 2))), names={"V": V}, fold=False)
    judge = Judge(derivation, 1.0, [])
    (place,) = (x for x in places_of(derivation) if "V" in x.names and not x.forward)
    assert judge.row(place, "dV", rng.normal(size=V.shape)).slip == "it is no usual slip"
    assert judge.true.tape.visited < 500_000
