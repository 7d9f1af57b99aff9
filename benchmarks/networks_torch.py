"""W6 and W7 by PyTorch on the CPU, eager, as its users write them."""

from typing import Any

import torch
from torch.nn import functional as F

from benchmarks.networks import HEADS, Start
from benchmarks.workloads import Array


class Network:
    """Parameters, their optimizer, and the step around a loss."""

    def __init__(self, start: Start) -> None:
        self.tensors = [torch.from_numpy(p).requires_grad_() for p in start.copies()]
        self.X, self.T = torch.from_numpy(start.X), torch.from_numpy(start.T)
        self.optimizer = torch.optim.SGD(self.tensors, start.lr)

    def parameters(self) -> list[Array]:
        return [p.detach().numpy() for p in self.tensors]

    def loss(self) -> torch.Tensor:
        raise NotImplementedError

    def __call__(self) -> Any:
        E = self.loss()
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E.detach()


class Cnn(Network):
    """conv2d, relu, max_pool2d, cross_entropy."""

    def loss(self) -> torch.Tensor:
        W1, b1, W2, b2, W3, b3 = self.tensors
        y = F.max_pool2d(torch.relu(F.conv2d(self.X, W1, b1)), 2)
        y = F.max_pool2d(torch.relu(F.conv2d(y, W2, b2)), 2)
        return F.cross_entropy(y.flatten(1) @ W3 + b3, self.T, reduction="sum")


class Block(Network):
    """layer_norm, scaled_dot_product_attention, gelu."""

    def loss(self) -> torch.Tensor:
        γ1, β1, Wq, Wk, Wv, Wo, bq, bk, bv, bo, γ2, β2, V1, c1, V2, c2 = self.tensors
        d = self.X.shape[-1]
        h = F.layer_norm(self.X, (d,), γ1, β1)
        Q, K, V = (
            (h @ W + b).unflatten(-1, (HEADS, d // HEADS)).transpose(1, 2) for W, b in ((Wq, bq), (Wk, bk), (Wv, bv))
        )
        a = F.scaled_dot_product_attention(Q, K, V, is_causal=True).transpose(1, 2).flatten(2)
        r = self.X + a @ Wo + bo
        y = r + F.gelu(F.layer_norm(r, (d,), γ2, β2) @ V1 + c1) @ V2 + c2
        return 0.5 * (y - self.T).square().sum()


STEPS: dict[str, type[Network]] = {"W6": Cnn, "W7": Block}
