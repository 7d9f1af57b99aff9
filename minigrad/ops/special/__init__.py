"""SciPy's functions: on each element, from ``scipy.special``, whose ufuncs are their values; and of matrices.

``gammas`` has Γ, its logarithm's derivatives, B and the incomplete ones; ``errors`` the error function, Φ and their
inverses; ``bessel`` the Bessel functions; ``entropies`` x log y and its kin, powers and logistic functions; ``lambert``
the inverse of y eʸ; ``matrices`` equations and functions of matrices, from ``scipy.linalg``. What is missing of a
derivative, as that by the order of a Bessel function, is refused by ``unknown``. A file here is loaded when the first
of its ufuncs meets an operand: ``engine.protocols.scipy_protocol`` says which has which; or by ``minigrad.scipy``.
They need SciPy.
"""
