"""Index notation of what is written at places, put in order and transformed back: as a book has it, and true."""

import numpy as np
import pytest

from minigrad import Tensor, derive
from minigrad.ops.places.sorting import ArgSort
from tests.index_reading import says_the_value

x = Tensor([0.3, 0.1, 0.9, 0.5, 0.2], requires_grad=True, name="x")
z = Tensor(np.array([0.3, 0.1, 0.9, 0.5, 0.2]) + 1j, requires_grad=True, name="z")
W = Tensor(np.arange(15.0).reshape(5, 3) / 9, requires_grad=True, name="W")
V = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="V")
v = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="v")
i = Tensor([3, 0, 3], name="i")
c = np.arange(1.0, 6.0)


def put(a, key, b):
    y = a * 1
    y[key] = b
    return y


OF_8 = "ω₈ = exp(−2πi / 8)"
LINES = {
    "irfft": (
        lambda: (np.fft.irfft(z, 8) ** 2).sum(),
        [f"∂E/∂zⱼ = conj((Σᵣ 2(Re(Σₛ κₛ zₛ ω₈ ^ (−(s r))) / 8)ω₈ ^ (r j)) / 8) κⱼ    (κ = [1, 2, 2, 2, 1]; {OF_8})"],
    ),
    "irfft of an odd number": (
        lambda: (np.fft.irfft(z[:4], 7) * np.arange(7.0)).sum(),
        ["∂E/∂zⱼ = {conj((Σᵣ cᵣ ω₇ ^ (r j)) / 7) κⱼ if j < 4; 0 otherwise}    (κ = [1, 2, 2, 2]; ω₇ = exp(−2πi / 7))"],
    ),
    "rfft": (
        lambda: (np.fft.rfft(x).real * c[:3]).sum(),
        ["∂E/∂xⱼ = Re(Σᵣ cᵣ ω₅ ^ (−(r j)))    (ω₅ = exp(−2πi / 5))"],
    ),
    "partition": (
        lambda: (np.partition(x, 2)[:3] ** 2).sum(),
        ["∂E/∂xᵢ = {2 xᵢ if ρ(π(i)) < 3; 0 otherwise}    (π = argsort(argsort(x)); ρ = argsort(partition(x)))"],
    ),
    "rows of a partition": (
        lambda: ((np.partition(W, 2, axis=0)[:2] * V) ** 2).sum(),
        [
            "vₗⱼ = w_{π(ρ(l,j),j),j} Vₗⱼ    (π = argsort(W); ρ = argsort(argsort(partition(W))))",
            "∂E/∂vₗⱼ = 2 vₗⱼ",
            "∂E/∂wᵢⱼ = {∂E/∂v_{φ(τ(i,j),j),j} V_{φ(τ(i,j),j),j} if φ(τ(i, j), j) < 2; 0 otherwise}"
            "    (τ = argsort(argsort(W)); φ = argsort(partition(W)))",
            "∂E/∂Vₗⱼ = ∂E/∂vₗⱼ w_{π(ρ(l,j),j),j}    (π = argsort(W); ρ = argsort(argsort(partition(W))))",
        ],
    ),
    "at an operand": (
        lambda: (put(x, i, v) * c).sum(),
        [
            "∂E/∂xᵢ = {0 if π(i) ≥ 0; cᵢ otherwise}    (π = [1, −1, −1, 2, −1])",
            "∂E/∂vⱼ = {c_{τ(j)} if ρ(j) = 1; 0 otherwise}    (ρ = [0, 1, 1]; τ = [3, 0, 3])",
        ],
    ),
    "columns at an operand": (
        lambda: (put(W, (slice(None), i % 3), 2.0) ** 2).sum(),
        ["∂E/∂wᵢⱼ = {0 if π(j) ≥ 0; 2 wᵢⱼ otherwise}    (π = [2, −1, −1])"],
    ),
    "rows at an operand": (
        lambda: (put(W, i, V[0]) ** 2).sum(),
        [
            "vₘₚ = {V₀ₚ if π(m) ≥ 0; wₘₚ otherwise}    (π = [1, −1, −1, 2, −1])",
            "∂E/∂vₘₗ = 2 vₘₗ",
            "∂E/∂wᵢⱼ = {0 if π(i) ≥ 0; ∂E/∂vᵢⱼ otherwise}    (π = [1, −1, −1, 2, −1])",
            "∂E/∂Vₖₗ = {Σᵣ {∂E/∂v_{τ(r),l} if ρ(r) = 1; 0 otherwise} if k = 0; 0 otherwise}"
            "    (ρ = [0, 1, 1]; τ = [3, 0, 3])",
        ],
    ),
    "a table of places": (
        lambda: (put(x, [[0, 1], [2, 3]], V[:, :2]) ** 2).sum(),
        [
            "vₘ = {V_{π(m),ρ(m)} if π(m) ≥ 0; xₘ otherwise}    (π = [0, 0, 1, 1, −1]; ρ = [0, 1, 0, 1, −1])",
            "∂E/∂vₘ = 2 vₘ",
            "∂E/∂xᵢ = {0 if τ(i) ≥ 0; ∂E/∂vᵢ otherwise}    (τ = [0, 1, 2, 3, −1])",
            "∂E/∂Vⱼₖ = {∂E/∂v_{φ(j,k)} if k < 2; 0 otherwise}    (φ = [[0, 1], [2, 3]])",
        ],
    ),
    "columns of some rows": (
        lambda: (put(W, (slice(1, None, 2), [0, 2]), V[:, :2]) ** 2).sum(),
        [
            "vₚₛ = {V_{⌊p/2⌋,π(s)} if 1 ≤ p < 4, p mod 2 = 1, π(s) ≥ 0; wₚₛ otherwise}    (π = [0, −1, 1])",
            "∂E/∂vₚₛ = 2 vₚₛ",
            "∂E/∂wᵢⱼ = {0 if 1 ≤ i < 4, i mod 2 = 1, π(j) ≥ 0; ∂E/∂vᵢⱼ otherwise}    (π = [0, −1, 1])",
            "∂E/∂Vₖₗ = {∂E/∂v_{2k+1,2l} if l < 2; 0 otherwise}",
        ],
    ),
    "places of two axes": (
        lambda: (put(W, ([1, 1, 4], [0, 0, 2]), v) ** 2).sum(),
        [
            "∂E/∂wᵢⱼ = {0 if π(i, j) ≥ 0; 2 wᵢⱼ otherwise}    (π(1, 0) = 1, π(4, 2) = 2, else −1)",
            "∂E/∂vₖ = {2 v_{ξ(k)} if ρ(k) = 1; 0 otherwise}    (ρ = [0, 1, 1]; ξ = [1, 1, 2])",
        ],
    ),
    "a mesh": (
        lambda: (put(W, np.ix_([0, 3], [1, 2]), V[:, :2]) ** 2).sum(),
        [
            "vₚₛ = {V_{π(p),ρ(s)} if π(p) ≥ 0, ρ(s) ≥ 0; wₚₛ otherwise}    (π = [0, −1, −1, 1, −1]; ρ = [−1, 0, 1])",
            "∂E/∂vₚₛ = 2 vₚₛ",
            "∂E/∂wᵢⱼ = {0 if π(i) ≥ 0, ρ(j) ≥ 0; ∂E/∂vᵢⱼ otherwise}    (π = [0, −1, −1, 1, −1]; ρ = [−1, 0, 1])",
            "∂E/∂Vₖₗ = {∂E/∂v_{3k,l+1} if l < 2; 0 otherwise}",
        ],
    ),
    "some rows of a column": (
        lambda: (put(W, ([4, 0, 1], 1), v) * c[:, None]).sum(),
        [
            "∂E/∂wᵢⱼ = {0 if π(i) ≥ 0, j = 1; cᵢ otherwise}    (π = [1, 2, −1, −1, 0])",
            "∂E/∂vₖ = c_{ρ(k)}    (ρ = [4, 0, 1])",
        ],
    ),
    "a mask": (
        lambda: (put(x, np.array([True, False, True, False, True]), v) ** 2).sum(),
        ["∂E/∂xᵢ = {0 if π(i) ≥ 0; 2 xᵢ otherwise}    (π = [0, −1, 1, −1, 2])", "∂E/∂vⱼ = 2 vⱼ"],
    ),
}


@pytest.mark.parametrize(("called", "wanted"), LINES.values(), ids=LINES)
def test_lines_are_those_of_a_book_and_say_their_values(called, wanted):
    derivation = derive(called())
    assert str(derivation.to_text(notation="index")).splitlines() == wanted
    for expression in [*derivation.graph.outputs, *(line.node for line in derivation)]:
        says_the_value(expression, derivation.graph.values)


@pytest.mark.parametrize("kth", [0, 100, (10, 60), 499])
def test_a_partition_is_not_an_order(kth):
    """Of many elements it leaves most out of order: one comes from where its rank is, not from where it stands."""
    given = np.random.default_rng(1).normal(size=(500, 2))
    a = Tensor(given, requires_grad=True, name="a")
    assert not (np.partition(given, kth, axis=0) == np.sort(given, axis=0)).all()
    derivation = derive((np.sin(np.partition(a, kth, axis=0)) * np.arange(1000.0).reshape(500, 2)).sum())
    for expression in [*derivation.graph.outputs, *(line.node for line in derivation)]:
        says_the_value(expression, derivation.graph.values)


def test_places_that_depend_on_data_are_said_in_words():
    order = ArgSort(0)(x)
    derivation = derive((put(x * 2, order[:3], v) ** 2).sum())
    for line in derivation:
        says_the_value(line.node, derivation.graph.values)


def test_letters_of_weights_are_written_in_latex():
    written = derive((np.fft.irfft(z, 8) ** 2).sum()).to_latex(notation="index")
    assert r"\kappa_s z_s \omega_8" in written
    assert "κ" not in written
