"""A model's layers one by one: what each gives, what it learns, and how many numbers that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_count, shown
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.inplace import replace_elements
from minigrad.notebook.cards import card, part, table
from minigrad.notebook.safety import html_or_text, text_or_reason

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerRow:
    """One layer: its name, the shape of what it gives for one sample (None where that is not known), what it learns.

    ``shared`` says that an earlier layer has learned all of it already, so that it counts there.
    """

    layer: str
    output: Shape | None
    parameters: tuple[tuple[str, Shape], ...]
    count: int
    shared: bool = False


@dataclass(frozen=True, repr=False)
class Summary:
    """The layers of a model as a table, which prints as text and shows itself in a notebook.

    ``rows`` has a LayerRow for each layer, ``parameters`` is how many numbers the model learns, each once, ``size`` how
    many bytes they take.
    """

    model: str
    rows: tuple[LayerRow, ...]
    parameters: int
    size: int
    input: Shape | None = None

    @text_or_reason
    def __repr__(self) -> str:
        cells = [("", "layer", "output", "learns", "parameters")]
        cells += [("", "input", _write_output(self.input), "", "")] if self.input is not None else []
        cells += [(str(i), row.layer, _write_output(row.output), _write_learned(row), _write_count(row))
                  for i, row in enumerate(self.rows, 1)]  # fmt: skip
        cells.append(("", "all", "", write_bytes(self.size), f"{self.parameters:,}"))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = []
        for row in cells:
            left = [cell.ljust(width) for cell, width in zip(row[:4], widths, strict=False)]
            lines.append("  ".join([*left, row[4].rjust(widths[4])]).rstrip())
        rule = "─" * max(map(len, lines))
        return "\n".join([self.model, lines[0], rule, *lines[1:-1], rule, lines[-1]])

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the table in a notebook."""
        rows = [["", "input", escape(_write_output(self.input)), "", ""]] if self.input is not None else []
        rows += [[str(i), *map(escape, (row.layer, _write_output(row.output), _write_learned(row), _write_count(row)))]
                 for i, row in enumerate(self.rows, 1)]  # fmt: skip
        kinds = ("number", "", "", "long", "number")
        foot = ("", "all", "", write_bytes(self.size), f"{self.parameters:,}")
        body = table(["", "layer", "output", "learns", "parameters"], rows, kinds, foot)
        facts = [f"{len(self.rows)} layers", f"{self.parameters:,} parameters"]
        return card(self.model, facts, part("", body))


def summarize(model: Any, input_shape: int | Sequence[int] | None = None) -> Summary:
    """Give a model's layers, the shape of what each gives for one sample, and what it learns.

    ``input_shape`` is that of one sample, 4 or (3, 32, 32); without it, it is read from a first layer that knows how
    many inputs it has, and the outputs are not known where none does. One sample of zeros goes through the layers, and
    all is as it was: generators, buffers, modes. What a layer raises for a shape that does not fit, it raises here.
    """
    layers = list(model.flat()) if hasattr(model, "flat") else [model]
    shape = _find_input(layers) if input_shape is None else _check_shape(input_shape)
    outputs: list[Shape | None] = [None] * len(layers)
    if shape is not None:
        try:
            outputs = _outputs(model, layers, shape)
        except (TypeError, ValueError, IndexError):  # the layers before the first that learns want another shape
            if input_shape is not None:
                raise
            shape = None
    seen: set[int] = set()
    rows = []
    for layer, output in zip(layers, outputs, strict=True):
        learned = list(getattr(layer, "parameters", list)())
        new = [p for p in learned if id(p) not in seen]
        seen.update(map(id, learned))
        named = tuple((p.name or "a tensor", p.shape) for p in learned)
        name = getattr(layer, "__name__", None) or repr(layer)
        rows.append(LayerRow(name, output, named, sum(p.size for p in new), bool(learned) and not new))
    every = list({id(p): p for layer in layers for p in getattr(layer, "parameters", list)()}.values())
    total, size = sum(p.size for p in every), sum(p.size * p.dtype.itemsize for p in every)
    return Summary(type(model).__name__, tuple(rows), total, size, shape)


def _find_input(layers: Sequence[Any]) -> Shape | None:
    """Give the shape of one sample, if the first layer that learns has a matrix of weights."""
    for layer in layers:
        learned = list(getattr(layer, "parameters", list)())
        if learned:
            W = getattr(layer, "W", None)
            if not isinstance(W, Tensor) or W.ndim != 2 or hasattr(layer, "takes"):
                return None
            return (W.shape[0],)
    return None


def _check_shape(input_shape: Any) -> Shape:
    if hasattr(input_shape, "shape") and np.ndim(input_shape) > 1:
        raise TypeError(
            f"summary: input_shape must be the shape of one sample, not {shown(input_shape)}; of samples X that is "
            f"X.shape[1:], here {tuple(input_shape.shape[1:])}"
        )
    sizes = [input_shape] if np.ndim(input_shape) == 0 else list(input_shape)
    if not sizes or isinstance(input_shape, str):
        raise ValueError(
            f"summary: input_shape must be the shape of one sample, such as (3, 32, 32), not {shown(input_shape)}"
        )
    return tuple(check_count("summary", f"input_shape[{i}]", n) for i, n in enumerate(sizes))


def _outputs(model: Any, layers: Sequence[Any], shape: Shape) -> list[Shape | None]:
    """Send one sample of zeros through the layers, and leave no trace of it."""
    first = next(iter(getattr(model, "parameters", list)()), None)
    floating = np.float64 if first is None else first.dtype
    x: Any = Tensor(np.zeros((1, *shape), getattr(layers[0], "takes", floating)))  # a table of rows takes numbers
    draws, buffers = list(getattr(model, "generators", list)()), list(getattr(model, "buffers", list)())
    states, kept = [g.bit_generator.state for g in draws], [b.array.copy() for b in buffers]
    found: list[Shape | None] = []
    try:
        with no_grad(), np.errstate(all="ignore"):
            for layer in layers:
                x = layer(x)
                found.append(tuple(np.shape(x))[1:])
    finally:
        for g, state in zip(draws, states, strict=True):
            g.bit_generator.state = state
        for b, elements in zip(buffers, kept, strict=True):
            replace_elements(b, elements)
    return found


def _write_shape(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _write_output(shape: Shape | None) -> str:
    return "" if shape is None else "×".join(map(str, ("N", *shape)))


def _write_learned(row: LayerRow) -> str:
    return ", ".join(f"{name} {_write_shape(shape)}" for name, shape in row.parameters)


def _write_count(row: LayerRow) -> str:
    return "shared" if row.shared else f"{row.count:,}" if row.parameters else ""


def write_bytes(size: float) -> str:
    """Write a size in bytes by three digits: 6.63 kB."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
