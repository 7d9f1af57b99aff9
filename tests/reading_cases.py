"""Networks, and what a reader sees in each: the layers and the loss, the formulas of the picture, the lines."""

import numpy as np

from minigrad import Tensor, losses, nn, sigmoid, softmax

rng = np.random.default_rng(0)


def parameter(name, *shape):
    return Tensor(rng.normal(size=shape) / 2, requires_grad=True, name=name)


X = Tensor(rng.normal(size=(5, 4)), name="X")
T = Tensor(rng.normal(size=(5, 3)), name="T")


def total_input():
    return X @ parameter("W", 4, 3) + parameter("b", 3)


def error(activation):
    return losses.squared_error(activation(total_input()), T)


def two_products():
    h = Tensor(rng.normal(size=(5, 2)), name="h")
    U, V, b = parameter("U", 4, 3), parameter("V", 2, 3), parameter("b", 3)
    return losses.squared_error(np.tanh(X @ U + h @ V + b), T)


def identity_output(**name):
    H = np.tanh(X @ parameter("W1", 4, 3))
    Y = H @ parameter("W3", 3, 3)
    for key in name:
        Y.name = key
    return losses.squared_error(Y, T)


def dropped():
    kept = np.array([[1.0, 0.0, 2.0]])
    return losses.squared_error((sigmoid(total_input()) * kept) @ parameter("V", 3, 3), T)


def two_steps():
    Wx, Wh, b, h = parameter("Wx", 4, 3), parameter("Wh", 3, 3), parameter("b", 3), Tensor(np.zeros((5, 3)), name="h")
    for t in range(2):
        h = np.tanh(Tensor(rng.normal(size=(5, 4)), name=f"X{t + 1}") @ Wx + h @ Wh + b)
    return losses.squared_error(h, T)


def scalar_bias():
    x = Tensor([0.1, -0.2, 0.3], name="x")
    return 0.5 * (sigmoid(x @ parameter("w", 3) + parameter("b")) - 0.7) ** 2


CASES = {
    "exp": (lambda: error(np.exp), ["Layer 1 · exp", "Loss · squared error"],
            ["U₁ = X W + b", "Y₁ = exp(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ Y₁
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "chain": (lambda: error(lambda u: 2 * sigmoid(u) - 1),
              ["Layer 1 · sigmoid, multiply, subtract", "Loss · squared error"],
              ["U₁ = X W + b", "v₁ = σ(U₁)", "v₂ = 2 v₁", "Y₁ = v₂ − 1", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = 2 ∂E/∂Y₁ ⊙ (1 − σ(U₁)) ⊙ σ(U₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "u is used twice": (lambda: error(lambda u: u * np.tanh(u)),
                        ["Layer 1 · tanh, multiply", "Loss · squared error"],
                        ["U₁ = X W + b", "v₁ = tanh(U₁)", "Y₁ = U₁ ⊙ v₁", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ tanh(U₁) + ∂E/∂Y₁ ⊙ U₁ ⊙ (1 − tanh(U₁)²)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "silu by hand": (lambda: error(lambda u: u * sigmoid(u)), ["Layer 1 · silu", "Loss · squared error"],
                     ["U₁ = X W + b", "Y₁ = silu(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (σ(U₁) + Y₁ ⊙ (1 − σ(U₁)))
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "two products": (two_products, ["Layer 1 · tanh", "Loss · squared error"],
                     ["U₁ = X U + h V + b", "Y₁ = tanh(U₁)", "E = ½ Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂U = Xᵀ δ₁
        ∂E/∂V = hᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a dropout mask": (dropped, ["Layer 1 · sigmoid, multiply", "Layer 2 · linear", "Loss · squared error"],
                       ["U₁ = X W + b", "v₁ = σ(U₁)", "Y₁ = v₁ ⊙ c₁", "Y₂ = Y₁ V", "E = ½ Σ (Y₂ − T)²"], """
        δ₂ = ∂E/∂U₂ = Y₂ − T
        ∂E/∂V = Y₁ᵀ δ₂
        ∂E/∂Y₁ = δ₂ Vᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ c₁ ⊙ (1 − σ(U₁)) ⊙ σ(U₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a recurrent net": (two_steps, ["Layer 1 · tanh", "Layer 2 · tanh", "Loss · squared error"],
                        ["U₁ = X₁ Wx + h Wh + b", "Y₁ = tanh(U₁)", "U₂ = X₂ Wx + Y₁ Wh + b", "Y₂ = tanh(U₂)",
                         "E = ½ Σ (Y₂ − T)²"], """
        ∂E/∂Y₂ = Y₂ − T
        δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ ⊙ (1 − Y₂²)
        ∂E/∂Y₁ = δ₂ Whᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂Wx = X₂ᵀ δ₂ + X₁ᵀ δ₁
        ∂E/∂Wh = Y₁ᵀ δ₂ + hᵀ δ₁
        ∂E/∂b = Σₙ δ₂ + Σₙ δ₁"""),
    "an output named Y3": (lambda: identity_output(Y3=True),
                           ["Layer 1 · tanh", "Layer 3 · linear", "Loss · squared error"],
                           ["U₁ = X W₁", "Y₁ = tanh(U₁)", "Y₃ = Y₁ W₃", "E = ½ Σ (Y₃ − T)²"], """
        δ₃ = ∂E/∂U₃ = Y₃ − T
        ∂E/∂W₃ = Y₁ᵀ δ₃
        ∂E/∂Y₁ = δ₃ W₃ᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂W₁ = Xᵀ δ₁"""),
    "an output named logits": (lambda: identity_output(logits=True),
                               ["Layer 1 · tanh", "Layer 3 · linear", "Loss · squared error"],
                               ["U₁ = X W₁", "Y₁ = tanh(U₁)", "logits = Y₁ W₃", "E = ½ Σ (logits − T)²"], """
        δ₃ = ∂E/∂logits = logits − T
        ∂E/∂W₃ = Y₁ᵀ δ₃
        ∂E/∂Y₁ = δ₃ W₃ᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂W₁ = Xᵀ δ₁"""),
    "arrays without names": (
        lambda: losses.squared_error(nn.MLP([4, 3], output="identity", rng=0)(X.data), T.data),
        ["Layer 1 · linear", "Loss · squared error"], ["Y₁ = x W₁ + b₁", "E = ½ Σ (Y₁ − t)²"], """
        δ₁ = ∂E/∂U₁ = Y₁ − t
        ∂E/∂W₁ = xᵀ δ₁
        ∂E/∂b₁ = Σₙ δ₁"""),
    "a logarithm is the loss's": (
        lambda: -(T * np.log(softmax(total_input()) + 1e-9)).sum(),
        ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "v₁ = Y₁ + 1e−09", "E = −Σ T ⊙ log(v₁)"], """
        ∂E/∂Y₁ = −T / (Y₁ + 1e−09)
        δ₁ = ∂E/∂U₁ = Y₁ ⊙ (∂E/∂Y₁ − Σₖ ∂E/∂Y₁ ⊙ Y₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a scalar": (scalar_bias, ["Layer 1 · sigmoid", "Loss · squared error"],
                 ["U₁ = x w + b", "Y₁ = σ(U₁)", "E = 0.5 (Y₁ − 0.7)²"], """
        ∂E/∂Y₁ = Y₁ − 0.7
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
        ∂E/∂w = δ₁ x
        ∂E/∂b = δ₁"""),
}  # fmt: skip
