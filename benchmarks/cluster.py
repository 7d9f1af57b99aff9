"""A step on workers of Dask beside the same step in one process: ``python -m benchmarks.cluster``, with the extra.

Logistic regression on 10⁶ × 50 numbers, full batch, native code on both sides; and an empty step, of one row a block,
which is what the messages take, beside what Dask itself takes: a call of a bare actor on each worker, with 1 kB.
"""

import os
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


def make_step(model):
    """Give the step in one process, compiled."""

    @compile(backend="native")
    def step(x, t):
        for p in model.parameters():
            p.grad = None
        E = losses.sigmoid_cross_entropy(model(x), t)
        E.backward()
        return E

    return step


def make_alone(data):
    """Give the step in this process."""
    step = make_step(make_model())
    x, t = find_rows(data).first(ROWS)
    return lambda: step(x, t).item()


def make_on(client, data):
    """Give the step on all workers of a client, each with a block."""
    model, rows = make_model(), find_rows(data)
    blocks = rows.cut(-(-rows.count // WORKERS))
    crew = Crew(client, blocks, partial(Holder, model, losses.sigmoid_cross_entropy, "native"))
    values = [p.data for p in model.parameters()]
    return lambda: crew.add_up(values, range(len(blocks)), False)


def hold_to_processors(client):
    """Give each worker a processor of its own, where Linux allows it: it may put two on one for a whole run."""
    if hasattr(os, "sched_setaffinity"):
        for worker, processor in zip(client.nthreads(), sorted(os.sched_getaffinity(0)), strict=False):
            client.run(os.sched_setaffinity, 0, {processor}, workers=[worker])


class Bare:
    """An actor that gives back what it is given."""

    def give(self, x):
        return x


def make_bare(client):
    """Give a call of an actor on each worker, and the wait for all."""
    futures = [client.submit(Bare, actor=True, pure=False, workers=[worker]) for worker in client.nthreads()]
    actors, x = [future.result() for future in futures], np.zeros(128)
    return lambda: [called.result() for called in [actor.give(x) for actor in actors]]


def time_in_turns(client, turns):
    """Give the seconds of each of some functions, in turns, and processor time: here, and of the busiest worker."""

    def spent():
        return np.array([time.process_time(), *client.run(time.process_time).values()])

    for turn in turns.values():
        for _ in range(3):
            turn()
    times = {name: [] for name in turns}
    for _ in range(STEPS):
        for name, turn in turns.items():
            begin = time.perf_counter()
            turn()
            times[name].append(time.perf_counter() - begin)
    processors = {}
    for name, turn in turns.items():
        before = spent()
        for _ in range(STEPS):
            turn()
        here, *there = (spent() - before) / STEPS
        processors[name] = here, max(there)
    return times, processors


def main():
    distributed = require("distributed", "cluster")
    options = {"n_workers": WORKERS, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with tempfile.TemporaryDirectory() as name, distributed.LocalCluster(**options) as cluster:
        (Path(name) / "few").mkdir()
        data, few = write_data(Path(name), ROWS), write_data(Path(name) / "few", WORKERS)
        with distributed.Client(cluster) as client:
            hold_to_processors(client)
            turns = {
                f"{ROWS:,} × {WIDTH} logistic regression, one process": make_alone(data),
                f"the same on {WORKERS} workers": make_on(client, data),
                f"an empty step on {WORKERS} workers": make_on(client, few),
                f"a bare actor's call on each of {WORKERS} workers, 1 kB": make_bare(client),
            }
            times, processors = time_in_turns(client, turns)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; {STEPS} steps of each, in turns\n")
    print(f"{'ms a step':56}  median shortest  processor here  of a worker")
    for name, taken in times.items():
        here, there = processors[name]
        said = [1e3 * x for x in (statistics.median(taken), min(taken), here, there)]
        print(f"{name:56}{said[0]:8.1f}{said[1]:9.1f}{said[2]:16.1f}{said[3]:13.1f}")
    alone, there, *_ = times.values()
    pairs = sorted(b / a for a, b in zip(alone, there, strict=True))
    print(f"\n{WORKERS} workers beside one process: {statistics.median(pairs):.2f} × in the median of turns, ", end="")
    print(f"{min(there) / min(alone):.2f} × of the shortest")


if __name__ == "__main__":
    main()
