"""Misuses of NumPy's and SciPy's functions: those that are no operations, and arguments that do not work."""

from tests.misuses import Misuse

# code -> what it is called, and what is to be written for it
REFUSED = {
    "np.linalg.norm(w)": ("np.linalg.norm", "np.sqrt((w * w).sum())"),
    "np.linalg.inv(W)": ("np.linalg.inv", "∂E/∂x = -y.T @ g @ y.T | your_own_operation.py"),
    "np.linalg.solve(W[:3], w)": ("np.linalg.solve", "np.linalg.solve(A.T, g) | your_own_operation.py"),
    "np.linalg.svd(W)": ("np.linalg.svd", "minigrad ops | your_own_operation.py"),
    "np.linalg.det(W[:3])": ("np.linalg.det", "np.linalg.inv(x).T"),
    "np.linalg.multi_dot([W, w])": ("np.linalg.multi_dot", "W @ w"),
    "np.fft.fft(w)": ("np.fft.fft", "np.cos(a), np.sin(a)"),
    "np.fft.rfft(w)": ("np.fft.rfft", "your_own_operation.py"),
    "scipy.special.expit(w)": ("scipy.special.expit", "minigrad.sigmoid(w)"),
    "scipy.special.logsumexp(w)": ("scipy.special.logsumexp", "np.log(np.exp(w - m).sum()) + m"),
    "scipy.special.softmax(w)": ("scipy.special.softmax", "minigrad.softmax(w)"),
    "scipy.special.erf(w)": ("scipy.special.erf", "np.exp(-x * x)"),
    "np.arctan(w)": ("np.arctan", "g / (1 + x * x)"),
    "np.log1p(w)": ("np.log1p", "np.log(1 + w)"),
    "np.clip(w, 0, 1)": ("np.clip", "np.minimum(np.maximum(w, lowest), highest)"),
    "np.einsum('ij,j->i', W, w)": ("np.einsum", "@"),
    "np.outer(w, w)": ("np.outer", "w[:, None] * w[None, :]"),
    "np.floor(w)": ("np.floor", "w.data"),
    "np.round(w)": ("np.round", "w.data"),
    "np.unique(w)": ("np.unique", "w.data"),
    "np.add.reduce(w)": ("np.add.reduce", "np.sum(w, axis=0)"),
    "np.sort(w)": ("np.sort", "w[np.argsort(w.data)]"),
}
TENSOR = {code: "W:(3, 3)" if "[:3]" in code else "W:(4, 3)" if "W" in code else "w:(3,)" for code in REFUSED}

ROWS = [
    *(
        Misuse(code, TypeError, "index(W)" if "[:3]" in code else TENSOR[code], f"{name} is | made at setting.py:", how)
        for code, (name, how) in REFUSED.items()
    ),
    Misuse("np.exp(w, out=np.zeros(3))", TypeError, "out= | w", "np.exp:", "Leave it out | .data"),
    Misuse("np.sum(w, out=np.zeros(()))", TypeError, "'out' | w", "np.sum,", "Leave it out | .data"),
    Misuse("w.sort()", TypeError, "in place", "sort", "np.sort(x)"),
    Misuse("np.dot(W, w, out=np.zeros(4))", TypeError, "'out' | W and w", "np.dot,", "Leave it out"),
]
