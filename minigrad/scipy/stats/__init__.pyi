"""minigrad.scipy.stats, of SciPy 1.17 for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy
from minigrad.scipy.stats import beta as beta
from minigrad.scipy.stats import chi2 as chi2
from minigrad.scipy.stats import dirichlet as dirichlet
from minigrad.scipy.stats import gamma as gamma
from minigrad.scipy.stats import multivariate_normal as multivariate_normal
from minigrad.scipy.stats import norm as norm
from minigrad.scipy.stats import poisson as poisson
from minigrad.scipy.stats import t as t
