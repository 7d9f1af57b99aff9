"""A step on the GPU: its memory, and the graphs that it is captured as.

The first call with arrays at certain addresses starts one kernel after another, which also lets CUDA and cuBLAS load
what they need; the second one captures all of it as a graph, which every later one replays. Calls of CuPy part the
graph in several. Arguments that lie at many addresses are copied to one place instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.cuda.device import WORKSPACE, Device
from minigrad.compiler.cuda.places import ALIGNED, Launch, Place
from minigrad.compiler.cuda.products import Gemm
from minigrad.compiler.cuda.source import Calling, CudaCode
from minigrad.compiler.passes.lower import is_view
from minigrad.engine.node import Node

MOST_GRAPHS = 8  # addresses of arguments that a step has graphs for, each of some hundred kilobytes


class Buffers:
    """Places on the GPU for what comes from the host, or lies where a kernel cannot read it: one for each number."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.arrays: dict[Any, Any] = {}
        self.last: dict[Any, Any] = {}

    def take(self, key: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Give the array of a key."""
        if key not in self.arrays:
            memory = self.device.allocate(max(1, prod(shape)) * dtype.itemsize)
            self.arrays[key] = self.device.view(memory, 0, shape, dtype)
        return self.arrays[key]

    def fill(self, key: Any, array: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Give the array of a key with the elements of another, of the host or of the GPU."""
        held = self.take(key, shape, dtype)
        if self.device.takes(array):
            held[...] = array
        else:
            self.device.upload(self.device.locate(held), np.ascontiguousarray(array, dtype))
        return held

    def follow(self, key: Any, array: Any) -> Any:
        """Give the array of a key with the elements of one of the host, uploaded if these are others than before."""
        before = self.last.get(key)
        if before is None or not np.array_equal(before, array, equal_nan=array.dtype.kind in "fc"):
            self.last[key] = np.array(array)
            return self.fill(key, array, array.shape, array.dtype)
        return self.arrays[key]


class CudaStep:
    """A step bound to arrays; called with what it is passed, it gives its results, which nothing waits for."""

    def __init__(
        self, code: CudaCode, device: Device, functions: Sequence[Any], arrays: Sequence[Any], draws: Sequence[Any],
        host: Callable[..., Any] | None,
    ) -> None:  # fmt: skip
        self.code, self.device, self.functions, self.host = code, device, functions, host
        self.bound, self.draws = list(arrays), draws
        needed, free = code.needed + WORKSPACE, device.count_free()
        if needed > free:
            raise MemoryError(
                f"compile: the step needs {_write_size(needed)} of the GPU's memory, and {_write_size(free)} are free. "
                f"Take a smaller batch, or let go of arrays and call cupy.get_default_memory_pool().free_all_blocks()"
            )
        self.buffers = Buffers(device)
        sizes = {"memory": code.nbytes, "results": code.result_bytes, "scratch": code.scratch}
        sizes |= {"numbers": 8 * len(code.host.given)}
        if any(isinstance(x, Gemm) for x in code.items):
            sizes["workspace"] = WORKSPACE
        self.blocks = {kind: device.allocate(max(n, ALIGNED)) for kind, n in sizes.items()}
        self.starts = {kind: device.locate(block) for kind, block in self.blocks.items()}
        self.flag, self.starts["flag"] = device.make_flag()
        self.constants = [self.buffers.fill(("constant", i), x, x.shape, x.dtype) for i, x in enumerate(code.constants)]
        self.segments = _part_items(code.items)
        self.graphs: dict[tuple[int, ...], list[Any] | None] = {}
        self.apart = False  # are all arguments copied to places of the step's own?
        self.sent: list[Any] = []  # the numbers that kernels are given, as the last call had them
        self.numbers: dict[Node, Any] = {}
        steady = all(device.takes(x) for x in self.bound)
        self.here = self.bound if steady else None  # None where some are drawn, or sent, in each call
        self.weak = [x.weak for x in code.passed]
        self.copied = any(x.offset is not None for x in code.results)
        self.queue: Any = None
        self.written = [(device.locate(self.bound[i]), self.bound[i].nbytes) for i in code.written]

    def __call__(self, *values: Any) -> list[Any]:
        """Compute; everything is checked before anything is started."""
        self.check_flag()
        queue = self.device.find_queue()
        if self.queue not in (None, queue):  # what another stream has begun is in the same memory
            self.device.finish(self.queue)
        self.queue = queue
        if len(self.graphs) == MOST_GRAPHS:
            self.graphs.clear()
            self.apart = True
        numbers = self.send_numbers(values)
        here = self.here or [self.prepare_bound(i, x) for i, x in enumerate(self.bound)]
        given, key = list(values), []
        for i, weak in enumerate(self.weak):
            if not weak:
                given[i] = self.prepare_argument(i, values[i])
                key.append(self.device.locate(given[i]))
        return self.run(tuple(key), {"bound": here, "passed": given, "constants": self.constants}, numbers)

    def run(self, key: tuple[int, ...], arrays: dict[str, list[Any]], numbers: dict[Node, Any]) -> list[Any]:
        """Start everything, or replay it, for arguments at certain addresses; give the results."""
        graphs = self.graphs.get(key, ())
        if graphs is None:
            graphs = self.graphs[key] = [self.capture(part, arrays) for part in self.segments]
        elif not graphs:
            self.graphs[key] = None
        for part, graph in zip(self.segments, graphs or [None] * len(self.segments), strict=True):
            if isinstance(part, Calling):
                self.call(part, arrays, numbers)
            elif graph is None:
                self.start(part, arrays)
            else:
                self.device.replay(graph)
        return self.give_results(numbers)

    # what comes in

    def check_flag(self) -> None:
        """Raise for an index that an earlier call has found out of bounds."""
        if self.flag[0]:
            axis, n = int(self.flag[0]) - 1, int(self.flag[1])
            self.flag[0] = 0
            raise IndexError(
                f"an index was out of bounds for axis {axis} with size {n}, in an earlier call of the step on the GPU; "
                f"what it read there was NaN. Load the parameters of before, and check the indices on the host"
            )

    def send_numbers(self, values: Sequence[Any]) -> dict[Node, Any]:
        """Compute what the host computes, and send the numbers that kernels are given, if they are others."""
        host, found = self.code.host, dict(zip(self.code.passed, values, strict=True))
        if self.host is not None:
            assert host.program is not None
            results = self.host(*(found[x] for x in host.program.passed))
            found |= dict(zip(host.results, results, strict=True))
        given = [found[x] for x in host.given]
        if given != self.sent:  # of NaN always
            packed = b"".join(
                np.asarray(value, x.dtype).tobytes().ljust(8, b"\0") for x, value in zip(host.given, given, strict=True)
            )
            self.device.upload(self.starts["numbers"], np.frombuffer(packed, np.uint8))
            self.sent, self.numbers = given, dict(zip(host.given, given, strict=True))
        return self.numbers

    def prepare_bound(self, i: int, array: Any) -> Any:
        """Draw random numbers, and follow an array of the host; one on the GPU is read where it lies."""
        if self.draws[i] is not None:
            drawn = self.draws[i].rng.random(self.draws[i].shape)
            return self.buffers.fill(("bound", i), drawn, drawn.shape, drawn.dtype)
        return array if self.device.takes(array) else self.buffers.follow(("bound", i), array)

    def prepare_argument(self, i: int, array: Any) -> Any:
        """Give an argument where kernels can read it: in order, and in no memory that is written to."""
        node = self.code.passed[i]
        device = self.device
        fits = device.takes(array) and device.lies_in_order(array) and not self.overlaps(array)
        if fits and not self.apart:
            return array
        return self.buffers.fill(("passed", i), array, node.shape, node.dtype)

    def overlaps(self, array: Any) -> bool:
        """Say whether an array shares memory with one that is written to."""
        start = self.device.locate(array)
        return any(start < at + n and at < start + array.nbytes for at, n in self.written)

    # what is done

    def locate(self, place: Place, arrays: dict[str, list[Any]]) -> int:
        """Give the address of a place."""
        if place.kind in arrays:
            return self.device.locate(arrays[place.kind][place.number]) + place.offset
        return self.starts[place.kind] + place.offset

    def start(self, items: Sequence[Launch | Gemm], arrays: dict[str, list[Any]]) -> None:
        """Start kernels and products, one after another."""
        for item in items:
            addresses = [self.locate(x, arrays) for x in item.places]
            if isinstance(item, Gemm):
                a, b, c = addresses
                self.device.multiply(item, a, b, c, self.starts["workspace"])
            else:
                self.device.launch(self.functions[item.kernel], item.blocks, item.threads, addresses)

    def capture(self, part: Any, arrays: dict[str, list[Any]]) -> Any:
        """Give the graph of some items; None of a call."""
        return None if isinstance(part, Calling) else self.device.capture(lambda: self.start(part, arrays))

    def call(self, calling: Calling, arrays: dict[str, list[Any]], numbers: dict[Node, Any]) -> None:
        """Let CuPy compute an operation, and keep the value at its place."""

        def operand(x: Any) -> Any:
            if not isinstance(x, Node):
                return x
            if x in numbers:
                return numbers[x]
            if x.op is None and x.value is not None and not x.shape:
                return x.value.item()
            if is_view(x.op):
                return x.op.forward(operand(x.inputs[0]))  # type: ignore[union-attr]
            return self.look(self.code.seen[x], x, arrays)

        node = calling.node
        assert node.op is not None
        self.look(calling.place, node, arrays)[...] = node.op.forward(*map(operand, node.inputs))

    def look(self, place: Place, like: Node, arrays: dict[str, list[Any]]) -> Any:
        """Give a place as an array."""
        if place.kind in arrays:
            return arrays[place.kind][place.number]
        return self.device.view(self.blocks[place.kind], place.offset, like.shape, like.dtype)

    def give_results(self, numbers: dict[Node, Any]) -> list[Any]:
        """Give the results, in a block of their own, since the next call writes over this one's."""
        code, block = self.code, None
        if self.copied:
            block = self.device.allocate(max(code.result_bytes, ALIGNED))
            self.device.copy(self.device.locate(block), self.starts["results"], code.result_bytes)
        return [
            (numbers[x.value] if isinstance(x.value, Node) else x.value)
            if x.offset is None
            else self.device.view(block, x.offset, x.shape, x.dtype)
            for x in code.results
        ]


def _part_items(items: Sequence[Any]) -> list[Any]:
    """Part items into those that a graph takes, and calls."""
    parts: list[Any] = []
    for item in items:
        if isinstance(item, Calling):
            parts.append(item)
        elif parts and isinstance(parts[-1], list):
            parts[-1].append(item)
        else:
            parts.append([item])
    return parts


def _write_size(nbytes: int) -> str:
    """Write a size of memory."""
    return f"{nbytes / 2**30:.2f} GiB" if nbytes >= 2**30 else f"{nbytes / 2**20:.1f} MiB"
