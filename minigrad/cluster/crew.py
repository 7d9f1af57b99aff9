"""Crew: the workers of a training, who has which block, and the sums of a step, whoever is lost meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from minigrad.cluster.blocks import Block
from minigrad.cluster.holder import Holder, Sums, describe_worker

PATIENCE = 60  # seconds that a step waits for a worker when all are gone
GRACE = 2  # seconds after which a worker that did not answer, and is still named, is asked again
TRIES = 10  # of one step, none of which brought anything
SHARE = 0.3  # of a worker's memory that blocks may take which are kept in it


class Crew:
    """Holders on all workers of a client, with the blocks dealt among them; ``make(keep=…)`` gives a holder."""

    def __init__(self, client: Any, blocks: Sequence[Block], make: Callable[..., Holder]) -> None:
        self.client, self.blocks = client, list(blocks)
        limits = check_workers(client)
        share = sum(block.nbytes for block in self.blocks) / len(limits)
        self.make = partial(make, keep=all(limit is None or share <= SHARE * limit for limit in limits))
        self.holders: dict[str, Any] = {}  # an actor for each worker, by its address
        self.owners: dict[int, str] = {}
        self.follow_workers()

    def follow_workers(self, lost: Collection[str] = ()) -> None:
        """Deal the blocks among the workers that there are, but for those known to be lost, if it is others now."""
        gone = set(lost)
        for _ in range(TRIES):
            for worker in gone:
                self.holders.pop(worker, None)
            now = self._find_workers(gone)
            if set(now) == set(self.holders) and not gone:
                return
            self.holders = {worker: self.holders.get(worker) or self._put_holder(worker) for worker in now}
            self._deal()
            failed = self._call("take", {worker: (self._share_of(worker),) for worker in self.holders})[1]
            if not failed:
                return
            gone |= set(failed)
        raise RuntimeError(f"fit: {TRIES} times no worker took its blocks") from next(iter(failed.values()))

    def _find_workers(self, lost: Collection[str]) -> list[str]:
        """Give the addresses of the workers; wait for one, if there is none.

        One that is lost may be named for a while, and if it is for longer, it has only been cut off.
        """
        begin = time.monotonic()
        while True:
            named, waited = set(self.client.nthreads()), time.monotonic() - begin
            now = sorted(named - set(lost)) or sorted(named if waited > GRACE else ())
            if now:
                return now
            if waited > PATIENCE:
                raise RuntimeError(
                    f"fit: the cluster has had no worker for {PATIENCE} s. The parameters are as they were before this "
                    f"batch; start one, with: dask worker {self.client.scheduler.address}"
                )
            time.sleep(0.1)

    def _put_holder(self, worker: str) -> Any:
        """Put a holder on a worker; what is lost in between will say so when it is called."""
        place = {"workers": [worker], "allow_other_workers": False}
        return self.client.submit(self.make, actor=True, pure=False, **place).result()

    def _deal(self) -> None:
        """Say which block is whose: it stays where it is, as far as shares stay even."""
        most = -(-len(self.blocks) // len(self.holders))
        counts = dict.fromkeys(self.holders, 0)
        homeless = []
        for number in range(len(self.blocks)):
            owner = self.owners.get(number, "")
            if counts.get(owner, most) < most:
                counts[owner] += 1
            else:
                homeless.append(number)
        for number in homeless:
            self.owners[number] = min(counts, key=lambda worker: counts[worker])
            counts[self.owners[number]] += 1

    def _share_of(self, worker: str) -> dict[int, Block]:
        return {number: self.blocks[number] for number, owner in self.owners.items() if owner == worker}

    def add_up(self, values: Sequence[Any], numbers: Iterable[int], weighed: bool) -> Sums:
        """Give the sums of E, of rows and of gradients over some blocks, each of which counts once.

        Blocks whose worker is lost before its sums are here are computed by others, with the same parameters.
        """
        left, parts, tries = set(numbers), [], 0
        while left:
            asked = {worker: sorted(n for n in left if self.owners[n] == worker) for worker in self.holders}
            calls = {worker: (values, mine, weighed) for worker, mine in asked.items() if mine}
            came, lost = self._call("step", calls)
            for worker, (kind, what) in came.items():
                if kind == "error":
                    raise what
                left.difference_update(asked[worker])
                parts.append(what)
            tries = 0 if came else tries + 1
            if tries == TRIES:
                raise RuntimeError(f"fit: {TRIES} times no worker answered") from next(iter(lost.values()))
            if lost:
                self.follow_workers(lost)
        return add_in_pairs(parts)

    def _call(self, method: str, calls: Mapping[str, tuple[Any, ...]]) -> tuple[dict[str, Any], dict[str, Exception]]:
        """Call a method of several holders at once: what came, by worker, and what says that one is lost.

        A holder gives back what the user's own functions raise, so that whatever is raised here is Dask's.
        """
        futures, came, lost = {}, {}, {}
        for worker, arguments in calls.items():
            try:
                futures[worker] = getattr(self.holders[worker], method)(*arguments)
            except Exception as error:
                lost[worker] = error
        for worker, future in futures.items():
            try:
                came[worker] = future.result()
            except Exception as error:
                lost[worker] = error
        return came, lost


def check_workers(client: Any) -> list[int | None]:
    """Give the memory that each worker may take, in bytes; None where there is no limit.

    Raises ``RuntimeError`` where there are no workers, none answers, or one runs other versions than this process: a
    model is sent as its classes and functions pickle.
    """
    try:
        found = client.run(describe_worker)
    except (OSError, TimeoutError, ImportError) as error:
        raise RuntimeError(
            f"fit: the workers cannot be asked what they run ({error}). Is the scheduler there, and minigrad installed "
            f"where the workers run?"
        ) from error
    if not found:
        raise RuntimeError(f"fit: the cluster has no workers. Start some: dask worker {client.scheduler.address}")
    own = describe_worker(None)
    for worker, theirs in found.items():
        differ = [name for name in ("minigrad", "NumPy", "Python") if theirs[name] != own[name]]
        if differ:
            name = differ[0]
            raise RuntimeError(
                f"fit: the worker {worker} runs {name} {theirs[name]}, and this process {own[name]}. Install the same"
            )
    return [theirs["memory"] for theirs in found.values()]


def add_in_pairs(parts: Sequence[Sums]) -> Sums:
    """Add up sums by a tree, neighbors first, so that rounding grows with the logarithm of their number."""
    row = list(parts)
    while len(row) > 1:
        pairs = [_add(*row[i : i + 2]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[2 * len(pairs) :]
    return row[0]


def _add(a: Sums, b: Sums) -> Sums:
    gradients = [h if g is None else g if h is None else g + h for g, h in zip(a[2], b[2], strict=True)]
    return a[0] + b[0], a[1] + b[1], gradients
