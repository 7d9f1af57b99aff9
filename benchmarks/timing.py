"""Interleaved timing: what is compared is measured in turns, so that a slow moment of the machine hits all alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from time import perf_counter, sleep
from typing import Any

import numpy as np

Clock = Callable[[], float]
Samples = dict[str, list[float]]

SHORTEST = 0.02  # seconds that one measurement should last at least, to drown the clock and the scheduler's ticks


@dataclass(frozen=True)
class Figure:
    """Seconds, their ratio to the baseline's, and the quartiles of that ratio, all over the rounds of one run."""

    seconds: float
    ratio: float
    quartiles: tuple[float, float]
    rounds: int


def interleaved(
    columns: Mapping[str, Callable[[], Any]],
    budget: float,
    rounds: int = 5,
    shortest: float = SHORTEST,
    clock: Clock = perf_counter,
    rest: float = 0.0,
) -> Samples:
    """Measure the columns in turns, at least `rounds` times and until `budget` seconds have passed.

    A measurement is as many calls as last `shortest` seconds; a sample is seconds a call. Every round begins with
    the next column, so that none always follows the same one. The garbage collector runs as a user has it. Before each
    measurement comes a `rest` of so many seconds, if any, and a call that is not counted.
    """
    calls = {name: calls_lasting(shortest, call, clock) for name, call in columns.items()}
    samples: Samples = {name: [] for name in columns}
    order, began = list(columns), clock()
    while len(samples[order[0]]) < rounds or clock() - began < budget:
        for name in order:
            if rest:
                sleep(rest)
                columns[name]()
            samples[name].append(elapsed(columns[name], calls[name], clock) / calls[name])
        order = order[1:] + order[:1]
    return samples


def in_turns(
    columns: Mapping[str, Callable[[], Any]],
    baseline: str,
    budget: float,
    rounds: int,
    shortest: float,
    rest: float = 0.0,
) -> dict[str, Figure]:
    """Measure the columns in turns and give their figures, a step's where a call is several `steps`.

    A column that has a `call` is measured by that: a method around it would be a tenth of the smallest step.
    """
    calls = {name: getattr(x, "call", x) for name, x in columns.items()}
    samples = interleaved(calls, budget, rounds, shortest, rest=rest)
    steps = {name: getattr(column, "steps", 1) for name, column in columns.items()}
    return figures({name: [s / steps[name] for s in values] for name, values in samples.items()}, baseline)


def elapsed(call: Callable[[], Any], times: int, clock: Clock = perf_counter) -> float:
    """Give the seconds that so many calls take."""
    began = clock()
    for _ in range(times):
        call()
    return clock() - began


def calls_lasting(seconds: float, call: Callable[[], Any], clock: Clock = perf_counter) -> int:
    """Give the number of calls that take at least so long; the first call of all warms up and is not counted."""
    call()
    times = 1
    while (took := elapsed(call, times, clock)) < seconds:
        times = max(2 * times, ceil(times * seconds / took) if took > 0 else 0)
    return times


def figures(samples: Samples, baseline: str) -> dict[str, Figure]:
    """Give each column's median seconds, and its ratio to the baseline in the same round: the median and quartiles."""
    base = np.array(samples[baseline])
    found = {}
    for name, values in samples.items():
        low, middle, high = np.percentile(np.array(values) / base, (25, 50, 75)).tolist()
        found[name] = Figure(float(np.median(values)), middle, (low, high), len(values))
    return found
