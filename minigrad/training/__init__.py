"""Training: ``loop`` is ``fit``, ``history`` what it came to.

``arguments`` looks at what it is given before it begins, ``unmoved`` puts back what a batch moved that came to nothing.
It imports ``engine``, ``optim``, ``data``, ``extras`` and ``interrupts``, and ``compiler`` when asked to compile.
"""

from minigrad.training.history import DivergenceError, History
from minigrad.training.loop import fit

__all__ = ["DivergenceError", "History", "fit"]
