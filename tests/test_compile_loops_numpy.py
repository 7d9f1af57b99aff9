"""Loops of NumPy code: what is seen, handed on and computed once for all turns."""

import re

import numpy as np
import pytest

import minigrad
from minigrad import value_and_grad
from minigrad.compiler.numpy.loops import LISTED


def roll_last(turns):
    """Of xₜ₊₁ = A xₜ + uₜ, as a matrix: E = Σₜ |xₜ|²."""

    def energy(A, x, U):
        total = 0.0
        for t in range(turns):
            x = A @ x + U[t]
            total = total + (x * x).sum()
        return total

    return energy


def energy_by_powers(A, x, U):
    """The same in closed form, xₜ = Aᵗ x₀ + Σₛ Aᵗ⁻¹⁻ˢ uₛ, and its gradient by x₀: Σₜ 2 (Aᵗ)ᵀ xₜ."""
    turns = len(U)
    powers = [np.linalg.matrix_power(A, t) for t in range(turns + 1)]
    states = [powers[t] @ x + sum(powers[t - 1 - s] @ U[s] for s in range(t)) for t in range(1, turns + 1)]
    return sum((s * s).sum() for s in states), sum(2 * powers[t].T @ s for t, s in enumerate(states, 1))


@pytest.mark.parametrize("turns", [12, LISTED + 1])
def test_a_state_that_is_kept_is_handed_on_without_touching_what_it_began_as(turns):
    rng = np.random.default_rng(1)
    A = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    step = minigrad.compile(value_and_grad(roll_last(turns), 1), backend="numpy")
    for _ in range(2):
        x, U = rng.standard_normal((2, 2)), rng.standard_normal((turns, 2, 2))
        before = x.copy()
        E, slope = step(A, x, U)
        np.testing.assert_array_equal(x, before)
        if turns < 100:
            wanted, wanted_slope = energy_by_powers(A, x, U)
            np.testing.assert_allclose(slope, wanted_slope, rtol=1e-11)
        else:
            wanted = roll_last(turns)(A, x, U)
        np.testing.assert_allclose(E, wanted, rtol=1e-11)


def test_what_is_kept_is_seen_once_and_for_all():
    step = minigrad.compile(value_and_grad(roll_last(12), 1), backend="numpy")
    step(np.eye(2), np.ones((2, 2)), np.ones((12, 2, 2)))
    loops = re.findall(r"\n        for t\w* in range.*?(?=\n        \w)", step.source, re.DOTALL)
    assert len(loops) == 2
    assert all(re.search(r"= (rows|\w+_views)\w*\[t\w*\]", loop) for loop in loops)
    assert "state[...]" not in loops[0]  # x is kept for the way back, which another turn does not write over
