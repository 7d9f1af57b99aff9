"""The fuzzer of calls: it finds nothing in these, and finds what is made wrong."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.ops import arithmetic
from tests.fuzz.called import EVERY, PYTHON, draw_call, draw_operand, find_special
from tests.fuzz.calls import check_call, main

pytest.importorskip("numba")


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_calls_are_numpys(first):
    assert [check_call(seed) for seed in range(first, first + 10)] == [None] * 10


def test_calls_are_of_every_kind():
    rng = np.random.default_rng(0)
    drawn = [draw_operand(rng, (*EVERY, *PYTHON), (3,)) for _ in range(300)]
    assert {x.dtype.name for x in drawn if isinstance(x, np.ndarray)} == set(EVERY)
    assert {type(x) for x in drawn if not isinstance(x, np.ndarray)} == {bool, int, float}
    assert any(np.isnan(x).any() for x in drawn if isinstance(x, np.ndarray) and x.dtype.kind == "f")
    assert np.isinf(find_special(np.dtype(np.float16))).any()
    assert len({draw_call(seed).text.partition("(")[0] for seed in range(600)}) > 80


def test_a_wrong_value_and_a_wrong_slope_are_found(monkeypatch, capsys):
    wrong = {}
    for name, change in (
        ("a value", lambda: monkeypatch.setattr(arithmetic.divide, "forward", np.multiply)),
        ("a slope", lambda: monkeypatch.setattr(arithmetic.subtract, "vjps", arithmetic.add.vjps)),
    ):
        with monkeypatch.context():
            change()
            wrong[name] = next(filter(None, map(check_call, range(600))), None)
            monkeypatch.undo()
    assert " for " in wrong["a value"]
    assert "slope" in wrong["a slope"] or "gradient" in wrong["a slope"]
    assert main(["--seconds", "0.2"]) == 0
    assert "0 failed" in capsys.readouterr().out
