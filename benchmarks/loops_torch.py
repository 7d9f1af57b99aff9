"""W8 by PyTorch on the CPU, eager, as its users write it."""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.loops import RATE, draw_network


class Recurrent:
    """Parameters, their optimizer, and the step."""

    def __init__(self, small: bool = False) -> None:
        parameters, X, T = draw_network(small)
        self.tensors = [torch.from_numpy(p.copy()).requires_grad_() for p in parameters]
        self.X, self.T = torch.from_numpy(X), torch.from_numpy(T)
        self.optimizer = torch.optim.SGD(self.tensors, RATE)

    def __call__(self) -> Any:
        Wx, Wh, b, V = self.tensors
        h = torch.zeros(self.X.shape[1], Wh.shape[0])
        for x in self.X:
            h = torch.tanh(x @ Wx + h @ Wh + b)
        E = ((h @ V - self.T) ** 2).mean()
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E.detach()


CASES: dict[str, Callable[..., Callable[[], Any]]] = {"W8: recurrent network, 100 steps": Recurrent}
