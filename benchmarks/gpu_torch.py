"""The step by PyTorch on a GPU: eager, by torch.compile, and captured by hand as a CUDA graph."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from benchmarks.workloads import Start

Timer = Callable[[Callable[[], Any], int, Callable[[], None]], float]


def make_step(start: Start) -> Callable[[], Any]:
    """Give a step with parameters of its own."""
    params = [torch.tensor(p, device="cuda", requires_grad=True) for p in start.parameters]
    x, t = torch.tensor(start.X, device="cuda"), torch.tensor(start.T.argmax(1), device="cuda")
    *hidden, last = zip(params[::2], params[1::2], strict=True)
    optimizer = torch.optim.SGD(params, lr=start.lr, foreach=True)

    def step() -> None:
        y = x
        for W, b in hidden:
            y = torch.sigmoid(torch.addmm(b, y, W))
        E = cross_entropy(torch.addmm(last[1], y, last[0]), t, reduction="sum")
        optimizer.zero_grad(set_to_none=True)
        E.backward()
        optimizer.step()

    return step


def capture(step: Callable[[], Any]) -> Callable[[], Any]:
    """Give what replays a step as a graph, which PyTorch asks to be warmed up in a stream beside."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    replay: Callable[[], Any] = graph.replay
    return replay


def time_columns(start: Start, calls: int, time_step: Timer) -> dict[str, float]:
    """Give µs a step of each."""
    torch.backends.cuda.matmul.allow_tf32 = False
    columns = {
        "torch": make_step(start),
        "torch.compile": torch.compile(make_step(start), mode="reduce-overhead"),
        "torch captured": capture(make_step(start)),
    }
    return {name: time_step(step, calls, torch.cuda.synchronize) for name, step in columns.items()}
