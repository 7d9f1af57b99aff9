"""The gamma distribution: zᵃ⁻¹ e⁻ᶻ / Γ(a), for z > 0."""

from __future__ import annotations

from typing import Any

from minigrad.scipy import special
from minigrad.scipy.stats.distribution import Distribution


class Gamma(Distribution):
    """The gamma distribution of a shape a."""

    shapes = ("a",)
    lowest = 0.0

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give the logarithm of the density."""
        (a,) = shapes
        return special.xlogy(a - 1.0, z) - z - special.gammaln(a)

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give P(a, z)."""
        return special.gammainc(*shapes, z)

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give Q(a, z)."""
        return special.gammaincc(*shapes, z)


_family = Gamma()
pdf, logpdf, cdf, logcdf, sf, logsf = (
    *(_family.pdf, _family.logpdf),
    *(_family.cdf, _family.logcdf, _family.sf, _family.logsf),
)
