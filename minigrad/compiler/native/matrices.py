"""What is done with whole matrices in native code: small ones by loops, triangles and Cholesky's of any size.

Each matrix is copied to memory that all such units share, and worked on there. Of large matrices without a known
structure LAPACK's own ways to divide them are best left to NumPy, which calls them between the loops.
"""

from __future__ import annotations

import numpy as np

from minigrad.compiler.native.elements import LAPACK
from minigrad.compiler.native.lapack import find_routine
from minigrad.compiler.native.products import ProductWriter
from minigrad.compiler.native.registry import DTYPES, KERNELS, Kernel
from minigrad.compiler.native.tasks import Matrix
from minigrad.compiler.native.values import ALIGNED, write_element
from minigrad.compiler.passes.fuse import OfMatrix
from minigrad.compiler.passes.layouts import contiguous_strides
from minigrad.compiler.passes.triangles import find_triangle
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.matrices.decompositions import Cholesky, HalfLower
from minigrad.ops.matrices.inverses import Cofactors, Determinant, DeterminantSign, Inverse, LogDeterminant, Solve

SMALL = 16  # rows, up to which loops are faster than a call of LAPACK
CLOSED = 3  # rows, up to which cofactors are written out
SINGULAR, INDEFINITE = "Singular matrix", "Matrix is not positive definite"  # as NumPy says it
INDENT = "    "


class MatrixWriter(ProductWriter):
    """Writes OfMatrix. Within one unit ``self.held`` is the pointer to a matrix's copy, and to where that begins."""

    def begin_matrices(self, unit: OfMatrix) -> tuple[int, str]:
        """Write the loops over a batch, and a copy of its matrix; give its rows, and how deep what follows is."""
        node, (x, *_) = unit.node, unit.node.inputs
        n, batch = x.shape[-1], self.batch_of(node)
        size = node.dtype.itemsize
        start = -(-self.nbytes // ALIGNED) * ALIGNED
        more = start + -(-n * n * size // ALIGNED) * ALIGNED  # pivots, or what LAPACK says
        self.scratch = max(self.scratch, more + 8 * n - self.nbytes)
        self.kinds |= {node.dtype.name, "int64", "int32"}
        self.held = f"m{DTYPES[node.dtype.name]}, {start // size}"
        self.pivots = f"mi64, {more // 8}"
        self.said = f"mi32, {more // 4}"
        self.letters, indent = self.nest(batch)
        return n, indent

    def batch_of(self, node: Node) -> tuple[int, ...]:
        """Give the axes along which there is one matrix after the other."""
        return node.shape if isinstance(node.op, Determinant) else node.shape[:-2]

    def add(self, indent: str, *lines: str) -> None:
        """Write some lines."""
        self.lines += [indent + line for line in lines]

    def copy_matrix(self, x: Node, columns: int, target: str, at: str, indent: str, turned: bool = False) -> None:
        """Write a copy of an operand's matrix of so many columns, or of the transposed one."""
        n, m = x.shape[-2], columns
        seen = self.matrix(x, self.batch)
        place = (seen.turned if turned else seen).at(self.letters, "i", "j")
        self.add(
            indent,
            f"for i in range({n}):",
            f"    for j in range({m}):",
            f"        {target}[{at} + i * {m} + j] = {seen.pointer}[{place}]",
        )

    def result(self, node: Node) -> tuple[str, str]:
        """Give the pointer to the result, and where that of this turn begins."""
        pointer, at = self.pointer(node)
        strides = contiguous_strides(node.shape)[: len(self.letters)]
        return pointer, write_element(at, strides, self.letters)

    def refuse(self, indent: str, condition: str, reason: str) -> None:
        """Write an error for a matrix of which there is no such thing."""
        self.add(indent, f"if {condition}:", f'    raise np.linalg.LinAlgError("{reason}")')

    def open_unit(self, unit: OfMatrix, turned: bool = False) -> tuple[int, str]:
        """Begin a unit with a copy of its first operand."""
        self.batch = self.batch_of(unit.node)
        n, indent = self.begin_matrices(unit)
        target, at = self.held.split(", ")
        self.copy_matrix(unit.node.inputs[0], n, target, at, indent, turned)
        return n, indent

    # operations

    def write_inverse(self, unit: OfMatrix) -> None:
        """Write an inverse."""
        n, indent = self.open_unit(unit)
        y, at = self.result(unit.node)
        self.refuse(indent, f"invert({n}, {self.held}, {self.pivots}, {y}, {at})", SINGULAR)

    def write_solve(self, unit: OfMatrix) -> None:
        """Write a solution: of a triangle by substitution, which needs no copy of it."""
        node, (a, b) = unit.node, unit.node.inputs
        lower, m = find_triangle(a), b.shape[-1]
        if lower is None:
            n, indent = self.open_unit(unit)
        else:
            self.batch = self.batch_of(node)
            n, indent = self.begin_matrices(unit)
        y, at = self.result(node)
        self.copy_matrix(b, m, y, at, indent)
        if lower is None:
            self.refuse(indent, f"solve({n}, {m}, {self.held}, {self.pivots}, {y}, {at})", SINGULAR)
            return
        seen = self.matrix(a, self.batch)
        triangle = f"{lower}, {seen.pointer}, {seen.at(self.letters)}, {seen.down}, {seen.right}, {y}, {at}"
        if n <= SMALL:
            self.add(indent, f"substitute({n}, {m}, {triangle})")
            return
        if not _lies_for_blas(seen, n):
            raise Unsupported("a triangle that lies neither by rows nor by columns")
        one = f"np.{node.dtype.name}(1)"
        self.add(indent, f"substitute_large({self.routine('trsm', node)}, {n}, {m}, {triangle}, {one})")

    def routine(self, name: str, node: Node) -> str:
        """Write the address of a routine: the code is kept for other processes, where that is another."""
        address = np.array([find_routine(name, node.dtype.itemsize)])
        pointer, _ = self.pointer(Node(shape=(1,), dtype=np.int64, table=node.table, value=address))
        return f"{pointer}[0]"

    def write_determinant(self, unit: OfMatrix) -> None:
        """Write a determinant, its sign, or the logarithm of its size."""
        node = unit.node
        n, indent = self.open_unit(unit)
        sign, size = f"sign_of({n}, {self.held}, {self.pivots})", f"log_size({n}, {self.held})"
        value = f"{sign} * math.exp({size})"
        if isinstance(node.op, DeterminantSign | LogDeterminant):
            value = sign if isinstance(node.op, DeterminantSign) else size
        self.add(indent, f"factor({n}, {self.held}, {self.pivots})")
        if node.shape:
            y, at = self.result(node)
            self.add(indent, f"{y}[{at}] = np.{node.dtype.name}({value})")
        else:
            self.names[node] = f"s{len(self.names)}"
            self.add(indent, f"{self.names[node]} = np.{node.dtype.name}({value})")

    def write_cofactors(self, unit: OfMatrix) -> None:
        """Write the cofactors of a matrix of at most three rows: determinants of what is left of it."""
        n, indent = self.open_unit(unit)
        y, at = self.result(unit.node)
        x, start = self.held.split(", ")

        def element(i: str, j: str) -> str:
            return f"{x}[{start} + {i} * {n} + {j}]"

        if n == 1:
            value = f"np.{unit.node.dtype.name}(1)"
        elif n == 2:
            value = f"{element('(1 - i)', '1 - j')} * (1 - 2 * ((i + j) % 2))"
        else:
            (a, b), (c, d) = ([f"(({k} + {by}) % 3)" for by in (1, 2)] for k in "ij")
            value = f"{element(a, c)} * {element(b, d)} - {element(a, d)} * {element(b, c)}"
        self.add(
            indent, f"for i in range({n}):", f"    for j in range({n}):", f"        {y}[{at} + i * {n} + j] = {value}"
        )

    def write_cholesky(self, unit: OfMatrix) -> None:
        """Write the triangle of a symmetric matrix, of which one triangle is read."""
        node, op = unit.node, unit.node.op
        assert isinstance(op, Cholesky)
        n, indent = self.open_unit(unit, turned=op.upper)
        large = f"decompose_large({self.routine('potrf', node)}, {n}, {self.held}, {self.said})"
        self.refuse(indent, large if n > SMALL else f"decompose({n}, {self.held})", INDEFINITE)
        self.write_triangle(node, n, indent, upper=op.upper)

    def write_half_lower(self, unit: OfMatrix) -> None:
        """Write the lower triangle, with half of the diagonal."""
        node = unit.node
        n, indent = self.open_unit(unit)
        self.write_triangle(node, n, indent)
        y, at = self.result(node)
        self.add(indent, f"for i in range({n}):", f"    {y}[{at} + i * {n + 1}] *= np.{node.dtype.name}(0.5)")

    def write_triangle(self, node: Node, n: int, indent: str, upper: bool = False) -> None:
        """Write the lower triangle of what is held, and zeros elsewhere; or all of that transposed."""
        y, at = self.result(node)
        x, start = self.held.split(", ")
        place = f"{y}[{at} + {f'j * {n} + i' if upper else f'i * {n} + j'}]"
        self.add(
            indent,
            f"for i in range({n}):",
            "    for j in range(i + 1):",
            f"        {place} = {x}[{start} + i * {n} + j]",
            f"    for j in range(i + 1, {n}):",
            f"        {place} = np.{node.dtype.name}(0)",
        )


def _lies_for_blas(x: Matrix, n: int) -> bool:
    """Say whether a matrix lies by rows or by columns, of at least as many elements as it has."""
    return 1 in (x.down, x.right) and max(x.down, x.right) >= n


def _limit(node: Node) -> str:
    """Say why a matrix is not worked on by loops."""
    x = node.inputs[0]
    most = CLOSED if isinstance(node.op, Cofactors) else SMALL
    triangle = isinstance(node.op, Solve) and find_triangle(x) is not None
    if not (all(isinstance(y, Node) and y.size for y in node.inputs)):
        return "matrices without elements"
    any_size = triangle or isinstance(node.op, Cholesky | HalfLower)
    return "" if any_size or x.shape[-1] <= most else LAPACK


for _kind, _write in {
    Inverse: MatrixWriter.write_inverse, Solve: MatrixWriter.write_solve, Determinant: MatrixWriter.write_determinant,
    Cofactors: MatrixWriter.write_cofactors, Cholesky: MatrixWriter.write_cholesky,
    HalfLower: MatrixWriter.write_half_lower,
}.items():  # fmt: skip
    KERNELS.register(Kernel(unit=_write, limit=_limit), _kind)
