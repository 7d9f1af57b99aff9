"""The normal distribution: φ(z) = exp(−z²/2) / √(2π)."""

from __future__ import annotations

from math import log, pi
from typing import Any

from minigrad.ops.base import as_array
from minigrad.scipy import special
from minigrad.scipy.stats.distribution import Distribution


class Norm(Distribution):
    """The normal distribution; its tails' logarithms keep their digits."""

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give log φ(z)."""
        return -(z**2) / 2 - log(2 * pi) / 2

    def logcdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give log Φ(z)."""
        return special.log_ndtr(self._standardize(x, args, named)[0])

    def logsf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Give log Φ(−z)."""
        return special.log_ndtr(-self._standardize(x, args, named)[0])

    def ppf(self, q: Any, *args: Any, **named: Any) -> Any:
        """Give the x that a share q lies below: loc + scale Φ⁻¹(q)."""
        loc, _, scale = self.settle(args, named)
        return loc + scale * special.ndtri(as_array(q))

    def isf(self, q: Any, *args: Any, **named: Any) -> Any:
        """Give the x that a share q lies above: loc − scale Φ⁻¹(q)."""
        loc, _, scale = self.settle(args, named)
        return loc - scale * special.ndtri(as_array(q))

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give Φ(z)."""
        return special.ndtr(z)

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give Φ(−z)."""
        return special.ndtr(-z)


_family = Norm()
pdf, logpdf, cdf, logcdf, sf, logsf, ppf, isf = (
    *(_family.pdf, _family.logpdf),
    *(_family.cdf, _family.logcdf, _family.sf, _family.logsf, _family.ppf, _family.isf),
)
