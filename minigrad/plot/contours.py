"""A loss over two parameters, as contours, and the paths that optimizers take down it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_count, shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import pretty_name
from minigrad.plot.surface import Element, Loss, Points, Surface, check_optimizer, find_element, follow, sample
from minigrad.plot.theme import Look, drawing

LEVELS = 15
MARKED = 101  # steps of a path that are marked one by one; of more, the line alone is drawn


@with_usage
def landscape(
    E: Loss,
    w1: Tensor,
    w2: Tensor,
    paths: Any = None,
    steps: int = 100,
    ranges: Sequence[Sequence[float]] | None = None,
    points: int = 61,
    *,
    ax: Any = None,
    theme: str = "light",
    lang: str = "en",
) -> Any:
    """Draw the contours of the loss E over two parameters, with the paths of optimizers; give the axes.

    E        a recorded loss, or a function without arguments that computes it, such as ``lambda: loss(model(X), T)``;
             a function is called anew at each point, which a loss that chooses by its values needs
    w1, w2   parameters of one element each, or elements of parameters, ``W[0, 1]``; all else is held where it is
    paths    an optimizer, which takes ``steps`` steps from where the parameters are; or points (n, 2) that were
             recorded; or several of these, in a list, or in a dict by the names that the legend is to have
    ranges   ((low, high), (low, high)) of w1 and of w2; without it, what the paths need, or ±1 around where they are
    points   how many values of each parameter E is computed at

    Between two neighboring lines lies an equal share of the plane, so that valleys and plateaus show alike. A path is
    drawn from ○ to ●. Parameters, gradients and optimizers are afterwards as they were. A model with dropout or
    batch normalization should be in ``eval()``.
    """
    elements = find_element("landscape", 1, w1), find_element("landscape", 2, w2)
    surface = Surface("landscape", E)
    surface.check_depends(elements)
    check_count("landscape", "points", points, least=2)
    found = _find_paths(surface, elements, paths, check_count("landscape", "steps", steps))
    sides = _find_ranges(elements, list(found.values()), ranges)
    axes = [np.linspace(low, high, points) for low, high in sides]
    heights = sample(surface, elements, axes)
    if not np.isfinite(heights).any():
        raise ValueError(f"landscape: E is nowhere finite for {_say_ranges(elements, sides)}; give other ranges=")
    with drawing("landscape", ax, theme, lang) as (ax, look):
        _draw_heights(ax, look, axes, heights)
        for i, (label, path) in enumerate(found.items()):
            _draw_path(ax, look, look.line(i + 1), label, path)
        ax.set(xlabel=pretty_name(elements[0].name), ylabel=pretty_name(elements[1].name), xlim=sides[0], ylim=sides[1])
        if found:
            look.legend_above(ax, min(len(found), 3))
    return ax


def _find_paths(surface: Surface, elements: Sequence[Element], paths: Any, steps: int) -> dict[str, Points]:
    """Give the points of each path by what the legend calls it."""
    if paths is None:
        return {}
    named = isinstance(paths, Mapping)
    several = named or (isinstance(paths, list | tuple) and not np.shape(_as_points(paths)))
    items = list(paths.values()) if named else list(paths) if several else [paths]
    found: dict[str, Points] = {}
    for i, item in enumerate(items):
        name = str(list(paths)[i]) if named else _name_path(item, i, len(items))
        while name in found:
            name += " "
        found[name] = _find_path(surface, elements, item, steps)
    return found


def _as_points(x: Any) -> Any:
    """Give an array of numbers, or None for anything else."""
    try:
        array = np.asarray(x, dtype=float)
    except (TypeError, ValueError):
        return None
    return array


def _name_path(item: Any, i: int, count: int) -> str:
    if hasattr(item, "lr"):
        return f"{type(item).__name__}, η = {item.lr:g}"
    return "path" if count == 1 else f"path {i + 1}"


def _find_path(surface: Surface, elements: Sequence[Element], item: Any, steps: int) -> Points:
    if hasattr(item, "step") or isinstance(item, type):
        check_optimizer("landscape", item, elements)
        return follow(surface, elements, item, steps)
    array = _as_points(item)
    if array is None or array.ndim != 2 or array.shape[1] != 2 or not len(array):
        what = shown(item) if array is None or not array.ndim else f"of shape {array.shape}"
        raise ValueError(
            f"landscape: a path must be an optimizer, or an array of points, (n, 2), not {what}; descend() records one"
        )
    return np.asarray(array)


def _find_ranges(elements: Sequence[Element], paths: list[Points], ranges: Any) -> list[tuple[float, float]]:
    if ranges is not None:
        given = _as_points(ranges)
        if (
            given is None
            or given.shape != (2, 2)
            or not np.isfinite(given).all()
            or not (given[:, 0] < given[:, 1]).all()
        ):
            raise ValueError(f"landscape: ranges must be ((low, high), (low, high)), of w1 and of w2, not {ranges!r}")
        return [(float(low), float(high)) for low, high in given]
    here = np.array([[element.value for element in elements]])
    if not paths:
        return [(w - 1, w + 1) for w in here[0].tolist()]
    every = np.concatenate([here, *paths])
    every = every[np.isfinite(every).all(axis=1)]
    low, high = every.min(axis=0), every.max(axis=0)
    wide = np.maximum(high - low, 0.25 * (high - low).max())  # a path along one axis is no line without a plane
    wide = np.where(wide > 0, wide, 1.0)
    middle = (low + high) / 2
    return [(float(m - 0.7 * w), float(m + 0.7 * w)) for m, w in zip(middle, wide, strict=True)]


def _say_ranges(elements: Sequence[Element], sides: list[tuple[float, float]]) -> str:
    return " and ".join(f"{e.name} from {low:g} to {high:g}" for e, (low, high) in zip(elements, sides, strict=True))


def _draw_heights(ax: Any, look: Look, axes: list[Points], heights: Points) -> None:
    known = np.ma.masked_invalid(heights)
    levels = np.unique(np.quantile(known.compressed(), np.linspace(0, 1, LEVELS)))
    if len(levels) < 2:  # a plain
        levels = np.array([levels[0], levels[0] + max(1.0, abs(levels[0]))])
    colors = look.ramp()(np.linspace(0, 1, len(levels) - 1))
    ax.contourf(*axes, known, levels=levels, colors=colors, antialiased=True)
    if len(levels) > 2:
        lines = ax.contour(
            *axes, known, levels=levels[1:-1], colors=[look.theme.ink], linewidths=0.5, alpha=0.45, linestyles="solid"
        )
        ax.clabel(lines, levels=lines.levels[1::3], fmt=_write_height, fontsize=7, colors=[look.theme.ink])


def _write_height(height: float) -> str:
    return f"{height:.2g}".replace("-", "−")


def _draw_path(ax: Any, look: Look, color: str, label: str, path: Points) -> None:
    every = {"marker": ".", "markersize": 4} if len(path) <= MARKED else {}
    ax.plot(*path.T, color=look.theme.paper, linewidth=3.2, alpha=0.7, solid_capstyle="round")
    ax.plot(*path.T, color=color, linewidth=1.6, label=label, solid_joinstyle="round", **every)
    ax.plot(*path[0], "o", color=color, markersize=7, markerfacecolor=look.theme.paper, markeredgewidth=1.6, zorder=3)
    ax.plot(*path[-1], "o", color=color, markersize=7, markeredgecolor=look.theme.paper, zorder=4)
