"""``scipy.stats`` for tensors: densities and distribution functions under SciPy's names, a file a distribution.

``norm``, ``t``, ``gamma``, ``beta`` and ``chi2`` have ``pdf``, ``logpdf``, ``cdf``, ``logcdf``, ``sf`` and ``logsf``;
``norm`` has ``ppf`` and ``isf`` besides, ``poisson`` ``pmf`` and ``logpmf`` in place of the first two. What these have
in common is in ``distribution``.
``dirichlet`` and ``multivariate_normal``, whose samples are vectors, have ``pdf`` and ``logpdf``, the last one
``entropy``, too.
"""

from typing import Any

from minigrad.engine.messages.absent import absent
from minigrad.scipy.stats import beta, chi2, dirichlet, gamma, multivariate_normal, norm, poisson, t

__all__ = ["beta", "chi2", "dirichlet", "gamma", "multivariate_normal", "norm", "poisson", "t"]

_MEANT = {
    "normal": "It is stats.norm",
    "multivariate_t": "Of one variable it is stats.t",
    "uniform": "Its density is 1 / (b - a) between a and b",
}


def __getattr__(name: str) -> Any:
    raise absent(f"module {__name__!r}", name, _MEANT, __all__)
