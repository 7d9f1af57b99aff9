"""The pages in ``docs`` say what is so."""

import re
from pathlib import Path

import numpy
import pytest

import minigrad
import minigrad.numpy as np
from minigrad import grad

DOCS = Path(__file__).parent.parent / "docs"
ROWS = re.findall(r"^\| `(.*x.*)` \| `([\d\[].*)` \| ([^|]+) \|", (DOCS / "from-autograd.md").read_text("utf-8"), re.M)
NAMES = {"np": np, "minigrad": minigrad}


def test_the_table_is_read():
    assert len(ROWS) >= 36
    assert sum(function.startswith("np.where") for function, *_ in ROWS) >= 9  # that guard what has no derivative


@pytest.mark.parametrize(("function", "point", "wanted"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_derivatives_at_singular_points(function, point, wanted, compiled):
    f = eval(f"lambda x: np.sum({function})", NAMES)
    slope = minigrad.compile(grad(f)) if compiled else grad(f)
    values = [float(part.replace("∞", "inf")) for part in wanted.split(",")]
    numpy.testing.assert_array_equal(numpy.ravel(slope(numpy.array(eval(point)))), values)


def test_names_of_ours_are_there():
    """What the page calls ``minigrad``'s is."""
    text = (DOCS / "from-autograd.md").read_text("utf-8")
    names = {name for name in re.findall(r"`(?:minigrad\.)?(\w+)`", text) if hasattr(minigrad.autograd, name)}
    assert {"grad", "jacobian", "make_vjp", "checkpoint", "defvjp"} <= names
    assert [name for name in names if not hasattr(minigrad, name)] == []
