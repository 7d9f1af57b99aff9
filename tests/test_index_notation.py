"""Index notation against the numbers: each element's formula, read with named axes, gives the expression's value."""

import numpy as np
import pytest

from minigrad import Tensor, derive
from minigrad.algebra.graph import evaluate
from minigrad.engine.node import order_nodes
from minigrad.notation.index.terms import NoIndexForm, index_term
from minigrad.notation.ops_table import GROUPS
from minigrad.notation.term import symbol_term
from minigrad.ops.activations import Elu, LeakyRelu
from minigrad.ops.alphabet import LOWERED, RAISED
from minigrad.ops.base import Elementwise
from minigrad.ops.families import I0, Family, Sinc
from tests.networks import NETWORKS
from tests.samples import SAMPLES

KERNELS = {
    op.name: op.forward
    for room in GROUPS
    for op in vars(room).values()
    if isinstance(op, Elementwise) and (not op.fields or isinstance(op, Family))
}
KERNELS |= {op.name: op.forward for op in (Sinc(1), I0(1), LeakyRelu(0.2), Elu(1.5))}
KERNELS["where"], KERNELS["ldexp"] = np.where, lambda x, n: x * 2**n
# Operations that move elements in ways that no index says, that choose by comparing elements, or run along an axis, or
# are of matrices as a whole.
REARRANGES = {
    *(
        "concatenate",
        "stack",
        "index",
        "scatter",
        "gather",
        "scatter_at",
        "assign",
        "assign_at",
        "reshape",
        "max",
        "min",
    ),
    *("flip", "roll", "diagonal", "diag", "tril", "triu"),
    *("shift", "cumsum", "sum_from_here", "cumprod", "recurrence", "recurrence_back", "prod_of_others"),
    *("inv", "solve", "pinv", "det", "cofactors", "log_det", "half_lower", "cholesky", "eigvalsh", "eigensystem"),
    "eigenpairs",
    *("svdvals", "singular_system", "qr_factors", "complement"),
    *("fftn", "ifftn", "rfft", "irfft"),
    *("sort", "order_statistics", "partition", "reorder", "convolve", "correlate"),
    *("windows", "add_windows", "convolution", "transposed_convolution", "correlation", "standardize"),
}


def numbered(letters):
    return [ord(letter) for letter in letters]


def element(array, labels):
    """Read an array at its indices: a letter is an axis, a digit a place, nothing an axis of length 1."""
    own = [label for label in labels if label.isalpha()]
    array = array[tuple(slice(None) if label.isalpha() else int(label or 0) for label in labels)]
    axes = sorted(set(own))
    return np.einsum(array, [axes.index(c) for c in own], list(range(len(axes)))), axes


def aligned(parts):
    """Give arrays with named axes all of the axes, in one order."""
    axes = sorted({letter for _, own in parts for letter in own})
    return [np.expand_dims(x, tuple(i for i, c in enumerate(axes) if c not in own)) for x, own in parts], axes


def read(term, arrays):
    """Give what a formula says: an array, and the letters of its axes, sorted."""
    if term.kind == "symbol":
        number, _, labels = term.template.partition("|")
        return element(arrays[int(number)], labels.split(",")[: arrays[int(number)].ndim])
    if term.kind == "number":
        return np.float64(term.template.replace("−", "-").replace("½", "0.5")), []
    parts = [read(part, arrays) for part in term.parts.values()]
    if term.kind in ("sum", "prod"):
        ((array, own),) = parts
        bound = [LOWERED[c] for c in term.template[1:].split(" ")[0]]
        assert set(bound) <= set(own)
        return getattr(array, term.kind)(axis=tuple(map(own.index, bound))), [c for c in own if c not in bound]
    values, axes = aligned(parts)
    if term.kind == "power" and len(values) == 1:
        exponent = term.template.removeprefix("{x}").removeprefix(" ^ ")
        return values[0] ** float("".join(RAISED.get(c, c) for c in exponent).replace("−", "-")), axes
    return np.asarray(KERNELS[term.kind](*values)), axes


def says_the_value(expression, known):
    """Compare the index form of an expression with its value."""
    (value,) = evaluate([expression], known)
    leaves = {x: i for i, x in enumerate(x for x in order_nodes([expression]) if x.op is None)}
    arrays = [np.asarray(known.get(x, x.value), np.float64) for x in leaves]
    labels = tuple(letter if n != 1 else None for letter, n in zip("abcdfg", np.shape(value), strict=False))

    def named(x, at):
        return symbol_term(f"{leaves[x]}|{','.join(label or '' for label in at)}") if x in leaves else None

    def bound(x, axis, used):
        return next(letter for letter in "rspouvehxtmlkjin" if letter not in used)

    found, axes = read(index_term(expression, labels, named, bound), arrays)
    wanted = [label for label in labels if label]
    found = np.expand_dims(found, tuple(i for i, c in enumerate(wanted) if c not in axes))
    squeezed = np.reshape(value, [n for n in np.shape(value) if n != 1])
    np.testing.assert_allclose(np.broadcast_to(found, squeezed.shape), squeezed, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_line_by_its_elements_is_its_value(network):
    loss, given = network()
    derivation = derive(loss, given=given, fold=False)
    for line in derivation:
        says_the_value(line.node, derivation.graph.values)


@pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable], ids=str)
def test_what_an_operation_says_by_its_elements_is_its_value(row):
    """And so is its gradient; or else there is no index form, which only rearrangements may lack."""
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "abc", strict=False)]
    y = row.call(*xs)
    loss = (np.round(np.cos(1.0 + np.arange(y.size)), 3).reshape(y.shape) * y).sum()
    derivation = derive(loss)
    for expression in [*derivation.graph.outputs, *(line.node for line in derivation)]:
        try:
            says_the_value(expression, derivation.graph.values)
        except NoIndexForm:
            rearranged = any(x.op is not None and x.op.name in REARRANGES for x in order_nodes([expression]))
            assert rearranged, f"{row} has no index form: see notation/index/axes.py, or list it in REARRANGES"
