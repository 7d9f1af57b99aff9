"""What a training looks like inside, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from minigrad.callbacks.base import Training
from minigrad.engine.messages.arguments import check_count, shown, with_usage


class GradientFlow:
    """Measure how large δ is in each layer, before the training and after some of its epochs (`plot.measure_deltas`).

    loss, X, T   what the gradient is taken of; a hundred samples tell enough
    every        how many epochs lie between two measurements

    ``sizes`` has a list for each epoch that was measured, 0 being the beginning; ``plot()`` draws them as bars.
    """

    @with_usage
    def __init__(self, loss: Callable[[Any, Any], Any], X: Any, T: Any, every: int = 1) -> None:
        if not callable(loss):
            raise TypeError(f"GradientFlow: loss must be a function of outputs and targets, not {shown(loss)}")
        self.loss, self.X, self.T = loss, X, T
        self.every = check_count("GradientFlow", "every", every)
        self.sizes: dict[int, list[float]] = {}

    def on_train_begin(self, training: Training) -> None:
        """Begin anew, with what the first weights give."""
        self.sizes = {}
        self._measure(training, 0)

    def on_epoch_end(self, training: Training) -> None:
        """Measure, if it is time to."""
        if training.epoch % self.every == 0:
            self._measure(training, training.epoch)

    def _measure(self, training: Training, epoch: int) -> None:
        """Measure with dropout off, so that no draw of the training is used up; the next epoch switches it on again."""
        getattr(training.model, "eval", lambda: None)()
        self.sizes[epoch] = import_module("minigrad.plot.flow").measure_deltas(
            training.model, self.loss, self.X, self.T
        )

    def plot(self, ax: Any = None, theme: str = "light", lang: str = "en") -> Any:
        """Draw bars for each layer and epoch, and give the axes; needs the extra `plot`."""
        return import_module("minigrad.plot.flow").gradient_flow(self.sizes, ax=ax, theme=theme, lang=lang)

    def state_dict(self) -> dict[str, Any]:
        """Give what was measured so far."""
        return {"sizes": [[epoch, *sizes] for epoch, sizes in self.sizes.items()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what was saved."""
        self.sizes = {int(epoch): [float(size) for size in sizes] for epoch, *sizes in state["sizes"]}
