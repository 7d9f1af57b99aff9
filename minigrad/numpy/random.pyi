"""minigrad.numpy.random, of NumPy 2.4 for type checkers; written by ``python -m tests.generated``, not by hand."""

from collections.abc import Sequence
from typing import Any, overload

import numpy
from numpy.random import (
    BitGenerator as BitGenerator,
    Generator as Generator,
    MT19937 as MT19937,
    PCG64 as PCG64,
    PCG64DXSM as PCG64DXSM,
    Philox as Philox,
    RandomState as RandomState,
    SFC64 as SFC64,
    SeedSequence as SeedSequence,
    beta as beta,
    binomial as binomial,
    bytes as bytes,
    chisquare as chisquare,
    choice as choice,
    default_rng as default_rng,
    dirichlet as dirichlet,
    exponential as exponential,
    f as f,
    gamma as gamma,
    geometric as geometric,
    get_state as get_state,
    gumbel as gumbel,
    hypergeometric as hypergeometric,
    laplace as laplace,
    logistic as logistic,
    lognormal as lognormal,
    logseries as logseries,
    multinomial as multinomial,
    multivariate_normal as multivariate_normal,
    negative_binomial as negative_binomial,
    noncentral_chisquare as noncentral_chisquare,
    noncentral_f as noncentral_f,
    normal as normal,
    pareto as pareto,
    permutation as permutation,
    poisson as poisson,
    power as power,
    rand as rand,
    randint as randint,
    randn as randn,
    random as random,
    random_integers as random_integers,
    random_sample as random_sample,
    ranf as ranf,
    rayleigh as rayleigh,
    sample as sample,
    seed as seed,
    set_state as set_state,
    shuffle as shuffle,
    standard_cauchy as standard_cauchy,
    standard_exponential as standard_exponential,
    standard_gamma as standard_gamma,
    standard_normal as standard_normal,
    standard_t as standard_t,
    triangular as triangular,
    uniform as uniform,
    vonmises as vonmises,
    wald as wald,
    weibull as weibull,
    zipf as zipf,
)

from minigrad.engine.tensor import Tensor


_Tensors = Tensor | Sequence[Tensor] | Sequence[Sequence[Tensor]]
_Array = numpy.ndarray[Any, numpy.dtype[Any]]
_Arrays = _Array | Sequence[_Array] | Sequence[Sequence[_Array]]

