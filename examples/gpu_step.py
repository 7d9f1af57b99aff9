"""A training step on a GPU: its kernels and products, captured once and replayed. Without a GPU it says so.

Needs CuPy: ``pip install cupy-cuda13x[ctk]``. The same step runs as NumPy code where there is none.
"""

from importlib import import_module
from typing import Any

import numpy as np

import minigrad
from minigrad import data, losses, nn, optim


def find_gpu() -> Any:
    """Give CuPy if it is there and finds a GPU, or None."""
    try:
        cupy = import_module("cupy")
        cupy.cuda.runtime.getDeviceCount()
    except (ImportError, RuntimeError) as error:
        print(f"no GPU here ({type(error).__name__}): NumPy code takes the same steps")
        return None
    return cupy


X, labels = data.iris()
X, *_ = data.standardize(X)
T = data.one_hot(labels, 3)
model = nn.MLP((4, 25, 3), output="identity", rng=0)
cupy = find_gpu()
if cupy is not None:
    X, T = cupy.asarray(X), cupy.asarray(T)
    for p in model.parameters():
        p.data = cupy.asarray(p.data)  # before the optimizer is made, whose running values lie beside them
adam = optim.Adam(model.parameters(), lr=0.01)


@minigrad.compile(backend="numpy" if cupy is None else "cuda")
def step(x, t):
    """One step of Adam; this body runs once, to be traced."""
    E = losses.softmax_cross_entropy(model(x), t)
    adam.zero_grad()
    E.backward()
    adam.step()
    return E


found = step.epochs(X, T, batch_size=8, epochs=30, rng=0)
print(step.report())
print("the loss went down:", found[-1].mean() < 0.2 * found[0].mean())
y = model(X).data
right = np.mean(np.argmax(y if cupy is None else y.get(), axis=1) == labels)
print(f"97 in 100 irises are right: {right >= 0.97}")
