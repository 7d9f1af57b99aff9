"""What it takes to show the work: trace, simplify and derive a network, how that grows, and the steps to each line."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.timing import interleaved
from minigrad import Tensor, derive, losses, nn, simplify, sums_to_one, trace

DEPTHS = (3, 25, 50, 100)
FIRST, LAST = 25, 100  # growth is the cost of a layer in the last beside that in the first
STEPS = 3  # layers of the network whose lines are told step by step
BATCH, INPUTS, WIDTH, CLASSES = 8, 4, 25, 3


def network(depth: int) -> Tensor:
    """Give the cross-entropy of an MLP with softmax, 4-25-…-25-3, on a batch of 8."""
    rng = np.random.default_rng(0)
    X = Tensor(rng.normal(size=(BATCH, INPUTS)), name="X")
    T = Tensor(np.eye(CLASSES)[np.arange(BATCH) % CLASSES], name="T")
    return losses.cross_entropy(nn.MLP([INPUTS, *[WIDTH] * (depth - 1), CLASSES], rng=0)(X), T)


def shown(loss: Tensor) -> tuple[int, int]:
    """Trace, simplify and derive, every layer for itself; give the operations of the gradient, and the lines."""
    given = [sums_to_one("T")]
    simple = simplify(trace(loss).gradient(), given)
    return len(simple), len(derive(loss, given=given, fold=False))


def told(loss: Tensor) -> int:
    """Derive, and tell and check how each line came; give the number of steps."""
    return sum(len(line.check_steps()) for line in derive(loss, given=[sums_to_one("T")], fold=False))


def measure(rounds: int) -> dict[str, Any]:
    """Time the depths in turns, at one call a round; all figures are medians over the rounds.

    ``growth`` is that of the time of a layer from 25 layers to 100, taken within each round: 1 is linear; ``steps`` the
    time of telling and checking how all lines came, deriving them included.
    """
    columns = {str(depth): partial(shown, network(depth)) for depth in DEPTHS}
    steps = interleaved({"steps": partial(told, network(STEPS))}, 0, rounds, shortest=0)["steps"]
    seconds = {depth: np.array(values) for depth, values in interleaved(columns, 0, rounds, shortest=0).items()}
    growth = seconds[str(LAST)] / seconds[str(FIRST)] * (FIRST / LAST)
    return {
        "seconds": {depth: float(np.median(values)) for depth, values in seconds.items()},
        "growth": float(np.median(growth)),
        "steps": float(np.median(steps)),
        "rounds": rounds,
    }
