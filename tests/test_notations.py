"""A derivation in each notation and format, and the code written from it, against the engine."""

from xml.etree import ElementTree

import numpy as np
import pytest
from latex2mathml.converter import convert

from minigrad import Tensor, derive
from minigrad.engine.node import Node
from minigrad.notation.formula import latex, mathml, text
from minigrad.notation.symbols import At, Indexed, split_name
from minigrad.notation.term import symbol_term, write_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.mathml import MATHML
from minigrad.notation.writers.text import TEXT
from tests.networks import NETWORKS, mlp
from tests.samples import SAMPLES


def test_index_notation_is_the_books():
    loss, given = mlp(rows=1)
    assert derive(loss, given=given).to_text("index").splitlines() == [
        "δₖ = ∂E/∂uₖ = yₖ − tₖ    (Σ T = 1 along axis -1)",
        "∂E/∂wⱼₖ = yⱼ δₖ",
        "∂E/∂bₖ = δₖ",
        "∂E/∂yⱼ = Σᵣ δᵣ wⱼᵣ",
        "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ",
        "∂E/∂wᵢⱼ = xᵢ δⱼ",
        "∂E/∂bⱼ = δⱼ",
    ]


def test_the_samples_have_an_index_where_they_are_summed():
    loss, _ = mlp()
    lines = derive(loss).to_text("index").splitlines()
    assert lines[0] == "δₖ = ∂E/∂uₖ = yₖ Σᵣ tᵣ − tₖ = yₖ − tₖ if Σ T = 1, as in this T"
    assert lines[1:3] == ["∂E/∂wⱼₖ = Σₙ yₙⱼ δₙₖ", "∂E/∂bₖ = Σₙ δₙₖ"]


def test_a_deeper_net_keeps_the_number_of_the_layer():
    loss, given = mlp((4, 5, 6, 7, 3))
    text = derive(loss, given=given).to_text("index")
    assert "δ⁽²⁾ⱼ = ∂E/∂u⁽²⁾ⱼ = (Σᵣ δ⁽³⁾ᵣ w⁽³⁾ⱼᵣ)(1 − y⁽²⁾ⱼ)y⁽²⁾ⱼ" in text
    assert "∂E/∂w⁽²⁾ᵢⱼ = Σₙ y⁽¹⁾ₙᵢ δ⁽²⁾ₙⱼ" in text


def test_one_sample_as_a_vector_gives_an_outer_product():
    x = Tensor(np.arange(4.0), name="x")
    W = Tensor(np.ones((4, 3)), requires_grad=True, name="W")
    derivation = derive(((x @ W) ** 2).sum())
    assert str(derivation[-1]) == "∂E/∂W = x δ₁ᵀ"
    assert derivation.to_text("index").splitlines()[-1] == "∂E/∂wᵢⱼ = xᵢ δⱼ"


def test_plain_text_is_ascii():
    loss, given = mlp()
    text = derive(loss, given=given).to_text("text")
    assert text.isascii()
    assert text.splitlines()[:2] == ["delta2 = dE/dU2 = Y2 - T    (sum T = 1 along axis -1)", "dE/dW2 = Y1.T @ delta2"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("notation", ["matrix", "index", "text"])
def test_other_parsers_read_every_format(network, notation):
    loss, given = network()
    derivation = derive(loss, given=given)
    readable(derivation, notation)


def readable(derivation, notation):
    """Have each format read by a parser of its own."""
    tex, shown = derivation.to_latex(notation), derivation._written.lines
    assert tex.startswith(r"\begin{aligned}")
    assert tex.count("&=") == len(shown)
    assert "merror" not in convert(tex)
    assert derivation.to_markdown(notation).count("\n") == len(shown) + 1
    style, table = derivation.to_html(notation).split("</style>\n")
    assert "http" not in style + table
    root = ElementTree.fromstring(table)
    assert len(root.findall(".//tbody/tr")) == len(shown)
    assert all(cell.get("alttext") for cell in root.iter("math"))


def test_notebooks_show_mathematics():
    loss, _ = mlp()
    derivation = derive(loss)
    assert derivation._repr_html_() == derivation.to_html(steps=True)
    assert r"\delta_2" in derivation._repr_latex_()


def test_an_unknown_notation():
    loss, _ = mlp()
    with pytest.raises(ValueError, match="'matrix', 'index', 'text', not 'tensor'"):
        derive(loss).to_latex("tensor")


def run(derivation):
    """Execute the generated code on the traced values: E and the gradients, in the order of the arguments."""
    source = derivation.to_numpy()
    assert "minigrad" not in source
    space = {}
    exec(source, space)
    arrays = [np.asarray(x, np.float64) for x in derivation.graph.values.values()]
    E, gradients = space["loss_and_gradients"](*arrays)
    return E, list(gradients.values())


def agrees(loss, derivation):
    """Compare the code's E and gradients with those of the engine's own backward pass."""
    E, gradients = run(derivation)
    np.testing.assert_allclose(E, loss.data, rtol=1e-12, atol=1e-13)
    loss.backward()
    leaves = {id(node): t for t, node in derivation._nodes.items() if t.op is None}
    own = {line.target for line in derivation}
    wanted = [leaves[id(x)] for x in derivation.graph.values if x in own]
    for t, found in zip(wanted, gradients, strict=True):
        np.testing.assert_allclose(found, 0.0 if t.grad is None else t.grad, rtol=1e-9, atol=1e-12)
        assert np.shape(found) == t.shape


@pytest.mark.parametrize("network", NETWORKS)
def test_the_code_gives_the_engines_gradients(network):
    loss, given = network()
    agrees(loss, derive(loss, given=given, fold=False))


@pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
def test_every_operation_is_written_and_its_code_is_right(row):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "abc", strict=False)]
    y = row.call(*xs)
    loss = (np.cos(1.0 + np.arange(y.size)).reshape(y.shape) * y).sum()
    derivation = derive(loss)
    agrees(loss, derivation)
    readable(derivation, "matrix")
    readable(derivation, "index")
    assert derivation.to_text("text").isascii()


def test_the_code_is_what_one_writes_by_hand():
    loss, given = mlp()
    source = derive(loss, given=given).to_numpy("step")
    assert "def step(" in source
    for line in ["U1 = X @ W1 + b1", "δ2 = Y2 - T", "dW2 = Y1.T @ δ2", "db2 = δ2.sum(axis=0)", "dY1 = δ2 @ W2.T"]:
        assert f"    {line}  " in source
    assert "# ∂E/∂W₂ = Y₁ᵀ δ₂" in source
    with pytest.raises(ValueError, match="cannot be called"):
        derive(loss).to_numpy("a b")


def test_a_large_constant_is_an_argument_of_its_own():
    X = Tensor(np.ones((20, 3)), name="X")
    W = Tensor(np.ones((3, 10)), requires_grad=True, name="W")
    mask = np.random.default_rng(0).uniform(size=(20, 10)) < 0.5
    loss = ((X @ W) * mask).sum()
    source = derive(loss).to_numpy()
    assert "(X, W, t):" in source
    space = {}
    exec(source, space)
    np.testing.assert_allclose(space["loss_and_gradients"](X.data, W.data, mask)[1]["W"], X.data.T @ mask)
    assert "mask)" in derive(loss, names={"mask": mask}).to_numpy()


@pytest.mark.parametrize(
    ("name", "text", "plain", "latex", "index"),
    [
        (Indexed("H", At("t", -1)), "Hₜ₋₁", "H[t-1]", "H_{t-1}", "<mi>t</mi><mo>−</mo><mn>1</mn>"),
        (Indexed("δ", At("", 50)), "δ₅₀", "delta[50]", r"\delta_{50}", "<mn>50</mn>"),
        (Indexed("Y⁽²⁾", At("l", 1)), "Y⁽²⁾ₗ₊₁", "Y2[l+1]", "Y^{(2)}_{l+1}", None),
        (Indexed("W_q", At("l", 0)), "W_qₗ", "W_q[l]", "W_{q,l}", "<mi>q</mi><mo>,</mo><mi>l</mi>"),
        (Indexed("h", At("t", 0), "nj"), "hₜ,ₙⱼ", "h[t,nj]", "h_{t,nj}", "<mi>t</mi><mo>,</mo><mi>n</mi><mi>j</mi>"),
    ],
)  # fmt: skip
def test_one_of_many_has_an_index(name, text, plain, latex, index):
    assert [write_term(symbol_term(name), writer) for writer in (TEXT, ASCII, LATEX)] == [text, plain, latex]
    if index:
        assert (
            write_term(symbol_term(name), MATHML)
            == f"<msub><mi>{split_name(name).base}</mi><mrow>{index}</mrow></msub>"
        )
    gradient = symbol_term(name._replace(name=f"∂E/∂{name.name}"))
    assert write_term(gradient, LATEX) == rf"\frac{{\partial E}}{{\partial {latex}}}"


def test_what_stands_raised_at_a_symbol_is_decided_by_the_symbol():
    """A letter takes a power as it is, its index below; a word, a gradient and a layer's number stand in a group."""
    W, word, layered = (Node(name=name, shape=(2, 2)) for name in ("W₁", "rate", "δ⁽²⁾"))
    assert [latex(x.T) for x in (W, word, layered)] == [
        r"W_1^{\top}",
        r"{\mathrm{rate}}^{\top}",
        r"{\delta^{(2)}}^{\top}",
    ]
    many = {W: Indexed("W_q", At("l", 1))}
    assert latex(W.T, many) == r"W_{q,l+1}^{\top}"
    assert mathml(W.T) == "<math><msubsup><mi>W</mi><mrow><mn>1</mn></mrow><mrow><mi>⊤</mi></mrow></msubsup></math>"
    assert text(W.T, {W: "∂E/∂H"}) == "(∂E/∂H)ᵀ"
    assert text(W.T, {W: Indexed("∂E/∂H", At("t", -1))}) == "(∂E/∂Hₜ₋₁)ᵀ"
