"""Convolution and its two gradients in native code: products of a kernel's matrix and windows that are never copied.

A sample's image is read where it lies, or from one copy of it that has the padding. (An implicit product, as Chetlur et
al. 2014 have it for a GPU; here each line of an image is a row of the factor.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from minigrad.compiler.native.crew import count_pieces, count_threads
from minigrad.compiler.native.images import (
    Image,
    Phase,
    each_place,
    list_phases,
    list_taps,
    plan_copy,
    see_image,
    write_copy,
)
from minigrad.compiler.native.loops import LoopWriter
from minigrad.compiler.native.products import count_shares, cut_ranges, cut_shares
from minigrad.compiler.native.registry import DTYPES, KERNELS, Kernel, Lines
from minigrad.compiler.native.tile import BYTES
from minigrad.compiler.native.values import ALIGNED, share_range, write_element, write_heads, write_shared
from minigrad.compiler.native.window_tile import cut_block, cut_sums
from minigrad.compiler.passes.fuse import Windowed
from minigrad.engine.node import Node
from minigrad.ops.networks.convolution import Convolution, Convolving, Correlation, TransposedConvolution
from minigrad.ops.networks.windows import Pairs, Sizes

NEAR = 1 << 18  # bytes of samples that a kernel's gradient is summed over before another block of it is


class ConvolutionWriter(LoopWriter):
    """Writes convolutions."""

    # memory

    def reserve(self, node: Node, *counts: int) -> tuple[str, list[int]]:
        """Give a pointer to memory that this unit alone uses, and where so many elements each begin in it."""
        size = node.dtype.itemsize
        begin = -(-(self.nbytes + self.reserved) // ALIGNED) * ALIGNED
        places = []
        for count in counts:
            places.append(begin // size)
            begin += -(-count * size // ALIGNED) * ALIGNED
        self.scratch = max(self.scratch, begin - self.nbytes)
        if self.turns > 1:
            self.reserved = begin - self.nbytes
        self.kinds.add(node.dtype.name)
        return f"m{DTYPES[node.dtype.name]}", places

    def hold_table(self, node: Node, values: Sequence[int]) -> str:
        """Give a pointer to integers that the code knows."""
        table = Node(shape=(len(values),), dtype=np.int64, table=node.table, value=np.array(values, np.int64))
        return self.pointer(table)[0]

    def hold_image(
        self, x: Node, padding: Pairs, parts: int, samples: int, to: str, more: Sequence[int] = ()
    ) -> tuple[Image, Lines, list[int]]:
        """Give an operand's image, the lines that copy sample n if it must be, to a place of some, ``more`` memory."""
        _, channels, *size = x.shape
        pointer, offset = self.pointer(x)
        source = see_image(pointer, offset, channels, tuple(size))
        if parts == 1 and not any(map(any, padding)):
            return source, [], self.reserve(x, *more)[1] if more else []
        image = plan_copy("", 0, channels, tuple(size), padding, parts)
        name, (at, *places) = self.reserve(x, samples * image.sample, *more)
        image = plan_copy(name, at, channels, tuple(size), padding, parts)
        self.lines += [
            f"for i in range({samples * image.sample}):",
            f"    {name}[{at} + i] = np.{x.dtype.name}(0)",
        ]
        return image, write_copy(image, source, channels, tuple(size), padding, to, "n"), places

    # the three operations

    def write_convolution(self, unit: Windowed) -> None:
        """Write y: the kernels of each group on the windows of its channels."""
        node = unit.node
        op, (x, W) = node.op, node.inputs
        assert isinstance(op, Convolving)
        channels, kernel, places = W.shape[1], W.shape[2:], node.shape[2:]
        turns = self.count_parts(node.size * prod(W.shape[1:]), node.shape[0])
        copied, copies = ("me", count_threads()) if turns > 1 else ("0", 1)
        image, copying, _ = self.hold_image(x, op.padding, op.stride[-1], copies, copied)
        rows, k = W.shape[0] // op.groups, prod(W.shape[1:])
        table = self.hold_table(node, list_taps(image, channels, kernel, op.dilation))
        (w, w0), (y, y0) = self.pointer(W), self.pointer(node)
        target = see_image(y, y0, W.shape[0], places)
        steps = [s * step for s, step in zip(op.stride[:-1], image.steps, strict=False)]
        seen = replace(image, steps=(*steps, 1))
        block = Block(rows, k, (w, w0), seen, copied if copying else "n", channels, table, target, rows)
        self.write_samples(node, op.groups, turns, copying, block.write(places, node.dtype.itemsize))

    def write_transposed(self, unit: Windowed) -> None:
        """Write x: positions of one remainder by the stride are a convolution of y with some of the elements of W."""
        node = unit.node
        op, (y, W) = node.op, node.inputs
        assert isinstance(op, TransposedConvolution)
        kernel, places = W.shape[2:], y.shape[2:]
        outputs, channels, size = W.shape[0] // op.groups, W.shape[1], prod(kernel)
        phases = list_phases(kernel, op.stride, op.padding, op.dilation, op.size)
        around = _find_margins(phases, places)
        apart = channels * max((prod(phase.count) for phase in phases), default=0) * (op.stride[-1] > 1)
        weights = [op.groups * channels * outputs * len(phase.taps) for phase in phases]
        turns = 1 if apart else self.count_parts(y.size * prod(W.shape[1:]), node.shape[0])
        copied, copies = ("me", count_threads()) if turns > 1 else ("0", 1)
        image, copying, (between, *ats) = self.hold_image(y, around, 1, copies, copied, [apart, *weights])
        whole = see_image(*self.pointer(node), node.shape[1], op.size)
        body: Lines = []
        for phase, at in zip(phases, ats, strict=True):
            steps = tuple(s * step for s, step in zip(op.stride, whole.steps, strict=True))
            target = replace(whole, offset=whole.offset + whole.find(phase.first), steps=steps)
            if not phase.taps:
                body += _fill(target, channels, phase.count, f"np.{node.dtype.name}(0)")
                continue
            name = self.gather_weights(W, at, op.groups, phase, size)
            back = [[q - e + m[0] for q, e, m in zip(phase.low, tap, around, strict=True)] for _, tap in phase.taps]
            far = [o * image.channel + image.find(tap) for o in range(outputs) for tap in back]
            own, table = copied if copying else "n", self.hold_table(node, far)
            block = Block(channels, len(far), (name, at), image, own, outputs, table, target, channels)
            if op.stride[-1] == 1:
                body += block.write(phase.count, node.dtype.itemsize)
                continue
            beside = see_image(name, between, channels, phase.count)  # whose lines have no gaps
            body += replace(block, target=replace(beside, sample=0), turn=0).write(phase.count, node.dtype.itemsize)
            places_of = write_element(between, (beside.channel, *beside.steps), _letters(len(phase.count)))
            body += _fill(target, channels, phase.count, f"{name}[{places_of}]")
        self.write_samples(node, op.groups, turns, copying, body)

    def write_samples(self, node: Node, groups: int, turns: int, copying: Lines, body: Lines) -> None:
        """Write the loops over samples and groups: each sample is copied first, if it has to be."""
        heads = share_range("n", node.shape[0], turns)
        inner = [*copying, f"for g in range({groups}):", *("    " + line for line in body)]
        self.lines += [*heads, *("    " * len(heads) + line for line in inner)]

    def gather_weights(self, W: Node, at: int, groups: int, phase: Phase, size: int) -> str:
        """Write the matrix of the elements of W that a phase takes: for each group (channels, outputs · elements)."""
        outputs, channels = W.shape[0] // groups, W.shape[1]
        taps = self.hold_table(W, [o * channels * size + k for o in range(outputs) for k, _ in phase.taps])
        (w, w0), name, k = self.pointer(W), f"m{DTYPES[W.dtype.name]}", outputs * len(phase.taps)
        self.lines += [
            f"for g in range({groups}):",
            f"    for c in range({channels}):",
            f"        for k in range({k}):",
            f"            {name}[{at} + (g * {channels} + c) * {k} + k] = "
            f"{w}[{w0} + g * {outputs * channels * size} + c * {size} + {taps}[k]]",
        ]
        return name

    def write_correlation(self, unit: Windowed) -> None:
        """Write the kernels' gradient: sums over lines of places, a block of them over some samples at a time."""
        node = unit.node
        op, (x, y) = node.op, node.inputs
        assert isinstance(op, Correlation)
        samples, outputs, *places = y.shape
        channels, k, rows, width = node.shape[1], prod(node.shape[1:]), outputs // op.groups, places[-1]
        each = (x.size + y.size) // samples * node.dtype.itemsize
        held = max(1, min(samples, NEAR // each))
        high, wide = cut_sums(rows, k)
        turns = count_shares(rows, high, count_pieces(y.size * k) if op.groups == 1 else 1)
        place, copies = (f"(me * {held} + m)", held * count_threads()) if turns > 1 else ("m", held)
        image, copying, _ = self.hold_image(x, op.padding, op.stride[-1], copies, place)
        steps = [s * step for s, step in zip(op.stride[:-1], image.steps, strict=False)]
        starts = [sum(i * step for i, step in zip(at, steps, strict=True)) for at in each_place(tuple(places[:-1]))]
        table = self.hold_table(node, [*list_taps(image, channels, op.kernel, op.dilation), *starts])
        (c, c0), (g, g0), size = self.pointer(node), self.pointer(y), prod(places)
        first = f"{image.offset} + g * {channels * image.channel}"
        if copying:
            first += f" + me * {held * image.sample}" * (turns > 1)
        else:
            first += f" + b * {image.sample}"
        self.zeros(node)
        lines = [
            f"for b in range(0, {samples}, {held}):",
            f"    held = min({held}, {samples} - b)",
            *(["    for m in range(held):", "        n = b + m"] if copying else []),
            *("        " + line for line in copying),
            f"    for g in range({op.groups}):",
        ]
        for top, bottom, some in cut_shares(rows, high, turns, "t"):
            for begin, end, columns in cut_ranges(k, wide):
                left = f"{g}, {g0} + b * {outputs * size} + (g * {rows} + i) * {size}, {size}, {outputs * size}"
                lines += [
                    f"        for i in range({top}, {bottom}, {some}):",
                    f"            for j in range({begin}, {end}, {columns}):",
                    f"                window_dots({some}, {columns}, {width}, {left}, {image.pointer}, {first}, "
                    f"{image.sample}, {table}, j, {k}, {c}, {c0} + (g * {rows} + i) * {k} + j, {k}, "
                    f"{prod(places[:-1])}, held)",
                ]
        self.lines += [write_shared(turns), *("    " + line for line in lines)] if turns > 1 else lines


@dataclass(frozen=True)
class Block:
    """Outputs of one group of one sample: sums of ``k`` products each, of ``rows`` channels, at every place.

    ``weights`` are a pointer and an offset to a matrix (groups, rows, k). Of the image, whose ``steps`` are those of a
    place, each group has so many ``channels``, and ``sample`` says which of its samples is meant; the table says how
    far the factor of each weight is from a place. The target has ``turn`` channels for each group.
    """

    rows: int
    k: int
    weights: tuple[str, int]
    image: Image
    sample: str
    channels: int
    table: str
    target: Image
    turn: int

    def write(self, places: Sizes, itemsize: int) -> Lines:
        """Write the loops over blocks: some rows, lines and columns of each are summed in registers."""
        *outer, lines, width = (1, *places)[-max(len(places), 2) :]
        letters = [f"i{axis}" for axis in range(len(outer))]
        heads = write_heads(letters, outer)
        some, high, wide = cut_block(self.rows, lines, width, BYTES // itemsize)
        found: Lines = []
        for top, bottom, down in cut_ranges(lines, high):
            for begin, end, columns in cut_ranges(width, wide):
                found += [
                    f"for h in range({top}, {bottom}, {down}):",
                    f"    for j in range({begin}, {end}, {columns}):",
                ]
                for first, last, rows in cut_ranges(self.rows, some):
                    tile = self.write_tile(rows, down, columns, [*letters, "h", "j"])
                    found += [f"        for r in range({first}, {last}, {rows}):", f"            {tile}"]
        return [*heads, *("    " * len(heads) + line for line in found)]

    def write_tile(self, rows: int, lines: int, columns: int, letters: Sequence[str]) -> str:
        """Write one block, at the row r and the place that letters say."""
        image, target, (w, w0) = self.image, self.target, self.weights
        a = f"{w}, {w0} + g * {self.rows * self.k} + r * {self.k}, {self.k}"
        place = _place(image, image.channel * self.channels, [self.sample, *letters])
        b = f"{image.pointer}, {place}, {_line_step(image)}"
        c = f"{_place(target, target.channel * self.turn, ['n', *letters])} + r * {target.channel}"
        c = f"{target.pointer}, {c}, {target.channel}, {_line_step(target)}"
        return f"window_tile({rows}, {lines}, {columns}, {a}, {b}, {self.table}, 0, {c}, {self.k})"


def _place(image: Image, group: int, letters: Sequence[str]) -> str:
    """Write where a place of group g is, by the letters for the sample, lines and columns."""
    steps = (0, *image.steps)[-max(len(image.steps), 2) :]
    return write_element(image.offset, (image.sample, group, *steps), [letters[0], "g", *letters[1:]])


def _line_step(image: Image) -> int:
    """Give how far the next line is."""
    return image.steps[-2] if len(image.steps) > 1 else 0


def _letters(n: int) -> list[str]:
    return ["c", *(f"q{axis}" for axis in range(n))]


def _fill(target: Image, channels: int, count: Sizes, value: str) -> Lines:
    """Write what all positions of a phase become."""
    letters = _letters(len(count))
    strides = (target.sample, target.channel * channels, target.channel, *target.steps)
    place = write_element(target.offset, strides, ["n", "g", *letters])
    return [*write_heads(letters, (channels, *count)), "    " * len(letters) + f"{target.pointer}[{place}] = {value}"]


def _find_margins(phases: Sequence[Phase], places: Sizes) -> Pairs:
    """Give how many places before the first and behind the last are looked at, which count as 0."""
    margins = []
    for axis, n in enumerate(places):
        ends = [(phase.low[axis] - tap[axis], phase.count[axis]) for phase in phases for _, tap in phase.taps]
        low, high = min((low for low, _ in ends), default=0), max((low + count for low, count in ends), default=0)
        margins.append((max(0, -low), max(0, high - n)))
    return tuple(margins)


def _limit(node: Node) -> str:
    op = node.op
    assert isinstance(op, Convolving)
    if node.dtype.kind != "f" or any(not isinstance(x, Node) or x.dtype != node.dtype for x in node.inputs):
        return "a convolution of integers, or of two dtypes"
    if not op.stride:
        return "a convolution without positions"
    empty = not all(x.size for x in (node, *node.inputs))
    return "a convolution of nothing" if empty else ""


KERNELS.register(Kernel(unit=ConvolutionWriter.write_convolution, limit=_limit), Convolution)
KERNELS.register(Kernel(unit=ConvolutionWriter.write_transposed, limit=_limit), TransposedConvolution)
KERNELS.register(Kernel(unit=ConvolutionWriter.write_correlation, limit=_limit), Correlation)
