"""Index notation against the numbers: each element's formula, read with named axes, gives the expression's value."""

import numpy as np
import pytest

from minigrad import Tensor, derive
from minigrad.engine.node import order_nodes
from minigrad.notation.index.along import NoIndexForm
from minigrad.ops.places.moving import Diag, Diagonal
from tests.index_reading import says_the_value
from tests.networks import NETWORKS
from tests.samples import SAMPLES

# Operations that move elements in ways that no index says, that choose by comparing elements, or run along an axis, or
# are of matrices as a whole.
REARRANGES = {
    *("gather", "scatter_at", "assign_at"),
    *("recurrence", "recurrence_back", "prod_of_others"),
    *("inv", "solve", "pinv", "det", "cofactors", "log_det", "half_lower", "cholesky", "eigvalsh", "eigensystem"),
    "eigenpairs",
    *("svdvals", "singular_system", "qr_factors", "complement"),
    *("fftn", "ifftn", "rfft", "irfft"),
    *("sort", "order_statistics", "partition", "reorder"),
}


def rearranges(node):
    """Say whether an operation moves elements in a way that no index says, as an index of arrays does."""
    key = getattr(node.op, "key", None)
    parts = key if isinstance(key, tuple) else (key,)
    plain = isinstance(node.op, Diagonal | Diag) or all(
        part is None or part is Ellipsis or (type(part) in (int, slice)) for part in parts
    )
    return node.op is not None and (node.op.name in REARRANGES or not plain or not node.size)


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
            rearranged = any(map(rearranges, order_nodes([expression])))
            assert rearranged, f"{row} has no index form: see notation/index/axes.py, or list it in REARRANGES"
