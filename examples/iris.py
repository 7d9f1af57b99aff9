"""Fisher's irises: half of them to learn from, half to be tested on, with the book's five optimizers.

Each is compared with a classifier without a gradient: the species whose mean is nearest.
"""

import numpy as np

from minigrad import data, fit, losses, nn, optim

flowers, labels = data.iris()
X, y, X_test, y_test = data.split(flowers, labels, test=0.5, rng=0)
X, mean, std = data.standardize(X)
X_test, *_ = data.standardize(X_test, mean, std)  # by what the training data say, since the others are unknown
T = data.one_hot(y, 3)

means = np.stack([X[y == k].mean(axis=0) for k in range(3)])
nearest = np.argmin(((X_test[:, None] - means) ** 2).sum(axis=2), axis=1)
print(f"nearest mean  {np.mean(nearest == y_test):.1%} of the test data")

rules = {
    "SGD": lambda w: optim.SGD(w, lr=0.01),
    "Momentum": lambda w: optim.Momentum(w, lr=0.01, momentum=0.9),
    "AdaGrad": lambda w: optim.AdaGrad(w, lr=0.1),
    "RMSProp": lambda w: optim.RMSProp(w, lr=0.01),
    "Adam": lambda w: optim.Adam(w, lr=0.01),
}
rates = []
for name, rule in rules.items():
    model = nn.MLP((4, 25, 25, 3), hidden="sigmoid", output="softmax", init=nn.xavier, rng=0)
    history = fit(model, losses.cross_entropy, rule(model.parameters()), (X, T), 60, 8, progress=False, rng=0)
    rates.append(np.mean(np.argmax(model(X_test).data, axis=1) == y_test))
    print(f"{name:<12}  {rates[-1]:.1%}, loss {history.loss[0]:.2f} -> {history.loss[-1]:.2f}")
print("each is better than the nearest mean:", min(rates) > np.mean(nearest == y_test))
