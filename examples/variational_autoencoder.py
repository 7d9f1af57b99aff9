"""A variational autoencoder: q(z | x) is drawn from as z = μ + s ε, so that a gradient flows through the drawing.

With a linear decoder the best bound is known: it is the likelihood of probabilistic principal components, which the
covariance's eigenvalues give (Tipping & Bishop, 1999). Training must come up to it, and can't get beyond.
"""

import numpy as np

from minigrad import Tensor, nn, optim

rng = np.random.default_rng(0)
n, d, k = 500, 5, 2
X = rng.normal(size=(n, k)) * [2.0, 1.0] @ rng.normal(size=(k, d)) + 0.3 * rng.normal(size=(n, d))
X -= X.mean(axis=0)

encoder, decoder = nn.Linear(d, k, rng=1), nn.Linear(k, d, rng=2)
log_s = Tensor(np.zeros(k), requires_grad=True)  # log of q's standard deviation
log_noise = Tensor(0.0, requires_grad=True)  # log of the standard deviation of x given z
adam = optim.Adam([*encoder.parameters(), *decoder.parameters(), log_s, log_noise], lr=0.02)


def bound(x, draws):
    """Give the evidence lower bound of a sample: E[log p(x | z)] over the draws of ε, minus KL(q ‖ p)."""
    mu = encoder(x)
    z = mu + np.exp(log_s) * draws
    off = (x - decoder(z)) * np.exp(-log_noise)
    likelihood = -0.5 * (off**2).sum(axis=-1) - d * log_noise - 0.5 * d * np.log(2 * np.pi)
    distance = 0.5 * (mu**2 + np.exp(2 * log_s) - 1 - 2 * log_s).sum(axis=-1)
    return (likelihood - distance).mean()


for epoch in range(200):
    adam.lr = 0.02 if epoch < 150 else 0.003
    for x in np.split(rng.permutation(X), 10):
        E = -bound(x, rng.normal(size=(len(x), k)))
        adam.zero_grad()
        E.backward()
        adam.step()

reached = np.mean([bound(X, rng.normal(size=(n, k))).item() for _ in range(200)])
values = np.linalg.eigvalsh(X.T @ X / n)[::-1]
noise = values[k:].mean()  # σ², and the likelihood, in closed form
best = -0.5 * (d * np.log(2 * np.pi) + np.log(values[:k]).sum() + (d - k) * np.log(noise) + d)
print(f"bound of a sample {reached:.3f}, the best there is {best:.3f}")
print(f"noise {np.exp(log_noise.item()):.3f}, in closed form {np.sqrt(noise):.3f}, of the data 0.3")
print("as good as it can be, and no better:", best - 0.05 < reached < best + 0.005)
