"""compare: a learner's own gradients against the derivation's; names the first that is wrong, and the slip in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation.comparing.judge import Comparison, Judge
from minigrad.derivation.comparing.places import find_other_place, find_places, places_of
from minigrad.derivation.derive import derive
from minigrad.derivation.wording import check_language
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.libraries import bring


@with_usage
def compare(
    loss: Tensor,
    arrays: Mapping[str, Any],
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
    *,
    lang: str = "en",
) -> Comparison:
    """Check what was computed by hand: ``compare(loss, {"Y1": array, "delta2": array, "dW2": array, "db2": array})``.

    A key is a symbol in any spelling: δ₂, δ2, delta2 or dU2 for a δ; ∂E/∂W₁, dE/dW1, dW1 or W1 for the gradient of
    W₁; dY1 for that of a layer's output; U1, Y1, E or the name of a result for a value on the way to E. What repeats
    may be called as ``derive`` does, too: H6, dH6 and delta6 are those of t = 6. The values
    are looked at first, in the order of evaluation, then the gradients in that of the backward pass. One that is what
    follows from wrong ones before it is told from one that is wrong by itself, and of that the slip is named where it
    is a usual one:

    - a sign, a factor ½ or 2, 1/N; transposed; a factor of a product not transposed, or transposed; a shape
    - a sum over another axis, over none, or with its axis kept; one sample alone
    - f′ missing, or there twice, that of another function, at y instead of u; only the diagonal of softmax's Jacobian
    - U used for Y, another layer's or step's value
    - a use that is not counted, = where += is due, a repeated index counted once, backpropagation cut off in time
    - a bias or another term, or a function, forgotten on the way to E; another function, or another axis, there
    - a weight that was already updated, and with which η

    A slip is named only if making it gives the array, and a difference that is rounding is none: what that may be is
    measured, by the array's own dtype and what cancels on the way. ``names``, ``given`` and ``lang`` are as for
    ``derive``.

    Raises ``ValueError`` for a key that the derivation has not, one that is given twice, or no key at all, and
    ``TypeError`` for a value that is no array of numbers; besides what ``derive`` raises.
    """
    if not isinstance(loss, Tensor):
        raise TypeError(
            f"compare: the loss comes first, a Tensor, not {shown(loss)}; write compare(E, {{'dW': array}})"
        )
    if not isinstance(arrays, Mapping):
        raise TypeError(f"compare: arrays must be a dict such as {{'dW': array, 'delta2': array}}, not {shown(arrays)}")
    check_language("compare", lang)
    derivation = derive(loss, names=names, given=given, fold=False)
    places = places_of(derivation, derivation.name_indexed())
    pairs = find_places(arrays, places)
    found = [(place, key, array) for place in places for key, array in pairs.get(place, [])]
    judge = Judge(derivation, bring(loss.array), [array for _, _, array in found])
    items = []
    for place, key, array in found:  # right by one of the two names is right
        other = find_other_place(key, place, places)
        use = other if other and not judge.is_right(place, array) and judge.is_right(other, array) else place
        items.append((use, key, array))
    items.sort(key=lambda item: places.index(item[0]))
    return Comparison(tuple(judge.row(*item) for item in items), lang)
