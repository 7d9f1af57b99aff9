"""Beyond plain networks: Adam, a function of 1000 numbers, a likelihood, their curvature, a network's Jacobian …

A case gives the same computation by hand, by minigrad eager, and by its compiled code: functions without arguments.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks import functions_byhand as byhand
from benchmarks import gaussian, survival
from benchmarks.columns import BACKENDS, BASELINE
from benchmarks.engine import Layers
from benchmarks.timing import Figure, in_turns
from benchmarks.workloads import WORKLOADS
from minigrad import Tensor, compile, grad, hessian, hvp, jacobian, nn, optim, sigmoid, value_and_grad

Columns = dict[str, Callable[[], Any]]


def rosenbrock(x: Any) -> Any:
    """Give Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def hessian_times(x: Any, v: Any) -> Any:
    """Give H v."""
    return hvp(rosenbrock, x, v)


def fifth(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give the fifth derivative."""
    for _ in range(5):
        f = grad(f)
    return f


def gradient_of_rosenbrock(small: bool = False) -> Columns:
    x, _ = points(small)
    return {BASELINE: partial(byhand.rosenbrock_gradient, x)} | _each(grad(rosenbrock), x)


def curvature_of_rosenbrock(small: bool = False) -> Columns:
    x, v = points(small)
    return {BASELINE: partial(byhand.rosenbrock_hessian_times, x, v)} | _each(hessian_times, x, v)


def fifth_derivative(small: bool = False) -> Columns:
    return {BASELINE: partial(byhand.tanh_fifth, 0.3)} | _each(fifth(np.tanh), 0.3)


def likelihood(small: bool = False) -> Columns:
    study = survival.make_study(20 if small else 1000)
    by_hand = partial(survival.value_and_gradient, *study)
    return {BASELINE: by_hand} | _each(value_and_grad(survival.loss_in(np)), *study)


def curvature_of_likelihood(small: bool = False) -> Columns:
    study = survival.make_study(20 if small else 1000)
    return {BASELINE: partial(survival.hessian, *study)} | _each(hessian(survival.loss_in(np)), *study)


def gaussian_process(small: bool = False) -> Columns:
    """Give E and its gradient by three settings."""
    samples = gaussian.make_samples(20 if small else 200)
    by_hand = partial(gaussian.value_and_gradient, *samples)
    return {BASELINE: by_hand} | _each(value_and_grad(gaussian.loss_in(np, np.linalg.solve)), *samples)


def jacobian_of_network(small: bool = False) -> Columns:
    """Give the Jacobian of a network with one hidden layer; by hand it is W₁ diag(y (1 − y)) W₂, transposed."""
    width = 3 if small else 100
    model, x = nn.MLP((width, width, width), output="identity", rng=0), np.random.default_rng(0).normal(size=width)
    W1, b1, W2, _ = (p.data for p in model.parameters())

    def by_hand() -> Any:
        y = 1 / (1 + np.exp(-(x @ W1 + b1)))
        return (W1 * (y * (1 - y)) @ W2).T

    return {BASELINE: by_hand} | _each(jacobian(model), x)


def adam(dtype: str, small: bool = False) -> Columns:
    """Give a step of W3 with Adam."""
    workload = WORKLOADS["W3"].small() if small else WORKLOADS["W3"]
    start = workload.start(dtype)

    def own() -> Callable[..., Any]:
        net = Layers(start)
        net.optimizer = optim.Adam(net.model.parameters(), byhand.RATE)
        return _training(net.optimizer, lambda X, T: net.loss(net.model(X), T))

    return {BASELINE: byhand.Adam(start)} | _each_of(own, start.X, start.T)


def logistic_regression(small: bool = False) -> Columns:
    """Give a step of gradient descent on all samples."""
    samples, inputs = (40, 5) if small else (100_000, 50)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(samples, inputs))
    t = (X @ rng.normal(size=inputs) + rng.normal(size=samples) > 0).astype(float)

    def own() -> Callable[..., Any]:
        w, b = Tensor(np.zeros(inputs), requires_grad=True), Tensor(0.0, requires_grad=True)

        def loss(X: Any, t: Any) -> Any:
            y = sigmoid(X @ w + b)
            return -(t * np.log(y) + (1 - t) * np.log(1 - y)).mean()

        return _training(optim.SGD([w, b], byhand.RATE), loss)

    return {BASELINE: byhand.Logistic(X, t)} | _each_of(own, X, t)


CASES: dict[str, Callable[..., Columns]] = {
    "Adam step of W3, float32": partial(adam, "float32"),
    "Adam step of W3, float64": partial(adam, "float64"),
    "Rosenbrock's gradient, 1000-d": gradient_of_rosenbrock,
    "Rosenbrock's Hessian-vector product, 1000-d": curvature_of_rosenbrock,
    "Weibull likelihood of 1000, value and gradient": likelihood,
    "Weibull likelihood of 1000, Hessian": curvature_of_likelihood,
    "Jacobian of a network, 100 to 100": jacobian_of_network,
    "tanh⁽⁵⁾ of a number": fifth_derivative,
    "W10: Gaussian process, n = 200": gaussian_process,
    "logistic regression, 10⁵ × 50": logistic_regression,
}


def measure(rivals: list[str], seconds: float, rounds: int, shortest: float) -> dict[str, dict[str, Figure]]:
    """Measure each case in an interleaved run of its columns, and then rivals' ways beside the manual and the eager."""
    found = {name: in_turns(case(), BASELINE, seconds / 4, rounds, shortest) for name, case in CASES.items()}
    for rival in ("autograd", "jax", "torch", "casadi"):
        if rival not in rivals:
            continue
        theirs = import_module(f"benchmarks.functions_{rival}").CASES  # when ours are done: threads would disturb them
        for name, case in theirs.items():
            beside = {BASELINE: CASES[name]()[BASELINE], rival: case()}
            found[name][rival] = in_turns(beside, BASELINE, seconds / 8, rounds, shortest)[rival]
    return found


def points(small: bool) -> Any:
    return np.random.default_rng(0).normal(size=(2, 10 if small else 1000))


def _each(f: Callable[..., Any], *args: Any) -> Columns:
    """Give a function of the arguments, eager and compiled."""
    return _each_of(lambda: f, *args)


def _each_of(make: Callable[[], Callable[..., Any]], *args: Any) -> Columns:
    """Give a function of the arguments, eager and compiled; each has what `make` makes for itself."""
    compiled: Columns = {name: partial(compile(make(), backend=backend), *args) for name, backend in BACKENDS.items()}
    return {"minigrad": partial(make(), *args)} | compiled


def _training(optimizer: Any, loss: Callable[..., Any]) -> Callable[..., Any]:
    def step(X: Any, T: Any) -> Any:
        E = loss(X, T)
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    return step
