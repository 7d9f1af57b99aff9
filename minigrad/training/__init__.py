"""Training: ``loop`` is ``fit``, ``history`` what it came to.

``arguments`` looks at what it is given before it begins; ``sources`` give batches, ``steps`` the gradients of one,
``clustered`` those of a cluster's workers, ``unmoved`` puts back what a batch moved that came to nothing; ``weighing``
has the weights of classes, ``meter`` measures, ``modes`` switches dropout on and off, ``resuming`` saves a training and
goes on with it. It imports ``engine``, ``ops``, ``losses``, ``metrics``, ``optim``, ``callbacks``, ``data``, ``extras``
and ``interrupts``, and when asked to ``compiler``, ``cluster``, ``storage`` and ``plot``.
"""

from minigrad.training.history import DivergenceError, History
from minigrad.training.loop import fit

__all__ = ["DivergenceError", "History", "fit"]
