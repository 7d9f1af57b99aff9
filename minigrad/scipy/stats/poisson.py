"""The Poisson distribution of counts: μᵏ e^(−μ) / k!."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.scipy import special
from minigrad.scipy.stats.distribution import Distribution


class Poisson(Distribution):
    """The Poisson distribution of a mean μ."""

    shapes = ("mu",)
    lowest, inside, discrete = 0.0, 0.0, True

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give the logarithm of the probability of a count."""
        (mu,) = shapes
        return special.xlogy(z, mu) - special.gammaln(z + 1.0) - mu

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give Q(k + 1, μ)."""
        return special.gammaincc(np.floor(z) + 1.0, *shapes)

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give P(k + 1, μ)."""
        return special.gammainc(np.floor(z) + 1.0, *shapes)


_family = Poisson()
pmf, logpmf, cdf, logcdf, sf, logsf = (
    *(_family.pdf, _family.logpdf),
    *(_family.cdf, _family.logcdf, _family.sf, _family.logsf),
)
