"""Values on the way to the loss that are wrong, two slips at once, and arrays that no slip gives."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses
from minigrad.ops.common.alphabet import to_subscript
from tests.byhand import LAYERS, OTHER_LAYERS, RECURRENT, THREE_LAYERS, TWO_LAYERS, WORDS, Layers, logistic
from tests.slips_by_hand import SYMBOLS, layers, named, values_of


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


def standardized(u):
    return (u - u.mean(axis=0)) / u.std(axis=0)


FUNCTIONS = {
    "leaky, learned": (lambda u, a: np.where(u > 0, u, a * u), lambda u, a, g: g * np.where(u > 0, 1, a)),
    "signed root": (
        lambda u, a: a * np.sign(u) * np.sqrt(np.abs(u)), lambda u, a, g: a * g / (2 * np.sqrt(np.abs(u)))),
    "sawtooth": (lambda u, a: u - a * np.floor(u), lambda u, a, g: g),
    "standardized": (
        lambda u, a: standardized(u),
        lambda u, a, g: (g - g.mean(axis=0) - standardized(u) * (g * standardized(u)).mean(axis=0)) / u.std(axis=0)),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_has_no_slope_or_several_axes_is_compared_too(name):
    f, back = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    x, w, t, a = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=(5, 2)), np.float64(0.3)
    W, A = Tensor(w, requires_grad=True, name="W"), Tensor(a, requires_grad=True, name="a")
    E = losses.squared_error(f(Tensor(x, name="X") @ W, A), Tensor(t, name="T"))
    u = x @ w
    δ = back(u, a, f(u, a) - t)
    assert compare(E, {"delta1": δ, "dW": x.T @ δ}).ok
    assert compare(E, {"delta1": δ + rng.normal(size=δ.shape)}).first.slip == "it is no usual slip"
    assert compare(E, {"delta1": δ.reshape(2, 5)}).first.slip == (
        "its numbers are right, in shape (2, 5) instead of (5, 2)"
    )
    assert compare(E, {"E": np.reshape(E.data, (1,))}).first.slip == (
        "its numbers are right, in shape (1,) instead of ()"
    )


def test_numbers_in_another_shape_are_not_explained_by_slips_that_cancel():
    a = Tensor(0.3, requires_grad=True, name="a")
    x, t = np.linspace(-1, 1, 6).reshape(3, 2), np.ones((3, 2))
    E = losses.squared_error(np.where(x > 0, x, a * x), t)
    mine = [np.sum((np.where(x > 0, x, 0.3 * x) - t) * np.where(x > 0, 0, x))]
    assert compare(E, {"da": mine}).first.slip == "its numbers are right, in shape (1,) instead of ()"
