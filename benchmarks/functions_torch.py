"""The pure functions of `functions` by PyTorch on the CPU, eager, as far as they are larger than its dispatch."""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.gaussian import make_samples


def gaussian_process(small: bool = False) -> Callable[[], Any]:
    theta, X, t = map(torch.from_numpy, make_samples(20 if small else 200))
    theta.requires_grad_()

    def call() -> Any:
        d = X[:, None] - X
        kernel = torch.exp(-0.5 * (d * d).sum(-1) * torch.exp(-2 * theta[1]))
        K = torch.exp(theta[0]) * kernel + torch.exp(theta[2]) * torch.eye(len(t), dtype=t.dtype)
        L = torch.linalg.cholesky(K)
        a = torch.linalg.solve_triangular(L, t[:, None], upper=False)
        E = 0.5 * (a * a).sum() + torch.log(torch.diagonal(L)).sum()
        (gradient,) = torch.autograd.grad(E, theta)
        return E.detach().numpy(), gradient.numpy()

    return call


CASES: dict[str, Callable[..., Callable[[], Any]]] = {"W10: Gaussian process, n = 200": gaussian_process}
