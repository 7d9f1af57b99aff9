"""What derive writes when asked for more: the formulas of the way forward, and lines before an activation is put in."""

import numpy as np
import pytest
from latex2mathml.converter import convert

from minigrad import Tensor, derive, losses, nn, sums_to_one
from tests.derived_networks import NETWORKS as NAMED
from tests.networks import NETWORKS, mlp

FORWARD = """\
U₁ = X W₁ + b₁
Y₁ = σ(U₁)
U₂ = Y₁ W₂ + b₂
Y₂ = softmax(U₂)
E = −Σ T ⊙ log(Y₂)"""
BY_INDEX = """\
uⱼ = Σᵢ xᵢ wᵢⱼ + bⱼ
yⱼ = σ(uⱼ)
uₖ = Σⱼ yⱼ wⱼₖ + bₖ
yₖ = exp(uₖ) / (Σᵣ exp(uᵣ))
E = −Σₖ tₖ log(yₖ)"""


def shown(rows=5, **options):
    loss, given = mlp(rows=rows)
    return derive(loss, given=given, **options)


def test_the_way_forward_goes_before_the_lines():
    derivation = shown(forward=True)
    assert str(derivation) == f"{FORWARD}\n{shown()}"
    assert "\n".join(map(str, derivation.forward_lines)) == FORWARD
    assert len(derivation) == len(shown()) == 7  # they are no gradients: nothing is indexed, checked or run with them
    assert shown().forward_lines[0].value.shape == (5, 5)


def test_the_way_forward_by_indices():
    assert "\n".join(shown(1, forward=True).to_text("index").splitlines()[:5]) == BY_INDEX


def test_the_values_of_the_forward_lines_are_the_networks():
    loss, given = mlp()
    lines = {line.symbol: line for line in derive(loss, given=given).forward_lines}
    y = 1 / (1 + np.exp(-lines["U₁"].value))
    np.testing.assert_allclose(lines["Y₁"].value, y, rtol=1e-12)
    np.testing.assert_allclose(lines["E"].value, loss.data, rtol=1e-12)
    assert all(max(line.check_steps()) < 1e-12 for line in lines.values())
    assert str(lines["Y₁"].steps()) == "Y₁ = σ(U₁)    as it is computed"


def test_an_output_that_is_the_total_input_is_called_both():
    rng = np.random.default_rng(0)
    X, T = (Tensor(rng.normal(size=(5, n)), name=name) for n, name in ((4, "X"), (3, "T")))
    loss = losses.squared_error(nn.MLP((4, 3), output="identity", rng=0)(X), T)
    assert str(derive(loss, forward=True)).splitlines()[0] == "Y₁ = U₁ = X W₁ + b₁"


def test_the_general_form_stands_before_any_activation_is_put_in():
    assert str(shown(general=True)).splitlines() == [
        "δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ · ∂Y₂/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)",
        "∂E/∂W₂ = Y₁ᵀ δ₂",
        "∂E/∂b₂ = Σₙ δ₂",
        "∂E/∂Y₁ = δ₂ W₂ᵀ",
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ∂Y₁/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁",
        "∂E/∂W₁ = Xᵀ δ₁",
        "∂E/∂b₁ = Σₙ δ₁",
    ]


def test_the_general_form_by_indices_is_the_books():
    lines = shown(1, general=True).to_text("index").splitlines()
    assert lines[0] == "δₖ = ∂E/∂uₖ = Σᵣ ∂E/∂yᵣ · ∂yᵣ/∂uₖ = yₖ − tₖ    (Σ T = 1 along axis -1)"
    assert lines[4] == "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ) ∂yⱼ/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ"


def test_an_activation_of_elements_has_no_sum_at_the_output():
    loss, _ = mlp(output="sigmoid", rows=1)
    line = derive(loss, general=True).to_text("index").splitlines()[1]
    assert line.startswith("δₖ = ∂E/∂uₖ = ∂E/∂yₖ · ∂yₖ/∂uₖ = ")


def test_what_a_line_would_be_by_a_fact_stays_the_last():
    loss, _ = mlp()
    first = str(derive(loss, general=True)).splitlines()[0]
    assert first == ("δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ · ∂Y₂/∂U₂ = Y₂ ⊙ Σₖ tₖ − T = Y₂ − T if Σ T = 1, as in this T")


@pytest.mark.parametrize("name", NAMED)
def test_without_the_general_form_the_lines_are_as_ever(name):
    """And with it they are those, longer by one form where what comes after is not linear."""
    derivation = NAMED[name][0]()
    for line, general in zip(
        str(derivation).splitlines(), str(derivation.showing(general=True)).splitlines(), strict=True
    ):
        assert line == general or set(line.split(" = ")) < set(general.split(" = "))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("notation", ["matrix", "index", "text"])
@pytest.mark.parametrize("steps", [False, True])
def test_every_format_is_written_with_all_of_it(network, notation, steps):
    loss, given = network()
    derivation = derive(loss, given=given, general=True, forward=True)
    lines = len(derivation) + len(derivation.forward_lines)
    tex = derivation.to_latex(notation, steps=steps)
    assert "merror" not in convert(tex)
    count = sum(len(line.steps()) for line in [*derivation.forward_lines, *derivation]) if steps else lines
    assert tex.count("&=") == count
    assert derivation.to_markdown(notation, steps=steps).count("\n") == count + 1
    assert derivation.to_html(notation, steps=steps).count("<tr><td><div") == lines
    assert notation != "text" or derivation.to_text(notation, steps=steps).isascii()
    assert len(derivation.to_text(notation, steps=steps).split("\n\n")) == (lines if steps else 1)


def test_an_unknown_notation():
    with pytest.raises(ValueError, match="'matrix', 'index', 'text', not 'tensor'"):
        shown(forward=True).to_text("tensor")
    with pytest.raises(ValueError, match="'matrix', 'index', 'text', not 'tensor'"):
        shown().to_html("tensor", steps=True)


def test_a_fact_is_as_good_where_it_is_shown_in_general():
    loss, given = mlp()
    assert given == [sums_to_one("T")]
    assert max(d.difference for d in derive(loss, given=given, general=True, forward=True).check()) < 1e-7
