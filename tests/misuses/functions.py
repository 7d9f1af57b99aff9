"""Misuses of NumPy's and SciPy's functions: those that are no operations, and arguments that do not work."""

from tests.misuses import Misuse

# code -> what it is called, and what is to be written for it
REFUSED = {
    "scipy.linalg.sqrtm(W[:3])": ("scipy.linalg.sqrtm", "minigrad.scipy.linalg.sqrtm(x)"),
    "scipy.special.expi(w)": ("scipy.special.expi", "g * np.exp(x) / x"),
    "scipy.special.logsumexp(w)": ("scipy.special.logsumexp", "minigrad.scipy.special.logsumexp(w)"),
    "scipy.special.softmax(w)": ("scipy.special.softmax", "minigrad.scipy.special.softmax(w)"),
    "scipy.linalg.svd(W)": ("scipy.linalg.svd", "np.linalg.svd(W)"),
    "scipy.stats.norm.logpdf(w)": ("scipy.stats.norm.logpdf", "minigrad.scipy.stats.norm.logpdf(w)"),
    "scipy.fft.fft(w)": ("scipy.fft.fft", "np.fft.fft(w)"),
    "scipy.interpolate.CubicSpline(w.data, w)": (
        "scipy.interpolate.CubicSpline",
        "minigrad ops | your_own_operation.py",
    ),
    "scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), w)": (
        "scipy.integrate.solve_ivp",
        "minigrad.scipy.integrate.odeint(f, w, t, args=parameters), whose f",
    ),
    "scipy.special.exp1(w)": ("scipy.special.exp1", "-g * np.exp(-x) / x"),
    "np.add.at(np.zeros(3), [0, 1, 2], w)": ("np.add.at", "Tensor(a), and then np.add.at(a, indices, values)"),
}
TENSOR = {code: "W:(3, 3)" if "[:3]" in code else "W:(4, 3)" if "W" in code else "w:(3,)" for code in REFUSED}

ROWS = [
    *(
        Misuse(code, TypeError, "index(W)" if "[:3]" in code else TENSOR[code], f"{name} is | made at setting.py:", how)
        for code, (name, how) in REFUSED.items()
    ),
    Misuse("np.exp(w, out=np.zeros(3))", TypeError, "out= | w", "np.exp:", "Leave it out | .data"),
    Misuse("np.sum(w, out=np.zeros(()))", TypeError, "'out' | w", "np.sum,", "Leave it out | .data"),
    Misuse("w.sort()", TypeError, "w requires a gradient", "w[…] = …:", "v = w.copy()"),
    Misuse("np.linalg.inv(W)", ValueError, "W:(4, 3)", "inv: wanted square", "np.linalg.pinv(W)"),
    Misuse("np.linalg.inv(W[:3] * 0)", ValueError, "multiply(index(W)", "inv: Singular", "np.linalg.pinv(multiply"),
    Misuse("np.linalg.det(W)", ValueError, "W:(4, 3)", "det: wanted square", "W.T @ W"),
    Misuse("np.linalg.solve(W, w)", ValueError, "W:(4, 3)", "solve: wanted square", "np.linalg.lstsq(W"),
    Misuse(
        "np.tensordot(W, w, axes=0.5)", TypeError, "W:(4, 3) | w:(3,)", "tensordot(axes=0.5)", "two sequences of them"
    ),
    Misuse("np.einsum('ij,jk', W, w)", ValueError, "W:(4, 3) | w:(3,)", "einsum('ij,jk')", "as many axes as 'jk'"),
    Misuse("np.einsum('ij,ik', W, W[:3])", ValueError, "W:(4, 3)", "einsum(subscripts='ij,ik->jk')", "lengths 4 and 3"),
    Misuse("np.linalg.norm(W, ord='f')", ValueError, "W:(4, 3)", "norm(ord='f'", "'fro'"),
    Misuse("np.cross(W, W[0, :1])", ValueError, "W:(4, 3)", "cross", "2 or 3 elements"),
    Misuse("np.dot(W, w, out=np.zeros(4))", TypeError, "'out' | W and w", "np.dot,", "Leave it out"),
]
