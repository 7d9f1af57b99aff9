"""The formulas of update rules: a textbook's strings, and their text run as code beside the steps of the rule."""

import re
from dataclasses import replace

import numpy as np
import pytest

from minigrad import Tensor, optim
from tests.test_optim import RULES, give_gradients, parameters

TEXTBOOK = [  # the formulas as a chapter on backpropagation prints them, without ε
    ("SGD", {}, "w ← w − η ∂E/∂w"),
    ("Momentum", {"in_one": True}, "w ← w − η ∂E/∂w + α Δw"),
    ("Momentum", {}, "Δw ← α Δw − η ∂E/∂w\nw ← w + Δw"),
    ("AdaGrad", {"eps": 0}, "g = ∂E/∂w\nh ← h + g²\nw ← w − η g / √(h)"),
    ("RMSProp", {"eps": 0}, "g = ∂E/∂w\nh ← ρ h + (1 − ρ) g²\nw ← w − η g / √(h)"),
    (
        "Adam",
        {},
        "g = ∂E/∂w\nm ← β₁ m + (1 − β₁) g\nv ← β₂ v + (1 − β₂) g²\nt ← t + 1\n"
        "m̂ = m / (1 − β₁ᵗ)\nv̂ = v / (1 − β₂ᵗ)\nw ← w − η m̂ / (√(v̂) + ε)",
    ),
    ("Nesterov", {}, "Δw ← α Δw − η ∂E/∂w\nw ← w − η ∂E/∂w + α Δw"),
    (
        "Adadelta",
        {},
        "g = ∂E/∂w\nh ← ρ h + (1 − ρ) g²\nΔw ← √((d + ε) / (h + ε)) g\nd ← ρ d + (1 − ρ) Δw²\nw ← w − η Δw",
    ),
    (
        "Lion",
        {"weight_decay": 0},
        "g = ∂E/∂w\nw ← w − η sign(β₁ (m − g) + g)\nm ← β₂ m + (1 − β₂) g",
    ),
    (
        "Adamax",
        {"eps": 0},
        "g = ∂E/∂w\nm ← β₁ m + (1 − β₁) g\nu ← maximum(β₂ u, |g|)\nt ← t + 1\nm̂ = m / (1 − β₁ᵗ)\nw ← w − η m̂ / u",
    ),
]


class Ahead(optim.Optimizer):
    """w ← w − α Δw + (1 + α)(α Δw − η g): w needs Δw as it was before, too."""

    settings = ("lr", "momentum")

    def __init__(self, params, lr=0.1, momentum=0.8):
        super().__init__(params, lr)
        self.momentum = momentum

    def _start(self, w):
        return {"delta": np.zeros_like(w)}

    def _update(self, w, g, eta, buf, state):
        delta = state["delta"]
        w -= np.multiply(delta, self.momentum, buf)
        delta *= self.momentum
        delta -= np.multiply(g, eta, buf)
        w += np.multiply(delta, 1 + self.momentum, buf)


def run(text, values):
    """The ASCII lines of a formula as Python, which shares nothing with what wrote them."""
    for line in text.splitlines():
        left, right = re.split(r" = | <- ", line)
        right = (
            re.sub(r"\|(\w+)\|", r"abs(\1)", right)
            .replace("^", "**")
            .replace("dE/dw", "gradient")
            .replace("lambda", "decay")
        )
        values[left] = eval(right, {"sqrt": np.sqrt, "sign": np.sign, "maximum": np.maximum}, values)


@pytest.mark.parametrize(("name", "how", "wanted"), TEXTBOOK, ids=lambda x: x if isinstance(x, str) else "")
def test_the_textbook_has_them(name, how, wanted):
    assert str(getattr(optim, name).formula(**how)) == wanted


@pytest.mark.parametrize("in_one", [False, True])
@pytest.mark.parametrize("name", [*RULES, "Ahead"])
def test_the_formula_run_as_code_makes_the_steps(name, in_one):
    make = RULES.get(name, Ahead)
    params, rng = parameters(), np.random.default_rng(1)
    rule = make(params)
    formula = rule.formula(in_one=in_one)
    greek = {"lr": "eta", "momentum": "momentum" if name == "Ahead" else "alpha", "rho": "rho", "beta1": "beta1"}
    greek |= {"beta2": "beta2", "eps": "epsilon", "weight_decay": "decay"}
    called = {"delta": "delta" if name == "Ahead" else "Deltaw"}
    for _ in range(3):
        give_gradients(params, rng)
        values = {greek[s]: getattr(rule, s) for s in rule.settings}
        values |= {"w": params[0].data.copy(), "gradient": params[0].grad.data}
        values |= {called.get(k, k): x.copy() for k, x in rule.states[0].items()}
        rule.step()
        run(formula.to_text("text"), values)
        np.testing.assert_allclose(values["w"], params[0].data, rtol=1e-12)
        for k, x in rule.states[0].items() if not in_one else ():
            np.testing.assert_allclose(values[called.get(k, k)], x, rtol=1e-12)
    assert formula.check() < 1e-12


def test_all_rules_are_looked_at():
    assert {x for x in optim.__all__ if x[0].isupper()} == {*RULES, "Optimizer", "Groups", "LBFGS"}


@pytest.mark.parametrize("name", RULES)
def test_each_rule_of_the_library_has_a_formula_of_letters(name):
    rule = getattr(optim, name)
    assert rule.formula().check() < 1e-12
    symbols = {key for base in rule.__mro__ for key in vars(base).get("symbols", {})}
    assert set(rule.settings) <= symbols


def test_a_running_value_that_w_needs_as_it_was_comes_below_w():
    assert str(Ahead.formula()) == (
        "w ← w + (1 + momentum) (momentum delta − η ∂E/∂w) − momentum delta\ndelta ← momentum delta − η ∂E/∂w"
    )


def test_the_check_finds_a_formula_of_another_rule():
    formula = optim.RMSProp.formula()
    twice = tuple(line._replace(right=2 * line.right) for line in formula.lines)
    assert formula.check() < 1e-12 < 1e-3 < replace(formula, lines=twice).check()


@pytest.mark.parametrize(
    ("rule", "given", "same", "others"),
    [
        ("AdamW", {"weight_decay": 0}, "Adam", {}),
        ("Momentum", {"momentum": 0, "in_one": True}, "SGD", {}),
        ("Adam", {"beta1": 0, "beta2": 0, "eps": 0}, None, "w ← w − η m / √(v)"),
    ],
)
def test_what_a_number_makes_vanish_is_gone(rule, given, same, others):
    found = str(getattr(optim, rule).formula(**given))
    assert found == str(getattr(optim, same).formula()) if same else found.endswith(others)


def test_other_formats():
    adam = optim.Adam.formula()
    assert r"v &\leftarrow \beta_2 v + \left( 1 - \beta_2 \right) g^{2}" in adam.to_latex()
    assert r"\hat{m} &= \frac{m}{1 - \beta_1^{t}}" in adam.to_latex()
    assert optim.SGD.formula().to_latex() == r"w \leftarrow w - \eta \frac{\partial E}{\partial w}"
    assert r"\Delta w" in optim.Momentum.formula().to_latex()
    assert adam.to_text("text").isascii()
    assert "?" not in adam.to_text("text")
    assert adam._repr_html_().count("<math") == 7


def test_bad_input():
    with pytest.raises(TypeError, match=r"SGD\.formula: there is no setting 'momentum'; it has lr"):
        optim.SGD.formula(momentum=0.9)
    with pytest.raises(ValueError, match=r"Adam\.formula.*beta1"):
        optim.Adam.formula(beta1=1.5)
    with pytest.raises(ValueError, match="there are 'matrix', 'text', not 'index'"):
        optim.SGD.formula().to_text("index")


class Signed(optim.Optimizer):
    """w ← w − c η g, with a c that only an optimizer has."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.c = 3.0

    def _update(self, w, g, eta, buf, state):
        w -= self.c * g * eta


def test_a_rule_of_ones_own():
    with pytest.raises(TypeError, match=r"Signed\.formula.*'c'.*ask one for it"):
        Signed.formula()
    rule = Signed([Tensor(np.ones(2), requires_grad=True)])
    assert str(rule.formula()) == "w ← w − 3 η ∂E/∂w"
