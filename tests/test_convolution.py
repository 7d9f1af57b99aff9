"""Convolution, pooling and normalization: layers and functions, against loops, closed forms and each other."""

import re

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, compile, derive, grad, gradcheck, nn, vmap
from minigrad.nn import functional
from minigrad.ops.networks import convolution
from minigrad.ops.networks.convolution import Convolution, Correlation, TransposedConvolution
from tests.samples_networks import convolve_by_loops

rng = np.random.default_rng(0)


def drawn(*shape):
    return rng.normal(size=shape)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_convolution(n):
    x, W, b = drawn(2, 4, *(5, 4, 3)[:n]), drawn(6, 2, *(3, 2, 2)[:n]), drawn(6)
    conv = getattr(functional, f"conv{n}d")
    y = conv(x, W, b, stride=2, padding=1, dilation=1, groups=2)
    wanted = convolve_by_loops((2,) * n, ((1, 1),) * n, (1,) * n, 2, x, W) + b.reshape(-1, *(1,) * n)
    np.testing.assert_allclose(y, wanted, atol=1e-12)
    np.testing.assert_allclose(conv(x[0], W, b, 2, 1, 1, 2), wanted[0], atol=1e-12)
    assert conv(x, W, padding="same", groups=2).shape == (2, 6, *x.shape[2:])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_transposed_convolution_is_the_adjoint(n):
    """⟨Conv x, y⟩ = ⟨x, Convᵀ y⟩, with the size that output_padding completes."""
    x, W = drawn(2, 4, *(6, 5, 4)[:n]), drawn(6, 2, *(3, 2, 2)[:n])
    forth, back = (getattr(functional, f"{name}{n}d") for name in ("conv", "conv_transpose"))
    y = forth(x, W, stride=2, padding=1, groups=2)
    z = drawn(*y.shape)
    places = zip(x.shape[2:], y.shape[2:], W.shape[2:], strict=True)
    missing = tuple(size - ((m - 1) * 2 - 2 + k) for size, m, k in places)
    returned = back(z, W, stride=2, padding=1, output_padding=missing, groups=2)
    assert returned.shape == x.shape
    np.testing.assert_allclose(np.vdot(y, z), np.vdot(x, returned))


def test_third_order():
    x, W = drawn(1, 1, 5), drawn(1, 1, 2)
    cubed = grad(grad(lambda t: (functional.conv1d(t * x, t * W) ** 2).sum()))
    np.testing.assert_allclose(cubed(1.0), 12 * (functional.conv1d(x, W) ** 2).sum())  # t⁴, twice derived


def test_lanes():
    x, W = drawn(3, 2, 4, 5), drawn(3, 6, 2, 2)
    for axes, ours in (((0, 0), W), ((0, None), W[0])):
        y = vmap(lambda a, b: functional.conv1d(a, b, groups=2), in_axes=axes)(Tensor(x), Tensor(ours))
        each = [functional.conv1d(x[i], W[i if axes[1] == 0 else 0], groups=2) for i in range(3)]
        np.testing.assert_allclose(y.data, each)


def test_max_pooling():
    x = drawn(2, 3, 5, 4)
    y = functional.max_pool2d(Tensor(x), 2)
    np.testing.assert_array_equal(y.data, x[:, :, :4].reshape(2, 3, 2, 2, 2, 2).max((3, 5)))
    padded = functional.max_pool1d(Tensor(-np.ones((1, 1, 4))), 3, 2, 1)
    np.testing.assert_array_equal(padded.data, -np.ones((1, 1, 2)))  # what is padded is never the largest
    assert gradcheck(lambda x: functional.max_pool1d(x, 3, 2, 1, 1), drawn(1, 2, 7))


def test_average_pooling():
    x = np.arange(4.0).reshape(1, 1, 4)
    np.testing.assert_allclose(functional.avg_pool1d(x, 2), [[[0.5, 2.5]]])
    np.testing.assert_allclose(functional.avg_pool1d(x, 2, 2, 1), [[[0, 1.5, 1.5]]])
    np.testing.assert_allclose(functional.avg_pool1d(x, 2, 2, 1, False), [[[0, 1.5, 3]]])
    assert gradcheck(lambda x: functional.avg_pool2d(x, (2, 3), 1, 1), drawn(1, 1, 3, 4))
    assert functional.max_pool2d(Tensor(drawn(1, 4, 4)), 2).shape == (1, 2, 2)


def test_normalization():
    x = drawn(3, 4, 5)
    for y, axes in (
        (functional.layer_norm(x, 5), (2,)),
        (functional.layer_norm(x, (4, 5)), (1, 2)),
        (functional.batch_norm(x, training=True), (0, 2)),
        (functional.group_norm(x, 4), (2,)),
        (functional.group_norm(x, 1), (1, 2)),
    ):
        np.testing.assert_allclose(y.mean(axes), 0, atol=1e-12)
        np.testing.assert_allclose(y.var(axes), x.var(axes) / (x.var(axes) + 1e-5))
    assert gradcheck(lambda x, w, b: functional.group_norm(x, 2, w, b), x, drawn(4), drawn(4))
    np.testing.assert_allclose(functional.batch_norm(x, np.full(4, 2.0), np.full(4, 4.0), eps=0), (x - 2) / 2)


def test_batch_normalization_keeps_running_averages():
    layer, x = nn.BatchNorm(3, momentum=0.5), drawn(4, 3, 2)
    layer(Tensor(x))
    mean, var = x.mean((0, 2)), x.var((0, 2), ddof=1)
    np.testing.assert_allclose(layer.running_mean.data, mean / 2)
    np.testing.assert_allclose(layer.running_var.data, (1 + var) / 2)
    layer.eval()
    expected = (x - mean[:, None] / 2) / np.sqrt((1 + var[:, None]) / 2 + 1e-5)
    np.testing.assert_allclose(layer(Tensor(x)).data, expected)
    np.testing.assert_allclose(layer.running_mean.data, mean / 2)


ACTIVATIONS = {
    "gelu": [-0.15865525393145707, 0.8413447460685429],
    "silu": [-1 / (1 + np.e), np.e / (1 + np.e)],
    "elu": [1 / np.e - 1, 1],
    "leaky_relu": [-0.01, 1],
    "logsigmoid": [-1 - np.log(1 + 1 / np.e), -np.log(1 + 1 / np.e)],
    "softplus": [np.log(1 + 1 / np.e), 1 + np.log(1 + 1 / np.e)],
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    f = getattr(minigrad, name)
    np.testing.assert_allclose(f(np.array([-1.0, 1.0])), ACTIVATIONS[name], rtol=1e-14)
    far = f(Tensor([-900.0, 900.0], requires_grad=True))
    assert np.isfinite(far.data).all()
    far.sum().backward()
    assert nn.MLP([2, 3, 1], name, "identity").layers[1] is getattr(functional, name)


def test_gelu():
    x = np.linspace(-3, 3, 50)
    np.testing.assert_allclose(minigrad.gelu(x, "tanh"), minigrad.gelu(x), atol=1e-3)
    np.testing.assert_allclose(minigrad.gelu(np.array([-20.0])) / -20, [2.7536241186062337e-89])  # Φ(−20)
    with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', not 'erf'"):
        minigrad.gelu(x, "erf")


LEARNED = {  # value, ∂y/∂x and ∂y/∂s for x ≤ 0, of a factor s
    "leaky_relu": (lambda x, s: s * x, lambda x, s: s + 0 * x, lambda x, s: x),
    "elu": (lambda x, s: s * np.expm1(x), lambda x, s: s * np.exp(x), lambda x, s: np.expm1(x)),
}


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_factor_that_is_learned(name, compiled):
    """One for each channel, as of He et al. 2015; at 0 the slope is the left one, as it is of a number."""
    x, s = np.array([[-2.0, 3.0, 0.0], [800.0, -0.5, -1e-9]]), np.array([0.25, 1.5, -2.0])
    each = zip(LEARNED[name], (x, np.ones_like(x), np.zeros_like(x)), strict=True)
    value, by_x, by_s = (np.where(x > 0, right, f(np.minimum(x, 0), s)) for f, right in each)
    f = getattr(minigrad, name)
    f = compile(f) if compiled else f
    np.testing.assert_allclose(f(x, s if compiled else Tensor(s)), value, rtol=1e-14)
    slopes = minigrad.grad(lambda x, s: f(x, s).sum(), argnums=(0, 1))(x, s)
    np.testing.assert_allclose(slopes[0], by_x, rtol=1e-14)
    np.testing.assert_allclose(slopes[1], by_s.sum(axis=0), rtol=1e-14)


@pytest.mark.parametrize(("name", "factor"), [("leaky_relu", "negative_slope"), ("elu", "alpha")])
def test_a_factor_that_is_no_number(name, factor):
    x = np.array([-1.0, 2.0])
    for value, shown in ((None, "None"), (1j, "1j"), ("0.5", "'0.5'"), (np.array([0.1, 0.2]), "a ndarray")):
        with pytest.raises(TypeError, match=f"^{name}: {factor} must be one number, not {shown}; .* is a Tensor"):
            getattr(minigrad, name)(x, value)


def network():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, rng=0),
        nn.BatchNorm(3),
        minigrad.relu,
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 2),
    )


def test_a_network_trains_eagerly_and_compiled():
    X = rng.normal(size=(12, 1, 4, 4))
    T = np.eye(2)[(X.mean((1, 2, 3)) > 0).astype(int)]
    losses = []
    for compiled in (False, True):
        model = network()
        model.layers[-1].W.data = np.linspace(-1, 1, 24).reshape(12, 2)
        adam = minigrad.optim.Adam(model.parameters(), 0.05)
        loss = minigrad.losses.softmax_cross_entropy
        losses.append(minigrad.fit(model, loss, adam, (X, T), 20, progress=False, compile=compiled).loss)
    assert losses[0][-1] < losses[0][0] / 4
    np.testing.assert_allclose(losses[0], losses[1])
    assert [p.name for p in model.parameters()] == ["W₁", "b₁", "γ₂", "β₂", "W₃", "b₃"]


def test_a_derivation():
    X, W, T = Tensor(drawn(2, 1, 5), name="X"), Tensor(drawn(3, 1, 2), requires_grad=True, name="W"), drawn(2, 3, 4)
    E = minigrad.losses.squared_error(minigrad.silu(functional.conv1d(X, W)), Tensor(T, name="T"))
    derivation = derive(E)
    assert str(derivation).splitlines() == [
        "∂E/∂Y₁ = Y₁ − T",
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (σ(U₁) + Y₁ ⊙ (1 − σ(U₁)))",
        "∂E/∂W = X ⋆ δ₁",
    ]
    space = {}
    exec(derivation.to_numpy(), space)
    E.backward()
    value, gradients = space["loss_and_gradients"](X.data, W.data, T)
    np.testing.assert_allclose(value, E.data)
    np.testing.assert_allclose(gradients["W"], W.grad)


def test_the_other_layers():
    assert nn.Conv1d(2, 4, 3, groups=2, bias=False)(drawn(1, 2, 5)).shape == (1, 4, 3)
    assert nn.Conv3d(1, 2, (1, 2, 3), rng=0)(drawn(1, 1, 3, 3, 3)).shape == (1, 2, 3, 2, 1)
    back = nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2)
    assert (back.W.shape, back(drawn(1, 4, 3, 3)).shape) == ((4, 3, 2, 2), (1, 6, 6, 6))
    assert nn.AvgPool1d(2)(drawn(1, 2, 6)).shape == (1, 2, 3)
    assert nn.LayerNorm((2, 3))(drawn(4, 2, 3)).shape == nn.GroupNorm(2, 2)(drawn(4, 2, 3)).shape
    shown = [nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.AvgPool3d(2), nn.Flatten(), nn.LayerNorm(3), nn.GroupNorm(1, 2)]
    assert list(map(repr, shown)) == [
        *("Conv2d(1, 2, 3)", "MaxPool2d(2)", "AvgPool3d(2)", "Flatten()", "LayerNorm(3)", "GroupNorm(1, 2)"),
    ]
    assert nn.Conv1d(1, 1, 2, dtype=np.float32)(Tensor(drawn(1, 1, 3).astype(np.float32))).dtype == np.float32


WRONG = {
    "of 4 axes, (samples, channels, height, width)": lambda: functional.conv2d(drawn(3, 3), drawn(1, 1, 2, 2)),
    "3 channels, and a kernel for 1": lambda: functional.conv1d(Tensor(drawn(1, 3, 4)), drawn(1, 1, 2)),
    "a window of 5 does not fit into an axis of 4": lambda: functional.conv1d(Tensor(drawn(1, 1, 4)), drawn(1, 1, 5)),
    "padding='same' keeps the size": lambda: functional.conv1d(drawn(1, 1, 4), drawn(1, 1, 2), None, 2, "same"),
    "stride must be a number, or 2 of them": lambda: functional.conv2d(drawn(1, 3, 3), drawn(1, 1, 2, 2), None, (1,)),
    "must be at most half of kernel_size": lambda: functional.max_pool1d(drawn(1, 1, 4), 2, padding=2),
    "last axes are (3,)": lambda: functional.layer_norm(drawn(2, 4), 3),
    "cannot be split into 3 groups": lambda: functional.group_norm(drawn(2, 4), 3),
    "or training=True": lambda: functional.batch_norm(drawn(2, 4)),
    "must split into 2 groups": lambda: nn.Conv1d(3, 4, 2, groups=2),
    "4 channels cannot be split into 3 groups": lambda: nn.GroupNorm(3, 4),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        WRONG[message]()


def test_compiled_by_native_code_too():
    x, W = Tensor(drawn(1, 1, 6)), Tensor(drawn(1, 1, 3), requires_grad=True)
    step = compile(lambda x, W: minigrad.gelu(functional.conv1d(x, W)).sum(), backend="native")
    eager = minigrad.gelu(functional.conv1d(x, W)).sum()
    np.testing.assert_allclose(step(x, W).data, eager.data)


@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions_of_some_samples_at_a_time(monkeypatch, groups):
    """What comes of them is what comes of all at once, also where the last part is smaller."""
    geometry = (2, 1), ((1, 0), (1, 1)), (1, 2), groups
    op, x, W = Convolution(*geometry), drawn(7, 4, 6, 7), drawn(6, 4 // groups, 3, 2)
    g = drawn(*op.shape(x.shape, W.shape))
    back, over = op.turned(TransposedConvolution, x.shape[2:]), op.turned(Correlation, W.shape[2:])
    whole = op(x, W), back(g, W), over(x, g)
    monkeypatch.setattr(convolution, "AT_ONCE", 3 * x.itemsize * x.shape[1] * 6 * g[0, 0].size)
    for found, wanted in zip((op(x, W), back(g, W), over(x, g)), whole, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    assert len(op.parts(x, x.shape[1] * 6 * g[0, 0].size)) == 3
