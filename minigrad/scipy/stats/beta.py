"""The beta distribution: zᵃ⁻¹ (1 − z)ᵇ⁻¹ / B(a, b), for 0 < z < 1."""

from __future__ import annotations

from typing import Any

from minigrad.scipy import special
from minigrad.scipy.stats.distribution import Distribution


class Beta(Distribution):
    """The beta distribution of two shapes."""

    shapes = ("a", "b")
    lowest, highest = 0.0, 1.0

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give the logarithm of the density."""
        a, b = shapes
        return special.xlogy(a - 1.0, z) + special.xlog1py(b - 1.0, -z) - special.betaln(a, b)

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give I(a, b, z)."""
        return special.betainc(*shapes, z)

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give I(b, a, 1 − z)."""
        a, b = shapes
        return special.betainc(b, a, 1 - z)


_family = Beta()
pdf, logpdf, cdf, logcdf, sf, logsf = (
    *(_family.pdf, _family.logpdf),
    *(_family.cdf, _family.logcdf, _family.sf, _family.logsf),
)
