"""What the distributions of a real number have in common: shapes, location, scale, and values outside the support."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import as_array


class Distribution:
    """A family of distributions of x = loc + scale · z, called as ``scipy.stats`` calls it: shapes, loc, scale.

    A subclass names its ``shapes`` and states, of z, the logarithm of the density and both distribution functions, on
    the support alone, from ``lowest`` to ``highest``; ``inside`` is some point of it. A ``discrete`` one has no scale.
    """

    shapes: ClassVar[tuple[str, ...]] = ()
    lowest, highest, inside = -math.inf, math.inf, 0.5
    discrete = False

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give the logarithm of the density, or of the probability, at z."""
        raise NotImplementedError(f"{type(self).__name__} must define log_density(z, …)")

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give the probability of what is at most z."""
        raise NotImplementedError(f"{type(self).__name__} must define below(z, …)")

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give the probability of what is more than z."""
        raise NotImplementedError(f"{type(self).__name__} must define above(z, …)")

    def logpdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give the logarithm of the density at x, −∞ outside the support."""
        z, shapes, scale = self._standardize(x, args, named)
        supported, z = self._supported(z, whole=self.discrete)
        return np.where(supported, self.log_density(z, *shapes) - _log(scale), -np.inf)

    def pdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give the density at x, 0 outside the support."""
        return np.exp(self.logpdf(x, *args, **named))

    def cdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give the probability of what is at most x."""
        z, shapes, _ = self._standardize(x, args, named)
        supported, inside = self._supported(z)
        return np.where(supported, self.below(inside, *shapes), z > self.inside)

    def sf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give the probability of what is more than x: of survival."""
        z, shapes, _ = self._standardize(x, args, named)
        supported, inside = self._supported(z)
        return np.where(supported, self.above(inside, *shapes), z < self.inside)

    def logcdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give the logarithm of ``cdf``."""
        return _log_of(self.cdf(x, *args, **named), self.sf(x, *args, **named))

    def logsf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give the logarithm of ``sf``."""
        return _log_of(self.sf(x, *args, **named), self.cdf(x, *args, **named))

    def _standardize(self, x: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, list[Any], Any]:
        """Give z, the shapes and the scale, of arguments in SciPy's order or by name."""
        loc, shapes, scale = self.settle(args, named)
        return (as_array(x) - loc) / scale, shapes, scale

    def settle(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, list[Any], Any]:
        """Give the location, the shapes and the scale, of arguments in SciPy's order or by name."""
        names = (*self.shapes, "loc", *(() if self.discrete else ("scale",)))
        given = dict(zip(names, args, strict=False))
        wrong = [name for name in named if name not in names or name in given]
        missing = [name for name in self.shapes if name not in given and name not in named]
        if wrong or missing or len(args) > len(names):
            called = type(self).__name__.lower()
            came = f"{len(args)} of them" + "".join(f", {name}=" for name in named)
            raise TypeError(f"{called}: wanted x and the arguments {', '.join(names)}, not {came} after x")
        given |= named
        return given.get("loc", 0), [given[name] for name in self.shapes], given.get("scale", 1)

    def _supported(self, z: Any, whole: bool = False) -> tuple[Any, Any]:
        """Give where z is in the support, and z with a point of the support elsewhere."""
        supported = (z >= self.lowest) & (z <= self.highest)
        if whole:
            supported = supported & (np.floor(z) == z)
        return supported, np.where(supported, z, self.inside)


def _log(scale: Any) -> Any:
    """Give the logarithm, of a Python number as one, which leaves float32 as it is."""
    return math.log(scale) if isinstance(scale, int | float) and scale > 0 else np.log(scale)


def _log_of(probability: Any, rest: Any) -> Any:
    """Give the logarithm of a probability, by the rest of 1 where that is the smaller one and has more digits."""
    likely = probability > 0.5
    return np.where(likely, np.log1p(-np.where(likely, rest, 0)), np.log(np.where(likely, 1, probability)))
