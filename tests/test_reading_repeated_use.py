"""What several formulas need has a line of its own; terms that differ in an index alone are written once."""

from functools import reduce
from itertools import product
from operator import add

import numpy as np
import pytest

from minigrad import Tensor, derive, draw, losses, sigmoid, softmax
from minigrad.algebra.graph import evaluate
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.running import Running, RunningSum, fold_sums
from minigrad.ops.indexing import Index
from tests.reading_data import RNG, X, exact

ATTENTION = """
v₁ = Q Kᵀ / 2
∂E/∂Y = Y − T
δ₃ = ∂E/∂V = Aᵀ ∂E/∂Y
∂E/∂Wv = Xᵀ δ₃
∂E/∂A = ∂E/∂Y Vᵀ
∂E/∂v₁ = A ⊙ (∂E/∂A − Σₖ ∂E/∂A ⊙ A)
δ₂ = ∂E/∂K = (∂E/∂v₁)ᵀ Q / 2
∂E/∂Wk = Xᵀ δ₂
δ₁ = ∂E/∂Q = ∂E/∂v₁ K / 2
∂E/∂Wq = Xᵀ δ₁
""".strip()


def attention(*named):
    x, t = Tensor(X, name="X"), Tensor(RNG.normal(size=(6, 4)), name="T")
    Wq, Wk, Wv = (Tensor(RNG.normal(size=(4, 4)), requires_grad=True, name=name) for name in ("Wq", "Wk", "Wv"))
    Q, K, V = x @ Wq, x @ Wk, x @ Wv
    A = softmax(Q @ K.T / 2)
    Y = A @ V
    own = locals()
    return losses.squared_error(Y, t), {name: own[name] for name in named}


def test_scores_of_attention_have_a_line_of_their_own():
    E, names = attention(*"QKVAY")
    derivation = exact(derive(E, names=names))
    assert str(derivation) == ATTENTION
    assert "v1 = Q @ K.T / 2" in derivation.to_numpy()
    assert [box.formula for box in draw(E, names=names).scene.boxes if box.symbol == "v₁"] == ["Q Kᵀ / 2"]
    E, _ = attention()
    assert str(exact(derive(E))).splitlines() == [
        "v₁ = Y₁ Y₂ᵀ / 2",
        "v₂ = softmax(v₁)",
        "v₃ = v₂ Y₃",
        "∂E/∂v₃ = v₃ − T",
        "δ₃ = ∂E/∂U₃ = v₂ᵀ ∂E/∂v₃",
        "∂E/∂Wv = Xᵀ δ₃",
        "∂E/∂v₂ = ∂E/∂v₃ Y₃ᵀ",
        "∂E/∂v₁ = v₂ ⊙ (∂E/∂v₂ − Σₖ ∂E/∂v₂ ⊙ v₂)",
        "δ₂ = ∂E/∂U₂ = (∂E/∂v₁)ᵀ Y₁ / 2",
        "∂E/∂Wk = Xᵀ δ₂",
        "δ₁ = ∂E/∂U₁ = ∂E/∂v₁ Y₂ / 2",
        "∂E/∂Wq = Xᵀ δ₁",
    ]


def test_what_is_used_twice_and_is_short_needs_no_symbol():
    W = Tensor(RNG.normal(size=(4, 3)), requires_grad=True, name="W")
    U = Tensor(X, name="X") @ W
    derivation = exact(derive(((np.tanh(U) * sigmoid(U) - 1.0) ** 2).sum(), names={"U": U}))
    assert not [name for name, _ in derivation.forward if name.startswith("v")]


def test_sums_in_a_residual_net_have_symbols_and_lines():
    Y = Tensor(X, name="X") @ Tensor(RNG.normal(size=(4, 4)), requires_grad=True, name="W1")
    for i in range(2, 8):
        Y = Y + np.tanh(Y @ Tensor(RNG.normal(size=(4, 4)) / 3, requires_grad=True, name=f"W{i}"))
    derivation = exact(derive(losses.squared_error(Y, Tensor(X, name="T")), fold=False))
    lines = {line.of: str(line) for line in derivation}
    assert lines["W₇"] == "∂E/∂W₇ = v₅ᵀ δ₇"
    assert lines["v₄"] == "∂E/∂v₄ = ∂E/∂v₅ + δ₆ W₆ᵀ"
    assert max(map(len, lines.values())) < 45


def image(h, w, n=2):
    return Tensor(RNG.normal(size=(n, h, w)), name="x"), Tensor(RNG.normal(size=(n, h - 2, w - 2)), name="T")


GRADIENTS = ["∂E/∂v₃₇", "∂E/∂v₃₆", "∂E/∂k"]


def test_an_image_through_a_kernel_by_slices_is_a_few_short_lines():
    x, T = image(6, 7)
    k = Tensor(RNG.normal(size=(3, 3)), requires_grad=True, name="k")
    u = sum(x[:, i : i + 4, j : j + 5] * k[i, j] for i in range(3) for j in range(3))
    y = np.tanh(u)
    derivation = exact(derive(losses.squared_error(y, T), names={"U": u, "Y": y}))
    assert derivation.to_text().splitlines() == [
        "∂E/∂Y = Y − T",
        "∂E/∂U = ∂E/∂Y ⊙ (1 − Y²)",
        "∂E/∂k = Σᵢⱼ scatter(Σ ∂E/∂U ⊙ x[:, i:i+4, j:j+5], [i, j])",
    ]
    assert str(derivation.forward_lines[0]) == "U = Σᵢⱼ x[:, i:i+4, j:j+5] ⊙ k[i, j]"
    assert r"\sum_{ij} \operatorname{scatter}\left( \sum" in derivation.to_latex()
    unnamed = exact(derive(losses.squared_error(y, T)))
    assert max(map(len, str(unnamed).splitlines())) < 70
    assert [line.split(" = ")[0] for line in str(unnamed).splitlines()] == ["v₃₆", "v₃₇", *GRADIENTS]


def test_a_convolution_by_products_of_slices_is_a_layer():
    x, T = Tensor(RNG.normal(size=(2, 6, 6, 3)), name="x"), Tensor(RNG.normal(size=(2, 4, 4, 2)), name="T")
    k = Tensor(RNG.normal(size=(3, 3, 3, 2)), requires_grad=True, name="k")
    b = Tensor(RNG.normal(size=2), requires_grad=True, name="b")
    u = sum(x[:, i : i + 4, j : j + 4] @ k[i, j] for i in range(3) for j in range(3)) + b
    derivation = exact(derive(losses.squared_error(np.maximum(u, 0), T)))
    assert str(derivation.forward_lines[0]) == "U₁ = Σᵢⱼ x[:, i:i+4, j:j+4] k[i, j] + b"
    assert derivation.to_text().splitlines() == [
        "∂E/∂Y₁ = Y₁ − T",
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (U₁ > 0)",
        "∂E/∂k = Σᵢⱼ scatter(reshape(x[:, i:i+4, j:j+4])ᵀ reshape(δ₁), [i, j])",
        "∂E/∂b = Σₙᵢⱼ δ₁",
    ]


def written_out(expression, sizes):
    """Open the sums of an expression that was made to be written: its terms at each place of their indices."""

    def placed(key, at):
        if isinstance(key, tuple):
            return tuple(placed(part, at) for part in key)
        if isinstance(key, slice):
            return slice(placed(key.start, at), placed(key.stop, at), key.step)
        return at[key.letter] * key.step + key.offset if isinstance(key, Running) else key

    def opened(node, at):
        if not isinstance(node, Node) or node.op is None:
            return node
        if isinstance(node.op, RunningSum):
            grid = product(*(range(n) for n in sizes.values()))
            return sum(opened(node.inputs[0], dict(zip(sizes, places, strict=True))) for places in grid)
        op = Index(placed(node.op.key, at)) if type(node.op) is Index else node.op
        return op(*(opened(x, at) for x in node.inputs))

    return opened(expression, {})


@pytest.mark.parametrize(
    ("terms", "text_of_it", "sizes"),
    [
        (lambda x, k: [x[i : i + 3] * k[i] for i in range(5)], "Σᵢ x[i:i+3] ⊙ k[i]", {"i": 5}),
        (lambda x, k: [x[2 * i + 1 : 2 * i + 4] * k[i] for i in range(4)], "Σᵢ x[2i+1:2i+4] ⊙ k[i]", {"i": 4}),
        (lambda x, k: [x[4 - i] * k[i : i + 2] for i in range(4)], None, {}),
        (lambda x, k: [x[i : i + 3] * k[i] for i in (0, 1, 2, 4)], None, {}),
        (lambda x, k: [x[i : i + 3] * k[i] for i in range(3)], None, {}),
        (lambda x, k: [np.exp(x[i : i + 3]) / (1 + k[j]) for j in (3, 4) for i in (1, 2)],
         "Σᵢⱼ exp(x[i+1:i+4]) / (1 + k[j+3])", {"i": 2, "j": 2}),
        (lambda x, k: [k[:3], *(x[i : i + 3] for i in range(4)), x[9:12] ** 2],
         "k[:3] + Σᵢ x[i:i+3] + x[9:12]²", {"i": 4}),
    ],
)  # fmt: skip
def test_terms_that_differ_in_an_index_are_written_once(terms, text_of_it, sizes):
    x, k = Node(name="x", shape=(12,), table={}), Node(name="k", shape=(5,))
    k.table = x.table
    expression = reduce(add, terms(x, k))
    folded = fold_sums(expression, {})
    assert (text(expression) == text_of_it) if text_of_it else (folded is expression and "Σ" not in text(expression))
    known = {x: RNG.normal(size=12), k: RNG.normal(size=5)}
    value, again = evaluate([expression, written_out(folded, sizes)], known)
    np.testing.assert_allclose(value, again, rtol=1e-12)
