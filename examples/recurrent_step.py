"""A recurrent network's gradient, by hand and by the engine: δ goes back in time, and each step adds its share to Wh.

Hₜ = tanh(xₜ Wx + Hₜ₋₁ Wh) for t = 1 … T, and E = ½ Σ (H_T V − t)².
"""

import numpy as np

from minigrad import Tensor, derive, losses

rng = np.random.default_rng(0)
steps, samples = 6, 5
X = rng.normal(size=(steps, samples, 3))
t = rng.normal(size=(samples, 2))
Wx, Wh, V = (Tensor(rng.normal(size=shape), requires_grad=True) for shape in ((3, 4), (4, 4), (4, 2)))

H = np.zeros((samples, 4))
for x in X:
    H = np.tanh(x @ Wx + H @ Wh)
E = losses.squared_error(H @ V, t)
E.backward()

# By hand, in plain NumPy: first forward, keeping every H, then back.
wx, wh, v = Wx.data, Wh.data, V.data
kept = [np.zeros((samples, 4))]
for x in X:
    kept.append(np.tanh(x @ wx + kept[-1] @ wh))
delta_out = kept[-1] @ v - t
dWx, dWh, dV = np.zeros_like(wx), np.zeros_like(wh), kept[-1].T @ delta_out
dH = delta_out @ v.T
for s in reversed(range(steps)):
    delta = dH * (1 - kept[s + 1] ** 2)
    dWx += X[s].T @ delta
    dWh += kept[s].T @ delta
    dH = delta @ wh.T

for name, w, hand in (("Wx", Wx, dWx), ("Wh", Wh, dWh), ("V", V, dV)):
    print(f"∂E/∂{name} is the one by hand:", np.allclose(w.grad.data, hand, rtol=1e-12, atol=0))
print()
print(derive(E, names={"Wx": Wx, "Wh": Wh, "V": V}))  # equal steps are one line with an index
