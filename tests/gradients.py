"""Gradients of a call, by the engine and by differences."""

import numpy as np

from minigrad import Tensor


def weights_for(value):
    """A seed ∂E/∂y that differs from element to element, of either sign."""
    return np.random.default_rng(1).uniform(0.5, 1.5, np.shape(value)) * (-1) ** np.arange(np.size(value)).reshape(
        np.shape(value)
    )


def leaves(arrays):
    return [Tensor(x, requires_grad=True) for x in arrays]


def gradients(call, arrays, seed):
    """∂E/∂(every input) for E = Σ seed ⊙ call(…), by the engine."""
    tensors = leaves(arrays)
    call(*tensors).backward(seed)
    return [x.grad.data for x in tensors]


def differences(f, arrays, seed, h=1e-5):
    """The same by central differences, element by element, on arrays alone."""
    found = []
    for x in arrays:
        slope = np.empty(x.shape)
        for at in np.ndindex(x.shape):
            kept = x[at]
            x[at] = kept + h
            above = np.sum(seed * f(*arrays))
            x[at] = kept - h
            below = np.sum(seed * f(*arrays))
            x[at] = kept
            slope[at] = (above - below) / (2 * h)
        found.append(slope)
    return found
