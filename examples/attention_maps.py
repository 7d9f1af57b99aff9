"""Where does a character model look? Words are written twice, "qzkw qzkw", and attention learns to copy the second.

One layer of causal attention, written in NumPy: A = softmax(Q Kᵀ / √d + mask), of which each row says how much a
letter looks at each one before. To write the next letter of the second word it must look at what followed in the first.
Drawn to attention.png.
"""

import numpy as np

import minigrad
from minigrad import Tensor, losses, optim, plot, softmax

letters, length, d = "abcdefghijklmnopqrstuvwxyz ", 5, 32
rng = np.random.default_rng(0)


def write(n):
    """Numbers of letters, (n, 11): a word, a space, the word again."""
    words = rng.integers(0, 26, (n, length))
    return np.concatenate([words, np.full((n, 1), 26), words], axis=1)


def parameter(*shape):
    """A matrix to be learned."""
    return Tensor(rng.normal(size=shape) / np.sqrt(d), requires_grad=True)


meaning, place = parameter(27, d), parameter(10, d)
Wq, Wk, Wv, U = parameter(d, d), parameter(d, d), parameter(d, d), parameter(d, 27)
mask = np.triu(np.full((10, 10), -np.inf), 1)


def attend(x):
    """Scores of the next letters, (n, 10, 27), and how much each place looks at each, (n, 10, 10)."""
    h = meaning[x] + place
    A = softmax((h @ Wq) @ (h @ Wk).transpose(0, 2, 1) / np.sqrt(d) + mask)
    return A @ (h @ Wv) @ U, A


adam = optim.Adam([meaning, place, Wq, Wk, Wv, U], lr=0.01)


@minigrad.compile
def step(x, t):
    """Learn from the second words alone: nobody can know the first."""
    adam.zero_grad()
    losses.softmax_cross_entropy(attend(x)[0][:, length:], t).backward()
    adam.step()


for texts in map(write, [64] * 400):
    step(texts[:, :-1], texts[:, length + 1 :])
texts = write(200)
scores, A = attend(texts[:, :-1])
guessed, looked = (x.data[:, length:].argmax(axis=2) for x in (scores, A))
right = (guessed == texts[:, length + 1 :]).mean()
print(f"99 in 100 letters are right, in words that it has never seen: {right > 0.99}")
print(f"each looks at the letter that it is to write: {(looked == np.arange(length)).mean() > 0.99}")
text = "".join(letters[i] for i in texts[0, :-1]).replace(" ", "␣")
plot.matrices({"from left to top": A.data[0]}, (text, text)).figure.savefig("attention.png", dpi=120)
