"""Recurrent layers against their equations, written out here in plain NumPy, sample by sample and step by step."""

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, draw, losses, nn, no_grad
from tests.gradients import differences

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 6, 3))
LENGTHS = np.array([6, 2, 4, 1])
LAYERS = [nn.RNN, nn.LSTM, nn.GRU]
each_layer = pytest.mark.parametrize("kind", LAYERS)
each_backend = pytest.mark.parametrize("backend", ["numpy", "native"])


def σ(x):
    return 1 / (1 + np.exp(-x))


def by_hand(layer, x, h, c):
    """One step of one sample, from the parameters by their names."""
    p = {q.name: q.data for q in layer.parameters()}
    if isinstance(layer, nn.RNN):
        return np.tanh(x @ p["Wx"] + h @ p["Wh"] + p["b"]), None
    total = {k: x @ p[f"W{k}"] + h @ p[f"U{k}"] + p[f"b{k}"] for k in "ifog zrg" if f"W{k}" in p}
    if isinstance(layer, nn.LSTM):
        c = σ(total["f"]) * c + σ(total["i"]) * np.tanh(total["g"])
        return σ(total["o"]) * np.tanh(c), c
    z, r = σ(total["z"]), σ(total["r"])
    return (1 - z) * h + z * np.tanh(x @ p["Wg"] + (r * h) @ p["Ug"] + p["bg"]), None


def all_by_hand(layer, x, lengths=None, h0=None, c0=None):
    """All states of all samples, and the last ones."""
    every, last = np.zeros((*x.shape[:2], layer.units)), []
    for n in range(len(x)):
        h = np.zeros(layer.units) if h0 is None else h0[n]
        c = np.zeros(layer.units) if c0 is None else c0[n]
        for t in range(x.shape[1]):
            if lengths is None or t < lengths[n]:
                h, c = by_hand(layer, x[n, t], h, c)
            every[n, t] = h
        last.append((h, c))
    return every, np.array([h for h, _ in last]), [c for _, c in last]


def made(kind, **options):
    """A layer none of whose parameters is 0."""
    layer = kind(3, 5, rng=1, **options)
    for i, p in enumerate(layer.parameters()):
        p.data = p.data + np.random.default_rng(i).normal(size=p.shape) / 3
    return layer


@each_layer
@pytest.mark.parametrize("lengths", [None, LENGTHS, np.arange(6) < LENGTHS[:, None]], ids=["all", "lengths", "bool"])
def test_the_equations(kind, lengths):
    layer = made(kind)
    every, last = layer(X, lengths=lengths)
    wanted, h, c = all_by_hand(layer, X, None if lengths is None else LENGTHS)
    np.testing.assert_allclose(every.data, wanted, rtol=1e-12)
    if kind is nn.LSTM:
        last, cell = last
        np.testing.assert_allclose(cell.data, c, rtol=1e-12)
    np.testing.assert_allclose(last.data, h, rtol=1e-12)


@each_layer
def test_it_starts_from_a_given_state(kind):
    layer = made(kind)
    h0, c0 = rng.normal(size=(2, 4, 5))
    state = (h0, c0) if kind is nn.LSTM else h0
    every, _ = layer(X, state)
    np.testing.assert_allclose(every.data, all_by_hand(layer, X, h0=h0, c0=c0)[0], rtol=1e-12)


@each_layer
def test_steps_one_by_one_are_those_of_the_sequence(kind):
    layer, state = made(kind), None
    every, last = layer(X)
    for t in range(6):
        state = layer.step(X[:, t], state)
        h = state[0] if kind is nn.LSTM else state
        np.testing.assert_allclose(h.data, every.data[:, t], rtol=1e-12)
    np.testing.assert_array_equal(np.array([s.data for s in state]), np.array([s.data for s in last]))


@each_layer
def test_gradients_are_finite_differences(kind):
    layer, weights = made(kind), np.random.default_rng(3).normal(size=(4, 6, 5))
    x, h0 = Tensor(X.copy(), requires_grad=True), Tensor(rng.normal(size=5), requires_grad=True)
    leaves = [x, h0, *layer.parameters()]

    def loss():
        state = (h0, np.ones(5)) if kind is nn.LSTM else h0
        return (layer(x, state, LENGTHS)[0] * weights).sum()

    loss().backward()
    slopes = differences(lambda *_: loss().data, [leaf.array for leaf in leaves], 1.0)
    for leaf, slope in zip(leaves, slopes, strict=True):
        np.testing.assert_allclose(leaf.grad.data, slope, rtol=1e-6, atol=1e-8)
    assert not x.grad.data[1, 2:].any()  # what does not count has no gradient


def test_what_is_given():
    assert nn.RNN(3, 5, "all")(X).shape == (4, 6, 5)
    assert nn.GRU(3, 5, "last")(X).shape == (4, 5)
    every, (h, c) = nn.LSTM(3, 5)(X)
    assert (every.shape, h.shape, c.shape) == ((4, 6, 5), (4, 5), (4, 5))
    model = nn.Sequential(nn.LSTM(3, 5, "all"), nn.GRU(5, 4, "last"), nn.Linear(4, 2))
    assert model(X).shape == (4, 2)
    assert [p.name for p in model.parameters()][:3] == ["Wi₁", "Ui₁", "bi₁"]
    assert nn.RNN(3, 5, dtype=np.float32)(X.astype(np.float32))[0].dtype == np.float32
    assert repr(nn.LSTM(3, 5)) == "LSTM(3, 5)"
    np.testing.assert_array_equal(nn.LSTM(3, 5).bf.data, np.ones(5))


def test_truncated_backpropagation_by_hand():
    """δ goes back to the last multiple of 2 steps, and no further; the parameters get a share of every step."""
    layer = nn.RNN(3, 5, truncate=2, rng=0)
    E = (layer(X)[0][:, 3:] ** 2).sum() / 2
    E.backward()
    wx, wh = layer.Wx.data, layer.Wh.data
    h = [np.zeros((4, 5))]
    for t in range(6):
        h.append(np.tanh(X[:, t] @ wx + h[-1] @ wh + layer.b.data))
    dwx, dwh, dh = np.zeros_like(wx), np.zeros_like(wh), 0
    for t in reversed(range(2, 6)):  # step 2 is in the block of step 3; steps 0 and 1 are cut off
        delta = (dh + (h[t + 1] if t >= 3 else 0)) * (1 - h[t + 1] ** 2)
        dwx, dwh = dwx + X[:, t].T @ delta, dwh + h[t].T @ delta
        dh = 0 if t % 2 == 0 else delta @ wh.T
    np.testing.assert_allclose(layer.Wx.grad.data, dwx, rtol=1e-12)
    np.testing.assert_allclose(layer.Wh.grad.data, dwh, rtol=1e-12)
    np.testing.assert_array_equal(layer(X)[0].data, nn.RNN(3, 5, rng=0)(X)[0].data)


@each_backend
@each_layer
@pytest.mark.parametrize("options", [{}, {"truncate": 2}], ids=["whole", "truncated"])
def test_compiled_is_eager(kind, backend, options):
    layer = made(kind, **options)

    def step(x, t, lengths):
        every, _ = layer(x, lengths=lengths)
        E = losses.squared_error(every, t)
        E.backward()
        return E, every

    compiled, T = compile(step, backend=backend), rng.normal(size=(4, 6, 5))
    results = []
    for run in (step, compiled, compiled):
        for p in layer.parameters():
            p.grad = None
        E, every = run(X, T, LENGTHS)
        results.append([E.data, every.data, *(p.grad.data for p in layer.parameters())])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


@each_layer
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_the_derivation_agrees_with_finite_differences(kind, steps):
    layer = made(kind, gives="last")
    E = losses.squared_error(layer(Tensor(X[:, :steps], name="X")), np.ones((4, 5)))
    found = derive(E)
    assert found.check().first is None
    assert "<svg" in draw(E).svg()


def test_the_derivation_of_an_lstm_is_a_textbooks():
    layer = made(nn.LSTM, gives="last")
    text = str(derive(losses.squared_error(layer(Tensor(X, name="X")), np.ones((4, 5)))))
    for line in (
        "∂E/∂gₜ = ∂E/∂cₜ ⊙ iₜ  for t = 6 … 1",
        "∂E/∂fₜ = ∂E/∂cₜ ⊙ cₜ₋₁  for t = 6 … 1",
        "∂E/∂oₜ = ∂E/∂hₜ ⊙ tanh(cₜ)  for t = 6 … 1",
        "∂E/∂cₜ = ∂E/∂cₜ₊₁ ⊙ fₜ₊₁ + ∂E/∂hₜ ⊙ oₜ ⊙ (1 − tanh(cₜ)²)  for t = 5 … 1",
        "∂E/∂Ui = Σₜ hₜ₋₁ᵀ δ⁽¹⁾ₜ",
    ):
        assert line in text


def test_the_picture_of_an_lstm_names_its_gates():
    layer = made(nn.LSTM, gives="last")
    scene = draw(losses.squared_error(layer(X[:, :1]), np.ones((4, 5)))).source
    for name in ("i", "f", "o", "g", "c", "h"):
        assert f"<B>{name}</B></FONT>" in scene


def test_pytorch_has_the_same_lstm():
    torch = pytest.importorskip("torch")

    layer, peer = made(nn.LSTM), torch.nn.LSTM(3, 5, batch_first=True).double()
    p = {q.name: q.data for q in layer.parameters()}
    with torch.no_grad():
        for name, letter in (("weight_ih_l0", "W"), ("weight_hh_l0", "U"), ("bias_ih_l0", "b")):
            getattr(peer, name).copy_(torch.tensor(np.concatenate([p[letter + k].T for k in "ifgo"])))
        peer.bias_hh_l0.zero_()
        wanted = peer(torch.tensor(X))[0].numpy()
    np.testing.assert_allclose(layer(X)[0].data, wanted, rtol=1e-10)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: nn.RNN(0, 3), ValueError, "RNN: inputs must be 1 or more"),
        (lambda: nn.GRU(3, 2.5), TypeError, "GRU: units must be an integer"),
        (lambda: nn.GRU(3, 2, gives="first"), ValueError, "gives must be one of 'both', 'all', 'last', not 'first'"),
        (lambda: nn.GRU(3, 2, truncate=0), ValueError, "truncate must be 1 or more"),
        (lambda: nn.LSTM(3, 2, init=1), TypeError, "LSTM: init must be a function"),
        (lambda: nn.LSTM(3, 2)(X[0]), ValueError, r"wanted \(samples, steps, 3\).* shape \(6, 3\).*x\[None\]"),
        (lambda: nn.LSTM(3, 2)(X[:, :0]), ValueError, "of one step or more"),
        (lambda: nn.LSTM(4, 2)(X), ValueError, r"LSTM\(4, 2\): wanted \(samples, steps, 4\)"),
        (lambda: nn.LSTM(3, 2).step(X), ValueError, r"step: wanted one step, \(samples, 3\)"),
        (lambda: nn.LSTM(3, 2)(X, np.ones((4, 2))), TypeError, r"the state is \(h, c\), not a ndarray"),
        (lambda: nn.RNN(3, 2)(X, np.ones((3, 2))), ValueError, r"the state h must be \(4, 2\).* not \(3, 2\)"),
        (lambda: nn.RNN(3, 2)(X, lengths=[1, 2]), ValueError, "lengths must be 4 whole numbers"),
        (lambda: nn.RNN(3, 2)(X, lengths=[1, 2, 3, 7]), ValueError, "lengths must be from 0 to 6, .* not 7"),
        (lambda: nn.RNN(3, 2)(X, lengths=[1.0] * 4), ValueError, "not float64"),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_without_a_record():
    with no_grad():
        every, last = nn.GRU(3, 5, rng=0)(X)
    assert not every.requires_grad
    np.testing.assert_array_equal(every.data[:, -1], last.data)
