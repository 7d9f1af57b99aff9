"""Notation: golden strings, and every operation of the table written in every format and read by other parsers."""

from xml.etree import ElementTree

import numpy as np
import pytest
from latex2mathml.converter import convert

from minigrad.engine.node import Node
from minigrad.notation.formula import latex, mathml, plain, text
from tests.samples import SAMPLES


def nodes(*names, shape=(3, 3)):
    table = {}
    return [Node(name=name, shape=shape, table=table) for name in names]


def written(sample):
    """The row's expression and, where there are rules, the gradients that they write."""
    table = {}
    inputs = [
        Node(name=letter, shape=shape, table=table) for letter, shape in zip("abcdef", sample.shapes, strict=False)
    ]
    y = sample.call(*inputs)
    yield y
    g = Node(name="g", shape=y.shape, table=table)
    for i, x in enumerate(y.inputs if y.op and y.op.differentiable else ()):
        rule = y.op.vjps[i] if isinstance(x, Node) and x.dtype.kind == "f" else None
        if rule:
            yield rule(y.op, g, y, *y.inputs)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_every_operation_can_be_written_in_every_format(sample):
    for expression in written(sample):
        name = repr(sample.op)
        assert "{" not in text(expression), name
        assert plain(expression).isascii(), name
        assert "?" not in plain(expression), f"{name}: a character without ASCII in {text(expression)}"
        tex = latex(expression)
        assert tex.count("{") == tex.count("}"), name
        assert tex.isascii(), f"{name}: a character that TeX may lack in {tex}"
        assert "merror" not in convert(tex), name
        root = ElementTree.fromstring(mathml(expression))
        assert root.tag == "math", name
        for element in root.iter():
            arity = {"mfrac": 2, "mroot": 2, "msup": 2, "msub": 2, "munder": 2, "msubsup": 3}.get(element.tag)
            assert arity in (None, len(element)), f"{name}: {ElementTree.tostring(element, 'unicode')}"


def test_formulas_are_written_as_a_book_sets_them():
    x, y, W = nodes("x", "Y₁", "W₂")
    for expression, in_text, in_ascii, in_latex in [
        ((1 - y) * y, "(1 − Y₁) ⊙ Y₁", "(1 - Y1) * Y1", r"\left( 1 - Y_1 \right) \odot Y_1"),
        (x.T @ W, "xᵀ W₂", "x.T @ W2", r"x^{\top} W_2"),
        ((x - y) / 5, "(x − Y₁) / 5", "(x - Y1) / 5", r"\frac{x - Y_1}{5}"),
        (x * (1 / y), "x ⊙ (1 / Y₁)", "x * (1 / Y1)", r"x \odot \frac{1}{Y_1}"),
        ((x + y) ** 2, "(x + Y₁)²", "(x + Y1)^2", r"{\left( x + Y_1 \right)}^{2}"),
        (np.exp(-x), "exp(−x)", "exp(-x)", r"\exp \left( - x \right)"),
        (np.sqrt(x + 1), "√(x + 1)", "sqrt(x + 1)", r"\sqrt{x + 1}"),
        (np.cbrt(x + 1), "∛(x + 1)", "cbrt(x + 1)", r"\sqrt[3]{x + 1}"),
        (x.sum(axis=0), "Σₙ x", "sum_n x", r"\sum_{n} x"),
        (2 * x, "2 x", "2 * x", "2 x"),
        (x @ (y + W), "x (Y₁ + W₂)", "x @ (Y1 + W2)", r"x \left( Y_1 + W_2 \right)"),
    ]:
        assert text(expression) == in_text
        assert plain(expression) == in_ascii
        assert latex(expression) == in_latex


def test_a_name_keeps_its_parts_in_every_format():
    (x,) = nodes("x")
    for name, in_ascii, in_latex in [
        ("∂E/∂W₁", "dE/dW1", r"\frac{\partial E}{\partial W_1}"),
        ("δ₁₂", "delta12", r"\delta_{12}"),
        ("learning_rate", "learning_rate", r"\mathrm{learning\_rate}"),
        ("h1", "h1", "h_1"),
        ("W_q", "W_q", "W_q"),
    ]:
        assert plain(x, {x: name}) == in_ascii
        assert latex(x, {x: name}) == in_latex


def test_mathml_is_the_structure():
    x, y = nodes("x", "Y₁")
    assert mathml(x / y) == (
        "<math><mfrac><mrow><mi>x</mi></mrow><mrow><msub><mi>Y</mi><mrow><mn>1</mn></mrow></msub></mrow></mfrac></math>"
    )
    assert mathml(np.exp(x)) == (
        '<math><mi>exp</mi><mo>&#x2061;</mo><mrow><mo stretchy="true">(</mo><mi>x</mi>'
        '<mo stretchy="true">)</mo></mrow></math>'
    )
    assert mathml(np.cbrt(x)) == "<math><mroot><mrow><mi>x</mi></mrow><mn>3</mn></mroot></math>"
    (odd,) = nodes("a<b&c")
    assert ElementTree.fromstring(mathml(odd))[0].text == "a<b&c"


def test_an_expression_of_any_depth_is_written_without_recursion():
    (x,) = nodes("x")
    y = x
    for _ in range(3000):
        y = np.tanh(y)
    for write in (text, plain, latex, mathml):
        assert "tanh" in write(y)
