"""Every example runs as it stands, is short, and says what it promises."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAYS = {
    "attention_maps": [
        "99 in 100 letters are right, in words that it has never seen: True",
        "each looks at the letter that it is to write: True",
    ],
    "compiled_step": ["def make(W1, b1, W2, b2):", "% of the irises are right"],
    "digits": [
        "97 in 100 digits that it has never seen are read: True",
        "∂E/∂W is the sum over all places by hand: True",
    ],
    "digits_by_convolution": ["that is 98 % or more: True"],
    "gaussian_process": ["the gradient is the one by hand: True", "noise 0.20 (it was 0.2)"],
    "gpu_step": ["The step runs as ", "the loss went down: True", "97 in 100 irises are right: True"],
    "iris": ["each is better than the nearest mean: True"],
    "kalman_filter": ["the filter's likelihood is the Gaussian's: True", "so is its gradient: True"],
    "logistic_regression": ["reweighted least squares finds the same: True", "97% of the flowers are right"],
    "matrix_factorization": ["loss 10.4128, the singular values left out 10.4128", "the hidden marks are found: True"],
    "newton_hessian": ["with the pulls in balance: True", "the Hessian is the one by hand: True"],
    "numpy_function": ["gradient [107.  -69.6 112. ]", "minimum  [1. 1. 1.]"],
    "pendulum": ["both are within three of their errors: True", "what is left is the noise: True"],
    "physics_through_time": ["it is the circle's velocity: True", "∂x/∂v = 2.0345  by hand: 2.0345"],
    "picture_of_your_network": ["U₁ = x W₁ + b₁", "δ₂ = ∂E/∂U₂ = Y₂ − t", "∂E/∂W₂ = Y₁ᵀ δ₂"],
    "policy_gradient": ["it learned to go right: True"],
    "recurrent_step": [
        "∂E/∂Wx is the one by hand: True",
        "∂E/∂Wh is the one by hand: True",
        "δₜ = ∂E/∂Uₜ = δₜ₊₁ Whᵀ ⊙ (1 − Hₜ²)  for t = 5 … 1",
    ],
    "residual_net": [
        "without the sum 6.9e-14 of the gradient arrives; as the Jacobians say: True",
        "with the sum    3.1e+00 of the gradient arrives; as the Jacobians say: True",
        "∂E/∂Hₗ = ∂E/∂Hₗ₊₁ + δₗ₊₁ Wₗ₊₁ᵀ  for l = 39 … 1",
    ],
    "sine": ["the gradients are those by hand: True", "off from sin(πx) by less than 0.05 everywhere: True"],
    "survival_model": ["the gradient is the one by hand: True", "each is within two and a half of its errors: True"],
    "tensors_and_backward": ["∂E/∂w = -8.5  by hand: -8.5", "∂²F/∂w∂b = 1.0  by hand: 1.0"],
    "textbook_network": [
        "δ₂ = ∂E/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)",
        "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ",
        "every line agrees with finite differences: True",
        "✗ delta1 is wrong: f′ is missing, the derivative of σ(U₁)",
    ],
    "training_on_a_cluster": [
        "each epoch's is that of one process: True",
        "so are the parameters: True",
        "of the points are right",
    ],
    "training_with_callbacks": ["as code it is the same: True", "to the last bit: True"],
    "two_regions": ["a hidden layer does what no line can: True"],
    "vanishing_gradient": [
        "The simple layer's is the one by hand: True",
        "The LSTM remembers the first step best: True",
    ],
    "variational_autoencoder": ["as good as it can be, and no better: True"],
    "word_vectors": ["loss 1.2769; the counted frequencies have 1.2769", "nearest to cat: horse"],
    "worksheet_of_your_network": [
        "✗ delta1 is wrong: f′ is missing, the derivative of tanh(U₁)",
        "as finite differences say: True",
        "All done: 2 of 2 right, 1 at once and without a hint",
    ],
    "your_own_operation": ["∂E/∂W = xᵀ δ₁", "δ₁ = ∂E/∂U₁ = σ(U₁)"],
}
NEEDS = {"training_on_a_cluster": "distributed"}  # of an extra that need not be here


def test_each_example_is_known_here():
    assert [path.stem for path in EXAMPLES] == sorted(SAYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_is_short(path, tmp_path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # two of small products wait for each other where others compute
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in SAYS[path.stem]:
        assert line in done.stdout
    if "Drawn " in "\n".join(lines):
        assert any(written.suffix == ".png" for written in tmp_path.iterdir())
    if path.stem == "picture_of_your_network":
        assert {"network.svg", "network.html"} <= {written.name for written in tmp_path.iterdir()}
