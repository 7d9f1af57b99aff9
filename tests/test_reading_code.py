"""What the code of a derivation takes, how small numbers are written, and which letters run over what."""

import re

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, nn, softmax
from minigrad.app.tour.runs import write_loss
from tests.reading_data import LABELS, RNG, X, exact


def signature(E, **kwargs):
    """Give the arguments of a derivation's code, and the keys of its gradients."""
    source = derive(E, **kwargs).to_numpy()
    returned = source.split("return E, {")[-1]
    return re.findall(r"def loss_and_gradients\((.*)\)", source)[0], re.findall(r'"(\w+)"', returned)


def layers_by_name():
    shapes = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    return {name: Tensor(RNG.normal(size=shape), requires_grad=True, name=name) for name, shape in shapes.items()}


@pytest.mark.parametrize("loss", ["cross-entropy", "by hand", "squared error", "mean", "turned", "decay"])
def test_code_takes_the_data_the_parameters_as_they_are_used_and_the_targets(loss):
    W1, b1, W2, b2 = (p := layers_by_name()).values()
    x, t = Tensor(X, name="X"), Tensor(data.one_hot(LABELS, 3), name="T")
    Y = softmax(np.tanh(b1 + x @ W1) @ W2 + b2)
    E = {
        "cross-entropy": lambda: losses.cross_entropy(Y, t),
        "by hand": lambda: -(t * np.log(Y)).sum(),
        "squared error": lambda: losses.squared_error(Y, t),
        "mean": lambda: ((t - Y) ** 2).mean(),
        "turned": lambda: 0.5 * (np.square(t - Y)).sum(axis=1).sum(),
        "decay": lambda: 0.01 * (W2**2).sum() + losses.cross_entropy(Y, t),
    }[loss]()
    assert signature(E) == ("X, W1, b1, W2, b2, T", [*p])
    assert signature(E, wrt=[W2, W1]) == ("X, W1, b1, W2, b2, T", ["W1", "W2"])


def test_targets_of_a_loss_that_chooses_come_last_too_and_it_is_no_squared_error():
    W1, _, W2, _ = layers_by_name().values()
    r = np.tanh(Tensor(X, name="X") @ W1) @ W2 - Tensor(np.ones((len(X), 3)), name="T")
    small = np.abs(r) <= 1
    for E in (
        np.where(small, 0.5 * r**2, np.abs(r) - 0.5).sum(),
        (small * 0.5 * r**2 + (1 - small) * (np.abs(r) - 0.5)).sum(),
    ):
        assert signature(E) == ("X, W1, W2, T", ["W1", "W2"])
        assert "Loss · squared error" not in draw(E).svg()
        assert ">Loss<" in draw(E).svg()


def test_factors_of_rows_that_are_taken_by_numbers_come_as_they_are_used():
    U, V = (
        Tensor(RNG.normal(size=shape), requires_grad=True, name=name) for name, shape in (("U", (5, 2)), ("V", (4, 2)))
    )
    E = (((U[[0, 1, 4, 4]] * V[[0, 1, 2, 1]]).sum(axis=1) - np.ones(4)) ** 2).mean()
    assert signature(E) == ("U, V", ["U", "V"])


def test_arrays_without_a_name_and_data_that_are_a_target_too_have_their_place():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(40, 4)), rng.normal(size=(40, 3))
    W = Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    assert signature(((x @ W - t) ** 2).sum()) == ("x, W, t", ["W"])
    assert signature(((t - x @ W) ** 2).sum(), names={"T": t}) == ("x, W, T", ["W"])
    X, h = Tensor(x, name="X"), Tensor(rng.normal(size=(4, 4)), requires_grad=True, name="H")
    assert signature(((X - np.tanh(X @ h)) ** 2).sum()) == ("X, H", ["H"])  # an autoencoder's target is its input


def test_a_small_loss_is_written_by_its_digits():
    x, w = Tensor([1.0, 0.5], name="x"), Tensor([0.3, 0.4], requires_grad=True, name="w")
    E = 0.5 * (x @ w - (0.5 - np.sqrt(8.6e-5))) ** 2
    assert f"{E.item():.1e}" == "4.3e-05"
    assert "4.3e−05" in draw(E).svg()
    assert [write_loss(x) for x in (4.3e-05, 0.00043, 0.0043, 0.43, 0.1, 0.0, 1.04, 12.4, 99.7, 123.4, np.inf)] == [
        "4.3e-05", "0.00043", "0.0043", "0.43", "0.10", "0", "1.0", "12", "100", "123", "inf",
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [1, 5])
def test_gradients_of_inputs_are_summed_over_the_letters_of_the_book(rows):
    x = Tensor(X[:rows], requires_grad=True, name="X")
    derivation = exact(derive(losses.squared_error(nn.MLP((4, 5, 3), output="identity", rng=0)(x), np.ones((rows, 3)))))
    by_index = {line.of: text for line, text in zip(derivation, derivation.to_text("index").splitlines(), strict=True)}
    assert by_index["Y₁"] == "∂E/∂yⱼ = Σᵣ δᵣ wⱼᵣ"
    assert by_index["U₁"] == "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ"
    assert by_index["X"] == "∂E/∂xᵢ = Σ_q δ_q w_iq"
    assert r"\frac{\partial E}{\partial x_i} &= \sum_{q} \delta_q w_{iq}" in derivation.to_latex("index")
    assert "<munder><mo>∑</mo><mrow><mi>q</mi></mrow></munder>" in derivation.to_mathml("index")[-1]


def test_one_layer_and_deep_nets_sum_over_r():
    x = Tensor(X, requires_grad=True, name="X")
    for sizes, last in ((4, 3), "∂E/∂xᵢ = Σᵣ δᵣ wᵢᵣ"), ((4, 5, 6, 3), "∂E/∂xⱼ = Σᵣ δ⁽¹⁾ᵣ w⁽¹⁾ⱼᵣ"):
        E = losses.squared_error(nn.MLP(sizes, output="identity", rng=0)(x), np.ones((6, 3)))
        assert derive(E).to_text("index").splitlines()[-1] == last
