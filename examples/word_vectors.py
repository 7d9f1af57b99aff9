"""Word vectors: each word gets a vector from which its neighbors can be told, so that like words come to lie together.

A skip-gram model, p(c | w) = softmax(v_w · u_c), on every pair of neighbors. The best that any model can do is the
frequency with which c stands beside w, counted; with as many dimensions as words the loss must come down to that.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import minimize

from minigrad import log_softmax, scipy_objective

ANIMALS, FOODS, PEOPLE = ("cat", "dog", "horse"), ("bread", "cheese", "soup"), ("anna", "ben")
sentences = [f"the {a} eats {f}" for a in ANIMALS for f in FOODS]
sentences += [f"{p} cooks {f} today" for p in PEOPLE for f in FOODS]
sentences += [f"{p} feeds the {a} today" for p in PEOPLE for a in ANIMALS]
words = sorted({word for sentence in sentences for word in sentence.split()})
number = {word: i for i, word in enumerate(words)}
counts = np.zeros((len(words), len(words)))
for sentence in sentences:
    line = [number[word] for word in sentence.split()]
    for left, right in pairwise(line):
        counts[left, right] += 1
        counts[right, left] += 1


def learn(dimensions):
    """Give the vectors, and the loss that they reach: −Σ counts log p, over the number of pairs."""

    def loss(both):
        v, u = both.reshape(2, len(words), dimensions)
        return -(counts * log_softmax(v @ u.T)).sum() / counts.sum()

    start = 0.1 * np.random.default_rng(0).normal(size=2 * len(words) * dimensions)
    found = minimize(scipy_objective(loss), start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return found.x.reshape(2, len(words), dimensions)[0], found.fun


share = counts / counts.sum(axis=1, keepdims=True)
entropy = -np.sum(counts * np.log(np.where(counts, share, 1))) / counts.sum()
_, loss = learn(len(words))
print(f"{len(words)} dimensions: loss {loss:.4f}; the counted frequencies have {entropy:.4f}")

vectors, loss = learn(4)
unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
near = unit @ unit.T - 2 * np.eye(len(words))
print(f"4 dimensions: loss {loss:.4f}")
for word in ("cat", "bread", "anna"):
    print(f"nearest to {word}: {words[np.argmax(near[number[word]])]}")
