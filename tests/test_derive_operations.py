"""Lines of determinants, inverses, factors, einsum and norms, in matrices and by indices; what pictures call them."""

import numpy as np
import pytest

from minigrad import Tensor, derive, draw

A = np.array([[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.4, 0.1, 3.0]])


def of(name, values=A):
    return Tensor(np.asarray(values), requires_grad=True, name=name)


EINSUM = "Σⱼₖ Aᵢⱼ Bⱼₖ cₖ"
SLOPE = "chol(A)ᵀ⁻¹ (chol(A)ᵀ⁻¹ half_lower(2 chol(A)ᵀ chol(A)))ᵀ"
# called: the loss; its lines in matrices, and by indices (None: what is of a matrix as a whole is written as that); and
# what a picture writes in the box of the operation
LINES = {
    "det": (lambda: np.linalg.det(of("A")), ["E = det(A)", "∂E/∂A = cof(A)"], None, "det(A)"),
    "log det": (
        lambda: np.log(np.linalg.det(of("A"))),
        ["E = log(det(A))", "∂E/∂A = cof(A) / det(A)"],
        None,
        "det(A)",
    ),
    "slogdet": (lambda: np.linalg.slogdet(of("A"))[1], ["E = log|det(A)|", "∂E/∂A = (A⁻¹)ᵀ"], None, "log|det(A)|"),
    "inverse": (
        lambda: (np.linalg.inv(of("A")) ** 2).sum(),
        ["E = Σ (A⁻¹)²", "∂E/∂A = −2 (A⁻¹)ᵀ A⁻¹ (A⁻¹)ᵀ"],
        None,
        "A⁻¹",
    ),
    "solve": (
        lambda: of("b", A[0]) @ np.linalg.solve(of("A"), A[1]),
        ["E = b A⁻¹ c₁", "∂E/∂b = A⁻¹ c₁", "∂E/∂A = −Aᵀ⁻¹ b (A⁻¹ c₁)ᵀ"],
        None,
        "A⁻¹ c₁",
    ),
    "cholesky": (
        lambda: (np.linalg.cholesky(of("A", A @ A.T)) ** 2).sum(),
        ["E = Σ chol(A)²", f"∂E/∂A = (({SLOPE})ᵀ + {SLOPE}) / 2"],
        None,
        "chol(A)",
    ),
    "einsum": (
        lambda: (np.einsum("ij,jk,k->i", of("A"), of("B", A.T), of("c", A[0])) ** 2).sum(),
        [
            f"E = Σ ({EINSUM})²",
            f"∂E/∂A = Σₖ (2 {EINSUM})ᵢ Bⱼₖ cₖ",
            f"∂E/∂B = Σᵢ (2 {EINSUM})ᵢ Aᵢⱼ cₖ",
            f"∂E/∂c = Σᵢⱼ (2 {EINSUM})ᵢ Aᵢⱼ Bⱼₖ",
        ],
        [
            "E = Σᵣ (Σₛₚ aᵣₛ bₛₚ cₚ)²",
            "∂E/∂aᵢⱼ = Σᵣ (2 Σₛₚ aᵢₛ bₛₚ cₚ)bⱼᵣ cᵣ",
            "∂E/∂bⱼₖ = Σᵣ (2 Σₛₚ aᵣₛ bₛₚ cₚ)aᵣⱼ cₖ",
            "∂E/∂cₖ = Σᵣₛ (2 Σₚₒ aᵣₚ bₚₒ cₒ)aᵣₛ bₛₖ",
        ],
        EINSUM,
    ),
    "trace of a product": (
        lambda: np.einsum("ij,ji->", of("A"), of("B", A.T)),
        ["E = Σ A ⊙ Bᵀ", "∂E/∂A = Bᵀ", "∂E/∂B = Aᵀ"],
        ["E = Σᵣₛ aᵣₛ bₛᵣ", "∂E/∂aᵢⱼ = bⱼᵢ", "∂E/∂bⱼᵢ = aᵢⱼ"],
        "Bᵀ",
    ),
    "diagonal of a product": (
        lambda: np.trace(of("A") @ of("B", A.T)),
        ["E = Σ A ⊙ Bᵀ", "∂E/∂A = Bᵀ", "∂E/∂B = Aᵀ"],
        ["E = Σᵣₛ aᵣₛ bₛᵣ", "∂E/∂aᵢⱼ = bⱼᵢ", "∂E/∂bⱼᵢ = aᵢⱼ"],
        "Bᵀ",
    ),
    "norm": (
        lambda: np.linalg.norm(of("x", A[0])),
        ["E = ‖x‖", "∂E/∂x = x / ‖x‖"],
        ["E = √(Σᵣ xᵣ²)", "∂E/∂xᵢ = xᵢ / √(Σᵣ xᵣ²)"],
        "‖x‖",
    ),
    "norms of rows": (
        lambda: np.linalg.norm(of("A"), axis=1).sum(),
        ["E = Σ ‖A‖", "∂E/∂A = A / ‖A‖"],
        ["E = Σᵣ √(Σₛ aᵣₛ²)", "∂E/∂aᵢⱼ = aᵢⱼ / √(Σᵣ aᵢᵣ²)"],
        "‖A‖",
    ),
}


@pytest.mark.parametrize("called", LINES)
def test_lines_are_those_of_a_book(called):
    loss, matrices, indices, _ = LINES[called]
    derivation = derive(loss(), forward=True)
    assert derivation.to_text().splitlines() == matrices
    assert derivation.to_text("index").splitlines() == (matrices if indices is None else indices)
    assert derivation.check().first is None


@pytest.mark.parametrize("called", LINES)
def test_a_picture_writes_the_operation_in_a_box(called):
    loss, _, _, formula = LINES[called]
    assert formula in [box.formula for box in draw(loss()).scene.boxes]


def test_a_row_beside_a_column_is_told_by_its_transposition():
    u = Tensor(np.arange(4.0), requires_grad=True, name="u")
    X = Tensor(np.arange(20.0).reshape(5, 4), requires_grad=True, name="X")
    apart = derive((np.abs(u[:, None] - u[None, :]) ** 3).sum(), [u])
    assert "v₃ = u − uᵀ" in str(apart)
    assert str(derive(((X - X.mean(0)) ** 2).sum(), [X])) == "∂E/∂X = 2 (X − (Σₙ X) / 5)"
