"""Attention and the block of a transformer against their equations, written out here head by head in plain NumPy."""

from math import erf

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, draw, losses, nn
from minigrad.picture.scene.build import scene
from tests.gradients import differences

rng = np.random.default_rng(0)
X, SEEN = rng.normal(size=(3, 5, 8)), rng.normal(size=(3, 4, 8))
MASK = rng.random((3, 5, 5)) < 0.5
MASK[:, np.arange(5), np.arange(5)] = True
each_backend = pytest.mark.parametrize("backend", ["numpy", "native"])


def filled(layer):
    """A layer none of whose parameters is 0."""
    for i, p in enumerate(layer.parameters()):
        p.data = p.data + np.random.default_rng(i).normal(size=p.shape) / 5
    return layer


def attention(p, heads, x, seen, may_look):
    """One sample, head by head, row by row: each row is a mean of the rows of V where it may look."""
    q, k, v = x @ p["Wq"] + p["bq"], seen @ p["Wk"] + p["bk"], seen @ p["Wv"] + p["bv"]
    d = x.shape[1] // heads
    columns = []
    for head in range(heads):
        own = slice(head * d, (head + 1) * d)
        rows = []
        for i in range(len(x)):
            where = np.flatnonzero(may_look[head, i])
            weights = np.exp([q[i, own] @ k[j, own] / np.sqrt(d) for j in where])
            rows.append(weights / weights.sum() @ v[where, own])
        columns.append(rows)
    return np.concatenate(columns, axis=1) @ p["Wo"] + p["bo"]


CASES = {
    "all": ({}, X, None, None, lambda n, h, i, j: True),
    "causal": ({"causal": True}, X, None, None, lambda n, h, i, j: j <= i),
    "cross": ({}, X, SEEN, None, lambda n, h, i, j: True),
    "one mask": ({}, X, None, MASK[0], lambda n, h, i, j: MASK[0, i, j]),
    "a mask for each sample": ({}, X, None, MASK, lambda n, h, i, j: MASK[n, i, j]),
    "a causal mask": ({"causal": True}, X, None, MASK, lambda n, h, i, j: j <= i and MASK[n, i, j]),
}


@pytest.mark.parametrize("heads", [1, 2, 8])
@pytest.mark.parametrize("case", CASES)
def test_the_equations(case, heads):
    options, x, seen, mask, rule = CASES[case]
    layer = filled(nn.MultiHeadAttention(8, heads, rng=0, **options))
    p = {q.name: q.data for q in layer.parameters()}
    other = x if seen is None else seen
    shape = (len(x), heads, x.shape[1], other.shape[1])
    may = np.array([rule(*at) for at in np.ndindex(shape)], bool).reshape(shape)
    wanted = [attention(p, heads, x[n], other[n], may[n]) for n in range(len(x))]
    np.testing.assert_allclose(layer(x, seen, mask).data, wanted, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(layer(x, seen, may if heads > 1 else may[:, 0]).data, wanted, rtol=1e-11, atol=1e-13)
    alone = None if seen is None else seen[0]
    one_mask = mask if mask is None or mask.ndim == 2 else mask[0]
    np.testing.assert_allclose(layer(x[0], alone, one_mask).data, wanted[0], rtol=1e-11, atol=1e-13)


def test_the_block_by_hand():
    block = filled(nn.TransformerBlock(8, 2, causal=True, rng=0))
    γ1, β1, *turned, γ2, β2, W1, b1, W2, b2 = (q.data for q in block.parameters())
    p = dict(zip(("Wq", "Wk", "Wv", "Wo", "bq", "bk", "bv", "bo"), turned, strict=True))
    causal = np.tri(5, dtype=bool)[None].repeat(2, 0)

    def norm(x, γ, β):
        return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * γ + β

    def gelu(x):
        return x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2

    for x, y in zip(X, block(X).data, strict=True):
        z = norm(x, γ1, β1)
        h = x + attention(p, 2, z, z, causal)
        np.testing.assert_allclose(y, h + gelu(norm(h, γ2, β2) @ W1 + b1) @ W2 + b2, rtol=1e-10, atol=1e-12)
    names = [q.name for q in block.parameters()]
    assert names[:3] == ["γ₁", "β₁", "Wq₂"]
    assert names[-4:] == ["W₄", "b₄", "W₅", "b₅"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MultiHeadAttention(8, 2, causal=True, rng=0),
        lambda: nn.MultiHeadAttention(8, rng=0, bias=False),
        lambda: nn.TransformerBlock(8, 2, widening=1, rng=0),
    ],
)
def test_gradients_are_finite_differences(make):
    layer, x, weights = make(), Tensor(X[:2, :3].copy(), requires_grad=True), rng.normal(size=(2, 3, 8))
    leaves = [x, *layer.parameters()]

    def loss():
        return (layer(x, mask=MASK[:2, :3, :3]) * weights).sum()

    loss().backward()
    slopes = differences(lambda *_: loss().data, [leaf.array for leaf in leaves], 1.0)
    for leaf, slope in zip(leaves, slopes, strict=True):
        np.testing.assert_allclose(leaf.grad.data, slope, rtol=1e-5, atol=1e-8)


@each_backend
@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MultiHeadAttention(8, 2, rng=0),
        lambda: nn.TransformerBlock(8, 2, causal=True, rng=0),
        lambda: nn.TransformerBlock(8, 2, dropout=0.2, rng=0),
    ],
)
def test_compiled_is_eager(make, backend):
    T, results = rng.normal(size=X.shape), []
    for how in (lambda f: f, lambda f: compile(f, backend=backend)):
        layer = make()

        @how
        def step(x, t, mask, layer=layer):
            E = losses.squared_error(layer(x, mask=mask), t)
            E.backward()
            return E

        for _ in range(3):
            for p in layer.parameters():
                p.grad = None
            E = step(X, T, MASK)
        results.append([E.data, *(p.grad.data for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MultiHeadAttention(8, rng=0, bias=False),
        lambda: nn.MultiHeadAttention(8, 2, causal=True, rng=0),
        lambda: nn.TransformerBlock(8, 2, rng=0),
    ],
)
def test_the_derivation_agrees_with_finite_differences(make):
    E = losses.squared_error(make()(Tensor(X, name="X")), np.zeros(X.shape))
    assert derive(E).check().first is None
    assert "<svg" in draw(E).svg()


def test_the_derivation_of_one_head_is_a_textbooks():
    layer = nn.MultiHeadAttention(8, rng=0, bias=False)
    text = str(derive(losses.squared_error(layer(Tensor(X[0], name="X")), np.zeros((5, 8)))))
    for line in ("∂E/∂A = δ₄ Woᵀ Vᵀ", "∂E/∂V = Aᵀ", "∂E/∂S = A ⊙ ", "∂E/∂Wq = Xᵀ δ₁"):
        assert line in text


def test_nothing_later_is_seen():
    block, other = nn.TransformerBlock(8, 2, causal=True, rng=0), X.copy()
    other[:, 3:] += 1
    np.testing.assert_array_equal(block(X).data[:, :3], block(other).data[:, :3])


def test_pytorch_has_the_same_block():
    torch = pytest.importorskip("torch")

    block = filled(nn.TransformerBlock(8, 2, rng=0))
    options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    peer = torch.nn.TransformerEncoderLayer(8, 2, 32, **options).double()
    γ1, β1, Wq, Wk, Wv, Wo, bq, bk, bv, bo, γ2, β2, W1, b1, W2, b2 = (q.data for q in block.parameters())
    with torch.no_grad():
        for ours, theirs in {
            "norm1.weight": γ1, "norm1.bias": β1, "norm2.weight": γ2, "norm2.bias": β2,
            "self_attn.in_proj_weight": np.concatenate([Wq.T, Wk.T, Wv.T]),
            "self_attn.in_proj_bias": np.concatenate([bq, bk, bv]),
            "self_attn.out_proj.weight": Wo.T, "self_attn.out_proj.bias": bo,
            "linear1.weight": W1.T, "linear1.bias": b1, "linear2.weight": W2.T, "linear2.bias": b2,
        }.items():  # fmt: skip
            peer.get_parameter(ours).copy_(torch.tensor(theirs))
        wanted = peer(torch.tensor(X)).numpy()
    np.testing.assert_allclose(block(X).data, wanted, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: nn.MultiHeadAttention(8, 3), ValueError, "a size of 8 cannot be split into 3 heads"),
        (lambda: nn.MultiHeadAttention(8, 0), ValueError, "heads must be 1 or more"),
        (lambda: nn.MultiHeadAttention(8)(X[..., :7]), ValueError, r"wanted a sequence \(samples, steps, 8\)"),
        (lambda: nn.MultiHeadAttention(8)(X, mask=MASK[:, :4]), ValueError, r"mask must be \(5, 5\) or \(3, 5, 5\)"),
        (lambda: nn.TransformerBlock(8, widening=0), ValueError, "widening must be 1 or more"),
        (lambda: nn.TransformerBlock(8, dropout=1.0), ValueError, "rate is the share that is dropped"),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def frames(E):
    """The titles of a picture's frames, each with the symbols of the values in it."""
    shown = scene(E, values=False, backward=False)
    inside = {c.id: [box.symbol for box in shown.boxes if box.cluster == c.id] for c in shown.clusters}
    return {c.title: inside[c.id] for c in shown.clusters if c.id.startswith("heads")}


@pytest.mark.parametrize("heads", [2, 4])
def test_a_picture_frames_what_all_heads_do_and_says_how_many_they_are(heads):
    layer = nn.MultiHeadAttention(8, heads, causal=True, rng=0)
    assert frames((layer(Tensor(X, name="X")) ** 2).sum()) == {f"×{heads} heads": ["S", "v₁", "A", "v₂"]}


def test_heads_are_seen_however_they_are_written_and_where_there_are_several():
    def own(x, W, n):
        samples, steps, size = x.shape
        Q, K = (np.transpose((x @ w).reshape(samples, steps, n, size // n), (0, 2, 1, 3)) for w in W)
        y = np.tanh(Q @ np.swapaxes(K, 2, 3)) @ Q
        return np.transpose(y, (0, 2, 1, 3)).reshape(x.shape)

    W = [Tensor(rng.normal(size=(8, 8)), requires_grad=True, name=name) for name in ("Wa", "Wb")]
    found = frames((own(own(X, W, 4), W, 2) ** 2).sum())
    assert list(found) == ["×4 heads", "×2 heads"]
    first, second = map(set, found.values())
    assert len(first) == len(second) >= 3
    assert not first & second


def test_what_is_no_head_is_not_framed():
    w = Tensor(rng.normal(size=(8, 8)), requires_grad=True, name="w")
    assert frames((nn.MultiHeadAttention(8, 1, rng=0)(Tensor(X, name="X")) ** 2).sum()) == {}
    turned = np.swapaxes((X @ w).reshape(3, 5, 4, 2), 1, 2)  # no product of each by itself
    assert frames((np.tanh(turned) ** 2).sum()) == {}
    mixed = np.swapaxes((X @ w).reshape(3, 5, 4, 2), 1, 2).sum(axis=1) @ np.ones((2, 2))
    assert frames((mixed**2).sum()) == {}


def test_the_gates_of_an_lstm_have_the_names_that_books_have():
    out, _ = nn.LSTM(3, 4, rng=0)(Tensor(rng.normal(size=(2, 5, 3)), name="X"))
    symbols = {box.symbol for box in scene((out**2).sum(), values=False).boxes}
    assert {"iₜ", "fₜ", "gₜ", "oₜ", "cₜ", "hₜ"} <= symbols
