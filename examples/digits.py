"""Handwritten digits by a convolutional network: its filters, what the gradient wants of them, and what they see.

A filter slides over the image, so that each of its weights is used at every place: ∂E/∂W is a sum over all of them, of
δ times the part of the image that was under the filter. Drawn to digits.png.
"""

import numpy as np

from minigrad import Tensor, data, fit, grad, losses, nn, optim, plot, relu

X, labels = data.digits()
X, labels, X_test, labels_test = data.split(X, labels, test=0.25, rng=0)

first = nn.Conv2d(1, 8, 3, padding=1, init=nn.he, rng=0)
rest = nn.Sequential(
    *(relu, nn.MaxPool2d(2)),
    *(nn.Conv2d(8, 16, 3, padding=1, init=nn.he, rng=1), relu, nn.MaxPool2d(2)),
    *(nn.Flatten(), nn.Linear(64, 10, init=nn.he, rng=2)),
)
model = nn.Sequential(first, rest)

history = fit(
    model,
    losses.softmax_cross_entropy,
    optim.Adam(model.parameters(), lr=0.01),
    (X, labels),
    epochs=12,
    batch_size=32,
    validation=(X_test, labels_test),
    progress=False,
    rng=0,
    compile=True,
)
print(f"97 in 100 digits that it has never seen are read: {history.validation_accuracy[-1] > 0.97}")

x, t = X_test[:50], labels_test[:50]
for p in model.parameters():
    p.grad = None
losses.softmax_cross_entropy(model(Tensor(x)), t).backward()

delta = grad(lambda u: losses.softmax_cross_entropy(rest(u), t))(first(x).data)
padded = np.pad(x[:, 0], ((0, 0), (1, 1), (1, 1)))
windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
by_hand = np.einsum("nijab,nkij->kab", windows, delta.data)
print(f"∂E/∂W is the sum over all places by hand: {np.allclose(first.W.grad.data[:, 0], by_hand)}")

seen = relu(first(x[:1])).data[0]
ax = plot.matrices({"filters": first.W.data[:, 0], "∂E/∂W": first.W.grad.data[:, 0], f"a {t[0]} by them": seen})
ax.figure.savefig("digits.png", dpi=120)
