"""A compiled training step: forward pass, gradients and update, traced once and replayed as straight-line NumPy.

With the extra `native` (numba and SciPy) it becomes machine code: ``@minigrad.compile(backend="native")``.
"""

import numpy as np

import minigrad
from minigrad import data, losses, nn, optim

X, labels = data.iris()
X, *_ = data.standardize(X)
T = data.one_hot(labels, 3)

model = nn.MLP((4, 25, 3), output="identity", rng=0)
sgd = optim.SGD(model.parameters(), lr=0.01)


@minigrad.compile
def step(x, t):
    """One step of gradient descent; this body runs once, to be traced."""
    E = losses.softmax_cross_entropy(model(x), t)
    sgd.zero_grad()
    E.backward()
    sgd.step()
    return E


first = step(X[:8], T[:8]).item()
print("\n".join(step.source.splitlines()[:12]))  # what runs from now on
print("…")

step.epochs(X, T, batch_size=8, epochs=50, rng=0)
print("loss of the first batch:", round(first, 2), "->", round(step(X[:8], T[:8]).item(), 2))
right = np.mean(np.argmax(model(X).data, axis=1) == labels)
print(f"{right:.0%} of the irises are right")
