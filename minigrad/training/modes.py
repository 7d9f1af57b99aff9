"""The modes of a model, where it has any: training, with dropout on, and predicting."""

from __future__ import annotations

from typing import Any, Literal


def switch(model: Any, mode: Literal["train", "eval"]) -> None:
    """Call model.train() or model.eval(), if the model has it."""
    getattr(model, mode, lambda: None)()
