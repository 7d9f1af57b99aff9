"""What a large picture costs: a graph of 3 000 boxes and operations, every one of them drawn, to SVG."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.timing import interleaved
from minigrad import Tensor, draw
from minigrad.picture.scene.build import scene
from minigrad.picture.setting import Setting
from minigrad.picture.svg import svg

PARTS = 3000  # boxes and operations; a value, its gradient and its operation are three


def network(parts: int) -> Tensor:
    """Give a long chain of products with sines, each of which has side branches to lay out."""
    rng = np.random.default_rng(0)
    h = x = Tensor(rng.normal(size=(2, 3)), requires_grad=True, name="x")
    for _ in range(parts // 6):
        h = np.sin(h) * x
    return h.sum()


def measure(rounds: int, parts: int = PARTS) -> dict[str, Any]:
    """Time each way to an SVG, its scene included, in turns; the medians over the rounds, and who laid draw's out."""
    loss = network(parts)
    columns: dict[str, Callable[[], Any]] = {
        "draw": lambda: draw(loss, fold=False).svg(),
        "draw, repeats folded": lambda: draw(loss).svg(),
        "our own layout": partial(_own, loss),
    }
    seconds = interleaved(columns, 0, rounds, shortest=0)
    return {
        "seconds": {name: float(np.median(values)) for name, values in seconds.items()},
        "parts": len(scene(loss, fold=False)),
        "how": draw(loss, fold=False).how,
        "rounds": rounds,
    }


def _own(loss: Tensor) -> str:
    return svg(scene(loss, fold=False), "", Setting())
