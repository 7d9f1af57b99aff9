"""Functions as they are found in simulations, statistics, image processing and finance: NumPy as people write it.

Each takes NumPy's module, or ours, and floating arrays: they fill arrays in place, choose by masks and by sorting,
index by what they have computed, keep integers, and give keywords. ``INPUTS`` has the shapes of the arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

INPUTS: dict[Callable[..., Any], tuple[tuple[int, ...], ...]] = {}


def of(*shapes: tuple[int, ...]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function into the table, with the shapes of its arrays."""

    def enter(f: Callable[..., Any]) -> Callable[..., Any]:
        INPUTS[f] = shapes
        return f

    return enter


@of((4,), (4,))
def leapfrog(np: Any, x: Any, v: Any) -> Any:
    """The energy of an anharmonic spring after some steps."""
    x, v, dt = x.copy(), v.copy(), 0.05
    a = -2.0 * x
    for _ in range(10):
        v += 0.5 * dt * a
        x += dt * v
        a = -2.0 * x - 0.1 * x**3
        v += 0.5 * dt * a
    return 0.5 * np.sum(v**2) + np.sum(x**2)


@of((3, 2), (3, 2))
def bodies(np: Any, position: Any, velocity: Any) -> Any:
    """Positions of three bodies that attract each other."""
    position, velocity, mass = position.copy(), velocity.copy(), np.array([1.0, 0.5, 0.2])
    for _ in range(3):
        pull = np.zeros_like(position)
        for i in range(3):
            d = position - position[i]
            pull[i] = np.sum(mass[:, None] * d * ((np.sum(d**2, axis=1) + 0.1) ** -1.5)[:, None], axis=0)
        velocity += pull * 0.05
        position += velocity * 0.05
    return position


@of((7, 7))
def heat(np: Any, u: Any) -> Any:
    """Heat on a plate with insulated sides and one that is held at 0."""
    u = u.copy()
    for _ in range(4):
        old = u.copy()
        u[1:-1, 1:-1] = old[1:-1, 1:-1] + 0.1 * (
            old[2:, 1:-1] + old[:-2, 1:-1] + old[1:-1, 2:] + old[1:-1, :-2] - 4 * old[1:-1, 1:-1]
        )
        u[0], u[-1] = u[1], u[-2]
        u[:, 0] = u[:, 1]
        u[:, -1] = 0.0
    return u


@of((3,), (12,))
def garch(np: Any, p: Any, r: Any) -> Any:
    """A likelihood whose variance follows from all before."""
    omega, alpha, beta = 0.1 * np.exp(p[0]), 0.2 / (1 + np.exp(-p[1])), 0.7 / (1 + np.exp(-p[2]))
    s2 = np.zeros(12)
    s2[0] = np.var(r)
    for t in range(1, 12):
        s2[t] = omega + alpha * r[t - 1] ** 2 + beta * s2[t - 1]
    return 0.5 * np.sum(np.log(s2) + r**2 / s2)


@of((2, 2), (5, 1))
def kalman(np: Any, F: Any, z: Any) -> Any:
    """The likelihood of what is seen of a hidden state."""
    x, P, H, Q, R, found = np.zeros(2), np.eye(2), np.array([[1.0, 0.0]]), 0.1 * np.eye(2), np.array([[0.5]]), 0.0
    for t in range(5):
        x, P = F @ x, F @ P @ F.T + Q
        y, S = z[t] - H @ x, H @ P @ H.T + R
        K = P @ H.T @ np.linalg.inv(S)
        x, P = x + K @ y, (np.eye(2) - K @ H) @ P
        found += -0.5 * (np.log(np.linalg.det(S)) + y @ np.linalg.solve(S, y))
    return found


@of((6, 2), (6,), (2,))
def gaussian_process(np: Any, X: Any, y: Any, theta: Any) -> Any:
    """Minus the logarithm of a marginal likelihood."""
    length, scale = np.exp(theta)
    K = scale**2 * np.exp(-0.5 * ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1) / length**2) + 0.1 * np.eye(6)
    L = np.linalg.cholesky(K)
    return 0.5 * y @ np.linalg.solve(L.T, np.linalg.solve(L, y)) + np.log(np.diag(L)).sum()


@of((6,))
def spline(np: Any, y: Any) -> Any:
    """A cubic spline at places that are looked up among its knots."""
    x, n = np.arange(6.0), 6
    h = np.diff(x)
    A, b = np.eye(n), np.zeros_like(y)
    for i in range(1, n - 1):
        A[i, i - 1 : i + 2] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
    b[1:-1] = 6 * (np.diff(y)[1:] / h[1:] - np.diff(y)[:-1] / h[:-1])
    M, t = np.linalg.solve(A, b), np.array([0.3, 1.7, 3.2, 4.9])
    i = np.searchsorted(x, t) - 1
    rest = y[i] * (x[i + 1] - t) + y[i + 1] * (t - x[i])
    return (M[i] * (x[i + 1] - t) ** 3 + M[i + 1] * (t - x[i]) ** 3) / 6 + rest


@of((4,), (3,))
def moving_knots(np: Any, knots: Any, t: Any) -> Any:
    """Interpolation between knots that are parameters, too."""
    k, q = np.cumsum(np.exp(knots)), np.abs(t) + 0.3
    i = np.clip(np.searchsorted(k, q), 1, 3)
    w = (q - k[i - 1]) / (k[i] - k[i - 1])
    return np.sum((1 - w) * k[i - 1] ** 2 + w * k[i] ** 2)


@of((5, 5, 3))
def luminance(np: Any, image: Any) -> Any:
    """Gray values of an image whose colors are decoded by two formulas, one for the dark."""
    image = np.clip(np.abs(image), 0, 1)
    dark, linear = image <= 0.04045, np.empty_like(image)
    linear[dark] = image[dark] / 12.92
    linear[~dark] = ((image[~dark] + 0.055) / 1.055) ** 2.4
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@of((5, 5))
def median_filter(np: Any, image: Any) -> Any:
    """The median of each window, doubled where it is bright."""
    found = np.median(np.lib.stride_tricks.sliding_window_view(image, (3, 3)), axis=(2, 3))
    found[found > 0.1] *= 2
    return found


@of((8,))
def huber(np: Any, r: Any) -> Any:
    """A loss that is quadratic near 0 and linear beyond."""
    a = np.abs(r)
    near, out = a <= 0.5, np.zeros_like(r)
    out[near] = 0.5 * r[near] ** 2
    out[~near] = 0.5 * (a[~near] - 0.25)
    return out.sum() + out[near].mean()


@of((8,))
def best_three(np: Any, x: Any) -> Any:
    """The largest three, the worst of them halved; and the loser at the end of the queue."""
    x = x.copy()
    best = np.argsort(x)[::-1][:3]
    x[best[-1]] *= 0.5
    x[np.argmin(x)] = x[-1]
    return np.sum(x[best] ** 2) + np.cumsum(x)[-1]


@of((5, 4), (3, 4))
def attention(np: Any, X: Any, W: Any) -> Any:
    """Causal attention of one head, its mask written into the scores."""
    q, k = np.einsum("td,ed->te", X, W), np.einsum("td,ed->te", X, W[::-1])
    s = np.einsum("te,se->ts", q, k) / np.sqrt(q.shape[-1])
    s[np.tril(np.ones((5, 5))) == 0] = -1e9
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return p @ X


@of((3, 3))
def elimination(np: Any, A: Any) -> Any:
    """LU factors in the place of a matrix."""
    A = A + 3 * np.eye(3)
    for k in range(2):
        A[k + 1 :, k] /= A[k, k]
        A[k + 1 :, k + 1 :] -= np.outer(A[k + 1 :, k], A[k, k + 1 :])
    return np.prod(np.diag(A)) + A.sum()


@of((4, 3))
def gram_schmidt(np: Any, A: Any) -> Any:
    """Orthonormal columns, one after the other."""
    Q = np.zeros_like(A)
    for j in range(3):
        v = A[:, j].copy()
        for i in range(j):
            v -= (Q[:, i] @ A[:, j]) * Q[:, i]
        Q[:, j] = v / np.sqrt(v @ v)
    return Q**2


@of((7,))
def thomas(np: Any, d: Any) -> Any:
    """The solution of a tridiagonal system, by elimination in place."""
    a, b, c, d, x = -np.ones(7), 4.0 + 0 * d, -1.0 + 0 * d, d.copy(), np.zeros_like(d)
    for i in range(1, 7):
        w = a[i] / b[i - 1]
        b[i] -= w * c[i - 1]
        d[i] -= w * d[i - 1]
    x[-1] = d[-1] / b[-1]
    for i in range(5, -1, -1):
        x[i] = (d[i] - c[i] * x[i + 1]) / b[i]
    return x


@of((6,), (6,))
def in_a_buffer(np: Any, a: Any, b: Any) -> Any:
    """Ufuncs that write into one array."""
    buffer = np.empty_like(a)
    np.multiply(a, b, out=buffer)
    np.add(buffer, 1.0, out=buffer)
    np.sqrt(np.abs(buffer), out=buffer)
    buffer /= np.linalg.norm(buffer)
    return buffer


@of((16,))
def low_pass(np: Any, x: Any) -> Any:
    """A signal without its high frequencies, squared."""
    X, f = np.fft.rfft(x), np.fft.rfftfreq(16)
    X[f > 0.25] = 0
    return np.fft.irfft(X, n=16) ** 2


@of((12,))
def drawdown(np: Any, r: Any) -> Any:
    """The largest loss since a peak."""
    wealth = np.cumprod(1 + 0.1 * r)
    peak = np.maximum.accumulate(wealth)
    return np.max((peak - wealth) / peak)


@of((6, 3))
def segments(np: Any, X: Any) -> Any:
    """Means of rows by labels, and sums of them scattered back."""
    labels = np.array([0, 1, 0, 2, 1, 0])
    out = np.zeros((3, 3))
    np.add.at(out, labels, X)
    out /= np.bincount(labels)[:, None]
    return out[labels] * X
