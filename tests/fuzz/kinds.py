"""Kinds of numbers for a program: integers, truth values, masks, Python numbers and special constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.fuzz.programs import Leaf, Line

Joins = tuple[tuple[str, Callable[[Any, Any], Any]], ...]
DTYPES = ("bool", "uint8", "int8", "int32", "int64")
SPECIAL = (0, True, 1.0, -0.0, np.inf, -np.inf, np.nan, 2, -1, 0.5, 200)
WHOLE: Joins = (
    ("{0} + {1}", lambda a, b: a + b),
    ("{0} - {1}", lambda a, b: a - b),
    ("{0} * {1}", lambda a, b: a * b),
    ("-{0}", lambda a, b: -a),
    ("{0} + {0}", lambda a, b: a + a),
    ("({0} > {1}) * 1", lambda a, b: (a > b) * 1),
    ("({0} > {1}) + ({0} == {1})", lambda a, b: (a > b) + (a == b)),
    ("np.where({0} > {1}, {0}, 0)", lambda a, b: np.where(a > b, a, 0)),
    ("{0} * np.where({0} > {1}, 1, 0)", lambda a, b: a * np.where(a > b, 1, 0)),
    ("{0} * True - {1} * 2", lambda a, b: a * True - b * 2),
    ("np.maximum({0}, {1})", lambda a, b: np.maximum(a, b)),
    ("{0} * {1} * 3 * 2", lambda a, b: a * b * 3 * 2),
    ("-({0} - {1}) + 0", lambda a, b: -(a - b) + 0),
    ("np.broadcast_to({0}.sum(), {1}.shape)", lambda a, b: np.broadcast_to(a.sum(), b.shape)),
    ("np.broadcast_to(({0} * 2).sum(), {1}.shape)", lambda a, b: np.broadcast_to((a * 2).sum(), b.shape)),
    ("{0} ** 2", lambda a, b: a**2),
    ("np.sign({0}) * abs({1})", lambda a, b: np.sign(a) * abs(b)),
    ("{0} / 4", lambda a, b: a / 4),
    ("{0} ** 0.5 + {1}", lambda a, b: abs(a) ** 0.5 + b),
    ("{0} * 1.5 - {1}", lambda a, b: a * 1.5 - b),
    ("({0} > {1}).mean() * {0}", lambda a, b: (a > b).sum() / a.size * a),
)
BITS: Joins = (
    ("{0} & {1}", lambda a, b: a & b),
    ("{0} | ({1} > 1)", lambda a, b: a | (b > 1)),
    ("{0} ^ ~{1}", lambda a, b: a ^ ~b),
    ("{0} << 2", lambda a, b: a << 2),
    ("{0} >> {1}", lambda a, b: a >> b),
    ("1 << {0}", lambda a, b: 1 << a),
    ("np.gcd({0}, {1} + {1})", lambda a, b: np.gcd(a, b + b)),
    ("np.lcm({0}, 6)", lambda a, b: np.lcm(a, 6)),
    ("{0} // {1}", lambda a, b: a // b),
    ("{0} % 3 - {1}", lambda a, b: a % 3 - b),
    ("({0} % {1}).sum()", lambda a, b: (a % b).sum()),
    ("np.bitwise_count({0})", lambda a, b: np.bitwise_count(a)),
)
FOLDED: Joins = (  # what algebra makes a number of before anything is computed, and no float has
    ("{0} * 0 + (2 ** 53 + 1)", lambda a, b: a * 0 + (2**53 + 1)),
    ("(2 ** 62 + 1) - ({1} - {1})", lambda a, b: (2**62 + 1) - (b - b)),
    ("np.maximum({0} * 0, 2 ** 60 + 1) // 3", lambda a, b: np.maximum(a * 0, 2**60 + 1) // 3),
    ("({0} * 0 + 200) * 2", lambda a, b: (a * 0 + 200) * 2),
    ("np.lcm({0} * 0 + 4, 6) | 1", lambda a, b: np.lcm(a * 0 + 4, 6) | 1),
    ("1 << ({0} * 0 + 3)", lambda a, b: 1 << (a * 0 + 3)),
)
MEETS: Joins = (  # what has a gradient, and a whole number or a Python number
    ("{0} * {1}", lambda x, n: x * n),
    ("{0} + {1}", lambda x, n: x + n),
    ("{1} - {0}", lambda x, n: n - x),
    ("np.where({1} > 1, {0}, 0)", lambda x, n: np.where(n > 1, x, 0)),
    ("np.maximum({0}, {1})", lambda x, n: np.maximum(x, n)),
    ("{0} * ({0} > {1})", lambda x, n: x * (x > n)),
    ("{0} / ({1} * {1} * 1.0 + 1)", lambda x, n: x / (n * n * 1.0 + 1)),
)
CONSTANTS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("{0} * {c}", lambda x, c: x * c),
    ("{0} + {c}", lambda x, c: x + c),
    ("np.maximum({0}, {c})", lambda x, c: np.maximum(x, c)),
    ("np.where({0} == {c}, {0}, {c})", lambda x, c: np.where(x == c, x, c)),
    ("{0} ** {c}", lambda x, c: x**c),
)
ASKED: Joins = (  # of Python numbers alone, which have no dtype before they meet an array
    ("np.where(np.isnan({0}), {1}, {0} * 2)", lambda m, n: np.where(np.isnan(m), n, m * 2)),
    ("np.where(np.isfinite({0} * {1}), {0}, 1.5)", lambda m, n: np.where(np.isfinite(m * n), m, 1.5)),
    ("np.signbit({0}) | np.isinf({1} / 3)", lambda m, n: np.signbit(m) | np.isinf(n / 3)),
    ("np.where(({0} > {1}) ^ ({0} == {0}), {1}, 0.25)", lambda m, n: np.where((m > n) ^ (m == m), n, 0.25)),
    ("np.multiply({0}, {1})", lambda m, n: np.multiply(m, n)),
    ("np.sum({0}) + {1}", lambda m, n: np.sum(m) + n),
    ("np.ravel({0})[0] * np.real({1})", lambda m, n: np.ravel(m)[0] * np.real(n)),
    ("np.logical_and({0}, {1} - 1) * 1.5", lambda m, n: np.logical_and(m, n - 1) * 1.5),
)
TRUTHS: Joins = (  # of Python numbers, whose truth values compute as whole numbers
    ("({0} > {1}) + ({0} > 0)", lambda m, n: (m > n) + (m > 0)),
    ("({0} > {1}) * 3 - ({1} == 0)", lambda m, n: (m > n) * 3 - (n == 0)),
    ("({0} >= 0) / 2", lambda m, n: (m >= 0) / 2),
    ("-({0} < {1}) * {0}", lambda m, n: -(m < n) * m),
    ("+{0} // 2 + {1} % 3", lambda m, n: +m // 2 + n % 3),
    ("sum([{0} > 0, {0} > 1, {1} != 0])", lambda m, n: sum([m > 0, m > 1, n != 0])),
    ("(({0} > 0) & ({1} > 0)) * 2", lambda m, n: ((m > 0) & (n > 0)) * 2),
    ("np.add({0} > 0, {1} > 0)", lambda m, n: np.add(m > 0, n > 0)),
    ("(1 << ({0} > 0)) + (({1} > 0) >> 1)", lambda m, n: (1 << (m > 0)) + ((n > 0) >> 1)),
    ("(({0} > 1) * 2 | ({1} > 0)) ^ 4", lambda m, n: ((m > 1) * 2 | (n > 0)) ^ 4),
)
Keep = Callable[[Line, dict[Any, Any]], None]


def add_kinds(
    rng: np.random.Generator, leaves: list[Leaf], values: dict[Any, Any], shapes: Mapping[Any, Any], keep: Keep
) -> None:
    """Add leaves and lines of other kinds to a program that has lines; what NumPy refuses is left out."""

    def add(text: str, call: Callable[..., Any], *inputs: Any) -> Any:
        line = Line(call, inputs, text)
        try:
            keep(line, values)
        except (TypeError, ValueError, OverflowError):
            return inputs[0]
        return line

    pool: list[Any] = []
    for _ in range(rng.integers(1, 3)):
        floats = [x for x in shapes if values[x].dtype.kind == "f"]
        x = floats[rng.integers(len(floats))]
        if rng.random() < 0.2:
            number = Leaf(np.asarray(rng.choice([0.0, -0.0, 2.0, -1.5, np.inf])), "number")
            values[number] = number.array.item()
            leaves.append(number)
            add(*MEETS[rng.integers(len(MEETS))], x, number)
            continue
        dtype = DTYPES[rng.integers(len(DTYPES))]
        pool = [_draw_whole(rng, dtype, shapes[x]) for _ in range(2)]
        for leaf in pool:
            values[leaf] = leaf.array
            leaves.append(leaf)
        for _ in range(rng.integers(1, 4)):
            a, b = (pool[i] for i in rng.integers(len(pool), size=2))
            pool.append(add(*WHOLE[rng.integers(len(WHOLE))], a, b))
            if rng.random() < 0.3:
                pool.append(_constant(rng, add, pool[-1]))
        met = add(*MEETS[rng.integers(len(MEETS))], x, pool[-1])
        if rng.random() < 0.3:
            _constant(rng, add, met)
    if pool and rng.random() < 0.5:  # last, so that the programs of earlier seeds only grow
        a, b = (pool[i] for i in rng.integers(len(pool), size=2))
        add(*MEETS[rng.integers(len(MEETS))], x, add(*BITS[rng.integers(len(BITS))], a, b))
    if pool and rng.random() < 0.3:
        add(*FOLDED[rng.integers(len(FOLDED))], *(pool[i] for i in rng.integers(len(pool), size=2)))
    ask_numbers = _draw_numbers(rng, leaves, values) if rng.random() < 0.15 else None
    if ask_numbers:
        add(*MEETS[rng.integers(len(MEETS))], x, add(*ASKED[rng.integers(len(ASKED))], *ask_numbers))
    if pool and rng.random() < 0.2:
        add("np.arctan2({0}, {1})", np.arctan2, x, pool[rng.integers(len(pool))])
    if rng.random() < 0.15:
        numbers = ask_numbers or _draw_numbers(rng, leaves, values)
        add(*_join(MEETS[rng.integers(len(MEETS))], TRUTHS[rng.integers(len(TRUTHS))]), x, *numbers)


def _join(meets: Any, made: Any) -> tuple[str, Callable[..., Any]]:
    """Give what meets the Python number that two others make, which is no value of a program's own."""
    (text, call), (inner, make) = meets, made
    inner = inner.replace("{1}", "{2}").replace("{0}", "{1}")
    return text.replace("{1}", f"({inner})"), lambda x, m, n: call(x, make(m, n))


def _draw_numbers(rng: np.random.Generator, leaves: list[Leaf], values: dict[Any, Any]) -> list[Leaf]:
    """Draw two Python numbers."""
    numbers = [Leaf(np.asarray(c), "number") for c in rng.choice([0.0, -0.0, 2.5, -1.5, np.inf, np.nan], 2)]
    for number in numbers:
        values[number] = number.array.item()
        leaves.append(number)
    return numbers


def _constant(rng: np.random.Generator, add: Callable[..., Any], x: Any) -> Any:
    """Let a value meet a special constant."""
    text, call = CONSTANTS[rng.integers(len(CONSTANTS))]
    c = SPECIAL[rng.integers(len(SPECIAL))]
    return add(text.replace("{c}", repr(c)), lambda x: call(x, c), x)


def _draw_whole(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Leaf:
    """Draw an array over all that a small integer can be."""
    if dtype == "bool":
        return Leaf(rng.random(shape) < 0.5, "argument")
    ends = np.iinfo(dtype)
    low, high = max(ends.min, -1000), min(ends.max, 1000)
    return Leaf(np.asarray(rng.integers(low, high, shape, dtype, endpoint=True)), "argument")
