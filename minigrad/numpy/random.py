"""NumPy's random numbers, by their own names: see ``minigrad.numpy``."""

from typing import Any

import numpy

from minigrad.numpy.lifting import lift

__all__ = [*numpy.random.__all__]


def __getattr__(name: str) -> Any:
    value = globals()[name] = lift(getattr(numpy.random, name))
    return value


def __dir__() -> list[str]:
    return __all__
