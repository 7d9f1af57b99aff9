"""What an operation needs beside its one line in ``ops``: each test names the operation and the place that lacks it.

That it is written in every format, by elements and as code, is tested over all rows in ``test_notation``,
``test_index_notation`` and ``test_notations``.
"""

import numpy as np
import pytest
from samples import SAMPLES

from minigrad import Tensor, draw
from minigrad.engine.numpy_protocol import UFUNCS
from minigrad.notation.template import short_sign
from minigrad.ops.base import Elementwise

ELEMENTWISE = {row.op.name: row for row in reversed(SAMPLES) if type(row.op) is Elementwise and row.shapes[0]}
SMOOTH = [row for row in ELEMENTWISE.values() if row.op.differentiable]
NAMED = {"identity", "power"}  # of which a picture writes the name, since they have no sign of their own


@pytest.mark.parametrize("op", [row.op for row in ELEMENTWISE.values()], ids=str)
def test_numpys_own_function_is_the_operation(op):
    if isinstance(op.forward, np.ufunc):
        assert UFUNCS.get(op.forward) is op, f"{op}: engine/numpy_protocol.py does not say that np.{op} is this"


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.op.name)
def test_a_picture_has_a_sign_for_it(row):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "ab", strict=False)]
    labels = [operation.label for operation in draw(row.op(*xs).sum()).scene.operations]
    sign = {"log": "ln"}.get(row.op.name, short_sign(row.op.text))
    assert sign or row.op.name in NAMED, f"{row.op}: no sign for a picture in {row.op.text!r}: notation/template.py"
    assert labels[0] == (sign or row.op.name), f"{row.op}: not in the picture"


@pytest.mark.parametrize(
    ("template", "sign"),
    [
        *(("{a} + {b}", "+"), ("{a} / {b}", "÷"), ("−{x}", "−"), ("Σ {x}", "Σ"), ("Σₙ {x}", "Σₙ"), ("{x}²", "(·)²")),
        *(("√({x})", "√"), ("∛({x})", "∛"), ("|{x}|", "|·|"), ("⌊{x}⌋", "⌊·⌋"), ("σ({x})", "σ"), ("{x}ᵀ", "(·)ᵀ")),
        *(("log_softmax({x})", "log softmax"), ("max({a}, {b})", "max"), ("{x}", ""), ("{y} {W} + {b}", "")),
        ("{x}[{key}]", ""),
    ],
)
def test_a_sign_is_what_is_left_without_the_operands(template, sign):
    assert short_sign(template) == sign
