"""What an operation needs beside its one line in ``ops``: each test names the operation and the place that lacks it.

That it is written in every format, by elements and as code, is tested over all rows in ``test_notation``,
``test_index_notation`` and ``test_notations``.
"""

import copy
import pickle
import pkgutil
import re
from importlib import import_module
from xml.etree import ElementTree

import numpy as np
import pytest

import minigrad.ops
from minigrad import Tensor, derive, draw, stepper
from minigrad.engine.protocols.numpy_protocol import find_ufunc
from minigrad.notation.ops_table import GROUPS, operations
from minigrad.notation.template import short_sign
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import MatMul
from tests.samples import SAMPLES

ELEMENTWISE = {row.op.name: row for row in reversed(SAMPLES) if type(row.op) is Elementwise and row.shapes[0]}
OF_EACH = {
    (row.op.name if isinstance(row.op, Op) else row.op.__name__): row
    for row in reversed(SAMPLES)
    if row.op.differentiable and all(all(shape) for shape in row.shapes)
}
SMOOTH = [row for row in ELEMENTWISE.values() if row.op.differentiable]
# Of which a picture writes the name, since they have no sign of their own.
NAMED = {"identity", "power", "float_power", "ldexp", "hypot", "logaddexp", "logaddexp2", "share", "one_minus_square"}
# Of which it writes what they are: where no NaN is, fmax is maximum.
CALLED = {"log": "ln", "fmax": "maximum", "fmin": "minimum"}


@pytest.mark.parametrize("op", [row.op for row in ELEMENTWISE.values()], ids=str)
def test_numpys_own_function_is_the_operation(op):
    if isinstance(op.forward, np.ufunc):
        assert find_ufunc(op.forward) is op, f"{op}: engine/numpy_protocol.py does not say that np.{op} is this"


def picture_of(row, dtype=float):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(dtype), "abc", strict=False)]
    y = row.call(*xs)
    return draw((np.abs(y) ** 2).sum())


@pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
def test_every_row_has_a_picture(row):
    drawing = picture_of(row)
    scene = drawing.scene
    assert len(scene.operations) >= 1
    assert all(operation.label for operation in scene.operations)
    assert all(box.id in drawing.source for box in scene.boxes)


@pytest.mark.parametrize("row", OF_EACH.values(), ids=OF_EACH)
def test_every_operation_has_a_picture_that_is_well_formed(row):
    drawing = picture_of(row)
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", drawing.svg()))
    shown = "".join(root.itertext())
    assert "NaN" not in shown
    assert "E" in shown


@pytest.mark.parametrize("z", [3 - 4j, [1 + 2j, -0.001j], np.arange(40) + 1j], ids=["one", "row", "many"])
def test_complex_numbers_are_written_by_their_parts(z):
    x = Tensor(np.array(z), requires_grad=True, name="z")
    E = (np.abs(x * (1 + 1j)) ** 2).sum()
    shown = "".join(ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", draw(E).svg())).itertext())
    if x.ndim == 0:
        assert "3.00−4.00i" in shown
    assert re.search(r"\d[+−]\d\S*i", stepper(E).html)
    assert derive(E).check()


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.op.name)
def test_a_picture_has_a_sign_for_it(row):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "ab", strict=False)]
    labels = [operation.label for operation in draw(row.call(*xs).sum()).scene.operations]
    sign = CALLED.get(row.op.name, short_sign(row.op.text))
    assert sign or row.op.name in NAMED, f"{row.op}: no sign for a picture in {row.op.text!r}: notation/template.py"
    assert labels[0] == (sign or row.op.name.replace("_", " ")), f"{row.op}: not in the picture"


@pytest.mark.parametrize(
    ("template", "sign"),
    [
        *(("{a} + {b}", "+"), ("{a} / {b}", "÷"), ("−{x}", "−"), ("Σ {x}", "Σ"), ("Σₙ {x}", "Σₙ"), ("{x}²", "(·)²")),
        *(("√({x})", "√"), ("∛({x})", "∛"), ("|{x}|", "|·|"), ("⌊{x}⌋", "⌊·⌋"), ("σ({x})", "σ"), ("{x}ᵀ", "(·)ᵀ")),
        *(("log_softmax({x})", "log softmax"), ("max({a}, {b})", "max"), ("{x}", ""), ("{y} {W} + {b}", "")),
        *(("{x}[{key}]", ""), ("2^{x}", "2^·"), ("log(1 + {x})", "log(1 + ·)"), ("where({c}, {a}, {b})", "where")),
    ],
)
def test_a_sign_is_what_is_left_without_the_operands(template, sign):
    assert short_sign(template) == sign


@pytest.mark.parametrize("op", operations(), ids=repr)
def test_it_states_an_example(op):
    """One that applies to 3×3 matrices; and what it cannot do without, its constructor asks for."""
    inputs = [np.full((3, 3), 1) if letter == "i" else 0.5 + np.eye(3) for letter in op.letters]
    with np.errstate(all="ignore"):  # of arccosh
        assert op.shape(*(x.shape for x in inputs)) == op(*inputs).shape
    if type(op).example:
        with pytest.raises(TypeError, match="required positional argument"):
            type(op)()
        assert type(op)(*type(op).example) == op


def test_the_table_lists_every_module_of_operations():
    late = ("minigrad.ops.special", "minigrad.ops.composed")  # SciPy's, and those that are several operations
    every = pkgutil.walk_packages(minigrad.ops.__path__, "minigrad.ops.")
    modules = {info.name for info in every if not info.name.startswith(late)}
    defining = {
        name
        for name in modules - {"minigrad.ops.base"}
        if any(
            isinstance(x, type) and issubclass(x, Op) and x.__module__ == name
            for x in vars(import_module(name)).values()
        )
        or any(isinstance(x, Elementwise) and x.__module__ == name for x in vars(import_module(name)).values())
    }
    assert {module.__name__ for module in GROUPS} == defining


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda op: pickle.loads(pickle.dumps(op))])
@pytest.mark.parametrize("op", operations(), ids=repr)
def test_it_is_the_same_after_a_pickle(op, again):
    found = again(op)
    assert found == op
    assert hash(found) == hash(op)
    assert found is op or op.fields


def test_an_operation_that_is_in_no_variable_is_made_anew():
    assert isinstance(pickle.loads(pickle.dumps(MatMul())), MatMul)


def test_an_index_with_arrays_is_pickled_by_value():
    op = Index((slice(1, None), np.array([2, 0]), ..., None))
    assert pickle.loads(pickle.dumps(op)) == op


cube = Elementwise("cube", lambda x: x**3, lambda y, x: 3 * x**2, text="{x}³", binds=4)


def test_an_operation_of_ones_own_is_pickled_by_its_name():
    assert pickle.loads(pickle.dumps(cube)) is cube
