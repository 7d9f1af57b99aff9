"""Layers of rows, places and feature maps, and layers made of layers, against their formulas in plain NumPy."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, draw, load, losses, nn, relu, save
from tests.gradients import differences

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 6))
MAPS = rng.normal(size=(3, 4, 5, 6))
NUMBERS = np.array([[0, 3, 3], [2, 0, 3]])
each_backend = pytest.mark.parametrize("backend", ["numpy", "native"])


def waves(steps, size):
    """PyTorch's tutorial and the paper have sine and cosine side by side, in pairs of one wave length."""
    table = np.zeros((steps, size))
    for place in range(steps):
        for pair in range((size + 1) // 2):
            angle = place / 10000 ** (2 * pair / size)
            table[place, 2 * pair : 2 * pair + 2] = [np.sin(angle), np.cos(angle)][: size - 2 * pair]
    return table


def residual():
    return nn.Residual(nn.Linear(6, 5, 0), np.tanh, nn.Linear(5, 6, 1))


def parallel(**options):
    return nn.Parallel(nn.Linear(6, 2, 0), nn.Sequential(nn.Linear(6, 3, 1), np.tanh, nn.Linear(3, 2, 2)), **options)


def by_hand(p, x):
    return np.tanh(x @ p[0] + p[1]) @ p[2] + p[3]


CASES = {  # a layer, an input, and the formula by the parameters
    "Embedding": (lambda: nn.Embedding(4, 6, 0), NUMBERS, lambda x, W: np.eye(4)[x] @ W),
    "SinusoidalPositions": (lambda: nn.SinusoidalPositions(6), X, lambda x: x + waves(4, 6)),
    "of odd size": (lambda: nn.SinusoidalPositions(5), MAPS[..., :5], lambda x: x + waves(5, 5)),
    "LearnedPositions": (lambda: nn.LearnedPositions(9, 6, 0), X, lambda x, W: x + W[:4]),
    "Residual": (residual, X, lambda x, *p: x + by_hand(p, x)),
    "Parallel": (parallel, X, lambda x, W, b, *p: np.hstack([x @ W + b, by_hand(p, x)])),
    "Parallel, summed": (lambda: parallel(join=sum), X, lambda x, W, b, *p: x @ W + b + by_hand(p, x)),
    "RMSNorm": (lambda: nn.RMSNorm(6), X, lambda x, γ: γ * x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-5)),
    "RMSNorm of two axes": (
        lambda: nn.RMSNorm((5, 6)), MAPS, lambda x, γ: γ * x / np.sqrt((x**2).mean((2, 3), keepdims=True) + 1e-5)
    ),
    "GlobalAvgPool": (nn.GlobalAvgPool, MAPS, lambda x: x.reshape(3, 4, 30).mean(-1)),
    "GlobalMaxPool": (nn.GlobalMaxPool, MAPS, lambda x: x.reshape(3, 4, 30).max(-1)),
    "depthwise": (
        lambda: nn.Conv2d(4, 4, 3, groups=4, rng=0), MAPS, lambda x, W, b: np.stack([
            [[[(x[n, c, i : i + 3, j : j + 3] * W[c, 0]).sum() + b[c] for j in range(4)] for i in range(3)]
             for c in range(4)] for n in range(3)])
    ),
}  # fmt: skip
each_case = pytest.mark.parametrize("case", CASES)


def filled(make):
    layer = make()
    for i, p in enumerate(getattr(layer, "parameters", list)()):
        p.data = p.data + np.random.default_rng(i).normal(size=p.shape) / 5
    return layer


@each_case
def test_the_formula(case):
    make, x, formula = CASES[case]
    layer = filled(make)
    parameters = [p.data for p in getattr(layer, "parameters", list)()]
    np.testing.assert_allclose(np.asarray(getattr(layer(x), "data", layer(x))), formula(x, *parameters), rtol=1e-12)


@each_case
def test_gradients_are_finite_differences(case):
    make, x, _ = CASES[case]
    layer = filled(make)
    x = Tensor(x.copy(), requires_grad=True) if x.dtype.kind == "f" else x
    leaves = [leaf for leaf in (x, *getattr(layer, "parameters", list)()) if isinstance(leaf, Tensor)]
    weights = np.random.default_rng(1).normal(size=layer(x).shape)

    def loss():
        return (layer(x) * weights).sum()

    loss().backward()
    for leaf, slope in zip(leaves, differences(lambda *_: loss().data, [p.array for p in leaves], 1.0), strict=True):
        np.testing.assert_allclose(leaf.grad.data, slope, rtol=1e-6, atol=1e-7)


@each_backend
@each_case
def test_compiled_is_eager(case, backend):
    make, x, _ = CASES[case]
    layer = nn.Sequential(filled(make), np.tanh)
    t, results = np.random.default_rng(2).normal(size=layer(x).shape), []

    def step(x, t):
        y = layer(x)
        E = losses.squared_error(y, t)
        if layer.parameters():
            E.backward()
        return E, y

    compiled = compile(step, backend=backend)
    for run in (step, compiled, compiled):
        for p in layer.parameters():
            p.grad = None
        results.append([*map(np.asarray, (getattr(y, "data", y) for y in run(x, t)))])
        results[-1] += [p.grad.data for p in layer.parameters()]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


@each_case
def test_the_derivation_agrees_with_finite_differences(case):
    make, x, _ = CASES[case]
    x = Tensor(x, requires_grad=True, name="X") if x.dtype.kind == "f" else x
    y = filled(make)(x)
    E = losses.squared_error(y, np.random.default_rng(3).normal(size=y.shape))
    assert derive(E).check().first is None
    assert "<svg" in draw(E).svg()


@each_case
def test_copies_and_files_have_all_of_it(case, tmp_path):
    make, x, _ = CASES[case]
    model = nn.Sequential(filled(make))
    wanted = np.asarray(getattr(model(x), "data", model(x)))
    again = copy.deepcopy(model), pickle.loads(pickle.dumps(model)) if "Parallel" not in case else model
    for other in again:
        np.testing.assert_array_equal(np.asarray(getattr(other(x), "data", other(x))), wanted)
    fresh = nn.Sequential(make())
    if fresh.parameters():
        save(tmp_path / "model", model)
        load(tmp_path / "model", fresh)
        np.testing.assert_array_equal(fresh(x).data, wanted)


def test_pooling_after_relu_is_checked_where_it_has_a_slope():
    """Windows of zeros tie, and have no slope along most directions; the check takes one along which they have."""
    model = nn.Sequential(nn.Conv2d(4, 3, 2, rng=0), relu, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 2, 1))
    E = losses.squared_error(model(Tensor(MAPS, name="X")), np.zeros((3, 2)))
    assert derive(E).check().first is None


def test_the_picture_of_a_convolution_has_kernel_stride_and_maps():
    model = nn.Sequential(nn.Conv2d(4, 3, 2, stride=2, padding=1, rng=0), relu, nn.MaxPool2d((1, 2)), nn.Flatten())
    source = draw(losses.squared_error(model(Tensor(MAPS, name="X")), np.zeros((3, 18)))).source
    for said in ("Layer 1 · relu", "∗ 2×2, stride 2, padding 1", "max pool 1×2, stride 1×2", "3×3×3×4"):
        assert said in source


def test_numbers_are_counted_through_all_that_layers_are_made_of():
    model = nn.Sequential(nn.Linear(6, 6), residual(), parallel(), nn.Linear(4, 1))
    assert [p.name for p in model.parameters()][::2] == ["W₁", "W₂", "W₃", "W₄", "W₅", "W₆", "W₇"]
    assert repr(residual()) == "Residual(Linear(6, 5), tanh, Linear(5, 6))"


def test_a_summary_sends_a_sample_through_all_of_it():
    model = nn.Sequential(
        *(nn.Embedding(9, 8), nn.SinusoidalPositions(8), nn.TransformerBlock(8, 2), nn.Residual(nn.Linear(8, 8))),
        *(nn.Parallel(nn.Linear(8, 3), nn.Linear(8, 2)), nn.LSTM(5, 7, "last"), nn.Linear(7, 1)),
    )
    found = model.summary(6)
    assert [row.output for row in found.rows] == [(6, 8), (6, 8), (6, 8), (6, 8), (6, 5), (7,), (1,)]
    assert found.parameters == sum(p.size for p in model.parameters())
    assert model.summary().input is None


def test_modes_and_generators_reach_what_is_inside():
    dropout, batch = nn.Dropout2d(0.5, 1), nn.BatchNorm(4)
    model = nn.Residual(nn.Parallel(nn.Sequential(dropout, batch), join=sum))
    assert model.generators() == [dropout.rng]
    assert len(model.buffers()) == 2
    model.eval()
    assert (dropout.training, batch.training) == (False, False)
    model.train()
    assert (dropout.training, batch.training) == (True, True)


@pytest.mark.parametrize(
    ("shape", "said"),
    [((2, 5), "wanted (samples, 4, *positions); ndarray has shape (2, 5)"), ((4,), "wanted (samples, 4"),
     ((0, 4), "of shape (0, 4), has no element"), ((3, 4, 0), "of shape (3, 4, 0), has no element")],
)  # fmt: skip
def test_a_batch_that_does_not_fit_leaves_running_averages_alone(shape, said):
    layer = nn.BatchNorm(4)
    with pytest.raises(ValueError, match="BatchNorm") as caught:
        layer(np.ones(shape))
    assert said in str(caught.value)
    assert (layer.running_mean.data == 0).all()
    assert (layer.running_var.data == 1).all()
    layer.eval()
    assert layer(np.ones((0, 4))).shape == (0, 4)


def test_dropout2d_drops_whole_maps():
    layer = nn.Dropout2d(0.4, 0)
    y = layer(np.ones((50, 40, 2, 3)))
    assert ((y == 0).all((2, 3)) | np.isclose(y, 1 / 0.6).all((2, 3))).all()
    assert abs((y == 0).mean() - 0.4) < 0.03
    layer.eval()
    np.testing.assert_array_equal(layer(MAPS), MAPS)
    assert repr(layer) == "Dropout2d(0.4)"


def test_a_layer_of_ones_own_may_name_what_it_computes():
    class Bilinear:
        def __init__(self):
            self.W = Tensor(np.random.default_rng(0).normal(size=(6, 6)), requires_grad=True, name="W")

        def __call__(self, x):
            y = (x @ self.W) * x
            y.name = "Q"
            return y

        def parameters(self):
            return [self.W]

    once = str(derive(losses.squared_error(Bilinear()(Tensor(X, name="X")), np.ones((4, 6)))))
    assert "∂E/∂Q = Q − t" in once
    twice = nn.Sequential(Bilinear(), np.tanh, Bilinear())
    twice.parameters()[1].name = "V"
    text = str(derive(losses.squared_error(twice(Tensor(X, name="X")), np.ones((4, 6)))))
    assert "∂E/∂Q₂ = Q₂ − t" in text
    assert "∂E/∂Q₁ = " in text


def test_initializers_know_the_fans_of_kernels():
    W = nn.he((200, 50, 3, 3), 0)
    np.testing.assert_allclose(W.std(), np.sqrt(2 / (50 * 9)), rtol=0.01)
    W = nn.xavier((200, 50, 3, 3), 0)
    np.testing.assert_allclose(W.std(), np.sqrt(2 / (250 * 9)), rtol=0.01)
    for layer in (nn.Conv2d(40, 60, 3, groups=2, rng=0), nn.ConvTranspose2d(40, 60, 3, groups=2, rng=0)):
        np.testing.assert_allclose(layer.W.data.std(), np.sqrt(2 / (20 * 9)), rtol=0.03)
    assert nn.ConvTranspose2d(4, 6, (3, 2), groups=2, init=nn.xavier).W.shape == (4, 3, 3, 2)


def test_pytorch_has_the_same_formulas():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    γ, x = rng.normal(size=6), torch.tensor(X)
    layer = nn.RMSNorm(6)
    layer.γ.data = γ
    np.testing.assert_allclose(layer(X).data, functional.rms_norm(x, (6,), torch.tensor(γ), 1e-5).numpy(), rtol=1e-12)
    W = rng.normal(size=(4, 6))
    table = nn.Embedding(4, 6)
    table.W.data = W
    np.testing.assert_array_equal(table(NUMBERS).data, functional.embedding(torch.tensor(NUMBERS), torch.tensor(W)))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: nn.Embedding(0, 3), ValueError, "count must be 1 or more"),
        (lambda: nn.Embedding(4, 3, init=2), TypeError, "init must be a function"),
        (lambda: nn.Embedding(4, 3)(X), TypeError, r"wanted whole numbers from 0 to 3.*is float64.*astype\(int\)"),
        (lambda: nn.Embedding(3, 2)(NUMBERS), IndexError, r"from 0 to 2, .* not 3. Make the layer Embedding\(4, 2\)"),
        (lambda: nn.Embedding(3, 2)([-1, 2]), IndexError, "not -1"),
        (lambda: nn.LearnedPositions(3, 6)(X), ValueError, r"has 4. Make it LearnedPositions\(4, 6\)"),
        (lambda: nn.LearnedPositions(9, 5)(X), ValueError, r"wanted an input \(samples, steps, 5\)"),
        (lambda: nn.SinusoidalPositions(6)(X[0]), ValueError, r"wanted an input \(samples, steps, 6\)"),
        (lambda: nn.Residual(nn.Linear(6, 5))(X), ValueError, r"make \(4, 5\) of .*whose shape is \(4, 6\)"),
        (lambda: nn.Parallel(), ValueError, "wanted one layer or more"),
        (lambda: nn.Parallel(np.tanh, join="sum"), TypeError, "join must be a function of a list"),
        (lambda: nn.Parallel(np.tanh, 3), TypeError, "Parallel: layer 1 is the int 3, not a callable"),
        (lambda: nn.RMSNorm(5)(X), ValueError, r"rms_norm: wanted an input whose last axes are \(5,\)"),
        (lambda: nn.Dropout2d(0.5)(X), ValueError, "of 3 axes or more, not .* Dropout drops single elements"),
        (lambda: nn.Dropout2d(1), ValueError, "Dropout2d: rate is the share"),
        (lambda: nn.GlobalAvgPool()(X), ValueError, r"GlobalAvgPool\(\): wanted \(samples, channels, \*positions\)"),
        (lambda: nn.he((3,)), ValueError, r"he: wanted a shape .* not \(3,\)"),
        (
            lambda: nn.Conv2d(1, 2, 3, init=lambda *_: X),
            ValueError,
            r"not \(2, 1, 3, 3\).*\(outputs, inputs, \*kernel\)",
        ),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
