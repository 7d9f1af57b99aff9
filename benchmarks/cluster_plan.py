"""A plan on paper for 100 workers and 10⁹ rows, from what is measured here: ``python -m benchmarks.cluster_plan``.

Measured, in turns and the shortest of each: calls of a worker, one, several at once, and with many bytes; the gradient
of a row, by one process and by two at once. From these a simulation (``cluster_steps``) says how long steps should take
on one worker and on two: empty ones, some in which workers wait, and gradients of many rows. Beside it stands what they
took: on a quiet machine as where each process has a processor, on a busy one up to where all share one. Then the
simulation is asked about the hundred.
"""

import asyncio
import os
import sys
import tempfile
import time
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.cluster import WIDTH, make_model, make_step, write_data
from benchmarks.cluster_steps import Costs, Work, find_even, find_fan, simulate
from minigrad import losses
from minigrad.cluster import crew as crew_module
from minigrad.cluster.blocks import find_rows
from minigrad.cluster.crew import FAN, Crew
from minigrad.cluster.holder import Holder
from minigrad.cluster.messages import Answer, Ask, Sums
from minigrad.extras import require

ROWS, ROUNDS, CALLS, BYTES = 10**5, 60, 8, 8 * 10**6
WAIT = 0.02  # seconds
PLANNED, WORKERS = 10**9, 100
NETWORK = 10**7  # parameters of another model, whose gradients are what takes time to send
WIRE, BYTE = 1e-4, 8 / 10e9  # of a network of 10 Gbit/s, for a message and a byte: a loop's own costs are measured


class Some:
    """A client that has a few of a cluster's workers alone."""

    def __init__(self, client, workers):
        self.client, self.workers = client, list(workers)

    def nthreads(self):
        return {worker: n for worker, n in self.client.nthreads().items() if worker in self.workers}

    def run(self, f, workers=None, **more):
        return self.client.run(f, workers=list(workers or self.workers), **more)

    def __getattr__(self, name):
        return getattr(self.client, name)


@cache
def make_gradient(data, start, stop):
    """Give the gradient of some rows, compiled and called once; where it is asked for, that is kept."""
    x, t = find_rows(data).part(start, stop)()
    step = make_step(make_model())
    step(x, t)
    return lambda: step(x, t).item()


def time_together(data, start, stop, at):
    """Give the seconds from a moment on until a gradient is there that begins then; a task of Dask's."""
    gradient = make_gradient(data, start, stop)
    time.sleep(max(at - time.time(), 0))
    gradient()
    return time.time() - at


def time_two_at_once(client, data, workers):
    """Give the seconds of a row where two compute at once, each its half of all rows: the shortest of the longer."""
    half, place = ROWS // 2, {"pure": False, "allow_other_workers": False}
    found = []
    for i in range(ROUNDS):
        at = time.time() + (1.0 if i == 0 else 0.05)
        parts = [(worker, (data, k * half, (k + 1) * half, at)) for k, worker in enumerate(workers)]
        futures = [client.submit(time_together, *part, workers=[worker], **place) for worker, part in parts]
        found.append(max(client.gather(futures)))
    return min(found) / half


def make_step_on(client, workers, data, kind=Holder):
    """Give a step on some workers, each with a block."""
    model, rows = make_model(), find_rows(data)
    blocks = rows.cut(-(-rows.count // len(workers)))
    crew = Crew(Some(client, workers), blocks, partial(kind, model, losses.sigmoid_cross_entropy, "native"))
    values = [p.data for p in model.parameters()]
    return crew, lambda: crew.add_up(values, range(len(blocks)), False)


class Waiting(Holder):
    """A worker's holder that waits for as long as a gradient might take, and gives sums of nothing."""

    def _answer(self, ask):
        numbers = [number for number in self.blocks if self.worker in ask.numbers]
        if numbers:
            time.sleep(WAIT)
        return Answer(numbers, Sums(0.0, len(numbers), [np.zeros_like(value) for value in ask.values]))


def make_wait(client, workers, data, fan=FAN):
    """Give a step on some workers that wait, and call ``fan`` others at most."""
    usual, crew_module.FAN = crew_module.FAN, fan
    try:
        _, step = make_step_on(client, workers, data, Waiting)
    finally:
        crew_module.FAN = usual
    return step


def make_call(crew):
    """Give a function that calls one worker, several times at once, for nothing, with an array of a size."""
    holder = next(iter(crew.holders.values()))
    asks = {size: Ask([np.zeros(size // 8)], {}, False) for size in (0, BYTES)}

    async def call_together(count, size):
        await asyncio.gather(*(holder.step(asks[size]) for _ in range(count)))

    def call(count, size):
        crew.client.sync(call_together, count, size)

    return call


def measure(client, folder):
    """Give the shortest seconds of everything, in turns."""
    data, few = write_data(folder, ROWS), write_data(folder / "few", 2)
    workers = sorted(client.nthreads())
    model = make_model()
    x, t = find_rows(data).first(ROWS)
    step = make_step(model)
    turns = {"alone": lambda: step(x, t).item()}
    for n in (1, 2):
        for name, rows in (("empty", few), ("rows", data)):
            crew, turns[f"{name} {n}"] = make_step_on(client, workers[:n], rows)
        turns[f"wait {n}"] = make_wait(client, workers[:n], few)
    turns["wait in a row"] = make_wait(client, workers, few, 1)
    call = make_call(crew)
    turns |= {"call": lambda: call(1, 0), "calls": lambda: call(CALLS, 0), "bytes": lambda: call(1, BYTES)}
    shortest = dict.fromkeys(turns, float("inf"))
    for turn in [*turns.values()] * 3:
        turn()
    for _ in range(ROUNDS):
        for name, turn in turns.items():
            begin = time.perf_counter()
            turn()
            shortest[name] = min(shortest[name], time.perf_counter() - begin)
    return shortest, {1: shortest["alone"] / ROWS, 2: time_two_at_once(client, data, workers)}


def time_adding():
    """Give the seconds of an addition for a byte of one of its arrays."""
    a, b = np.ones(BYTES // 8), np.ones(BYTES // 8)
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        a + b
        times.append(time.perf_counter() - begin)
    return min(times) / BYTES


def find_costs(shortest):
    """Give what messages cost, by calls one after the other, at once, and with many bytes."""
    loop = max(shortest["calls"] - shortest["call"], 0.0) / (2 * (CALLS - 1))
    wire = max(shortest["call"] - 4 * loop, 0.0) / 2
    return Costs(loop, wire, max(shortest["bytes"] - shortest["call"], 0.0) / BYTES, time_adding())


def compare(shortest, row, costs):
    """Print what was measured beside what the simulation says."""
    block = max(shortest["empty 1"] - costs.round_trip, 0.0)
    size = 8 * (WIDTH + 1)
    print(f"{f'ms a step, the shortest of {ROUNDS}':40} measured  simulated          on one processor")
    for name, what, workers, fan, seconds in (
        ("empty 1", "an empty step on one worker", 1, FAN, block),
        ("empty 2", "on two", 2, FAN, block),
        ("wait 1", f"a step of waiting {1e3 * WAIT:.0f} ms on one", 1, FAN, WAIT),
        ("wait 2", "on two", 2, FAN, WAIT),
        ("wait in a row", "on two, one called by the other", 2, 1, WAIT),
        ("rows 1", f"{ROWS:,} × {WIDTH} rows on one", 1, FAN, block + ROWS * row[1]),
        ("rows 2", "on two", 2, FAN, block + ROWS / 2 * row[2]),
    ):
        work = Work(seconds, size, size, waiting=seconds == WAIT)
        found = shortest[name]
        apart, crowded = (simulate(workers, fan, costs, work, processors).seconds for processors in (0, 1))
        print(f"{what:40}{1e3 * found:9.2f}{1e3 * apart:11.2f}{apart / found:6.2f} ×{1e3 * crowded:9.2f}")
    print(f"{'the same rows in one process':40}{1e3 * shortest['alone']:9.2f}")


def plan(row, costs):
    """Print what a step on a hundred workers takes."""
    far = Costs(costs.loop, costs.wire + WIRE, costs.byte + BYTE, costs.adding)
    share = PLANNED * (WIDTH + 1) * 8 / WORKERS
    print(f"\n{WORKERS} workers, {PLANNED:,} rows of {WIDTH}, a network of 10 Gbit/s and 0.1 ms:")
    print(
        f"data, in the workers' memory              {share / 1e9:8.2f} GB each, {share * WORKERS / 1e9:,.0f} GB in all"
    )
    print(f"tasks of Dask                             {WORKERS:8} actors in a training; none in a step")
    seconds = PLANNED / WORKERS * row[1]
    for name, size, work in (
        (f"logistic regression, {WIDTH + 1} parameters", 8 * (WIDTH + 1), seconds),
        (f"a network of {NETWORK:,} parameters, messages alone", 8 * NETWORK, 0.0),
    ):
        best = find_fan(WORKERS, far, Work(work, size, size))
        print(f"\n{name}\n{'calls by one':14}{'messages':>10}{'MB in all':>12}{'MB of client':>14}{'s a step':>12}")
        for fan in sorted({WORKERS, FAN, best}):
            step = simulate(WORKERS, fan, far, Work(work, size, size))
            mark = "  as it is" * (fan == FAN) + "  the shortest" * (fan == best)
            sizes = f"{step.messages:10}{step.sent / 1e6:12.2f}{step.at_client / 1e6:14.2f}"
            print(f"{fan:<14}{sizes}{step.seconds:12.4f}{mark}")
    print(f"\nof the regression, {seconds:.3f} s are gradients")


def main():
    distributed = require("distributed", "cluster")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with tempfile.TemporaryDirectory() as name, distributed.LocalCluster(**options) as cluster:
        (Path(name) / "few").mkdir()
        with distributed.Client(cluster) as client:
            shortest, row = measure(client, Path(name))
    costs = find_costs(shortest)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} processors, load {load:.1f}, Python {sys.version.split()[0]}")
    loop, wire, byte = 1e6 * costs.loop, 1e6 * costs.wire, 1e9 * costs.byte
    print(f"a message: {loop:.0f} µs of each loop, {wire:.0f} µs between; {byte:.2f} ns a byte")
    print(f"a row's gradient: {1e9 * row[1]:.1f} ns; where two compute at once, {1e9 * row[2]:.1f} ns\n")
    compare(shortest, row, costs)
    even = find_even(costs, row)
    print(f"two workers are faster than one process from {even:,} rows on" if even else "two workers are never faster")
    plan(row, costs)


if __name__ == "__main__":
    main()
