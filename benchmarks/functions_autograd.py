"""Functions of `functions` by HIPS autograd."""

from collections.abc import Callable
from functools import partial
from typing import Any

import autograd.numpy as np
from autograd import grad, hessian, hessian_vector_product, value_and_grad

from benchmarks.functions import points
from benchmarks.survival import loss_in, make_study


def gradient_of_rosenbrock(small: bool = False) -> Callable[[], Any]:
    return partial(grad(_rosenbrock), points(small)[0])


def curvature_of_rosenbrock(small: bool = False) -> Callable[[], Any]:
    return partial(hessian_vector_product(_rosenbrock), *points(small))


def likelihood(small: bool = False) -> Callable[[], Any]:
    return partial(value_and_grad(loss_in(np)), *make_study(20 if small else 1000))


def curvature_of_likelihood(small: bool = False) -> Callable[[], Any]:
    return partial(hessian(loss_in(np)), *make_study(20 if small else 1000))


def _rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)  # its arrays have no method sum


CASES: dict[str, Callable[..., Callable[[], Any]]] = {
    "Rosenbrock's gradient, 1000-d": gradient_of_rosenbrock,
    "Rosenbrock's Hessian-vector product, 1000-d": curvature_of_rosenbrock,
    "Weibull likelihood of 1000, value and gradient": likelihood,
    "Weibull likelihood of 1000, Hessian": curvature_of_likelihood,
}
