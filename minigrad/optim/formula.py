"""The way to an update rule's formula, of a class or of an optimizer; what reads it is imported when asked."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigrad.optim.update_lines import UpdateFormula


class OnClassOrInstance:
    """A method that may be asked of the class and of an instance: it gets whichever it was asked of."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __get__(self, instance: Any, owner: type) -> Any:
        return MethodType(self.function, owner if instance is None else instance)


def read_formula(rule: Any, *, in_one: bool = False, **settings: float) -> UpdateFormula:
    """Give the formula of an update rule, read from the code that runs: it is called with expressions for arrays.

    in_one    w alone, by the values from before the step, as a textbook writes momentum
    settings  numbers to put in: what ``eps=0`` makes vanish is gone

    A running value is what its line gives below that line. A gradient that occurs more than once is called g. A
    running value that is divided by numbers alone has a hat, and a line that says what it is. A power of a counter,
    which is 1 in the first step, is at least the first power.

    It prints as text; ``to_latex``, ``to_mathml`` and a notebook show it set, ``check()`` compares it with steps.
    Raises ``TypeError`` for what is no setting and for a rule that does what has no expression, ``ValueError`` for a
    setting that is no number from 0 on.

    >>> from minigrad import optim
    >>> print(optim.RMSProp.formula(eps=0))
    g = ∂E/∂w
    h ← ρ h + (1 − ρ) g²
    w ← w − η g / √(h)
    >>> print(optim.Momentum.formula(in_one=True))
    w ← w − η ∂E/∂w + α Δw
    """
    reading = import_module("minigrad.optim.reading")  # needs notation, which training does not
    formula: UpdateFormula = reading.read_update(rule, in_one, settings)
    return formula
