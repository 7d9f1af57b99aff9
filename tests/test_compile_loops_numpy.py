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


def sum_products(turns):
    """Σₜ xₜᵀ yₜ and Σₜ Σₙ xₜ along xₜ₊₁ = tanh(xₜ W + Uₜ), with yₜ = xₜ Vₜ: sums that nothing in the loop needs."""

    def sums(W, x, U, V):
        product, rows, number, late = np.zeros((2, 2)), np.zeros(2), 0.0, 0.0
        for t in range(turns):
            number = number - np.log(2 + x[0, 0]) / V[t, 1, 1] + late
            x = np.tanh(x @ W + U[t])
            product = product + x.T @ (x @ V[t])
            rows = rows + x.sum(axis=0)
            late = x[0, 1]
        return product, rows, number

    return sums


def test_what_turns_only_add_up_is_computed_behind_the_loop():
    rng = np.random.default_rng(2)
    turns = 12
    W, x, U, V = (rng.standard_normal(shape) for shape in ((2, 2), (3, 2), (turns, 3, 2), (turns, 2, 2)))
    step = minigrad.compile(sum_products(turns), backend="numpy")
    for _ in range(2):
        found = step(W, x, U, V)
        states = [x]
        for u in U:
            states.append(np.tanh(states[-1] @ W + u))
        wanted_product = np.einsum("tnr,tns,tsc->rc", states[1:], states[1:], V)
        logs = sum(np.log(2 + s[0, 0]) / v[1, 1] for s, v in zip(states[:-1], V, strict=True))
        wanted_number = sum(s[0, 1] for s in states[1:-1]) - logs
        for a, b in zip(found, (wanted_product, np.sum(states[1:], (0, 1)), wanted_number), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        x = rng.standard_normal((3, 2))
    (rolled,) = step.report().rolled
    assert "sum" not in rolled
    assert "log" not in rolled


def test_sums_of_large_arrays_stay_in_the_loop():
    def energy(W, x):
        for _ in range(20):
            x = np.tanh(x @ W)
        return (x * x).sum()

    rng = np.random.default_rng(3)
    W, x = rng.standard_normal((16, 16)) / 4, rng.standard_normal((8, 16))
    step = minigrad.compile(value_and_grad(energy), backend="numpy")
    move = 1e-6 * rng.standard_normal(W.shape)
    _, slope = step(W, x)
    assert np.isclose((slope * move).sum(), (energy(W + move, x) - energy(W - move, x)) / 2, rtol=1e-7)
    assert "add" in step.report().rolled[1]


def test_what_turns_compute_from_outside_alone_is_computed_ahead_of_the_loop():
    def last(x, U):
        for t in range(12):
            x = np.sin(x) * np.exp(-U[t] * U[t]) + 1 / (1 + U[t])
        return x

    rng = np.random.default_rng(4)
    step = minigrad.compile(last, backend="numpy")
    for _ in range(2):
        x, U = rng.standard_normal(3), rng.random((12, 3))
        np.testing.assert_allclose(step(x, U), last(x, U), rtol=1e-14)
    assert step.report().rolled == ("×12 of sin, multiply, add",)


@pytest.mark.parametrize("size", [(3,), (200,)])
def test_a_derivative_that_is_infinite_in_some_call_meets_no_gradient_of_zero(size):
    def weighted(x, w, U):
        for t in range(12):
            x = np.tanh(x / U[t])
        return (w * x).sum()

    rng = np.random.default_rng(5)
    step = minigrad.compile(value_and_grad(weighted), backend="numpy")
    for tiny in (1.0, 1e-310, 1.0):  # 1 / 1e-310 is infinite
        w, x, U = rng.random(size), rng.random(size), 0.5 + rng.random((12, *size))
        w[0], x[0] = 0, 0
        U[:, 0] *= tiny
        with np.errstate(over="ignore", divide="ignore"):
            _, slope = step(x, w, U)
        moved = [weighted(x[i] + 1e-40j, w[i], U[:, i]).imag / 1e-40 for i in range(1, len(x))]
        np.testing.assert_allclose(slope, [0, *moved], rtol=1e-12)
