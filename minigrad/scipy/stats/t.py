"""Student's t distribution: Γ((df + 1)/2) / (Γ(df/2) √(df π)) (1 + z²/df)^(−(df + 1)/2)."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from minigrad.scipy import special
from minigrad.scipy.stats.distribution import Distribution


class T(Distribution):
    """Student's t distribution of df degrees of freedom."""

    shapes = ("df",)

    def log_density(self, z: Any, *shapes: Any) -> Any:
        """Give the logarithm of the density."""
        (df,) = shapes
        scale = special.gammaln((df + 1.0) / 2) - special.gammaln(df / 2.0) - np.log(df * pi) / 2
        return scale - special.xlog1py((df + 1.0) / 2, z**2 / df)

    def below(self, z: Any, *shapes: Any) -> Any:
        """Give F(df, z)."""
        return special.stdtr(*shapes, z)

    def above(self, z: Any, *shapes: Any) -> Any:
        """Give F(df, −z)."""
        return special.stdtr(*shapes, -z)


_family = T()
pdf, logpdf, cdf, logcdf, sf, logsf = (
    *(_family.pdf, _family.logpdf),
    *(_family.cdf, _family.logcdf, _family.sf, _family.logsf),
)
