"""What other libraries have a function for, and is a line of NumPy's syntax here: activations and losses, by name."""

from __future__ import annotations

ACTIVATIONS = {
    "selu": "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))",
    "celu": "np.where(x > 0, x, np.expm1(x))",
    "glu": "x[..., : x.shape[-1] // 2] * minigrad.sigmoid(x[..., x.shape[-1] // 2 :])",
    "mish": "x * np.tanh(minigrad.softplus(x))",
    "softsign": "x / (1 + np.abs(x))",
    "hardtanh": "np.clip(x, -1, 1)",
    "relu6": "np.clip(x, 0, 6)",
    "hardsigmoid": "np.clip(x / 6 + 0.5, 0, 1)",
    "hardswish": "x * np.clip(x / 6 + 0.5, 0, 1)",
    "tanhshrink": "x - np.tanh(x)",
}

# Of outputs y and targets t of their shape; of logits u and whole numbers of classes, t; sums, as losses are here.
LOSSES = {
    "poisson_nll": "np.sum(np.exp(y) - t * y)",
    "multiclass_hinge": "np.sum(np.maximum(0, u - u[np.arange(len(t)), t][:, None] + 1)) - len(t)",
    "focal": "-np.sum((1 - p) ** 2 * np.log(p)), with p = minigrad.softmax(u)[np.arange(len(t)), t]",
}
_OTHER_NAMES = {
    "poisson_nll": ("poisson_nll_loss", "poisson"),
    "multiclass_hinge": ("multi_margin_loss", "multimarginloss"),
    "focal": ("focal_loss", "softmax_focal_loss"),
}


def say_losses() -> dict[str, str]:
    """Give what to write for each name of a loss that is a line."""
    names = ((other, name) for name in LOSSES for other in (name, *_OTHER_NAMES[name]))
    return {other: f"Write {LOSSES[name]}" for other, name in names}


def say_activations() -> dict[str, str]:
    """Give what to write for each name of an activation that is a line."""
    return {name: f"Write {formula}" for name, formula in ACTIVATIONS.items()}
