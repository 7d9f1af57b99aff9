"""A plane cut in two by a curve: two classes, softmax and cross-entropy, and no line that parts them.

A network without a hidden layer can only draw a line, which the best line there is (found without minigrad) shows to be
too little; with one, it bends.
"""

import numpy as np

from minigrad import data, fit, losses, nn, optim

X, labels = data.two_regions(400, rng=0)
X_new, labels_new = data.two_regions(400, rng=1)
T = data.one_hot(labels, 2)


def train(sizes):
    """Give the share of new points that a trained network puts on the right side."""
    model = nn.MLP(sizes, hidden="tanh", output="identity", rng=0)
    adam = optim.Adam(model.parameters(), lr=0.02)
    loss = losses.softmax_cross_entropy
    fit(model, loss, adam, (X, T), epochs=150, batch_size=20, progress=False, rng=0, compile=True)
    return np.mean(np.argmax(model(X_new).data, axis=1) == labels_new)


def best_line():
    """Give the share that is right for the best of 360 × 81 lines, tried one by one."""
    angles, offsets = np.deg2rad(np.arange(360)), np.linspace(-2, 2, 81)
    heights = X_new @ np.stack([np.cos(angles), np.sin(angles)])
    return max(np.mean((heights > offset) == labels_new[:, None], axis=0).max() for offset in offsets)


line, bent, best = train((2, 2)), train((2, 16, 2)), best_line()
print(f"no hidden layer   {line:.1%} right; the best line there is: {best:.1%}")
print(f"16 hidden units   {bent:.1%} right")
print("a hidden layer does what no line can:", bent > 0.95 > best)
