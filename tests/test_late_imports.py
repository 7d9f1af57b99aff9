"""What is imported when it is first asked for is not there before; it is what its module holds afterwards."""

import subprocess
import sys

import pytest

from minigrad.ops.common.late import Late
from tests.architecture import MODULES, imports, parsed

SCRIPT = """
import sys
import numpy as np
import minigrad
{steps}
print(*(name for name in sys.modules if name.startswith("minigrad.")))
"""
STEPS = """
w = minigrad.Tensor(np.ones((2, 3)), requires_grad=True)
E = (np.tanh(np.ones((4, 2)) @ w) ** 2).sum()
E.backward()
"""


def loaded(steps=""):
    code = SCRIPT.format(steps=steps)
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def late_modules():
    """Every module of ours that another one holds as ``Late``."""
    for path in MODULES.values():
        tree = parsed(path)
        text = path.read_text(encoding="utf-8")
        yield from (name for _, name in imports(path, tree) if name in MODULES and f'Late("{name}")' in text)


def test_importing_and_a_gradient_load_nothing_that_comes_late():
    late = set(late_modules())
    assert {"minigrad.engine.writing.assignment", "minigrad.engine.messages.ways"} <= late
    rooms = {name.split(".")[1] for name in loaded()}
    assert rooms == {"ops", "engine", "notebook"}
    assert not loaded(STEPS) & late


def test_a_late_module_gives_what_it_holds_and_an_error_for_what_it_does_not():
    fractions = Late("fractions")
    assert fractions.Fraction is fractions.Fraction
    assert fractions.Fraction(1, 3) == __import__("fractions").Fraction(1, 3)
    with pytest.raises(AttributeError, match="'fractions' has no attribute 'Fractoin'"):
        _ = fractions.Fractoin
