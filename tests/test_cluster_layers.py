"""Layers that draw at random or keep averages, on a cluster: as in one process, however rows are cut."""

from importlib.util import find_spec

import numpy as np
import pytest

from minigrad import Tensor, callbacks, checkpoint, fit, nn, optim
from minigrad.cluster import crew as crew_module
from minigrad.engine.recording import random
from tests.test_cluster import MEAN, Cluster, Ending, T, X, compare

CODE = [False, "numpy", *(["native"] if find_spec("numba") else [])]


def dropping(*more):
    return nn.Sequential(
        nn.Linear(4, 6, rng=0), np.tanh, nn.Dropout(0.3, rng=5), nn.Linear(6, 3, rng=1), *more, nn.Dropout(0.1, rng=6)
    )


def train(make, client=None, batch_size=None, epochs=4, **more):
    model = make()
    rule = optim.Adam(model.parameters(), lr=0.05)
    history = fit(model, MEAN, rule, (X, T), epochs, batch_size, progress=False, rng=0, client=client, **more)
    kept = [b.array.copy() for b in model.buffers()]
    states = [g.bit_generator.state for g in model.generators()]
    return history, [*(p.data for p in model.parameters()), *kept], states


@pytest.mark.parametrize("compile", CODE)
@pytest.mark.parametrize("workers", ["a", "ab", "abcde"])
def test_dropout_drops_what_it_does_in_one_process(workers, compile):
    """Each block has the rows that are its of the mask that one process draws for all; so it is to the last draw."""
    found, wanted = train(dropping, Cluster(*workers), compile=compile), train(dropping)
    compare(found, wanted, 1e-10)
    assert found[2] == wanted[2]


def test_one_generator_of_several_layers():
    def make():
        rng = np.random.default_rng(3)
        return nn.Sequential(
            nn.Dropout(0.2, rng=rng), nn.Linear(4, 5, rng=0), nn.Dropout(0.2, rng=rng), nn.Linear(5, 3, rng=1)
        )

    for compile in (False, True):
        compare(train(make, Cluster(*"abc"), compile=compile), train(make), 1e-10)


@pytest.mark.parametrize("batch_size", [None, 40])
def test_dropout_does_not_depend_on_who_has_a_block(batch_size, monkeypatch):
    monkeypatch.setattr(crew_module, "FAN", 2)
    wanted = train(dropping, Cluster(*"abcd"), batch_size)
    client = Cluster(*"abcd")
    client.before_call = Ending(client, "b", 2)
    found = train(dropping, client, batch_size)
    compare(found, wanted, 1e-12)
    assert found[2] == wanted[2]


def test_dropout_goes_on_from_a_checkpoint(tmp_path):
    path = tmp_path / "training.npz"
    wanted = train(dropping, Cluster(*"ab"), 60, epochs=5)
    saving = {"callbacks": [callbacks.ModelCheckpoint(path)]}
    train(dropping, Cluster(*"ab"), 60, epochs=2, **saving)
    compare(train(dropping, Cluster(*"ab"), 60, epochs=5, resume=path, **saving), wanted, 0)


class Recomputed:
    """A part of a model whose values are computed again for the gradient."""

    def __init__(self, model):
        self.model = model
        self.parameters, self.generators, self.buffers = model.parameters, model.generators, model.buffers

    def __call__(self, x):
        return checkpoint(self.model)(x)


def test_dropout_that_is_computed_again():
    compare(train(lambda: Recomputed(dropping()), Cluster(*"abc")), train(dropping), 1e-10)


def by_blocks(model, sizes, lr, epochs):
    """SGD on the mean over blocks, each normalized by its own mean and variance; averages by rows. By hand.

    The model: x W + b, normalized, γ and β. E = ½ Σ (y − t)² / N.
    """
    W, b, γ, β = (p.data.copy() for p in model.parameters())
    mean, var, losses = np.zeros(3), np.ones(3), []
    for _ in range(epochs):
        gradients, means, variances, E = [0, 0, 0, 0], 0, 0, 0
        for x, t in zip(np.split(X, np.cumsum(sizes)[:-1]), np.split(T, np.cumsum(sizes)[:-1]), strict=True):
            n, u = len(x), x @ W + b
            σ = np.sqrt(u.var(0) + 1e-5)
            û = (u - u.mean(0)) / σ
            δ = (û * γ + β - t) / len(X)
            E += 0.5 * ((û * γ + β - t) ** 2).sum() / len(X)
            g = δ * γ
            δu = (g - g.mean(0) - û * (g * û).mean(0)) / σ
            for i, part in enumerate((x.T @ δu, δu.sum(0), (δ * û).sum(0), δ.sum(0))):
                gradients[i] = gradients[i] + part
            means, variances = means + n * u.mean(0) / len(X), variances + n * u.var(0) * n / (n - 1) / len(X)
        W, b, γ, β = (p - lr * g for p, g in zip((W, b, γ, β), gradients, strict=True))
        mean, var = 0.9 * mean + 0.1 * means, 0.9 * var + 0.1 * variances
        losses.append(E)
    return losses, [W, b, γ, β, mean, var]


@pytest.mark.parametrize("compile", CODE)
@pytest.mark.parametrize(("workers", "sizes"), [("a", 3 * [58] + [56]), ("ab", 7 * [29] + [27])])
def test_batch_norm_normalizes_each_block_by_itself(workers, sizes, compile):
    model = nn.Sequential(nn.Linear(4, 3, rng=0), nn.BatchNorm(3))
    losses, wanted = by_blocks(model, sizes, 0.2, 4)

    def loss(y, t):
        return 0.5 * np.sum((y - t) ** 2) / len(t)

    rule = optim.SGD(model.parameters(), lr=0.2)
    history = fit(model, loss, rule, (X, T), 4, progress=False, client=Cluster(*workers), compile=compile)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-10)
    found = [*(p.data for p in model.parameters()), *(b.array for b in model.buffers())]
    for x, y in zip(found, wanted, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)


def test_batch_norm_does_not_depend_on_who_has_a_block():
    def make():
        return nn.Sequential(nn.Linear(4, 6, rng=0), nn.BatchNorm(6), np.tanh, nn.Linear(6, 3, rng=1))

    wanted = train(make, Cluster(*"abc"), 60)
    client = Cluster(*"abc")
    client.before_call = Ending(client, "c", 3, "d")
    compare(train(make, client, 60), wanted, 1e-12)


def test_a_model_that_was_set_to_predict_trains_on_workers():
    def make():
        model = dropping()
        model.eval()
        return model

    compare(train(make, Cluster(*"ab")), train(make), 1e-10)


class Drawing:
    """A layer that draws by numbers of a shape of its own."""

    def __init__(self, shape, seed=0):
        self.shape, self.rng = shape, np.random.default_rng(seed)

    def __call__(self, x):
        return x * Tensor(random(self.rng, self.shape(x.shape)))

    def generators(self):
        return [self.rng]


def test_numbers_for_all_rows_together_are_the_same_for_each_block():
    def make():
        return nn.Sequential(nn.Linear(4, 3, rng=0), Drawing(lambda shape: (1, 3)))

    compare(train(make, Cluster(*"ab")), train(make), 1e-10)


def test_what_cannot_be_cut_by_rows_is_refused():
    client = Cluster(*"ab")
    with pytest.raises(ValueError, match=r"shape \(3, 29\) for 29 rows; on a cluster, rows must come first"):
        train(lambda: nn.Sequential(nn.Linear(4, 3, rng=0), Turned()), client)
    other = np.random.Generator(np.random.MT19937(0))
    with pytest.raises(ValueError, match="a layer draws by MT19937, which workers cannot move on"):
        train(lambda: nn.Sequential(nn.Linear(4, 3, rng=0), nn.Dropout(0.1, rng=other)), client)


class Turned(Drawing):
    def __init__(self):
        super().__init__(lambda shape: shape[::-1])

    def __call__(self, x):
        return x * Tensor(random(self.rng, self.shape(x.shape)).T)
