"""How holders on workers of Dask are called: several at once, straight or by way of the scheduler."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from minigrad.cluster.messages import Answer, Ask
from minigrad.extras import require

GLANCE = 0.5  # seconds between glances at what the client has been told of a worker that has not answered
ASKING = 5  # seconds after which a worker asks the scheduler of another one
REACHING = 5  # seconds within which a worker can be reached straight, or is called by way of the scheduler


class Reached:
    """A holder as it is called from elsewhere: by a client, or by another worker, to which it is sent.

    Not by an actor of Dask's: that is of whichever client was made last, sends by way of the scheduler, and waits for
    ever for one that was lost while a worker called it.
    """

    def __init__(self, address: str, key: Any, client: Any = None, future: Any = None) -> None:
        self.address, self.key, self.client, self.future = address, key, client, future
        self.straight = True  # the client reaches its worker; other workers always do

    def __reduce__(self) -> Any:
        return Reached, (self.address, self.key)

    async def take(self, *arguments: Any) -> str:
        """Let it have blocks; gives what is wrong with these."""
        fault: str = await self._call("take", arguments)
        return fault

    async def step(self, ask: Ask) -> Answer:
        """Give its answer; raises what Dask raises where its worker is lost."""
        answer: Answer = await self._call("step", (ask,))
        return answer

    async def find_way(self) -> None:
        """See whether this client reaches the worker; who answers must be the one that has this holder."""
        self.straight = self.client.direct_to_workers is not False
        if self.straight:
            asked = self.client.rpc(self.address).actor_attribute(actor=self.key, attribute="keep")
            try:
                self.straight = (await asyncio.wait_for(asked, REACHING))["status"] == "OK"
            except (OSError, TimeoutError):
                self.straight = False

    async def _call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        here = self.client or require("distributed", "cluster").get_worker()
        sent = [require("distributed.protocol", "cluster").to_serialize(argument) for argument in arguments]
        message = {"actor": self.key, "function": method, "args": sent, "kwargs": {}}
        if self.straight:
            calling = here.rpc(self.address).actor_execute(**message)
        else:
            calling = here.scheduler.proxy(worker=self.address, msg={"op": "actor_execute"} | message)
        came = await self._wait(asyncio.ensure_future(calling), here)
        if came["status"] != "OK":
            raise came["exception"]
        return came["result"]

    async def _wait(self, called: asyncio.Future[Any], here: Any) -> Any:
        """Wait for an answer, unless the worker is lost: one that stands still breaks no connection."""
        try:
            while not (await asyncio.wait({called}, timeout=GLANCE if self.client else ASKING))[0]:
                if await self._is_lost(here):
                    raise OSError(f"the worker {self.address} is lost")
            return called.result()
        finally:
            called.cancel()

    async def _is_lost(self, here: Any) -> bool:
        if self.client is not None:  # which the scheduler tells; a worker must ask
            return self.future.status != "finished"
        try:
            return self.address not in await asyncio.wait_for(here.scheduler.ncores(), ASKING)
        except (OSError, TimeoutError):
            return False  # it is the scheduler that is cut off


def reach(client: Any, holders: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Give what holders are called by, from (future, actor) of each worker; what is no actor of Dask's is as it is."""
    dask = sys.modules.get("distributed")
    found = {
        worker: Reached(worker, actor.key, client, future) if dask and isinstance(actor, dask.Actor) else actor
        for worker, (future, actor) in holders.items()
    }
    ways = [holder.find_way() for holder in found.values() if isinstance(holder, Reached)]
    if ways:
        client.sync(_gather, ways)
    return found


def call_all(client: Any, holders: Mapping[str, Any], method: str, calls: Mapping[str, tuple[Any, ...]]) -> Any:
    """Call a method of several holders, all at once: give what came, by worker, and what says that one is lost.

    One coroutine does it all where the client's messages go: each change of threads took a tenth of an empty step. A
    holder gives back what the user's own functions raise, so that whatever is raised here is Dask's.
    """

    async def call(worker: str, arguments: tuple[Any, ...]) -> Any:
        return await getattr(holders[worker], method)(*arguments)

    given = client.sync(_gather, [call(worker, arguments) for worker, arguments in calls.items()]) if calls else []
    came, lost = dict[str, Any](), dict[str, Exception]()
    for worker, result in zip(calls, given, strict=True):  # in this order, whoever was first: so sums are the same
        (lost if isinstance(result, Exception) else came)[worker] = result
    return came, lost


async def _gather(waiting: list[Any]) -> list[Any]:
    return await asyncio.gather(*waiting, return_exceptions=True)
