"""Random functions in NumPy's syntax that assign in place: to elements, through views, by ``+=``, to their argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import compile, grad, value_and_grad, vmap

X = np.array([0.3, -0.7, 1.1, 0.9])
KEYS = {
    1: ["0", "-1", "1:", ":2", "::-1", "::2", "...", ":", "[0, 2, 0]", "np.array([True, False, True, True])"],
    2: ["0", "-1", "1:", ":, 0", "0, 1", "::-1", "..., 1:", ":", "[0, 1, 0]", ":, [1, 0, 1]", "None, 0"],
}
VIEWS = [
    "{}[1:]",
    "{}[::-1]",
    "{}.T",
    "{}.reshape(2, -1)",
    "{}.ravel()",
    "{}[..., 0]",
    "{}[None, 0]",
    "np.flip({})",
    "np.diagonal({})",
]
VIEWS += ["np.diagonal({})", "np.moveaxis({}, 0, -1)", "np.lib.stride_tricks.sliding_window_view({}, 2, -1)"]
NEW = ["np.sin({})", "{0} * {1}", "{} * 1.5", "{}.copy()", "np.tanh({}) + 0.5", "+{}", "{}.flatten()", "np.copy({})"]
UPDATES = ["+=", "-=", "*="]


def write_program(rng: Any, length: int = 8, x: Any = X) -> str:
    """Give the source of ``f(x)``, of an array such as x, that NumPy runs: each of its lines has been tried."""
    known: dict[str, Any] = {"np": np, "x": x.copy() if x is X else x}
    lines: list[str] = []
    while len(lines) < length:
        line = _write_line(rng, [name for name in known if name != "np"], known)
        trial = dict(known)
        saved = {name: np.array(value) for name, value in known.items() if name != "np"}
        try:
            with np.errstate(all="raise"):
                exec(line, trial)
            good = all(np.all(np.abs(value) < 20) for name, value in trial.items() if isinstance(value, np.ndarray))
        except (ValueError, IndexError, TypeError, FloatingPointError, RuntimeWarning):
            good = False
        if not good:
            for name, value in saved.items():
                if isinstance(known[name], np.ndarray) and known[name].flags.writeable:
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
    kind = rng.integers(8)
    if kind >= 6 and np.ndim(known[a]):
        return _write_choice(a, known, pick)
    if kind == 0:
        return f"{new} = {pick(VIEWS).format(a)}"
    if kind == 1:
        return f"{new} = {pick(NEW).format(a, b)}"
    # a copy of the row: in one dimension NumPy 2.4 writes into what it reads from, if that has another stride
    value = pick([b, f"{b} * 0.5", f"np.sin({a})", "0.25", f"{b}[0] * 1.0", f"{a} * {b}"])
    if kind == 2:
        return f"{a} {pick(UPDATES)} {value}"
    key = pick(KEYS.get(np.ndim(known[a]), ["..."]))
    if kind == 5 and rng.integers(2):
        return f"{a}[{key}] = [{b}[0], 0.5]"
    if "[" in key:  # what NumPy makes of an array that is chosen from while it is written to, nobody says
        value = f"({value}) * 1.0"
    return f"{a}[{key}] {pick(['=', '=', *UPDATES])} {value}"


def _write_choice(a: str, known: dict[str, Any], pick: Any) -> str:
    """Give an assignment to what values choose: where a mask holds, or where indices that are computed say.

    None of them is so near to being chosen otherwise that a difference, or a lane beside this one, would do so.
    """
    b = pick([name for name in known if name != "np" and np.shape(known[name]) == np.shape(known[a])])
    chosen, margin = pick(
        [
            (f"{b} > 0.2", f"{b} - 0.2"),
            (f"np.abs({a}) < 0.8", f"np.abs({a}) - 0.8"),
            (f"~({a} > {b})", f"{a} - {b}"),
            (f"np.argsort({b}, axis=0)[:2]", f"np.diff(np.sort({b}, axis=0), axis=0)"),
            (f"np.argmax({b}, axis=-1)", f"np.diff(np.sort({b}))"),
            (f"np.searchsorted([-0.5, 0.5], {b}[:1])", f"np.abs({b}[:1]) - 0.5"),
        ]
    )
    if np.min(np.abs(eval(margin, dict(known))), initial=1.0) < 0.01:
        return f"{a} += 0.25"
    values = ["0.25", f"np.sin({b}[{chosen}])", f"{a}[{chosen}] * {b}[{chosen}]"]
    if "arg" not in chosen and "search" not in chosen:
        values.append(f"{a}[{chosen}] - np.mean({b}[{chosen}])")
    return f"{a}[{chosen}] {pick(['=', '=', *UPDATES])} {pick(values)}"


def run_program(source: str) -> Any:
    """Give the function that a source defines."""
    space: dict[str, Any] = {"np": np}
    exec(source, space)
    return space["f"]


def slopes(f: Any, x: Any = X, h: float = 1e-6) -> Any:
    """The gradient by central differences, each of a call with an array of its own."""
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)])


def find_difference(source: str, compiled: bool = False) -> str | None:
    """Say what is not NumPy's in a function's value, or not the slope in its gradient; None if all is right."""
    f = run_program(source)
    value, gradient = value_and_grad(f)(X.copy())
    wanted = f(X.copy())
    if not np.isclose(value, wanted, rtol=1e-12):
        return f"its value is {value}, and should be {wanted}"
    if not np.allclose(gradient, slopes(f), rtol=1e-5, atol=1e-6):
        return f"its gradient is {gradient}, and should be {slopes(f)}"
    if compiled and not np.allclose(code := compile(grad(f))(X), gradient, rtol=1e-9, atol=1e-10):
        return f"its gradient is {gradient}, and compiled {code}"
    if compiled and (said := find_lost_write(f)):
        return said
    if compiled and not np.allclose(
        lane := vmap(grad(f))(np.stack([X * 0.999, X]))[1], gradient, rtol=1e-9, atol=1e-10
    ):
        return f"its gradient is {gradient}, and under vmap {lane}"
    return None


def find_lost_write(f: Any) -> str | None:
    """Say what a compiled function leaves in its argument, or returns, where that is not what NumPy does.

    It is one function for arrays that lie in order, and for such that do not.
    """
    code = compile(f)
    return next((said for step in (1, 2, -1, 1) if (said := _find_lost_write(f, code, step))), None)


def _find_lost_write(f: Any, code: Any, step: int) -> str | None:
    mine, right = (np.repeat(X[:: np.sign(step)], abs(step))[::step] for _ in range(2))
    for _ in range(2):  # in the second call of the same arrays
        try:
            with np.errstate(all="ignore"):
                wanted = f(right)
        except IndexError:  # where values that are others now are searched for
            return None
        with np.errstate(all="ignore"):
            value = code(mine)
        if not np.all(np.abs(right) < 20):  # of cos of what is large rounding leaves nothing
            return None
        if not np.allclose(mine, right, rtol=1e-9, atol=1e-10, equal_nan=True):
            return f"it leaves {right} in its argument, and compiled {mine}"
        if not np.allclose(value, wanted, rtol=1e-9, atol=1e-10, equal_nan=True):
            return f"its value is {wanted}, and compiled {value}"
        if np.ptp(right) < 1e-9:  # which of them is the largest is a matter of rounding then
            return None
    return None


def check_assignments(seed: int, compiled: bool = False) -> str | None:
    """Give the smallest function found of a seed's that is not right, with what is wrong; None if that is right."""
    source = write_program(np.random.default_rng(seed))
    said = _say(source, compiled)
    if said is None:
        return None
    shorter = True
    while shorter:
        shorter = False
        lines = source.splitlines(keepends=True)
        for i in range(1, len(lines) - 1):
            less = "".join(lines[:i] + lines[i + 1 :])
            if _runs(less) and _say(less, compiled) is not None:
                source, said, shorter = less, _say(less, compiled), True
                break
    return f"seed {seed}\n{source}{said}"


def _say(source: str, compiled: bool) -> str | None:
    try:
        return find_difference(source, compiled)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _runs(source: str) -> bool:
    try:
        run_program(source)(X.copy())
    except Exception:
        return False
    return True
