"""The step by PyTorch on the CPU, eager and compiled."""

from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.workloads import Array, Start


class Step:
    """nn.Sequential, a loss and optim.SGD; softmax and logarithm are inside cross_entropy."""

    def __init__(self, start: Start) -> None:
        layers: list[nn.Module] = []
        for W, b in zip(start.weights, start.biases, strict=True):
            layer = nn.utils.skip_init(nn.Linear, *W.shape, dtype=torch.from_numpy(b).dtype)
            layer.weight.data.copy_(torch.from_numpy(W.T))
            layer.bias.data.copy_(torch.from_numpy(b))
            layers += [layer, nn.Sigmoid()]
        self.model = nn.Sequential(*layers[:-1])
        self.loss = self.cross_entropy if start.output == "softmax" else self.squared_error
        self.optimizer = torch.optim.SGD(self.model.parameters(), start.lr)
        self.X, self.T = torch.from_numpy(start.X), torch.from_numpy(start.T)

    def parameters(self) -> list[Array]:
        return [p.detach().numpy().T for p in self.model.parameters()]

    def __call__(self) -> Any:
        E = self.loss(self.model(self.X), self.T)
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E.detach()

    @staticmethod
    def squared_error(y: torch.Tensor, T: torch.Tensor) -> torch.Tensor:
        return 0.5 * (y - T).square().sum()

    @staticmethod
    def cross_entropy(u: torch.Tensor, T: torch.Tensor) -> torch.Tensor:
        return cross_entropy(u, T, reduction="sum")


class Compile:
    """torch.compile of the whole step, with the update in place; its first call, which compiles, is not measured."""

    def __init__(self, start: Start) -> None:
        self.params = [torch.from_numpy(p) for p in start.parameters]
        self.X, self.T = torch.from_numpy(start.X), torch.from_numpy(start.T)
        compare = Step.cross_entropy if start.output == "softmax" else Step.squared_error

        def loss(params: Any, X: Any, T: Any) -> Any:
            *hidden, (W, b) = zip(params[::2], params[1::2], strict=True)
            for V, c in hidden:
                X = torch.sigmoid(X @ V + c)
            return compare(X @ W + b, T)

        def step(params: Any, X: Any, T: Any) -> Any:
            grads, E = torch.func.grad_and_value(loss)(params, X, T)
            for p, g in zip(params, grads, strict=True):
                p.sub_(start.lr * g)
            return E

        self.step = torch.compile(step)

    def parameters(self) -> list[Array]:
        return [p.numpy() for p in self.params]

    def __call__(self) -> Any:
        return self.step(self.params, self.X, self.T)
