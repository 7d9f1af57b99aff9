"""Compiled code sees what is replaced in the library's own layers, whose code it does not read."""

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim
from tests.compiling import as_code, each_backend, plain, running

rng = np.random.default_rng(0)
ROWS, IMAGES, STEPS = rng.normal(size=(4, 3)), rng.normal(size=(2, 2, 6, 6)), rng.normal(size=(2, 5, 4))


def parameter(*shape):
    return Tensor(np.random.default_rng(1).normal(size=shape), requires_grad=True)


class Mine(nn.Linear):
    """A layer made of one of the library's."""


# what is computed, of what, which attribute of which of its parts is replaced, by what
REPLACED = {
    "weights": (nn.Linear(3, 2, rng=0), ROWS, "", "W", parameter(3, 2)),
    "no bias": (nn.Linear(3, 2, rng=0), ROWS, "", "b", None),
    "a bias": (nn.Linear(3, 2, bias=False, rng=0), ROWS, "", "b", parameter(2)),
    "a derived layer": (Mine(3, 2, rng=0), ROWS, "", "W", parameter(3, 2)),
    "within a model": (nn.MLP([3, 4, 2], rng=0), ROWS, "layers.0", "W", parameter(3, 4)),
    "a layer of a model": (
        nn.Sequential(nn.Linear(3, 3, rng=0), np.tanh),
        ROWS,
        "",
        "layers",
        (nn.Linear(3, 3, rng=1),),
    ),
    "what joins": (nn.Parallel(nn.Linear(3, 3, rng=0), np.tanh), ROWS, "", "join", sum),
    "a residual": (nn.Residual(nn.Linear(3, 3, rng=0)), ROWS, "layers.0", "W", parameter(3, 3)),
    "scales": (nn.LayerNorm(3), ROWS, "", "γ", parameter(3)),
    "ε": (nn.LayerNorm(3), ROWS, "", "eps", 0.5),
    "ε of RMSNorm": (nn.RMSNorm(3), ROWS, "", "eps", 0.5),
    "ε of BatchNorm": (nn.BatchNorm(3), ROWS, "", "eps", 0.5),
    "running averages": (nn.BatchNorm(3), ROWS, "", "running_mean", Tensor(np.ones(3))),
    "groups": (nn.GroupNorm(1, 2), IMAGES, "", "groups", 2),
    "kernels": (nn.Conv2d(2, 3, 3, rng=0), IMAGES, "", "W", parameter(3, 2, 3, 3)),
    "a stride": (nn.Conv2d(2, 3, 3, rng=0), IMAGES, "", "stride", 2),
    "padding": (nn.Conv2d(2, 3, 3, rng=0), IMAGES, "", "padding", 1),
    "a stride back": (nn.ConvTranspose2d(2, 3, 3, rng=0), IMAGES, "", "stride", 2),
    "windows": (nn.MaxPool2d(2), IMAGES, "", "kernel", 3),
    "windows of means": (nn.AvgPool2d(2), IMAGES, "", "stride", 1),
    "which states": (nn.GRU(4, 3, "last", rng=0), STEPS, "", "gives", "all"),
    "a mask": (nn.MultiHeadAttention(4, 2, rng=0), STEPS, "", "causal", True),
    "heads": (nn.MultiHeadAttention(4, 2, rng=0), STEPS, "", "heads", 4),
    "queries": (nn.MultiHeadAttention(4, 2, rng=0), STEPS, "", "Wq", parameter(4, 4)),
    "attention": (nn.TransformerBlock(4, 2, rng=0), STEPS, "", "attention", nn.MultiHeadAttention(4, 2, rng=3)),
    "in attention": (nn.TransformerBlock(4, 2, rng=0), STEPS, "attention", "bo", parameter(4)),
}


def find_part(layer, path):
    for name in filter(None, path.split(".")):
        layer = layer[int(name)] if name.isdecimal() else getattr(layer, name)
    return layer


@pytest.mark.parametrize("name", REPLACED)
def test_what_is_replaced_is_seen(name):
    layer, x, path, attribute, other = REPLACED[name]
    getattr(layer, "eval", lambda: None)()
    part = find_part(layer, path)
    before = getattr(part, attribute)
    code, given = compile(lambda x: layer(x)), compile(layer)
    call = code.bind(x)
    first = layer(x).data
    if attribute == "b":  # which is 0 at first
        first = first + 1
    for value in (other, before, other):
        setattr(part, attribute, value)
        right = layer(x).data
        assert value is before or right.shape != first.shape or not np.allclose(right, first)
        for f in (lambda: code(x), lambda: given(x), call):
            np.testing.assert_allclose(f().data, right, rtol=1e-9, atol=1e-12)
    setattr(part, attribute, before)
    misses = code.cache_info().misses
    code(x)
    assert code.cache_info().misses == misses


@each_backend
def test_a_step_trains_the_weights_that_there_are(backend):
    layer = nn.Linear(3, 2, rng=0)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        E = (layer(x) ** 2).sum()
        E.backward()
        optimizer.step()
        return E

    with running(backend):
        code = as_code(step, backend)
        code(ROWS)
        old, layer.W = layer.W, parameter(3, 2)
        optimizer = optim.SGD(layer.parameters(), lr=0.1)
        kept, W, b = old.data.copy(), layer.W.data.copy(), layer.b.data.copy()
        for _ in range(2):
            E = code(ROWS)
            u = ROWS @ W + b
            np.testing.assert_allclose(E.item(), (u**2).sum())
            W, b = W - 0.2 * ROWS.T @ u, b - 0.2 * u.sum(0)
            np.testing.assert_allclose(layer.W.data, W)
    np.testing.assert_array_equal(old.data, kept)


def test_no_call_looks_for_what_the_layers_tell():
    """Counted: the bytes of the way in do not grow with the layers."""
    sizes = []
    for n in (1, 4):
        layers = [nn.Embedding(5, 5, rng=i) for i in range(n)]
        model = nn.Parallel(*layers)
        code = compile(lambda i, model=model: model(i))
        code(np.array([0, 1]))
        sizes.append(len(code._last.enter.__code__.co_code))
    assert sizes[1] < 3 * sizes[0]


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_data_of_another_kind_than_a_layer(backend):
    """Loops of machine code start a product from its bias where all is of one kind; this one was an error."""
    pytest.importorskip("numba")
    layer = nn.Linear(3, 2, rng=0)
    for dtype in (np.float32, np.int64, np.bool_):
        x = (ROWS * 3).astype(dtype)
        found = compile(lambda x: np.tanh(layer(x)), backend=backend)(x)
        np.testing.assert_allclose(found.data, np.tanh(x @ layer.W.data + layer.b.data), rtol=1e-12)


def test_a_causal_mask_that_lies_as_windows_do_is_no_obstacle_to_machine_code():
    pytest.importorskip("numba")
    layer = nn.MultiHeadAttention(8, 2, causal=True, rng=0)
    x = np.random.default_rng(0).normal(size=(3, 6, 8))

    def step(x):
        for p in layer.parameters():
            p.grad = None
        E = (layer(x) ** 2).mean()
        E.backward()
        return E, [p.grad for p in layer.parameters()]

    wanted, code = plain(step(x)), compile(step, backend="native")
    for a, b in zip(plain(code(x))[1], wanted[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    assert code.backend == "native"
