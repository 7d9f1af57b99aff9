"""Training: every mode of learning with every update rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minigrad import nn
from minigrad.app.tour.problems import MODES, OPTIMIZERS, QUICK, Problem
from minigrad.training import History, fit


@dataclass(frozen=True)
class Run:
    """One training: what was trained how, the course that it took, and what it came to on the test samples."""

    optimizer: str
    mode: str
    lr: float
    model: nn.MLP
    history: History

    @property
    def loss(self) -> float:
        """E per test sample, after the last epoch."""
        return float(self.history.validation_loss[-1] or 0)

    @property
    def accuracy(self) -> float | None:
        """The share of test samples that were classified correctly; None for regression."""
        return self.history.validation_accuracy[-1]


def write_loss(E: float) -> str:
    """Write a loss to two digits that count: 0.37, 0.0043, 4.3e-05, 12; what is more is noise of the seed."""
    if not E or not abs(E) < 99.5:
        return f"{E:.0f}"
    return f"{E:#.2g}".rstrip(".")


def trained(problem: Problem, seed: int, quick: bool = False) -> Iterator[Run]:
    """Train the problem's network, from the same first weights each time; give each run as it is done.

    Raises KeyboardInterrupt if Ctrl-C ended a training, and DivergenceError if a loss became infinite.
    """
    for name, rates in problem.rates.items():
        for (mode, size), epochs, lr in zip(MODES.items(), problem.epochs, rates, strict=True):
            model = problem.model(seed)
            history = fit(
                model,
                problem.loss,
                OPTIMIZERS[name](model.parameters(), lr=lr),
                problem.train,
                epochs=max(1, epochs // QUICK) if quick else epochs,
                batch_size=size,
                validation=problem.test,
                progress=False,
                rng=seed,
            )
            if history.interrupted:
                raise KeyboardInterrupt
            yield Run(name, mode, lr, model, history)


def best(runs: list[Run]) -> Run:
    """Give the run with the lowest test loss."""
    return min(runs, key=lambda run: run.loss)
