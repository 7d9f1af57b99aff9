"""A survival model, Cox's: who is at what risk, from times of which some are only known to be longer.

Each event is a softmax over those who were still at risk: L = Π e^{x w} / Σ_{still there} e^{x w}. Its slope is 0, by
hand, where each one's x is on average the mean of those at risk; and `hessian` tells how sure the weights are.
"""

import numpy as np

from minigrad import grad, hessian

rng = np.random.default_rng(0)
n, true = 400, np.array([0.8, -0.5, 0.0])
X = rng.normal(size=(n, 3))
until_event = rng.exponential(np.exp(-X @ true))  # the hazard is e^{x w}
until_lost = rng.exponential(2.0, size=n)  # moved away: all that is known is that nothing had happened
time, happened = np.minimum(until_event, until_lost), until_event <= until_lost
order = np.argsort(-time)  # the longest first, so that those still at risk are all before
X, happened = X[order], happened[order]


def loss(w):
    """−log L; the sum over those at risk is a running one."""
    u = X @ w
    return -np.sum((u - np.log(np.cumsum(np.exp(u))))[happened])


def slope_by_hand(w):
    """−Σ over events of x − (the mean of those at risk, weighted by e^{x w})."""
    weight = np.exp(X @ w)[:, None]
    means = np.cumsum(weight * X, axis=0) / np.cumsum(weight, axis=0)
    return -(X - means)[happened].sum(axis=0)


w = np.zeros(3)
print("the gradient is the one by hand:", np.allclose(grad(loss)(w + 0.3), slope_by_hand(w + 0.3), rtol=1e-10))
for _ in range(8):
    w = w - np.linalg.solve(hessian(loss)(w), grad(loss)(w))
print("at the end it is zero by hand:", np.abs(slope_by_hand(w)).max() < 1e-9)

error = np.sqrt(np.diagonal(np.linalg.inv(hessian(loss)(w))))
print(f"{happened.sum()} events, {n - happened.sum()} lost")
for i in range(3):
    print(f"w{i + 1} = {w[i]: .2f} ± {error[i]:.2f}, true {true[i]: .1f}")
print("each is within two and a half of its errors:", np.all(np.abs(w - true) < 2.5 * error))
