"""From the derivation's symbols to the names of variables in Python: ∂E/∂W₂ is dW2, δ₂ is δ2."""

from __future__ import annotations

import keyword
from collections.abc import Hashable, Iterable, Mapping

from minigrad.ops.common.alphabet import plain_identifier


def variable(symbol: str) -> str:
    """Spell a symbol as an identifier.

    >>> variable("∂E/∂W₂"), variable("δ₂"), variable("learning rate")
    ('dW2', 'δ2', 'learning_rate')
    """
    name = plain_identifier(symbol.replace("∂E/∂", "d"))
    name = name if name.isidentifier() else f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


class Spelling:
    """The variables of one function: no two symbols have one name, and none is ``taken``."""

    def __init__(self, inputs: Mapping[Hashable, str], taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._of: dict[str, str] = {}
        self.inputs = {x: self.variable(name) for x, name in inputs.items()}

    def variable(self, symbol: str) -> str:
        """Give the variable of a symbol, always the same."""
        if symbol not in self._of:
            self._of[symbol] = self.fresh(variable(symbol))
        return self._of[symbol]

    def fresh(self, name: str) -> str:
        """Give a name that is not taken, and take it."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name
