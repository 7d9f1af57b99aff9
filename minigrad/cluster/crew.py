"""Crew: the workers of a training, who has which block, and the sums of a step, whoever is lost meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from minigrad.cluster.blocks import SHARE, Block
from minigrad.cluster.calls import call_all, reach
from minigrad.cluster.holder import Holder
from minigrad.cluster.messages import Ask, Sums, add_in_pairs, join_answers
from minigrad.cluster.workers import check_workers, find_misfits
from minigrad.engine.messages.errors import warn_user

PATIENCE = 60  # seconds that a step waits for a worker when all are gone
GRACE = 2  # seconds after which a worker that did not answer, and is still named, is asked again
TRIES = 10  # of one step, none of which brought anything
FAN = 8  # workers that are called by one caller: the client has that many, and each of these, and so on


class Crew:
    """Holders on all workers of a client, with the blocks dealt among them; ``make(keep=…)`` gives a holder.

    ``limits`` are what ``check_workers`` found, if it has been asked.
    """

    def __init__(
        self,
        client: Any,
        blocks: Sequence[Block],
        make: Callable[..., Holder],
        limits: Sequence[int | None] | None = None,
    ) -> None:
        self.client, self.blocks = client, list(blocks)
        limits = check_workers(client) if limits is None else limits
        share = sum(block.nbytes for block in self.blocks) / len(limits)
        self.make = partial(make, keep=all(limit is None or share <= SHARE * limit for limit in limits))
        self.holders: dict[str, Any] = {}  # what the actor on each worker is called by, by its address
        self.begun, self.unfit = False, set[str]()
        self.owners: dict[int, str] = {}
        self.shares: dict[str, list[int]] = {}  # the blocks of each worker
        self.roots: list[str] = []  # the workers that are called from here
        self.tree: dict[str, list[str]] = {}  # of each worker: itself and all that are called by way of it
        self.follow_workers()

    def follow_workers(self, lost: Collection[str] = ()) -> None:
        """Deal the blocks among the workers that there are, but for those known to be lost, if it is others now.

        One that runs other versions, or does not find the data, is an error before training begins; later it is left
        out, with a warning.
        """
        gone = dict.fromkeys(lost, "it is lost")
        for _ in range(TRIES):
            now = self._find_workers(gone)
            kept = {worker: self.holders[worker] for worker in now if worker in self.holders and worker not in gone}
            if not gone and set(now) == set(self.holders):
                return
            begun = self._put_holders([worker for worker in now if worker not in kept])
            self.holders = dict(sorted((kept | begun).items()))
            gone = {worker: "its actor did not begin" for worker in now if worker not in self.holders}
            if self.holders:
                self._deal()
                self._grow_tree()
                came, failed = call_all(
                    self.client, self.holders, "take", {worker: self._share_of(worker) for worker in self.holders}
                )
                for worker, why in came.items():
                    if why:
                        self._refuse(worker, f"the worker {worker} {why}")
                        failed[worker] = ValueError(why)
                if not failed:
                    self.begun = True
                    return
                gone |= {worker: repr(error) for worker, error in failed.items()}
        raise RuntimeError(f"fit: {TRIES} times workers did not take their blocks ({next(iter(gone.values()))})")

    def _refuse(self, worker: str, why: str) -> None:
        """Use a worker no more; say why."""
        if not self.begun:
            raise RuntimeError(f"fit: {why}")
        self.unfit.add(worker)
        warn_user(f"fit: {why}. The training goes on without it", UserWarning)

    def _put_holders(self, workers: Sequence[str]) -> dict[str, Any]:
        """Put holders on workers, and give those that begin; what is lost later will say so when it is called."""
        if self.begun and workers:
            for worker, why in find_misfits(self.client, workers).items():
                self._refuse(worker, why)
        place = {"actor": True, "pure": False, "allow_other_workers": False}
        fit = [worker for worker in workers if worker not in self.unfit]
        futures = {worker: self.client.submit(self.make, workers=[worker], **place) for worker in fit}
        begun = {}
        for worker, future in futures.items():
            with suppress(TimeoutError, OSError):  # of one that is gone since; a scheduler waits for it to come back
                begun[worker] = future, future.result(timeout=PATIENCE)
        return reach(self.client, begun)

    def _find_workers(self, lost: Collection[str]) -> list[str]:
        """Give the addresses of the workers; wait for one, if there is none.

        One that is lost may be named for a while, and if it is for longer, it has only been cut off.
        """
        begin = time.monotonic()
        while True:
            try:
                named, waited = set(self.client.nthreads()) - self.unfit, time.monotonic() - begin
            except (OSError, RuntimeError) as error:
                raise RuntimeError(
                    f"fit: the scheduler cannot be reached any more ({error}). The parameters are as they were before "
                    f"this batch"
                ) from error
            now = sorted(named - set(lost)) or sorted(named if waited > GRACE else ())
            if now:
                return now
            if waited > PATIENCE:
                raise RuntimeError(
                    f"fit: the cluster has had no worker for {PATIENCE} s. The parameters are as they were before this "
                    f"batch; start one, with: dask worker {self.client.scheduler.address}"
                )
            time.sleep(0.1)

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

        self.shares = {worker: [] for worker in self.holders}
        for number in range(len(self.blocks)):
            self.shares[self.owners[number]].append(number)

    def _grow_tree(self) -> None:
        """Say who calls whom, of the workers in order: the first are called from here, the next ones by the first."""
        order = list(self.holders)
        self.roots, self.tree = order[:FAN], {worker: [worker] for worker in order}
        for i in range(len(order) - 1, FAN - 1, -1):
            self.tree[order[i // FAN - 1]] += self.tree[order[i]]

    def _share_of(self, worker: str) -> tuple[Any, ...]:
        """Give what a holder is to have: its blocks, and the holders that it calls."""
        i = list(self.holders).index(worker)
        called = list(self.holders)[FAN * (i + 1) : FAN * (i + 2)]
        below = {other: (self.holders[other], self.tree[other]) for other in called}
        return worker, {number: self.blocks[number] for number in self.shares[worker]}, below

    def add_up(
        self,
        values: Sequence[Any],
        numbers: Iterable[int],
        weighed: bool,
        states: Sequence[Any] = (),
        starts: Mapping[int, int] | None = None,
    ) -> Sums:
        """Give the sums of E, of rows, of gradients and of buffers over some blocks, each of which counts once.

        Blocks whose worker is lost before its sums are here are computed by others, with the same parameters. So are
        those of workers below it in the tree, whose sums go by way of it.
        """
        left, parts, tries = set(numbers), [], 0
        rows = sum(self.blocks[number].rows for number in left) if starts else 0
        while left:
            shares: dict[str, list[int]] = {}
            for number in sorted(left):
                shares.setdefault(self.owners[number], []).append(number)
            asked = {worker: None if mine == self.shares[worker] else mine for worker, mine in shares.items()}
            ask = Ask(values, asked, weighed, states, starts or {}, rows)
            calls = {worker: (ask.among(self.tree[worker]),) for worker in self.roots}
            came, failed = call_all(
                self.client,
                self.holders,
                "step",
                {worker: call for worker, call in calls.items() if call[0].numbers},
            )
            lost = {worker: repr(error) for worker, error in failed.items()}
            answer = join_answers(list(came.values()), lost)
            if answer.error is not None:
                raise answer.error
            if answer.sums is not None:
                left.difference_update(answer.done)
                parts.append(answer.sums)
            tries = 0 if answer.done else tries + 1
            if tries == TRIES:
                why = next(iter(answer.lost.values()), "it is not said why")
                raise RuntimeError(f"fit: {TRIES} times no worker answered ({why})")
            if answer.lost:
                self.follow_workers(answer.lost)
        return add_in_pairs(parts)
