"""Runs of elementwise calls on large arrays: a part of all of them at a time, which stays in the processor's caches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from minigrad.compiler.numpy.calls import write_ufunc
from minigrad.compiler.passes.plan import is_ufunc
from minigrad.engine.node import Node

LARGE = 1 << 20  # bytes of an array: fewer are in the second cache from one call to the next
CHUNK = 1 << 17  # bytes of a part: a call takes 0.5 µs to begin, and 4 to do that
FEWEST = 4  # calls of a run


def part_runs(w: Any, nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Part operations into runs that are computed in chunks, and single ones."""
    run: list[Node] = []
    sizes: dict[int, int] = {}  # of the elements that a piece of memory has in a run: of one size, parts are the same
    for node in nodes:
        arrays = _find_arrays(w, node)
        found = [(id(w.memory[x]), x.dtype.itemsize) for x in arrays]
        fits = bool(arrays) and (not run or (node.shape == run[0].shape and _lie_alike(w, [node, run[0]])))
        if run and not (fits and all(sizes.get(memory, size) == size for memory, size in found)):
            yield from [run] if len(run) >= FEWEST else ([x] for x in run)
            run, sizes = [], {}
        if arrays and len(dict(found)) == len(set(found)):
            run.append(node)
            sizes |= found
        else:
            yield [node]
    yield from [run] if len(run) >= FEWEST else ([x] for x in run)


def _find_arrays(w: Any, node: Node) -> list[Node]:
    """Give the arrays of an operation, where it is one call on whole ones of the plan's own memory; or nothing."""
    if not is_ufunc(node) or node.size * node.dtype.itemsize < LARGE:
        return []
    arrays = [node, *(x for x in node.inputs if isinstance(x, Node) and x.shape)]
    own = all(x.shape == node.shape and x in w.memory and x not in w.fresh_arrays for x in arrays)
    return arrays if own and _lie_alike(w, arrays) else []


def _lie_alike(w: Any, arrays: Sequence[Node]) -> bool:
    """Say whether the elements of some arrays lie in the same order."""
    return len({x in w.samples_last for x in arrays}) == 1


def write_chunks(w: Any, run: Sequence[Node]) -> None:
    """Write a run, as a loop over parts of its arrays."""
    parts: dict[str, str] = {}
    lines = []
    for node in run:
        read = {x: w.value(x) for x in node.inputs if isinstance(x, Node) and x.shape}
        out = w.place_array(node)
        for name in (*read.values(), out):
            if name not in parts:
                parts[name] = w.fresh(f"{name}_part")
        comment = w.comment(node)
        w.names |= {x: parts[name] for x, name in read.items()}
        lines.append(f"    {write_ufunc(w, node, parts[out])}{comment}")
        w.names |= read
        w.names[node] = out
    largest = max(x.dtype.itemsize for node in run for x in (node, *node.inputs) if isinstance(x, Node))
    step, chunks = CHUNK // largest, w.fresh("chunks")
    arrays = ", ".join(map(w.in_order, parts))
    w.made.append(f"{chunks} = [")
    w.made.append(
        f"    tuple(x.reshape(-1)[i : i + {step}] for x in ({arrays},)) for i in range(0, {run[0].size}, {step})"
    )
    w.made.append("]")
    w.lines += [f"for {', '.join(parts.values())}{',' * (len(parts) == 1)} in {chunks}:", *lines]
