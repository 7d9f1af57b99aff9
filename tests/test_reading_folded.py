"""What repeats is called and written alike in the folded derivation, the folded picture and the stepper's page."""

import json
import re

import numpy as np
import pytest

from minigrad import derive, draw, losses, softmax, stepper
from minigrad.data import one_hot
from minigrad.notation.symbols import Indexed
from tests.recurrent import equal_layers, gated, gru, parameter, recurrent, residual, stacked

CASES = {
    "a recurrent net": lambda: (recurrent(50), None, "Layer 1 · tanh  ×50, t = 1 … 50"),
    "a loss at each step": lambda: (
        recurrent(50, each=True, sliced=True), None, "Step t · index, affine, tanh, matmul  ×50, t = 1 … 50"
    ),
    "no state before the first step": lambda: (recurrent(6, start="none"), None, "Layer 1 · tanh  ×5, t = 2 … 6"),
    "a state that is learned": lambda: (recurrent(6, start="given"), None, "Layer 1 · tanh  ×6, t = 1 … 6"),
    "an LSTM": lambda: (gated(6), None, "Step t · affine, σ, affine, …, ⊙  ×6, t = 1 … 6"),
    "a GRU": lambda: (*gru(5), "Step t · affine, σ, affine, …, +  ×5, t = 1 … 5"),
    "two recurrent layers": lambda: (stacked(5), None, "Step t · affine, tanh, affine, tanh  ×5, t = 1 … 5"),
    "targets of each step": lambda: (one_hot_targets(5), None, "Step t · matmul, tanh, matmul, softmax  ×5, t = 1 … 5"),
    "20 residual blocks": lambda: (residual(20), None, "Block l · affine, tanh, matmul, +  ×20, l = 1 … 20"),
    "50 equal layers": lambda: (equal_layers(49), None, "Layer l · sigmoid  ×49, l = 2 … 50"),
}  # fmt: skip


def one_hot_targets(steps):
    """A net with a cross-entropy at each step, each of its own targets, of which the mean is taken."""
    Wh, V, h, E = parameter("Wh"), parameter("V"), parameter("h0"), 0
    for t in range(steps):
        h = np.tanh(h @ Wh)
        E = E + losses.cross_entropy(softmax(h @ V), one_hot(np.array([0, 1, 1, 0, 1]) * (t % 2), 2))
    return E / steps


_V = re.compile(r"v(⁽.⁾ₜ|[₁-₉])")  # what only a picture has a box for


@pytest.fixture(params=CASES)
def case(request):
    E, names, title = CASES[request.param]()
    return derive(E, names=names, forward=True), E, names, title


def opened(symbol, formulas):
    """Write out in a formula what only the picture has a box for."""
    return _V.sub(lambda v: opened(v[0], formulas), formulas[symbol])


def unbracketed(formula):
    return formula.replace("(", "").replace(")", "")


def missing(derivation, formulas, headings):
    """Give what is defined and called otherwise in a derivation than in boxes with these formulas and headings.

    That is the definition of each symbol, and what each δ is called; one of the last t alone is in the box for all t.
    An input has one box, h₀, and no other for H₀ = h₀.
    """
    lines = (line for line in derivation.forward_lines if line.target.op is not None or line.target.value is not None)
    forward = {str(line.left[0]): line.formula for line in lines}
    deltas = [line for line in derivation if str(line.left[0]).startswith("δ")]
    deltas = [line for line in deltas if line.letter or not isinstance(line.left[0], Indexed)]
    assert forward
    assert deltas
    called = {" = ".join(map(str, line.left)): line.formula for line in deltas if "Σ t" in str(line)}  # by a fact
    wrong = {f"{heading} = {formula}" for heading, formula in called.items() if headings.get(heading) != formula}
    gone = wrong | {
        f"{symbol} = {formula}" for symbol, formula in forward.items() if not says(symbol, formula, formulas)
    }
    return gone | {" = ".join(map(str, line.left)) for line in deltas} - headings.keys()


def says(symbol, formula, formulas):
    """Say whether a box has a formula, as it stands, or with brackets around what other boxes have of it."""
    own = formulas.get(symbol, "")
    return own == formula or (_V.search(own) and unbracketed(opened(symbol, formulas)) == unbracketed(formula))


def test_the_picture(case):
    derivation, E, names, title = case
    scene = draw(E, names=names).scene
    boxes = [box for box in scene.boxes if not box.of]
    assert (
        missing(derivation, {box.symbol: box.formula for box in boxes}, {b.heading: b.formula for b in scene.boxes})
        == set()
    )
    assert title in [cluster.title for cluster in scene.clusters]


def test_the_page(case, tmp_path):
    derivation, E, names, _ = case
    page = stepper(E, tmp_path / "page.html", names=names).read_text("utf-8")
    content = json.loads(re.search(r'type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    nodes = content["nodes"].values()
    formulas = {node["symbol"]: node["formula"] for node in nodes if "of" not in node}
    assert missing(derivation, formulas, {node["heading"]: node["formula"] for node in nodes}) == set()
    assert all(node["math"].startswith("<math>") for node in nodes if node["formula"])
