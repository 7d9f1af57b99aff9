"""Callbacks: what ``fit`` calls between epochs and batches. A few that most trainings need, and the Protocol for more.

``base`` says what a callback is and what it is told, the ``Training``; ``watching`` tells better from worse,
``stopping`` ends a training and keeps its best, ``schedules`` say the learning rate, ``measuring`` looks inside. They
import ``engine``, and ``plot`` when asked to, and know the model, the optimizer and the history by what these can do.
"""

from typing import Any

from minigrad.callbacks.base import Callback, Schedule, Training
from minigrad.callbacks.measuring import GradientFlow
from minigrad.callbacks.schedules import CosineDecay, LearningRateScheduler, ReduceLROnPlateau, StepDecay, WarmUp
from minigrad.callbacks.stopping import EarlyStopping, ModelCheckpoint
from minigrad.engine.messages.absent import absent

_MEANT = {
    "steplr": "It is callbacks.StepDecay(every, factor)",
    "exponentiallr": "It is callbacks.StepDecay(1, factor)",
    "cosineannealinglr": "It is callbacks.CosineDecay(epochs, lr_min)",
    "cosinedecayrestarts": "Write callbacks.LearningRateScheduler(f), of f(epoch, lr)",
    "lambdalr": "It is callbacks.LearningRateScheduler(f), of f(epoch, lr)",
    "linearlr": "It is callbacks.WarmUp(epochs, start)",
    "checkpoint": "It is callbacks.ModelCheckpoint(path)",
    "csvlogger": "fit returns the History, whose lists are the values of all epochs",
    "tensorboard": "fit returns the History, which plots itself: history.plot()",
    "model_checkpoint": "It is callbacks.ModelCheckpoint(path)",
    "backupandrestore": "It is callbacks.ModelCheckpoint(path), and fit(…, resume=path)",
    "onecyclelr": "Write callbacks.LearningRateScheduler(f), of f(epoch, lr)",
    "history": "fit returns the History",
    "progbarlogger": "Write fit(…, progress=True)",
    "terminateonnan": "fit raises DivergenceError before a NaN reaches the parameters",
    "lambdacallback": "Give fit a function of the training: it is called after each epoch",
}

__all__ = [
    "Callback",
    "CosineDecay",
    "EarlyStopping",
    "GradientFlow",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "Schedule",
    "StepDecay",
    "Training",
    "WarmUp",
]


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.callbacks'", name, _MEANT, __all__)
