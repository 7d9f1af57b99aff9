"""One recorded call, exp of 10 numbers in float64, beside the bare ufunc of NumPy: by minigrad, and by PyTorch."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.timing import interleaved
from minigrad import Tensor

x = np.linspace(-1, 1, 10)
BARE, OURS, TORCH = "np.exp(x)", "np.exp(t)", "torch.exp(t)"


def calls(rivals: Sequence[str]) -> dict[str, Callable[[], Any]]:
    """Give the calls that are compared, by what they are."""
    t = Tensor(x, requires_grad=True)
    found: dict[str, Callable[[], Any]] = {BARE: lambda: np.exp(x), OURS: lambda: np.exp(t)}
    if "torch" in rivals:
        torch = import_module("torch")
        p = torch.tensor(x, requires_grad=True)
        found[TORCH] = lambda: torch.exp(p)
    return found


def measure(rounds: int, rivals: Sequence[str]) -> dict[str, float]:
    """Give the least seconds of each over many rounds in turns: what the machine adds is in none of them."""
    samples = interleaved(calls(rivals), budget=0.0, rounds=8 * rounds, shortest=0.002)
    return {name: min(values) for name, values in samples.items()}
