"""minigrad: automatic differentiation on NumPy that shows its work."""

from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.reduction import log_softmax, softmax
from minigrad.tensor import Tensor, no_grad

__all__ = ["Tensor", "log_softmax", "no_grad", "relu", "sigmoid", "softmax"]
