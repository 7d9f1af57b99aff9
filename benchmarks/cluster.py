"""A step on workers of Dask beside the same step in one process: ``python -m benchmarks.cluster``, with the extra.

Logistic regression on 10⁶ × 50 numbers, full batch, native code on both sides; and an empty step, of one row a block,
which is what the messages take.
"""

import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from minigrad import compile, losses, nn
from minigrad.cluster.blocks import find_rows
from minigrad.cluster.crew import Crew
from minigrad.cluster.holder import Holder
from minigrad.extras import require

ROWS, WIDTH, WORKERS, STEPS = 10**6, 50, 2, 15


def make_model():
    return nn.Sequential(nn.Linear(WIDTH, 1, rng=0))


def write_data(folder, rows):
    """Write X and T as files that workers map into memory."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, WIDTH))
    T = (X @ rng.normal(size=(WIDTH, 1)) + rng.normal(size=(rows, 1)) > 0).astype(float)
    for name, x in (("X", X), ("T", T)):
        np.save(folder / f"{name}.npy", x)
    return folder / "X.npy", folder / "T.npy"


def time_steps(step):
    """Give the median time of a step, in seconds, after three that compile and read."""
    for _ in range(3):
        step()
    times = []
    for _ in range(STEPS):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def time_alone(data):
    """Time the step in this process."""
    model = make_model()
    x, t = find_rows(data).first(ROWS)

    @compile(backend="native")
    def step(x, t):
        for p in model.parameters():
            p.grad = None
        E = losses.sigmoid_cross_entropy(model(x), t)
        E.backward()
        return E

    return time_steps(lambda: step(x, t).item())


def time_crew(client, data):
    """Time the step on all workers of a client, each with a block."""
    model, rows = make_model(), find_rows(data)
    blocks = rows.cut(-(-rows.count // WORKERS))
    crew = Crew(client, blocks, partial(Holder, model, losses.sigmoid_cross_entropy, "native"))
    values = [p.data for p in model.parameters()]
    return time_steps(lambda: crew.add_up(values, range(len(blocks)), False))


def main():
    distributed = require("distributed", "cluster")
    options = {"n_workers": WORKERS, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with tempfile.TemporaryDirectory() as name, distributed.LocalCluster(**options) as cluster:
        (Path(name) / "few").mkdir()
        data, few = write_data(Path(name), ROWS), write_data(Path(name) / "few", WORKERS)
        with distributed.Client(cluster) as client:
            there, empty = time_crew(client, data), time_crew(client, few)
        alone = time_alone(data)
    print(f"{ROWS:,} × {WIDTH} logistic regression, one process   {1e3 * alone:7.1f} ms a step")
    print(f"the same on {WORKERS} workers                        {1e3 * there:7.1f} ms, {there / alone:.2f} ×")
    print(f"an empty step                                  {1e3 * empty:7.1f} ms")


if __name__ == "__main__":
    main()
