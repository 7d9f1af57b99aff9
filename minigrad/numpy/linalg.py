"""NumPy's linear algebra, by their own names: see ``minigrad.numpy``."""

from typing import Any

import numpy

from minigrad.numpy.lifting import lift

__all__ = [*numpy.linalg.__all__]


def __getattr__(name: str) -> Any:
    value = globals()[name] = lift(getattr(numpy.linalg, name))
    return value


def __dir__() -> list[str]:
    return __all__
