"""Index notation against the numbers: each element's formula, read with named axes, gives the expression's value."""

import numpy as np
import pytest

from minigrad import Tensor, derive, losses
from minigrad.engine.node import order_nodes
from minigrad.notation.index.along import NoIndexForm
from tests.index_reading import says_the_value
from tests.networks import NETWORKS
from tests.samples import SAMPLES

# Operations that run along an axis one after the other, or are of matrices as a whole.
REARRANGES = {
    *("recurrence", "recurrence_back", "prod_of_others"),
    *("inv", "solve", "pinv", "det", "cofactors", "log_det", "half_lower", "cholesky", "eigvalsh", "eigensystem"),
    "eigenpairs",
    *("svdvals", "singular_system", "qr_factors", "complement"),
}


def rearranges(node):
    """Say whether an operation moves elements in a way that no index says."""
    return node.op is not None and (node.op.name in REARRANGES or not node.size)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_line_by_its_elements_is_its_value(network):
    loss, given = network()
    derivation = derive(loss, given=given, fold=False)
    for line in derivation:
        says_the_value(line.node, derivation.graph.values)


def lines_of(loss):
    return str(derive(loss).to_text(notation="index")).splitlines()


def test_rows_of_an_embedding_are_at_the_place_of_a_word():
    """Each word's row gets the gradients of all places that the word is at."""
    W = Tensor(np.arange(15.0).reshape(5, 3) / 9, requires_grad=True, name="W")
    V = Tensor(np.arange(6.0).reshape(3, 2) / 9, requires_grad=True, name="V")
    assert lines_of(losses.squared_error(np.tanh(W[[1, 4, 1, 0]] @ V), np.ones((4, 2))))[-2:] == [
        "∂E/∂wₖᵢ = Σ_{n: π(n)=k} Σᵣ δₙᵣ vᵢᵣ    (π = [1, 4, 1, 0])",
        "∂E/∂vᵢⱼ = Σₙ w_{π(n),i} δₙⱼ    (π = [1, 4, 1, 0])",
    ]
    words = Tensor(np.array([1, 0, 3, 1]), name="words")
    assert lines_of((W[words] ** 2).sum()) == ["∂E/∂wᵢⱼ = Σ_{r: π(r)=i} 2 w_{π(r),j}    (π = [1, 0, 3, 1])"]
    written = derive((W[[1, 4, 1, 0]] ** 2).sum()).to_latex(notation="index")
    assert r"\sum_{r:\,\pi (r)=i} 2 w_{\pi (r),j}" in written
    assert r"\text{(}\pi\text{ = [1, 4, 1, 0])}" in written


def test_places_of_arrays_in_other_forms():
    W = Tensor(np.arange(15.0).reshape(5, 3) % 7, requires_grad=True, name="W")
    assert lines_of((W[[0, 3, 1], [2, 2, 2]] ** 2).sum()) == [
        "∂E/∂wᵢⱼ = Σ_{r: π(r)=i, j=2} 2 w_{π(r),2}    (π = [0, 3, 1])"
    ]
    assert lines_of((W[:, [0, 2]] ** 2).sum()) == ["∂E/∂wᵢⱼ = {2 w_{i,2⌊j/2⌋} if j mod 2 = 0; 0 otherwise}"]
    assert lines_of(np.sort(W, axis=0)[2].sum()) == [
        "∂E/∂wᵢⱼ = {1 if π(i, j) = 2; 0 otherwise}    (π = argsort(argsort(W)))"
    ]


def test_a_transform_is_a_sum_with_roots_of_unity():
    """No index is called i where the imaginary unit is about."""
    x = Tensor(np.arange(8.0), requires_grad=True, name="x")
    assert lines_of(np.fft.ifft(x)[1].real) == [
        "∂E/∂xⱼ = Re((Σᵣ {1 if r = 1; 0 otherwise} ω₈ ^ (−(r j))) / 8)    (ω₈ = exp(−2πi / 8))"
    ]
    written = derive(np.fft.fft(x)[1].imag).to_latex(notation="index")
    assert r"\omega_8^{r j}" in written
    assert r"\omega _8" in written


def test_what_is_written_at_places_of_arrays():
    """A table has for each place the number of what is written there, or −1; the last of several stays."""
    W = Tensor(np.arange(15.0).reshape(5, 3) / 9, requires_grad=True, name="W")
    v = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="v")
    written = W * 1
    written[[1, 1, 4], [0, 0, 2]] = v
    assert lines_of((written * np.arange(1.0, 6.0)[:, None]).sum())[0] == (
        "∂E/∂wᵢⱼ = {0 if π(i, j) ≥ 0; cᵢ otherwise}    (π(1, 0) = 1, π(4, 2) = 2, else −1)"
    )
    written = W * 1
    written[[3, 0]] = v
    assert lines_of(written.sum())[0] == "∂E/∂wᵢⱼ = {0 if π(i) ≥ 0; 1 otherwise}    (π = [1, −1, −1, 0, −1])"


@pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
def test_what_an_operation_says_by_its_elements_is_its_value(row):
    """And so is its gradient; or else there is no index form, which only rearrangements may lack."""
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "abc", strict=False)]
    y = row.call(*xs)
    loss = (np.round(np.cos(1.0 + np.arange(y.size)), 3).reshape(y.shape) * y).sum()
    derivation = derive(loss)
    for expression in [*derivation.graph.outputs, *(line.node for line in derivation)]:
        try:
            says_the_value(expression, derivation.graph.values)
        except NoIndexForm:
            rearranged = any(map(rearranges, order_nodes([expression])))
            assert rearranged, f"{row} has no index form: see notation/index/axes.py, or list it in REARRANGES"
