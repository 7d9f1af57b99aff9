"""Every example runs as it stands, is short, and says what it promises."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAYS = {
    "compiled_step": ["def make(W1, b1, W2, b2):", "% of the irises are right"],
    "numpy_function": ["gradient [107.  -69.6 112. ]", "minimum  [1. 1. 1.]"],
    "picture_of_your_network": ["U₁ = x W₁ + b₁", "δ₂ = ∂E/∂U₂ = Y₂ − t", "∂E/∂W₂ = Y₁ᵀ δ₂"],
    "tensors_and_backward": ["∂E/∂w = -8.5  by hand: -8.5", "∂²F/∂w∂b = 1.0  by hand: 1.0"],
    "textbook_network": [
        "δ₂ = ∂E/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)",
        "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ",
        "every line agrees with finite differences: True",
        "✗ delta1 is wrong: f′ is missing, the derivative of σ(U₁)",
    ],
    "your_own_operation": ["∂E/∂W = xᵀ δ₁", "δ₁ = ∂E/∂U₁ = σ(U₁)"],
}


def test_each_example_is_known_here():
    assert [path.stem for path in EXAMPLES] == sorted(SAYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_is_short(path, tmp_path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in SAYS[path.stem]:
        assert line in done.stdout
    if path.stem == "picture_of_your_network":
        assert {"network.svg", "network.html"} <= {written.name for written in tmp_path.iterdir()}
