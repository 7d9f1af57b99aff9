"""SciPy's names for tensors, where SciPy itself makes arrays of what it is given; its ufuncs take tensors themselves.

``special`` has the functions of ``scipy.special`` that are several operations, and passes its ufuncs on; ``stats`` has
densities and distribution functions, ``linalg`` equations and functions of matrices, ``integrate`` the solution of
ordinary differential equations. They need SciPy, which is loaded with them. ``signal`` has convolution along any number
of axes; ``objective`` makes a function one for ``scipy.optimize.minimize``. The ``.pyi`` beside each say to type
checkers what of a Tensor is a Tensor; they are written by ``python -m tests.generated``.
"""

from importlib import import_module
from typing import Any

from minigrad.engine.messages.absent import absent

_ROOMS = ("integrate", "linalg", "signal", "special", "stats")
_MEANT = {
    "optimize": "Give SciPy's own a function with its gradient, minigrad.scipy_objective(f)",
    "fft": "Functions of np.fft take Tensors",
    "interpolate": "np.interp takes Tensors",
    "sparse": "There are no sparse gradients yet: give x.toarray()",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise absent(f"module {__name__!r}", name, _MEANT, _ROOMS)
    return import_module(f"{__name__}.{name}")
