"""Random functions in NumPy's syntax that assign in place: to elements, through views, by ``+=``, to their argument."""

from __future__ import annotations

from typing import Any

import numpy as np

KEYS = {
    1: ["0", "-1", "1:", ":2", "::-1", "::2", "...", ":", "[0, 2, 0]", "np.array([True, False, True, True])"],
    2: ["0", "-1", "1:", ":, 0", "0, 1", "::-1", "..., 1:", ":", "[0, 1, 0]", ":, [1, 0, 1]", "None, 0"],
}
VIEWS = ["{}[1:]", "{}[::-1]", "{}.T", "{}.reshape(2, -1)", "{}.ravel()", "{}[..., 0]", "{}[None, 0]", "np.flip({})"]
NEW = ["np.sin({})", "{0} * {1}", "{} * 1.5", "{}.copy()", "np.tanh({}) + 0.5", "+{}", "{}.flatten()", "np.copy({})"]
UPDATES = ["+=", "-=", "*="]


def write_program(rng: Any, length: int = 8) -> str:
    """Give the source of ``f(x)``, of four numbers, that NumPy runs: each of its lines has been tried."""
    known: dict[str, Any] = {"np": np, "x": np.array([0.3, -0.7, 1.1, 0.9])}
    lines: list[str] = []
    while len(lines) < length:
        line = _write_line(rng, [name for name in known if name != "np"], known)
        trial = dict(known)
        saved = {name: np.array(value) for name, value in known.items() if name != "np"}
        try:
            with np.errstate(all="raise"):
                exec(line, trial)
            good = all(np.all(np.abs(value) < 20) for name, value in trial.items() if isinstance(value, np.ndarray))
        except (ValueError, IndexError, TypeError, FloatingPointError):
            good = False
        if not good:
            for name, value in saved.items():
                if isinstance(known[name], np.ndarray):
                    known[name][...] = value
            continue
        trial.pop("__builtins__", None)
        known = trial
        lines.append(line)
    names = [name for name in known if name != "np"]
    total = " + ".join(f"np.sum(np.cos({i + 1}.0 + {name}) * {name})" for i, name in enumerate(names))
    return "\n    ".join(["def f(x):", *lines, f"return {total}"]) + "\n"


def _write_line(rng: Any, names: list[str], known: dict[str, Any]) -> str:
    def pick(options: Any) -> Any:
        return options[rng.integers(len(options))]

    a, b, new = pick(names), pick(names), f"a{len(names)}"
    kind = rng.integers(6)
    if kind == 0:
        return f"{new} = {pick(VIEWS).format(a)}"
    if kind == 1:
        return f"{new} = {pick(NEW).format(a, b)}"
    value = pick([b, f"{b} * 0.5", f"np.sin({a})", "0.25", f"{b}[0]", f"{a} * {b}"])
    if kind == 2:
        return f"{a} {pick(UPDATES)} {value}"
    key = pick(KEYS.get(np.ndim(known[a]), ["..."]))
    if "[" in key:  # what NumPy makes of an array that is chosen from while it is written to, nobody says
        value = f"({value}) * 1.0"
    return f"{a}[{key}] {pick(['=', '=', *UPDATES])} {value}"


def run_program(source: str) -> Any:
    """Give the function that a source defines."""
    space: dict[str, Any] = {"np": np}
    exec(source, space)
    return space["f"]
