"""The χ² distribution, which is twice a gamma distributed z of the shape df / 2."""

from __future__ import annotations

from math import log
from typing import Any

from minigrad.scipy import special
from minigrad.scipy.stats.distribution import Distribution


class Chi2(Distribution):
    """The χ² distribution of df degrees of freedom."""

    shapes = ("df",)
    lowest = 0.0

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give the logarithm of the density."""
        (df,) = shapes
        return special.xlogy(df / 2 - 1, z / 2) - z / 2 - special.gammaln(df / 2.0) - log(2)

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give P(df / 2, z / 2)."""
        (df,) = shapes
        return special.gammainc(df / 2.0, z / 2)

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give Q(df / 2, z / 2)."""
        (df,) = shapes
        return special.gammaincc(df / 2.0, z / 2)


_family = Chi2()
pdf, logpdf, cdf, logcdf, sf, logsf = (
    *(_family.pdf, _family.logpdf),
    *(_family.cdf, _family.logcdf, _family.sf, _family.logsf),
)
