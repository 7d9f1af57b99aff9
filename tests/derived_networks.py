"""Networks that are more than a chain of layers, derived, and the lines that a textbook has of each."""

import numpy as np

from minigrad import Tensor, derive, losses, nn, relu, sigmoid, softmax, sums_to_one


def parameters(*shapes):
    rng = np.random.default_rng(2)
    return [Tensor(rng.normal(size=shape) / 2, requires_grad=True) for shape in shapes]


def batch(columns=4):
    rng = np.random.default_rng(3)
    return Tensor(rng.normal(size=(5, 4))), Tensor(rng.normal(size=(5, columns)))


def classes(k):
    return Tensor(np.eye(k)[np.arange(5) % k])


def weight_decay():
    X, T = batch()
    W, b = parameters((4, 4), (4,))
    Y = sigmoid(X @ W + b)
    return derive(losses.squared_error(Y, T) + 0.01 * (W**2).sum(), names=locals())


def residual_connection():
    X, T = batch()
    W1, W2 = parameters((4, 4), (4, 4))
    H = X @ W1
    Y = H + np.tanh(H @ W2)
    return derive(losses.squared_error(Y, T), names=locals())


def tied_weight():
    X, T = batch()
    (W,) = parameters((4, 4))
    H = np.tanh(X @ W)
    Y = H @ W
    return derive(losses.squared_error(Y, T), names=locals())


def tied_weight_transposed():
    X, _ = batch()
    (W,) = parameters((4, 3))
    H = np.tanh(X @ W)
    Y = H @ W.T
    return derive(losses.squared_error(Y, X), names=locals())


def gate():
    X, T = batch()
    V, G = parameters((4, 4), (4, 4))
    H, Z = np.tanh(X @ V), sigmoid(X @ G)
    Y = H * Z
    return derive(losses.squared_error(Y, T), names=locals())


def layer_normalization():
    X, T = batch()
    W, gamma, beta = parameters((4, 4), (4,), (4,))
    U = X @ W
    D = U - U.mean(axis=1, keepdims=True)
    s = np.sqrt((D**2).mean(axis=1, keepdims=True) + 1e-5)
    Z = D / s
    Y = gamma * Z + beta
    return derive(losses.squared_error(Y, T), names=locals())


def attention():
    X, T = batch()
    Wq, Wk, Wv = parameters((4, 4), (4, 4), (4, 4))
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    S = Q @ K.T / np.sqrt(4)
    A = softmax(S)
    Y = A @ V
    return derive(losses.squared_error(Y, T), names=locals())


def hidden_layer(activation):
    X, T = batch(3)
    W1, b1, W2, b2 = parameters((4, 6), (6,), (6, 3), (3,))
    U1 = X @ W1 + b1
    Y1 = activation(U1)
    U2 = Y1 @ W2 + b2
    return derive(losses.squared_error(U2, T), names=locals())


def binary_cross_entropy(reduction):
    X, _ = batch()
    T = Tensor(np.arange(5)[:, None] % 2.0, name="T")
    w, b = parameters((4, 1), (1,))
    Y = sigmoid(X @ w + b)
    terms = T * np.log(Y) + (1 - T) * np.log(1 - Y)
    return derive(-terms.sum() if reduction == "sum" else -terms.mean(), names={"X": X, "w": w, "b": b, "Y": Y})


def mean_squared_error():
    X, T = batch()
    (W,) = parameters((4, 4))
    Y = X @ W
    return derive(((Y - T) ** 2).mean(), names=locals())


def mean_cross_entropy():
    X, T = batch()[0], classes(4)
    (W,) = parameters((4, 4))
    T.name = "T"
    Y = softmax(X @ W)
    return derive(losses.cross_entropy(Y, T, "mean"), names=locals(), given=[sums_to_one(T)])


def depth_4():
    X, T = batch()[0], Tensor(classes(3).data, name="T")
    model = nn.MLP((4, 6, 5, 4, 3), rng=0)
    return derive(losses.cross_entropy(model(X), T), names=locals(), given=[sums_to_one(T)])


def without_names():
    X, T = batch()
    W, b, V = parameters((4, 4), (4,), (4, 4))
    return derive(losses.squared_error(sigmoid(X @ W + b) @ V, T))


HIDDEN = """
    δ₂ = ∂E/∂U₂ = U₂ − T
    ∂E/∂W₂ = Y₁ᵀ δ₂
    ∂E/∂b₂ = Σₙ δ₂
    ∂E/∂Y₁ = δ₂ W₂ᵀ
    δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ {back}
    ∂E/∂W₁ = Xᵀ δ₁
    ∂E/∂b₁ = Σₙ δ₁
"""
NETWORKS = {
    "weight decay": (
        weight_decay,
        """
    ∂E/∂Y = Y − T
    δ₁ = ∂E/∂U₁ = ∂E/∂Y ⊙ (1 − Y) ⊙ Y
    ∂E/∂W = Xᵀ δ₁ + 0.02 W
    ∂E/∂b = Σₙ δ₁
""",
    ),
    "residual connection": (
        residual_connection,
        """
    ∂E/∂Y = Y − T
    δ₂ = ∂E/∂U₂ = ∂E/∂Y ⊙ (1 − Y₂²)
    ∂E/∂W₂ = Hᵀ δ₂
    δ₁ = ∂E/∂H = ∂E/∂Y + δ₂ W₂ᵀ
    ∂E/∂W₁ = Xᵀ δ₁
""",
    ),
    "tied weight used twice": (
        tied_weight,
        """
    δ₂ = ∂E/∂U₂ = Y − T
    ∂E/∂H = δ₂ Wᵀ
    δ₁ = ∂E/∂U₁ = ∂E/∂H ⊙ (1 − H²)
    ∂E/∂W = Hᵀ δ₂ + Xᵀ δ₁
""",
    ),
    "tied weight, transposed": (
        tied_weight_transposed,
        """
    δ₂ = ∂E/∂U₂ = Y − X
    ∂E/∂H = δ₂ W
    δ₁ = ∂E/∂U₁ = ∂E/∂H ⊙ (1 − H²)
    ∂E/∂W = δ₂ᵀ H + Xᵀ δ₁
""",
    ),
    "elementwise product gate": (
        gate,
        """
    ∂E/∂Y = Y − T
    ∂E/∂Z = ∂E/∂Y ⊙ H
    δ₂ = ∂E/∂U₂ = ∂E/∂Z ⊙ (1 − Z) ⊙ Z
    ∂E/∂G = Xᵀ δ₂
    ∂E/∂H = ∂E/∂Y ⊙ Z
    δ₁ = ∂E/∂U₁ = ∂E/∂H ⊙ (1 − H²)
    ∂E/∂V = Xᵀ δ₁
""",
    ),
    "layer normalisation": (
        layer_normalization,
        """
    ∂E/∂Y = Y − T
    ∂E/∂gamma = Σₙ ∂E/∂Y ⊙ Z
    ∂E/∂beta = Σₙ ∂E/∂Y
    ∂E/∂Z = ∂E/∂Y ⊙ gamma
    ∂E/∂s = −Σₖ ∂E/∂Z ⊙ Z / s
    ∂E/∂D = ∂E/∂Z / s + ∂E/∂s ⊙ D / (4 s)
    δ₁ = ∂E/∂U = ∂E/∂D − (Σₖ ∂E/∂D) / 4
    ∂E/∂W = Xᵀ δ₁
""",
    ),
    "scaled dot-product attention": (
        attention,
        """
    ∂E/∂Y = Y − T
    δ₃ = ∂E/∂V = Aᵀ ∂E/∂Y
    ∂E/∂Wv = Xᵀ δ₃
    ∂E/∂A = ∂E/∂Y Vᵀ
    ∂E/∂S = A ⊙ (∂E/∂A − Σₖ ∂E/∂A ⊙ A)
    δ₂ = ∂E/∂K = (∂E/∂S)ᵀ Q / 2
    ∂E/∂Wk = Xᵀ δ₂
    δ₁ = ∂E/∂Q = ∂E/∂S K / 2
    ∂E/∂Wq = Xᵀ δ₁
""",
    ),
    "tanh": (lambda: hidden_layer(np.tanh), HIDDEN.format(back="(1 − Y₁²)")),
    "relu": (lambda: hidden_layer(relu), HIDDEN.format(back="(U₁ > 0)")),
    "sigmoid": (lambda: hidden_layer(sigmoid), HIDDEN.format(back="(1 − Y₁) ⊙ Y₁")),
    "binary cross-entropy": (
        lambda: binary_cross_entropy("sum"),
        """
    δ₁ = ∂E/∂U₁ = Y − T
    ∂E/∂w = Xᵀ δ₁
    ∂E/∂b = Σₙ δ₁
""",
    ),
    "mean binary cross-entropy": (
        lambda: binary_cross_entropy("mean"),
        """
    δ₁ = ∂E/∂U₁ = (Y − T) / 5
    ∂E/∂w = Xᵀ δ₁
    ∂E/∂b = Σₙ δ₁
""",
    ),
    "mean squared error": (
        mean_squared_error,
        """
    δ₁ = ∂E/∂U₁ = (Y − T) / 10
    ∂E/∂W = Xᵀ δ₁
""",
    ),
    "mean cross-entropy": (
        mean_cross_entropy,
        """
    δ₁ = ∂E/∂U₁ = (Y − T) / 5    (Σ T = 1 along axis -1)
    ∂E/∂W = Xᵀ δ₁
""",
    ),
    "depth 4": (
        depth_4,
        """
    δ₄ = ∂E/∂U₄ = Y₄ − T    (Σ T = 1 along axis -1)
    ∂E/∂W₄ = Y₃ᵀ δ₄
    ∂E/∂b₄ = Σₙ δ₄
    ∂E/∂Y₃ = δ₄ W₄ᵀ
    δ₃ = ∂E/∂U₃ = ∂E/∂Y₃ ⊙ (1 − Y₃) ⊙ Y₃
    ∂E/∂W₃ = Y₂ᵀ δ₃
    ∂E/∂b₃ = Σₙ δ₃
    ∂E/∂Y₂ = δ₃ W₃ᵀ
    δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ ⊙ (1 − Y₂) ⊙ Y₂
    ∂E/∂W₂ = Y₁ᵀ δ₂
    ∂E/∂b₂ = Σₙ δ₂
    ∂E/∂Y₁ = δ₂ W₂ᵀ
    δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
    ∂E/∂W₁ = Xᵀ δ₁
    ∂E/∂b₁ = Σₙ δ₁
""",
    ),
    "tensors without names": (
        without_names,
        """
    δ₂ = ∂E/∂U₂ = Y₂ − t
    ∂E/∂x₄ = Y₁ᵀ δ₂
    ∂E/∂Y₁ = δ₂ x₄ᵀ
    δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
    ∂E/∂x₂ = xᵀ δ₁
    ∂E/∂x₃ = Σₙ δ₁
""",
    ),
}
