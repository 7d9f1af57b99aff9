"""Every message says what, where and how to go on; and whatever was refused has changed nothing."""

import builtins
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

import minigrad
from minigrad import Tensor
from minigrad.engine.recording import is_paused
from tests.misuses import SETTING, functions, habits, libraries, networks, newcomers, shown, tensors

TABLE = [*tensors.ROWS, *functions.ROWS, *networks.ROWS, *shown.ROWS, *habits.ROWS, *libraries.ROWS, *newcomers.ROWS]


def run(code, name, world):
    exec(builtins.compile(code, name, "exec"), world)


def begin(tmp_path, monkeypatch):
    """Give the names of a user's program, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    world = {"__name__": "user"}
    run(SETTING, "setting.py", world)
    return world


def state(world):
    """Give all that could be half done: arrays, gradients, settings, draws, modes, files."""
    kept = {}
    for name, x in world.items():
        if isinstance(x, Tensor):
            kept[name] = (x.data.copy(), None if x.grad is None else x.grad.data.copy(), x.requires_grad, x.name)
        elif isinstance(x, np.ndarray):
            kept[name] = x.copy()
        elif hasattr(x, "parameters") and not isinstance(x, type):
            kept[name] = [(p.data.copy(), p.grad, p.requires_grad, p.name) for p in x.parameters()]
            kept[f"{name} draws"] = [g.bit_generator.state for g in x.generators()]
        elif hasattr(x, "state_dict") and not isinstance(x, type):
            kept[name] = (x.state_dict(), sorted(vars(x)))
    files = {path.name: path.read_bytes() if path.is_file() else None for path in Path().iterdir()}
    return kept | {"files": files, "paused": is_paused()}


def outcome(code, world):
    """Run the misuse; give the exception or the warnings, with the messages of its causes, and where it happened."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            run(code, "misuse.py", world)
        except BaseException as error:
            chain, cause = [], error
            while cause is not None:
                chain.append(str(cause))
                cause = cause.__cause__
            lines = [
                frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "misuse.py"
            ]
            return error, " ← ".join(chain), lines
    (warning,) = [w for w in caught if "misuse.py" in w.filename]
    return warning.message, str(warning.message), [warning.lineno]


@pytest.mark.parametrize("misuse", TABLE, ids=[row.code.split("\n")[-1] for row in TABLE])
def test_message(misuse, tmp_path, monkeypatch):
    world = begin(tmp_path, monkeypatch)
    *before, last = misuse.code.split("\n")
    run("\n".join(before), "before.py", world)
    kept = state(world)
    error, message, lines = outcome(last, world)
    assert isinstance(error, misuse.error), f"{type(error).__name__}: {message}"
    assert lines[:1] == [1], "the line of the user's code"
    for mark in ("what", "where", "how"):
        for part in getattr(misuse, mark).split(" | "):
            assert part in message, f"{mark}: {part!r} is not in: {message}"
    if not isinstance(error, Warning):
        np.testing.assert_equal({name: x for name, x in state(world).items() if name in kept}, kept)


def test_the_table_is_large_and_no_row_says_nothing():
    assert len(TABLE) >= 120
    assert len({row.code for row in TABLE}) == len(TABLE)
    assert all(part.strip() for row in TABLE for mark in row[2:] for part in mark.split(" | "))


def test_the_right_ways_that_messages_name_are_right():
    """What is said to be due instead works, and gives what SciPy's own function gives."""
    x: Any = np.array([0.3, 0.5, 0.9])
    w: Any = Tensor(x, requires_grad=True, name="w")
    for f in (scipy.special.logsumexp, scipy.special.softmax, scipy.special.log_softmax):
        with pytest.raises(TypeError) as caught:
            f(w)
        recipe = str(caught.value).split("Write ")[1].split(";")[0].split(", of a vector")[0].split(", which")[0]
        np.testing.assert_allclose(eval(recipe, {"minigrad": minigrad, "w": w}).data, f(x), rtol=1e-12)
