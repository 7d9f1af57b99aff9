"""A step of a training on a cluster as discrete events: who is busy with which message when, and who computes.

Each process has an event loop, that does one thing at a time, and a thread of its own that computes beside it. A
message takes its sender's loop, then the wire, then its receiver's loop. A worker passes on what is asked of those
below it before it computes, adds their sums to its own as they come, and answers when it has all. Where processes share
a few processors, as on one machine, a loop or a thread waits for one that is free.
"""

import heapq
from dataclasses import dataclass, field
from itertools import count


@dataclass(frozen=True)
class Costs:
    """Seconds: of a loop for a message, sent or received; on the wire; of both for a byte; to add a byte to another."""

    loop: float
    wire: float
    byte: float = 0.0
    adding: float = 0.0

    @property
    def round_trip(self):
        """Of an empty message and its empty answer."""
        return 4 * self.loop + 2 * self.wire


@dataclass(frozen=True)
class Work:
    """What a step is: the seconds of each worker's own blocks, and the bytes of parameters and of gradients."""

    seconds: float
    down: int = 0
    up: int = 0
    waiting: bool = False  # for those seconds, without a processor


@dataclass
class Process:
    """A process in the tree: those that it calls, until when its loop is busy, and what it waits for."""

    below: list["Process"] = field(default_factory=list)
    above: "Process | None" = None
    free: float = 0.0
    waits: int = 0


@dataclass(frozen=True)
class Step:
    """What a step came to."""

    seconds: float
    messages: int
    sent: int  # bytes, by all
    at_client: int  # bytes, sent and received by it


def grow(workers, fan):
    """Give a client with workers below it, none with more than ``fan``: as ``minigrad.cluster.crew`` does."""
    client = Process()
    order = [client] + [Process() for _ in range(workers)]
    for i, process in enumerate(order[1:]):
        process.above = order[i // fan]
        process.above.below.append(process)
    return client


class Events:
    """What happens, in the order of time."""

    def __init__(self, processors):
        self.now, self.queue, self.order = 0.0, [], count()
        self.processors = [0.0] * processors  # until when each is busy; none: there are as many as it takes

    def at(self, time, what):
        """Let something happen."""
        heapq.heappush(self.queue, (time, next(self.order), what))

    def compute(self, seconds, then, since=0.0):
        """Take a processor for some seconds, not before a moment, and let something happen then; give when that is."""
        since = max(self.now, since)
        if self.processors:
            since = max(since, heapq.heappop(self.processors))
            heapq.heappush(self.processors, since + seconds)
        self.at(since + seconds, then)
        return since + seconds

    def busy(self, process, seconds, then):
        """Let a process's loop do something as soon as it is free, and something happen then."""
        process.free = self.compute(seconds, then, process.free)

    def run(self):
        """Go on until nothing is left to happen; give when the last did."""
        while self.queue:
            self.now, _, what = heapq.heappop(self.queue)
            what()
        return self.now


def simulate(workers, fan, costs, work, processors=0):
    """Give what a step comes to, where nobody calls more than ``fan`` others; all share ``processors``, if any."""
    client, events = grow(workers, fan), Events(processors)
    sent = {"messages": 0, "bytes": 0, "client": 0}

    def send(one, other, size, then):
        sent["messages"] += 1
        sent["bytes"] += size
        sent["client"] += size * (client in (one, other))
        each = costs.loop + size * costs.byte / 2

        def arrive():
            events.busy(other, each, then)

        events.busy(one, each, lambda: events.at(events.now + costs.wire, arrive))

    def ask(process):
        process.waits = 1 + len(process.below)
        for other in process.below:
            send(process, other, work.down, lambda other=other: ask(other))
        if work.waiting:
            events.at(events.now + work.seconds, lambda: finish(process))
        else:
            events.compute(work.seconds, lambda: finish(process))

    def finish(process):
        process.waits -= 1
        if process.waits or process is client:
            return
        above = process.above
        adding = costs.adding * work.up

        def added():
            events.busy(above, adding, lambda: finish(above))

        send(process, above, work.up, added)

    client.waits = len(client.below)
    for process in client.below:
        send(client, process, work.down, lambda process=process: ask(process))
    return Step(events.run(), sent["messages"], sent["bytes"], sent["client"])


def find_fan(workers, costs, work, fans=(2, 3, 4, 6, 8, 12, 16, 32, 100)):
    """Give how many others each may call for the shortest step."""
    return min(fans, key=lambda fan: simulate(workers, fan, costs, work).seconds)


def find_even(costs, row, workers=2):
    """Give from how many rows on workers are faster than one process, whose gradient of a row takes ``row`` seconds.

    ``row`` is by the number of processes that compute at once, which share the memory's bandwidth.
    """
    low, high = 1, 1 << 40
    while low < high:
        rows = (low + high) // 2
        work = Work(rows / workers * row[workers])
        if simulate(workers, 8, costs, work).seconds < rows * row[1]:
            high = rows
        else:
            low = rows + 1
    return low if low < 1 << 40 else None
