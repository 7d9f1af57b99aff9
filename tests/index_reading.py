"""Reads formulas by indices: from a Term that names each element, what that is, as an array."""

import re
from fractions import Fraction
from functools import partial

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.engine.node import order_nodes
from minigrad.notation.index.along import Table
from minigrad.notation.index.lookups import LETTERS
from minigrad.notation.index.position import Lookup, letters_of, position_of
from minigrad.notation.index.terms import index_term
from minigrad.notation.ops_table import GROUPS
from minigrad.notation.term import CASES, symbol_term
from minigrad.notation.writers.text import split_sum
from minigrad.ops.base import Elementwise
from minigrad.ops.common.alphabet import RAISED, plain_index
from minigrad.ops.elements.families import I0, Family, Sinc
from minigrad.ops.networks.activations import Elu, LeakyRelu

KERNELS = {
    op.name: op.forward
    for room in GROUPS
    for op in vars(room).values()
    if isinstance(op, Elementwise) and (not op.fields or isinstance(op, Family))
}
KERNELS |= {op.name: op.forward for op in (Sinc(1), I0(1), LeakyRelu(0.2), Elu(1.5))}
KERNELS["where"], KERNELS["ldexp"] = np.where, lambda x, n: x * 2**n


def place_at(position, axes, sizes):
    """Give a position for each place of its letters."""
    place = position.offset
    for step in position.steps:
        if isinstance(step.letter, Lookup):
            inner = looked_up(step.letter, axes, sizes)
        elif isinstance(step.letter, str):
            inner = np.arange(sizes[step.letter]).reshape([-1 if c == step.letter else 1 for c in axes])
        else:
            inner = place_at(step.letter, axes, sizes)
        place = place + step.times * (inner // step.per)
    return place


def looked_up(place, axes, sizes):
    """Give the place that a table has for each place of its letters."""
    table = sizes[place.name]
    at = (place_at(position_of(label, n), axes, sizes) for label, n in zip(place.at, table.shape, strict=True))
    return table[tuple(np.clip(i, 0, n - 1) for i, n in zip(at, table.shape, strict=True))]  # outside, not chosen


def element(array, labels, sizes):
    """Read an array at its indices: letters are axes, a digit a place, nothing an axis of length 1; NaN outside."""
    axes = sorted({letter for label in labels for letter in letters_of(label)})
    if not array.size:
        return np.zeros([sizes[letter] for letter in axes]), axes
    places, outside = [], np.zeros([1] * len(axes), bool)
    for label, n in zip(labels, array.shape, strict=True):
        place = place_at(position_of(label, n), axes, sizes)
        outside = outside | (place < 0) | (place >= n)
        places.append(np.clip(place, 0, n - 1))
    return np.where(outside, np.nan, array[tuple(places)]), axes


def aligned(parts):
    """Give arrays with named axes all of the axes, in one order."""
    axes = sorted({letter for _, own in parts for letter in own})
    return [np.expand_dims(x, tuple(i for i, c in enumerate(axes) if c not in own)) for x, own in parts], axes


CONDITIONS = {
    "both": lambda *each: np.logical_and.reduce(np.broadcast_arrays(*each)),
    "at": lambda x, a: x == a,
    "below": lambda x, b: x < b,
    "from": lambda x, a: x >= a,
    "between": lambda a, x, b: (a <= x) & (x < b),
    "congruent": lambda x, k, b: x % k == b,
    "floored": lambda x, k: x // k,
}


def left_out(only, axes, sizes):
    """Say which terms of a sum are none of those that it is only of: 0≤i−2k<2, 2i+3p=j."""
    code = re.sub(r"(?<=[\da-z])(?=[a-z⌊])", "*", only.replace("−", "-")).replace("=", "==").replace("≤", "<=")
    code = code.replace("⌊", "(").replace("⌋", ")").replace("/", "//")
    grids = np.meshgrid(*(np.arange(sizes[c]) for c in axes), indexing="ij", sparse=True)
    tables = {
        name: partial(of_table, np.squeeze(table)) for name, table in sizes.items() if isinstance(table, np.ndarray)
    }
    each = [eval(part, tables | dict(zip(axes, grids, strict=True))) for part in chained(code)]
    return ~np.logical_and.reduce(np.broadcast_arrays(*each))


def of_table(table, *at):
    """Read a table without axes of length 1, which have no index in a formula."""
    if not at:
        return table
    inside = (np.clip(i, 0, n - 1) for i, n in zip(np.broadcast_arrays(*at), table.shape, strict=True))
    return table[tuple(inside)]


def chained(code):
    """Take comparisons apart: 0 <= x < 2 is two of them."""
    for condition in code.split(", "):  # π(r,s) has no space behind its comma
        parts = re.split(r"(<=|<|==)", condition)
        for i in range(0, len(parts) - 2, 2):
            yield "".join(parts[i : i + 3])


def read_cases(term, arrays, sizes):
    """Give what a formula says by cases."""
    values, axes = aligned([read(part, arrays, sizes) for part in term.parts.values()])
    named = dict(zip(term.parts, values, strict=True))
    xs = [x for letter, x in named.items() if letter[0] == "x"]
    conditions = [x for letter, x in named.items() if letter[0] == "c"]
    *xs, last = np.broadcast_arrays(*xs, *conditions)[: len(xs)]
    return np.select([np.broadcast_to(c, last.shape) for c in conditions], xs, last), axes


def read_sum(term, array, own, sizes):
    """Give what a formula says that is one over indices: what is NaN is outside, and left out."""
    sign, index = split_sum(term.template.removesuffix("{x}"))
    over, _, only = index.partition(": ")
    bound = over.replace(",", "")
    assert set(bound) <= set(own)
    if only:
        axes = sorted({*own, *re.findall("[a-z]", only)})
        array = np.expand_dims(array, tuple(i for i, c in enumerate(axes) if c not in own))
        array, own = np.where(left_out(only, axes, sizes), np.nan, array), axes
    array = np.broadcast_to(array, [sizes[c] for c in own])
    reduce = {"Σ": np.nansum, "∏": np.nanprod, "max": np.nanmax, "min": np.nanmin}[sign]
    return reduce(array, axis=tuple(map(own.index, bound))), [c for c in own if c not in bound]


def read(term, arrays, sizes):
    """Give what a formula says: an array, and the letters of its axes, sorted."""
    if term.kind == "symbol":
        if term.template in sizes:
            return np.arange(sizes[term.template]), [term.template]
        if term.template.startswith("ω"):  # a root of unity
            return np.exp(-2j * np.pi / int(plain_index(term.template[1:]))), []
        number, labels = arrays[term.template]
        return element(number, labels, sizes)
    if term.kind == "number":
        return as_number(term.template.replace("−", "-").replace("½", "0.5")), []
    if term.kind in CASES:
        return read_cases(term, arrays, sizes)
    parts = [read(part, arrays, sizes) for part in term.parts.values()]
    if term.kind == "looked_up":
        at, axes = aligned(parts) if parts else ([], [])
        return of_table(np.squeeze(sizes[term.template.partition("(")[0]]), *at), axes
    if term.kind in ("sum", "prod", "max_over", "min_over"):
        ((array, own),) = parts
        return read_sum(term, array, own, sizes)
    values, axes = aligned(parts)
    if term.kind == "power" and len(values) == 1:
        if term.template.startswith("√"):
            return np.sqrt(values[0]), axes
        exponent = term.template.removeprefix("{x}").removeprefix(" ^ ")
        whole = "".join(RAISED.get(c, c) for c in exponent).replace("−", "-").strip("()")
        return values[0] ** float(Fraction(whole)), axes
    return np.asarray((CONDITIONS | KERNELS)[term.kind](*values)), axes


def as_number(written):
    """Read a number, which is complex if it has an i behind it."""
    return complex(written.replace(" ", "")[:-1] + "j") if written.endswith("i") else np.float64(written)


def as_numbers(x):
    """Give an array of floats, or of complex numbers."""
    x = np.asarray(x)
    return x if x.dtype.kind == "c" else x.astype(np.float64)


def says_the_value(expression, known):
    """Compare the index form of an expression with its value."""
    (value,) = evaluate([expression], known)
    leaves = {x: as_numbers(known.get(x, x.value)) for x in order_nodes([expression]) if x.op is None}
    labels = tuple(letter if n != 1 else None for letter, n in zip("abcdfg", np.shape(value), strict=False))
    sizes = dict(zip("abcdfg", np.shape(value), strict=False))
    arrays = {}

    def named(x, at):
        if x.op is None and x.value is not None:  # a constant of the formula's own, as weights are
            leaves.setdefault(x, as_numbers(x.value))
        if x not in leaves:
            return None
        arrays[f"{len(arrays)}|"] = leaves[x], at
        return symbol_term(list(arrays)[-1])

    def bound(x, axis, used):
        if isinstance(x, Table):
            return place_table(x)
        n = axis if isinstance(x, str) else x.shape[axis]
        letter = next(c for c in "rspouvehxtmlkjinqwyz" if c not in used and sizes.get(c, n) == n)
        sizes[letter] = n
        return letter

    def place_table(x):
        letter = letters.setdefault(x, LETTERS[len(letters)])
        sizes[letter] = x.array if x.node is None else np.asarray(evaluate([x.node], known)[0])
        return letter

    letters = {}
    found, axes = read(index_term(expression, labels, named, bound), arrays, sizes)
    wanted = [label for label in labels if label]
    found = np.expand_dims(found, tuple(i for i, c in enumerate(wanted) if c not in axes))
    squeezed = np.reshape(value, [n for n in np.shape(value) if n != 1])
    np.testing.assert_allclose(np.broadcast_to(found, squeezed.shape), squeezed, rtol=1e-5, atol=1e-6)
