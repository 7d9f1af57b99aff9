# mypy: warn-return-any
"""A network as a user writes one, whom a strict type checker has nothing to say to: losses and layers give Tensors."""

import numpy as np

from minigrad import Tensor, derive, losses, nn, optim


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
