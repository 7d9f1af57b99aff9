"""Every rule of the algebra is the equation in its docstring: written by our own writer, and equal on arrays."""

import inspect
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from minigrad.algebra import form, form_values, rules
from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import evaluate
from minigrad.algebra.respell import SPELLINGS
from minigrad.algebra.rewrite import rewrite
from minigrad.algebra.rules import facts
from minigrad.algebra.simplify import RULES
from minigrad.compiler.native import fit as native_fit
from minigrad.compiler.numpy import fit
from minigrad.compiler.passes.factor import factor_sums
from minigrad.compiler.passes.lower import Spread
from minigrad.engine.node import Node, order_nodes
from minigrad.notation.formula import text
from minigrad.notation.matrix import matrix_term
from minigrad.notation.term import write_term
from minigrad.notation.writers.text import TEXT
from tests.rule_samples import SAMPLES, Sample

FAMILIES = [import_module(f"{rules.__name__}.{info.name}") for info in pkgutil.iter_modules(rules.__path__)]
FAMILIES.remove(facts)  # which makes rules of what a user claims


def equation(rule):
    """The equation that a docstring begins with, up to its first comma or full stop that is not in brackets."""
    found = re.match(r"(.+? = (?:\((?:[^()]|\([^()]*\))*\)|.)+?)[,.](?: |$)", inspect.getdoc(rule) or "")
    assert found, f"{rule.__qualname__}: the docstring begins with no equation"
    return found[1]


def family_of(module):
    """The rules of a module: its public functions of one Node."""
    functions = [x for x in vars(module).values() if inspect.isfunction(x) and x.__module__ == module.__name__]
    return [
        f for f in functions if list(inspect.signature(f).parameters) == ["node"] and not f.__name__.startswith("_")
    ]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda module: module.__name__.split(".")[-1])
def test_every_rule_is_used_and_has_a_sample(family):
    found = family_of(family)
    assert found
    assert [f.__name__ for f in found if f not in (*RULES, *SPELLINGS)] == []
    assert [f.__name__ for f in found if f not in [sample.rule for sample in SAMPLES if not sample.sister]] == []


def test_every_rule_of_the_form_has_a_sample():
    sampled = {sample.name for sample in SAMPLES if not sample.sister}
    assert {f.__qualname__.replace(".<locals>.rule", "") for f in form.form_rules([], ())} <= sampled
    assert {f.__qualname__ for f in (*RULES, *SPELLINGS, *family_of(form_values))} <= sampled


def bracketed(expression):
    """Write an expression so that −(a ⊙ b) and −a ⊙ b are two."""
    return write_term(matrix_term(expression, {}), TEXT, strict=True)


@pytest.mark.parametrize("sample", [x for x in SAMPLES if not x.sister], ids=lambda sample: sample.name)
def test_a_rule_is_the_equation_in_its_docstring(sample):
    node, _ = sample.nodes()
    written = equation(sample.rule)
    letters = "|".join(sorted(sample.letters, key=len, reverse=True))
    if letters:
        written = re.sub(rf"(?<![^\W_ᵀ])({letters})(?![^\W_ᵀ])", lambda match: sample.letters[match[0]], written)
    assert f"{bracketed(node)} = {bracketed(sample.rule(node))}" == written


def draw(dtype, shape, rng):
    """Random values of a dtype: all that a small integer can be, so that it wraps."""
    match np.dtype(dtype).kind:
        case "f":
            return rng.uniform(0.5, 2, shape).astype(dtype)
        case "b":
            return rng.random(shape) < 0.5
    ends = np.iinfo(dtype)
    return rng.integers(ends.min, ends.max, shape, dtype, endpoint=True)


KINDS = ["float64", "float32", "int64", "int8", "uint8", "bool"]
MIXED = [f"{a} {b}" for a in KINDS for b in KINDS if a != b]


@pytest.mark.parametrize("kinds", [*KINDS, *MIXED])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_both_sides_of_a_rule_are_equal(sample, kinds):
    """In float64 each rule applies; where it does for integers that wrap and for truth values, it is equal too."""
    dtype, _, other = kinds.partition(" ")
    try:
        node, inputs = sample.nodes(dtype, other or dtype)
    except (TypeError, OverflowError):  # truth values have no sign, and no int8 is 200
        assert {dtype, other} & {"int8", "uint8", "bool"}
        return
    (result,) = rewrite([node], [sample.rule])
    assert kinds != "float64" or result is not node
    rng = np.random.default_rng(0)
    for _ in range(5):
        known = {x: draw(x.dtype, x.shape, rng) for x in inputs.values()}
        with np.errstate(all="ignore"):
            try:
                (before,) = evaluate([node], known)
            except (TypeError, OverflowError):  # NumPy computes no such thing
                assert {dtype, other} & {"int8", "uint8", "bool"}
                return
            (after,) = evaluate([result], known)
        assert np.shape(before) == np.shape(after)
        if isinstance(result, Node):
            assert np.asarray(before).dtype == np.asarray(after).dtype == node.dtype
        rounding = {"rtol": 1e-5, "atol": 1e-6} if "float32" in kinds else {"rtol": 1e-9, "atol": 1e-11}
        assert_close = partial(np.testing.assert_allclose, **rounding)
        sure = np.isfinite(before)  # at a singular point the raw expression may be NaN
        compared = assert_close if node.dtype.kind == "f" else np.testing.assert_array_equal
        compared(np.asarray(after)[sure], np.asarray(before)[sure])


@dataclass
class Pass:
    """A pass of the compiler, an expression that it rewrites, and the equation, where one says it all."""

    run: Callable[..., list[Any]]
    build: Callable[[Any], Any]
    equation: str = ""


PASSES = {
    "a factor that terms share": Pass(factor_sums, lambda v: v.c * v.a + v.c * v.b, "c ⊙ a + c ⊙ b = c ⊙ (a + b)"),
    "one of a difference": Pass(factor_sums, lambda v: v.a * v.c - v.b * v.c, "a ⊙ c − b ⊙ c = c ⊙ (a − b)"),
    "of three terms": Pass(factor_sums, lambda v: v.s * v.a - v.b + v.W * v.s),
    "one element as a number": Pass(fit.fit_outputs, lambda v: np.exp(v.one) * 2.0),
    "operands of one shape": Pass(fit.fit_outputs, lambda v: v.u + v.x),
    "a column": Pass(fit.fit_outputs, lambda v: v.u * np.log(v.u.sum(1, keepdims=True))),
    "the largest of a few columns": Pass(fit.fit_outputs, lambda v: v.u.max(1, keepdims=True)),
    "the total of each row": Pass(fit.fit_outputs, lambda v: Spread((2, 3))(v.u.sum(1, keepdims=True)) * 1.0),
    "a product on its bias": Pass(native_fit.fit_outputs, lambda v: v.a @ v.b + v.W[0], "a b + W[0] = a b + W[0]"),
}


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_of_the_compiler_keeps_the_value(name):
    known_pass = PASSES[name]
    node, inputs = Sample(known_pass.run, known_pass.build).nodes()
    (result,) = known_pass.run([node])
    assert result is not node
    if known_pass.equation:
        assert f"{text(node)} = {text(result)}" == known_pass.equation
    rng = np.random.default_rng(0)
    before, after = evaluate([node, result], {x: draw("float64", x.shape, rng) for x in inputs.values()})
    assert np.shape(before) == np.shape(after)
    np.testing.assert_allclose(after, before, rtol=1e-12)


def test_a_fact_is_a_rule():
    T = Node(name="T", shape=(2, 3), table={})
    rule = facts.rule_of_fact(SumsToOne("T"), T)
    assert inspect.getdoc(rule) == "Σ T = 1 along axis -1"
    values = np.array([[0.2, 0.3, 0.5], [1, 0, 0]])
    for total in (T.sum(1), T.sum(-1, keepdims=True), T.sum()):
        (result,) = rewrite([total], [rule])
        before, after = evaluate([total, result], {T: values})
        np.testing.assert_allclose(after, before)
        assert T not in set(order_nodes([result]))
    assert rule(T.sum(0)) is None
    assert rule(T.T.sum(0)) is None
