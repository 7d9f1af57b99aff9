"""A sine curve learned by a network: 1 input, 12 hidden sigmoids, 1 linear output, as a textbook has it.

Its gradients are compared with the δ formulas by hand, and what it learned with the curve, where it was not trained.
"""

import numpy as np

from minigrad import data, fit, losses, nn, optim, textbook

X, T = data.sine(64)
model = nn.MLP((1, 12, 1), hidden="sigmoid", output="identity", init=nn.xavier, rng=0)
W1, b1, W2, b2 = model.parameters()

losses.squared_error(model(X), T).backward()
hand = textbook.Network((1, 12, 1), problem="regression")  # plain NumPy, which knows nothing of minigrad
hand.weights, hand.biases = [W1.data, W2.data], [b1.data, b2.data]
hand.forward(X)
found = hand.backward(T)
off = max(np.abs(w.grad.data - g).max() for w, g in zip((W1, W2, b1, b2), found.weights + found.biases, strict=True))
print("the gradients are those by hand:", off < 1e-12)

adam = optim.Adam(model.parameters(), lr=0.05)
history = fit(model, losses.squared_error, adam, (X, T), epochs=400, batch_size=16, progress=False, rng=0, compile=True)
print(f"loss of a sample: {history.loss[0]:.3f} in the first epoch, {history.loss[-1]:.5f} in the last")

between = np.linspace(-0.99, 0.97, 200)[:, None]  # points that it never saw
off = np.abs(model(between).data - np.sin(np.pi * between)).max()
print("off from sin(πx) by less than 0.05 everywhere:", off < 0.05)
