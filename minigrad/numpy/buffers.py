"""Arrays that are made to be filled: inside a function that is differentiated, mapped or traced they are tensors.

NumPy's own array takes no tensor for an element, ``y = np.zeros(n)``, ``y[i] = np.sin(x)``: it would lose the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy

from minigrad.engine.recording import compilation, mapping
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.evaluation import is_within


def _as_buffer(plain: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function that makes arrays as one that makes constant tensors of them where a gradient may come to them.

    Those of whole numbers and truth values, which are indices and masks, stay arrays; where nothing else is known of
    the elements they are 0, since what is traced twice is to be the same.
    """

    @wraps(plain)
    def make(*args: Any, **kwargs: Any) -> Any:
        lanes, traced = mapping(), compilation()
        if lanes is None and traced is None and not is_within():
            return plain(*args, **kwargs)
        made = plain(*args, **kwargs)
        if type(made) is not numpy.ndarray or made.dtype.kind not in "fc":
            return made
        if plain in (numpy.empty, numpy.empty_like):
            made[...] = 0
        if lanes is not None:
            return lanes.wrap(made)
        return Tensor(made) if traced is None else traced.operand(made.dtype.type(0)).as_constant(made).as_plain()

    return make


zeros, zeros_like = _as_buffer(numpy.zeros), _as_buffer(numpy.zeros_like)
empty, empty_like = _as_buffer(numpy.empty), _as_buffer(numpy.empty_like)
