# mypy: warn-return-any
"""A network as a user writes one, whom a strict type checker has nothing to say to: losses and layers give Tensors."""

import numpy as np

import minigrad.numpy as mnp
from minigrad import Tensor, derive, losses, nn, optim, value_and_grad

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Network:
    def __init__(self, units: int) -> None:
        self.hidden = nn.Linear(4, units, rng=0)
        self.output = nn.Linear(units, 3, rng=1)

    def __call__(self, x: Tensor) -> Tensor:
        return self.output(np.tanh(self.hidden(x)))

    def parameters(self) -> list[Tensor]:
        return [*self.hidden.parameters(), *self.output.parameters()]


def loss_of(network: Network, x: Tensor, labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
    return losses.softmax_cross_entropy(network(x), labels, reduction="mean")


def features(x: Tensor) -> Tensor:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.MaxPool2d(2), nn.Flatten())
    return model(x)


def test_a_network_of_typed_parts_learns() -> None:
    network, rng = Network(5), np.random.default_rng(0)
    x, labels = Tensor(rng.normal(size=(8, 4)), name="X"), rng.integers(0, 3, 8)
    optimizer = optim.SGD(network.parameters(), lr=0.5)
    errors: list[float] = []
    for _ in range(5):
        loss = loss_of(network, x, labels)
        errors.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert errors[-1] < errors[0]
    assert derive(loss_of(network, x, labels)).check().first is None
    assert features(Tensor(rng.normal(size=(2, 1, 6, 6)))).shape == (2, 8)


def soft_threshold(x: Array) -> Array:
    return mnp.where(mnp.abs(x) > 0.5, mnp.maximum(x, 0.0), mnp.expm1(x))


def ordered(x: Array, y: Array) -> Array:
    return mnp.concatenate([mnp.sort(x), mnp.cumsum(mnp.hypot(x, y))])


def powers(w: Tensor, x: Array) -> Tensor:
    return mnp.pow(mnp.abs(w), 3) + mnp.mod(x, 2.0) * mnp.conj(w) + mnp.arctan2(x, w)


def test_functions_of_arrays_give_arrays_and_of_tensors_tensors() -> None:
    x, y = np.array([0.2, -0.9, 0.7]), np.array([1.0, 2.0, 3.0])
    assert isinstance(soft_threshold(x), np.ndarray)
    assert ordered(x, y).shape == (6,)
    first: Tensor = powers(Tensor(x, requires_grad=True, name="w"), y)[0]
    assert first.requires_grad
    _, slope = value_and_grad(lambda x: soft_threshold(x).sum())(x)
    np.testing.assert_allclose(slope, [np.exp(0.2), 0.0, 1.0])
