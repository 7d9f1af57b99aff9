"""minigrad: automatic differentiation on NumPy that shows its work."""

from minigrad import data, losses, nn, optim, textbook
from minigrad.gradcheck import gradcheck
from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.reduction import log_softmax, softmax
from minigrad.recording import no_grad
from minigrad.storage import load, save
from minigrad.tensor import Tensor
from minigrad.training import fit
from minigrad.transforms import grad, value_and_grad

__all__ = [
    "Tensor",
    "data",
    "fit",
    "grad",
    "gradcheck",
    "load",
    "log_softmax",
    "losses",
    "nn",
    "no_grad",
    "optim",
    "relu",
    "save",
    "sigmoid",
    "softmax",
    "textbook",
    "value_and_grad",
]
