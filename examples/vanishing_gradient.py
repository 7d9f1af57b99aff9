"""How far back does a recurrent layer learn? The size of ∂E/∂xₜ over t, for a simple layer and for two with gates.

E is of the last state alone. On the way back from step T to step t a simple layer multiplies δ by T − t Jacobians, so
that it shrinks, or grows, as a power; an LSTM's cell multiplies by its forget gate, which is near 1. Drawn over t, to
vanishing_gradient.png.
"""

import numpy as np
from matplotlib import pyplot

from minigrad import Tensor, nn

steps, units = 40, 16
X = np.random.default_rng(0).normal(size=(8, steps, 4))


def sizes(layer):
    """‖∂E/∂xₜ‖ for each t, of E = ½ Σ h², h being the last state."""
    x = Tensor(X, requires_grad=True)
    h = layer(x)
    (0.5 * h * h).sum().backward()
    return np.sqrt((x.grad.data**2).sum(axis=(0, 2)))


def sizes_by_hand(Wx, Wh, b):
    """The same of the simple layer: δₜ = ∂E/∂hₜ ⊙ (1 − hₜ²), and ∂E/∂hₜ₋₁ = δₜ Whᵀ."""
    H = [np.zeros((8, units))]
    for t in range(steps):
        H.append(np.tanh(X[:, t] @ Wx + H[-1] @ Wh + b))
    dH, found = H[-1], np.zeros(steps)
    for t in reversed(range(steps)):
        delta = dH * (1 - H[t + 1] ** 2)
        found[t] = np.linalg.norm(delta @ Wx.T)
        dH = delta @ Wh.T
    return found


layers = {kind.__name__: kind(4, units, "last", rng=1) for kind in (nn.RNN, nn.GRU, nn.LSTM)}
found = {name: sizes(layer) for name, layer in layers.items()}
by_hand = sizes_by_hand(*(p.data for p in layers["RNN"].parameters()))
print("The simple layer's is the one by hand:", np.allclose(found["RNN"], by_hand, rtol=1e-9))
print("‖∂E/∂xₜ‖ as a share of that of the last step")
print("  t    " + "".join(f"{name:>10}" for name in found))
for t in (steps - 1, 29, 19, 9, 0):
    print(f"  {t + 1:<5}" + "".join(f"{size[t] / size[-1]:10.1e}" for size in found.values()))
reach = {name: size[0] / size[-1] for name, size in found.items()}
print("The LSTM remembers the first step best:", max(reach, key=lambda name: reach[name]) == "LSTM")
for name, size in found.items():
    pyplot.semilogy(range(1, steps + 1), size / size[-1], label=name)
pyplot.gca().set(xlabel="t", ylabel="‖∂E/∂xₜ‖, of the last step's")
pyplot.legend()
pyplot.savefig("vanishing_gradient.png")
