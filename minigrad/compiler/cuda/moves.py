"""Kernels that move elements: parts put together, elements at positions that arrays name, copies, and zeros."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.cuda.places import Kernel, Place, spread_layout, write_letters, write_place
from minigrad.compiler.cuda.registry import SUFFIXES, Operand
from minigrad.compiler.cuda.rows import RowWriter
from minigrad.compiler.passes.fuse import Parts, Picked
from minigrad.compiler.passes.layouts import Layout, contiguous_strides, layout
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.indexing import Scatter, ScatterAt

OUTSIDE = Place("flag")  # where a kernel leaves which index it found out of bounds: its axis and the axis's length


class MoveWriter(RowWriter):
    """Writes Parts, Picked and copies."""

    def write_zeros(self, node: Node) -> None:
        """Fill an array with zeros."""
        kernel = Kernel()
        pointer = kernel.point(self.find(node), node.dtype)
        self.launch_each(kernel, node.size, [f"{pointer}[i] = 0;"])

    def write_region(self, node: Node, x: Any, shape: tuple[int, ...], at: Layout, added: bool = False) -> None:
        """Copy an operand, as it is broadcast to a shape, to where elements lie; or add it to what is there."""
        if len(at.strides) != len(shape):
            raise Unsupported("a part broadcast to its region")
        kernel, body = Kernel(), []
        letters = [f"i{k}" for k in range(len(shape))]
        body += write_letters("i", letters, shape) if shape else []
        seen = spread_layout(layout(x), x.shape, shape) if isinstance(x, Node) else None
        value = self.read(x, seen, letters, kernel, body).to(node.dtype)
        pointer = kernel.point(self.find(at.base), node.dtype)
        target = f"{pointer}[{write_place(at.offset, at.strides, letters)}]"
        plus = f"plus{SUFFIXES[node.dtype.name]}({target}, {value})" if added else value
        self.launch_each(kernel, prod(shape), [*body, f"{target} = {plus};"])

    def write_parts(self, unit: Parts) -> None:
        """Write an array that is put together from others."""
        node = unit.node
        if unit.start is None:
            self.write_zeros(node)
        else:
            self.write_region(node, unit.start, node.shape, Layout(node, 0, contiguous_strides(node.shape)))
        for x, shape, region in unit.regions:
            self.write_region(node, x, shape, region, added=isinstance(node.op, AddAt))

    def write_picked(self, unit: Picked) -> None:
        """Write reading, or adding up, at positions that arrays name.

        A kernel cannot raise: of one that is out of bounds it notes axis and length, which the next call raises, and
        reads or adds nothing; what is read there is NaN, or 0.
        """
        node, shape = unit.node, unit.shape
        scattered = isinstance(node.op, ScatterAt | Scatter)
        if scattered:
            self.write_zeros(node)
        kernel, body = Kernel(), []
        letters = [f"i{k}" for k in range(len(shape))]
        body += write_letters("i", letters, shape) if shape else []
        place = write_place(unit.place.offset, unit.place.strides, letters)
        if unit.table is not None:
            place += f" + {self.read_at(unit.table, shape, letters, kernel, body).written}"
        named, flag, outside = letters[unit.named], "", []
        for q, (index, axis, n, stride) in enumerate(unit.indices):
            read = self.read_at(index, shape[unit.named], named, kernel, body).to(np.dtype(np.int64))
            flag = kernel.point(OUTSIDE, np.dtype(np.int64))
            body.append(f"const long long q{q} = {read};")
            body.append(f"if (q{q} < -{n} || q{q} >= {n}) {flag}[0] = {axis + 1}, {flag}[1] = {n};")
            outside.append(f"q{q} < -{n} || q{q} >= {n}")
            place += f" + (q{q} < 0 ? q{q} + {n} : q{q}) * {stride}"
        base = kernel.point(self.find(unit.place.base), unit.place.base.dtype)
        known = f"!({' || '.join(outside)})" if outside else "true"
        if scattered:
            x = self.read_at(node.inputs[0], shape, letters, kernel, body).to(node.dtype)
            body.append(f"if ({known}) add{SUFFIXES[node.dtype.name]}(&{base}[{place}], {x});")
        else:
            nothing = Operand("", None, np.nan if node.dtype.kind == "f" else 0).to(node.dtype)
            target = kernel.point(self.find(node), node.dtype)
            result = write_place(0, contiguous_strides(shape), letters)
            body.append(f"{target}[{result}] = {known} ? {base}[{place}] : {nothing};")
        self.launch_each(kernel, prod(shape), body)

    def read_at(self, x: Node, shape: tuple[int, ...], letters: list[str], kernel: Kernel, body: list[str]) -> Operand:
        """Read an operand's element, as it is broadcast to a shape."""
        return self.read(x, spread_layout(layout(x), x.shape, shape), letters, kernel, body)

    def write_copy(self, place: Place, dtype: np.dtype[Any], shape: tuple[int, ...], value: Any) -> None:
        """Write a value, as it is broadcast, to a place where elements lie in order."""
        kernel, body = Kernel(), []
        letters = [f"i{k}" for k in range(len(shape))]
        body += write_letters("i", letters, shape) if shape else []
        seen = spread_layout(layout(value), value.shape, shape) if isinstance(value, Node) else None
        written = self.read(value, seen, letters, kernel, body).to(dtype)
        target = write_place(0, contiguous_strides(shape), letters)
        body.append(f"{kernel.point(place, dtype)}[{target}] = {written};")
        self.launch_each(kernel, prod(shape), body)
