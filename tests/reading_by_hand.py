"""Networks that others write by hand, and what a reader sees in each, as in `reading_cases`."""

import numpy as np

from minigrad import Tensor, data, losses, nn, softmax
from tests.reading_cases import T, X, error, parameter, rng, total_input

ONE_HOT = Tensor(data.one_hot(np.arange(5) % 3, 3), name="T")


def softmax_by_hand(u, shifted):
    e = np.exp(u - u.max(axis=1, keepdims=True)) if shifted else np.exp(u)
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(shifted):
    return -(ONE_HOT * np.log(softmax_by_hand(total_input(), shifted))).sum()


def mean_cross_entropy():
    return -(ONE_HOT * np.log(softmax(total_input()))).sum(axis=1).mean()


def mlp(x, t):
    return losses.cross_entropy(nn.MLP([4, 3], rng=0)(x), t)


def attention():
    Q, K, V = (X @ parameter(name, 4, 3) for name in ("Wq", "Wk", "Wv"))
    return losses.squared_error(softmax(Q @ K.T / 2) @ V, T)


def by_class_numbers(loss):
    """Give a loss of logits, the numbers of the samples and those of their classes."""
    return loss(total_input(), np.arange(5), np.array([0, 1, 2, 0, 1]))


def log_probability(u):
    return u - np.log(np.exp(u).sum(axis=1, keepdims=True))


def huber(d):
    return np.where(np.abs(d) < 1, 0.5 * d**2, np.abs(d) - 0.5).sum()


def leaky():
    W, b = parameter("W", 4, 3), parameter("b", 3)
    return losses.squared_error(np.where(X @ W + b > 0, X @ W + b, 0.1 * (X @ W + b)), T)


def variance():
    u = total_input()
    return ((u - u.mean(axis=1, keepdims=True)) ** 2).mean()


def image():
    x, k, b = Tensor(rng.normal(size=(2, 5, 5)), name="x"), parameter("k", 2, 2), parameter("b")
    u = sum(x[:, i : i + 4, j : j + 4] * k[i, j] for i in range(2) for j in range(2)) + b
    return losses.squared_error(np.tanh(u), rng.normal(size=(2, 4, 4)))


BY_HAND = {
    "sigmoid by hand": (lambda: error(lambda u: 1 / (1 + np.exp(-u))), ["Layer 1 · sigmoid", "Loss · squared error"],
        ["U₁ = X W + b", "Y₁ = σ(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "softmax by hand": (lambda: cross_entropy(False), ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "E = −Σ T ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "softmax by hand, shifted": (lambda: cross_entropy(True), ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "E = −Σ T ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "relu by where": (lambda: error(lambda u: np.where(u > 0, u, 0)), ["Layer 1 · relu", "Loss · squared error"],
        ["U₁ = X W + b", "Y₁ = relu(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (U₁ > 0)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "relu by maximum": (lambda: error(lambda u: np.maximum(u, 0)), ["Layer 1 · relu", "Loss · squared error"],
        ["U₁ = X W + b", "Y₁ = relu(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (U₁ > 0)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "softplus by hand": (lambda: error(lambda u: np.log(1 + np.exp(u))), ["Layer 1 · softplus", "Loss · squared error"],
        ["U₁ = X W + b", "Y₁ = softplus(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ σ(U₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "log-sum-exp by hand": (lambda: np.log(np.exp(total_input()).sum(axis=1)).sum(), ["Layer 1 · linear", "Loss"],
        ["Y₁ = X W + b", "E = Σ v₁"], """
        δ₁ = ∂E/∂U₁ = softmax(Y₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "variance by hand": (variance, ["Layer 1 · linear", "Loss · squared error"],
        ["Y₁ = X W + b", "E = (Σ (Y₁ − (Σₖ Y₁) / 3)²) / 15"], """
        δ₁ = ∂E/∂U₁ = 2 (Y₁ − (Σₖ Y₁) / 3) / 15
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "mean of cross-entropies": (mean_cross_entropy, ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "E = −(Σ T ⊙ log(Y₁)) / 5"], """
        δ₁ = ∂E/∂U₁ = (Y₁ − T) / 5    (Σ T = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "class numbers, of probabilities": (
        lambda: by_class_numbers(lambda u, n, k: -np.log(softmax_by_hand(u, True)[n, k]).mean()),
        ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "E = −(Σ T ⊙ log(Y₁)) / 5"], """
        δ₁ = ∂E/∂U₁ = (Y₁ − T) / 5    (Σ T = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "class numbers, of a list": (
        lambda: by_class_numbers(lambda u, n, k: np.sum(-np.log(softmax(u)[range(5), list(k)]))),
        ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "E = −Σ T ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "class numbers, of logits": (
        lambda: by_class_numbers(lambda u, n, k: (np.log(np.exp(u).sum(axis=1)) - u[n, k]).mean()),
        ["Layer 1 · linear", "Loss"],
        ["Y₁ = X W + b"], """
        δ₁ = ∂E/∂U₁ = (softmax(Y₁) − T) / 5
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "class numbers, along an axis": (
        lambda: by_class_numbers(lambda u, n, k: -np.take_along_axis(log_probability(u), k[:, None], axis=1).mean()),
        ["Layer 1 · linear", "Loss · cross-entropy"],
        ["Y₁ = X W + b"], """
        δ₁ = ∂E/∂U₁ = (softmax(Y₁) − T) / 5    (Σ T = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "logits and a plain one-hot array": (lambda: losses.softmax_cross_entropy(total_input(), ONE_HOT.data),
        ["Layer 1 · linear", "Loss · cross-entropy"],
        ["Y₁ = X W + b"], """
        δ₁ = ∂E/∂U₁ = softmax(Y₁) − t    (Σ t = 1 along axis -1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "Huber's loss by cases": (lambda: huber(total_input() - T),
        ["Layer 1 · linear", "Loss"],
        ["Y₁ = X W + b"], """
        δ₁ = ∂E/∂U₁ = where(|Y₁ − T| < 1, Y₁ − T, sign(Y₁ − T))
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a leaky rectifier, u written three times": (leaky, ["Layer 1 · leaky relu", "Loss · squared error"],
        ["U₁ = X W + b", "Y₁ = leaky_relu(U₁)"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ where(U₁ > 0, 1, 0.1)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a hinge": (lambda: np.maximum(0, 1 - T * total_input()).sum(), ["Layer 1 · linear", "Loss"],
        ["Y₁ = X W + b", "E = Σ relu(1 − T ⊙ Y₁)"], """
        δ₁ = ∂E/∂U₁ = −(1 − T ⊙ Y₁ > 0) ⊙ T
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "log-cosh": (lambda: np.log(np.cosh(total_input() - T)).sum(), ["Layer 1 · linear", "Loss"],
        ["Y₁ = X W + b", "E = Σ log(cosh(Y₁ − T))"], """
        δ₁ = ∂E/∂U₁ = tanh(Y₁ − T)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "mean of squared errors": (lambda: (0.5 * ((total_input() - T) ** 2).sum(axis=1)).mean(),
        ["Layer 1 · linear", "Loss · squared error"],
        ["Y₁ = X W + b", "E = (Σ (Y₁ − T)²) / 10"], """
        δ₁ = ∂E/∂U₁ = (Y₁ − T) / 5
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "one sample": (lambda: mlp(X.data[:1], ONE_HOT.data[:1]), ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = x W₁ + b₁", "Y₁ = softmax(U₁)", "E = −Σ t ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ − t    (Σ t = 1 along axis -1)
        ∂E/∂W₁ = xᵀ δ₁
        ∂E/∂b₁ = δ₁"""),
    "x of one axis": (lambda: mlp(X.data[0], ONE_HOT.data[0]), ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = x W₁ + b₁", "Y₁ = softmax(U₁)", "E = −Σ t ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ − t    (Σ t = 1 along axis -1)
        ∂E/∂W₁ = x δ₁ᵀ
        ∂E/∂b₁ = δ₁"""),
    "rows of a one-hot array": (lambda: mlp(X.data[:3], ONE_HOT.data[:3]),
        ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = x W₁ + b₁", "Y₁ = softmax(U₁)", "E = −Σ t ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ − t    (Σ t = 1 along axis -1)
        ∂E/∂W₁ = xᵀ δ₁
        ∂E/∂b₁ = Σₙ δ₁"""),
    "targets that sum to 1 unsaid": (lambda: mlp(X.data, np.eye(3)[[0, 1, 2, 0, 1]]),
        ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = x W₁ + b₁", "Y₁ = softmax(U₁)", "E = −Σ t ⊙ log(Y₁)"], """
        δ₁ = ∂E/∂U₁ = Y₁ ⊙ Σₖ t − t = Y₁ − t if Σ t = 1, as in this t
        ∂E/∂W₁ = xᵀ δ₁
        ∂E/∂b₁ = Σₙ δ₁"""),
    "scores of attention": (attention,
        ["Layer 1 · linear", "Layer 2 · linear", "Layer 3 · linear", "Loss · squared error"],
        ["Y₁ = X Wq", "Y₂ = X Wk", "v₁ = Y₁ Y₂ᵀ / 2",
         "v₂ = softmax(v₁)", "Y₃ = X Wv", "v₃ = v₂ Y₃", "E = ½ Σ (v₃ − T)²"], """
        ∂E/∂v₃ = v₃ − T
        δ₃ = ∂E/∂U₃ = v₂ᵀ ∂E/∂v₃
        ∂E/∂Wv = Xᵀ δ₃
        ∂E/∂v₂ = ∂E/∂v₃ Y₃ᵀ
        ∂E/∂v₁ = v₂ ⊙ (∂E/∂v₂ − Σₖ ∂E/∂v₂ ⊙ v₂)
        δ₂ = ∂E/∂U₂ = (∂E/∂v₁)ᵀ Y₁ / 2
        ∂E/∂Wk = Xᵀ δ₂
        δ₁ = ∂E/∂U₁ = ∂E/∂v₁ Y₂ / 2
        ∂E/∂Wq = Xᵀ δ₁"""),
    "an image by slices": (image, ["Loss · squared error"],
        ["v₁₇ = v₁₆ + b", "E = ½ Σ (tanh(v₁₇) − c₁)²"], """
        ∂E/∂v₁₇ = (tanh(v₁₇) − c₁) ⊙ (1 − tanh(v₁₇)²)
        ∂E/∂k = Σᵢⱼ scatter(Σ ∂E/∂v₁₇ ⊙ x[:, i:i+4, j:j+4], [i, j])
        ∂E/∂b = Σ ∂E/∂v₁₇"""),
}  # fmt: skip
