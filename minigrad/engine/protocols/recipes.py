"""What to write instead of a function of NumPy's or SciPy's that is no operation: data for ``refusals``."""

from __future__ import annotations

# What writes into an array of NumPy's, which could not keep a tensor's gradient: into a tensor it can.
INTO_TENSOR = "a = minigrad.Tensor(a), and then {call}: what is written into a tensor has its gradient"
_WRITING = {
    "copyto": "np.copyto(a, values, where=mask)",
    "fill_diagonal": "np.fill_diagonal(a, value)",
    "place": "np.place(a, mask, values)",
    "put": "np.put(a, indices, values)",
    "put_along_axis": "np.put_along_axis(a, indices, values, axis)",
    "putmask": "np.putmask(a, mask, values)",
}

# {x}, {y} and {z} are the first operands; a function that has a recipe here is one that operations can be put
# together to.
RECIPES = {
    **{f"np.{name}": INTO_TENSOR.format(call=call) for name, call in _WRITING.items()},
    "scipy.special.logsumexp": "minigrad.scipy.special.logsumexp({x})",
    "scipy.special.softmax": "minigrad.scipy.special.softmax({x})",
    "scipy.special.log_softmax": "minigrad.scipy.special.log_softmax({x})",
    "scipy.special.polygamma": "minigrad.scipy.special.polygamma({x}, {y})",
    "_lambertw": "minigrad.scipy.special.lambertw({x})",  # the ufunc in it
    "scipy.special.lambertw": "minigrad.scipy.special.lambertw({x})",
    "scipy.signal.convolve": "minigrad.scipy.signal.convolve({x}, {y})",
    "scipy.linalg.expm": "minigrad.scipy.linalg.expm({x})",
    "scipy.linalg.sqrtm": "minigrad.scipy.linalg.sqrtm({x})",
    "scipy.linalg.solve_banded": "minigrad.scipy.linalg.solve_banded((l, u), ab, b)",
    "scipy.linalg.solve_sylvester": "minigrad.scipy.linalg.solve_sylvester({x}, {y}, {z})",
    "scipy.linalg.solve_triangular": "minigrad.scipy.linalg.solve_triangular({x}, {y})",
    **{
        f"scipy.stats.{name}.{method}": f"minigrad.scipy.stats.{name}.{method}({{x}})"
        for name in ("norm", "t", "gamma", "beta", "chi2", "poisson")
        for method in (*(("pmf", "logpmf") if name == "poisson" else ("pdf", "logpdf")), "cdf", "logcdf", "sf", "logsf")
    },
    "scipy.integrate.odeint": "minigrad.scipy.integrate.odeint(f, {x}, t, args=parameters)",
    "scipy.integrate.solve_ivp": "minigrad.scipy.integrate.odeint(f, {x}, t, args=parameters), whose f takes y first",
    "scipy.special.multigammaln": "minigrad.scipy.special.multigammaln({x}, {y})",
}  # fmt: skip

# What ∂E/∂x is, for those that an operation of one's own is due for.
RULES = {
    "scipy.special.expi": "g * np.exp(x) / x",
    "scipy.special.exp1": "-g * np.exp(-x) / x",
    "scipy.special.spence": "g * np.log(x) / (1 - x)",
}

# What gives whole numbers, truth values, positions or files: no gradient could belong to it.
GRADIENTLESS = frozenset(
    (
        "isnat", "busday_count", "busday_offset", "datetime_as_string", "is_busday",
        "may_share_memory", "min_scalar_type", "packbits", "ravel_multi_index", "save", "shares_memory",
        "savetxt", "savez", "savez_compressed", "unpackbits", "at",
    )
)  # fmt: skip
