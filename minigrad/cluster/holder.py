"""Holder: what one worker has of a training, an actor of Dask's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.cluster.blocks import Block, Pair
from minigrad.cluster.draws import RowDraws
from minigrad.cluster.messages import Answer, Ask, Sums, join_answers
from minigrad.engine.recording import drawn_by
from minigrad.engine.writing.inplace import replace_elements
from minigrad.engine.writing.watch import COUNTS

Below = Mapping[str, tuple[Any, Sequence[str]]]  # a holder on another worker, and all workers that are asked by it


class Holder:
    """A model, the gradients of its loss, as code if that is wanted, and the blocks of rows that are its share.

    ``keep`` says whether blocks stay in memory once they are read; otherwise each is read anew in each step, and given
    back before the next.

    It computes in a thread of its own: Dask looks into those of its tasks a hundred times a second, and holds on to
    their frames for that long, and with them to what is traced, which then seems to be kept by the user's function.
    """

    def __init__(self, model: Any, loss: Callable[..., Any], backend: str | None, keep: bool) -> None:
        self.params, self.keep = model.parameters(), keep
        self.buffers = list(getattr(model, "buffers", list)())
        self.generators = list(getattr(model, "generators", list)())
        self.worker, self.below = "", dict[str, tuple[Any, Sequence[str]]]()
        self.blocks: dict[int, Block] = {}
        self.read: dict[int, Pair] = {}
        self.held: list[int] = []  # references to each parameter's array, once the code is bound to it
        self.draws = RowDraws()
        self.thread = ThreadPoolExecutor(1)
        getattr(model, "train", lambda: None)()

        def backpropagate(x: Any, t: Any) -> Any:
            for p in self.params:
                p.grad = None
            E = loss(model(x), t)
            E.backward()
            return E

        self.compiled = backend is not None
        if self.compiled:
            compiled: Any = import_module("minigrad.compiler.api").compile
            backpropagate = compiled(backpropagate, backend=backend)
        self.backpropagate = backpropagate

    async def take(self, worker: str, blocks: dict[int, Block], below: Below) -> str:
        """Have these blocks from now on, and no others, and these workers below; say what is wrong with the blocks."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, self._take, worker, blocks, below)

    async def step(self, ask: Ask) -> Answer:
        """Give the sums that are asked for of this worker and of those below it, all of which compute at once."""
        calls, lost = dict[str, Any](), dict[str, str]()
        for worker, (holder, workers) in self.below.items():
            asked = ask.among(workers)
            if asked.numbers:
                calls[worker] = asyncio.create_task(_call(holder, asked))
        answers = [await asyncio.get_running_loop().run_in_executor(self.thread, self._answer, ask)]
        for worker, call in calls.items():
            try:
                answers.append(await call)
            except Exception as error:  # Dask's: a holder gives back what the user's own functions raise
                lost[worker] = repr(error)
        try:
            return join_answers(answers, lost)
        except RuntimeError as error:
            return Answer([], None, error=error)

    def _take(self, worker: str, blocks: dict[int, Block], below: Below) -> str:
        self.worker, self.blocks, self.below = worker, blocks, dict(below)
        self.read = {number: pair for number, pair in self.read.items() if number in blocks}
        unread = [block for number, block in blocks.items() if number not in self.read]
        return unread[0].find_fault() if unread else ""

    def _answer(self, ask: Ask) -> Answer:
        """Give this worker's own sums, or what the model or the loss raised."""
        asked = ask.numbers.get(self.worker, ())
        numbers = sorted(self.blocks) if asked is None else list(asked)
        if not numbers:
            return Answer([], None)
        try:
            self._set_parameters(ask.values)
            answer = Answer(numbers, self._add_up(numbers, ask))
            self.held = [getrefcount(p.array) for p in self.params] if COUNTS and self.compiled else []
            return answer
        except Exception as error:
            return Answer([], None, error=error)

    def _set_parameters(self, values: Sequence[Any]) -> None:
        """Write into the arrays that the code is bound to, if nobody has come to hold them since.

        To others it would have to be bound anew, which took a third of a millisecond of a step of two.
        """
        held = self.held or [0] * len(self.params)
        for p, value, count in zip(self.params, values, held, strict=False):
            if getrefcount(p.array) <= count and p.array.flags.writeable:
                np.copyto(p.array, value)
            else:
                replace_elements(p, value)

    def _add_up(self, numbers: Sequence[int], ask: Ask) -> Sums:
        total, rows = 0.0, 0
        sums: list[Any] = [None] * len(self.params)
        kept: list[Any] = [0.0] * len(self.buffers)
        for number in numbers:
            E, count = self._go_through(number, ask)
            weight = count if ask.weighed else 1
            total, rows = total + weight * E, rows + count
            for i, p in enumerate(self.params):
                if p.grad is not None:
                    g = weight * p.grad.data
                    sums[i] = g if sums[i] is None else sums[i] + g
            for i, b in enumerate(self.buffers):
                kept[i] = kept[i] + count * b.array.astype(np.result_type(b.dtype, 1.0))
        return Sums(total, rows, sums, kept, [g.bit_generator.state for g in self.generators])

    def _go_through(self, number: int, ask: Ask) -> tuple[float, int]:
        """Leave the gradients of one block in the parameters; nothing else of it is held when the next one is read.

        Buffers and generators begin at each block as they were before the step.
        """
        x, t = self._read_block(number)
        for b, value in zip(self.buffers, ask.values[len(self.params) :], strict=True):
            replace_elements(b, value)
        if not self.generators:
            return float(self.backpropagate(x, t).item()), len(x)
        for g, state in zip(self.generators, ask.states, strict=True):
            g.bit_generator.state = state
        start = ask.starts[number]
        self.draws.start, self.draws.stop, self.draws.rows = start, start + len(x), ask.rows
        with drawn_by(self.draws):
            return float(self.backpropagate(x, t).item()), len(x)

    def _read_block(self, number: int) -> Pair:
        if number in self.read:
            return self.read[number]
        pair = self.blocks[number].load()
        if self.keep:
            self.read[number] = pair
        return pair


async def _call(holder: Any, ask: Ask) -> Answer:
    answer: Answer = await holder.step(ask)
    return answer
