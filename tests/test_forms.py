"""Every form of call is NumPy's, in value, dtype and kind, with a gradient that is right, or says why it is refused."""

import re
from collections import Counter

import numpy as np
import pytest

import minigrad.numpy
from minigrad import Tensor, compile, grad, gradcheck, vmap
from minigrad.app.operations import MODULES, find_functions
from minigrad.compiler.trace.traced import TraceError
from tests.forms import (
    OPERANDS,
    analysis,
    arranging,
    as_function,
    elementwise,
    methods,
    odd,
    operands_of,
    operators,
    products,
    reductions,
    writing,
)
from tests.forms.uncompiled import UNCOMPILED, UNMAPPED

TABLES = (operators, reductions, elementwise, arranging, products, analysis, methods, writing, odd)
RIGHT = [code for table in TABLES for code in table.RIGHT]
REFUSED = [row for table in TABLES for row in table.REFUSED]
COARSE = ("float32", "f4", "f->f")  # roundings show in differences of such values
forms = pytest.mark.parametrize("code", RIGHT)


def arrays_of(code):
    return [OPERANDS[name].copy() for name in operands_of(code)]


def tensors_of(code):
    return [Tensor(OPERANDS[name].copy(), requires_grad=True, name=name) for name in operands_of(code)]


def parts_of(y):
    return list(y) if isinstance(y, tuple | list) else [y]


def assert_same(ours, wanted, eps=0.0):
    """To a few units in the last place, which the order of a sum may cost, or to what is computed in between."""
    assert isinstance(ours, type(wanted)) or not isinstance(wanted, tuple | list)
    for y, w in zip(parts_of(ours), parts_of(wanted), strict=True):
        y, w = np.asarray(y.data if isinstance(y, Tensor) else y), np.asarray(w)
        assert (y.shape, y.dtype) == (w.shape, w.dtype)
        eps = max(eps, np.finfo(w.dtype).eps) if w.dtype.kind in "fc" else 0
        np.testing.assert_allclose(y, w, rtol=32 * eps, atol=8 * eps)


def weighted_squares(code):
    """A number that depends on each element of a form's value differently, as a function of its operands."""
    form = as_function(code)

    def loss(*xs):
        floating = [y for y in parts_of(form(*xs)) if isinstance(y, Tensor) and y.dtype.kind in "fc"]
        sizes = [np.abs(y.astype(complex if y.dtype.kind == "c" else float)) ** 2 for y in floating]
        return sum((size * np.arange(1.0, size.size + 1).reshape(size.shape)).sum() for size in sizes)

    return loss


@forms
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_value_and_dtype_are_numpys(code):
    form = as_function(code)
    wanted = form(*arrays_of(code))
    assert_same(form(*tensors_of(code)), wanted)
    assert_same(form(*map(Tensor, arrays_of(code))), wanted)
    assert_same(as_function(code, np=minigrad.numpy)(*tensors_of(code)), wanted)


@forms
@pytest.mark.parametrize("kind", [np.float32, np.int64])
@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore:future versions will not create a writeable:FutureWarning"
)
def test_other_dtypes_are_numpys(code, kind):
    form = as_function(code)
    xs = [np.round(3 * x).astype(kind) if kind is np.int64 else x.astype(kind) for x in arrays_of(code)]
    try:
        wanted = form(*[x.copy() for x in xs])
    except (TypeError, ValueError, IndexError) as error:
        with pytest.raises(type(error)):
            form(*map(Tensor, xs))
    else:
        eps = 16 * np.finfo(kind).eps if kind is np.float32 else 0.0
        assert_same(form(*[Tensor(x, requires_grad=kind is np.float32) for x in xs]), wanted, eps)


@forms
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_gradients_agree_with_differences(code):
    options = {"rtol": 1e-2, "atol": 1e-3, "step": 1e-3} if any(kind in code for kind in COARSE) else {}
    loss = weighted_squares(code)
    assert loss(*tensors_of(code)).requires_grad
    assert gradcheck(loss, *arrays_of(code), **options)


@forms
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_compiled_code_computes_the_same(code):
    form = as_function(code)
    if code in UNCOMPILED:
        with pytest.raises(TraceError, match=r"known|change all other names"):
            compile(form)(*arrays_of(code))
    else:
        assert_same(compile(form)(*arrays_of(code)), form(*arrays_of(code)))


@pytest.mark.parametrize("code", [code for code in RIGHT if not any(kind in code for kind in COARSE)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_second_derivatives_agree_with_differences(code):
    loss, xs = weighted_squares(code), arrays_of(code)
    slopes = grad(loss, argnums=tuple(range(len(xs))))
    assert gradcheck(lambda *xs: sum((g**2).sum() for g in slopes(*xs)), *xs, rtol=1e-5, atol=1e-6)


@forms
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_lanes_of_vmap_are_numpys(code):
    form = as_function(code)
    lanes = [(x, 0.9 * x + 0.01) for x in arrays_of(code)]
    if code in UNMAPPED:
        with pytest.raises(TypeError, match="lane"):
            vmap(form)(*map(np.stack, lanes))
    else:
        together = vmap(form)(*map(np.stack, lanes))
        apart = [parts_of(form(*[x.copy() for x in lane])) for lane in zip(*lanes, strict=True)]
        assert_same(parts_of(together), [np.stack(parts) for parts in zip(*apart, strict=True)], 1e-13)


@pytest.mark.parametrize("row", REFUSED, ids=[row.code for row in REFUSED])
def test_what_is_refused_says_so(row):
    kept = [x.copy() for x in arrays_of(row.code)]
    tensors = tensors_of(row.code)
    with pytest.raises(row.error) as caught:
        as_function(row.code)(*tensors)
    missing = [part for part in row.says.split(" | ") if part not in str(caught.value)]
    assert missing == [], str(caught.value)
    np.testing.assert_equal([t.data for t in tensors], kept)


@pytest.mark.parametrize("module", MODULES)
def test_every_function_has_a_form(module):
    """Of those that a Tensor can be given to."""
    differentiable, constant, _ = find_functions(module)
    written = "\n".join(RIGHT)
    missing = [name for name in (*differentiable, *constant) if not re.search(rf"{module}\.{name}\(", written)]
    assert missing == []


def test_the_table_is_broad():
    assert len(RIGHT) >= 900
    assert len(REFUSED) >= 120
    assert set(UNMAPPED) <= set(UNCOMPILED) <= set(RIGHT)
    assert [code for code, times in Counter(RIGHT).items() if times > 1] == []
