"""What to write instead of a function of NumPy's or SciPy's that is no operation: data for ``refusals``."""

from __future__ import annotations

# {x}, {y} and {z} are the first operands; a function that has a recipe here is one that operations can be put
# together to.
RECIPES = {
    "np.add.at": "np.stack([values[indices == k].sum() for k in range(n)]), which adds up what has one index",
    "np.copyto": "np.where(mask, values, {x})",
    "np.fill_diagonal": "np.where(np.eye(*{x}.shape, dtype=bool), value, {x})",
    "np.place": "np.where(mask, values, {x})",
    "np.put": "np.where(mask, values, {x})",
    "np.put_along_axis": "np.where(mask, values, {x})",
    "np.putmask": "np.where(mask, values, {x})",
    "scipy.special.expit": "minigrad.sigmoid({x})",
    "scipy.special.logit": "np.log({x} / (1 - {x}))",
    "scipy.special.log_expit": "-np.log(1 + np.exp(-{x}))",
    "scipy.special.softmax": "minigrad.softmax({x}), along the last axis",
    "scipy.special.log_softmax": "minigrad.log_softmax({x}), along the last axis",
    "scipy.special.logsumexp": "np.log(np.exp({x} - m).sum()) + m, with m = {x}.data.max()",
    "scipy.special.xlogy": "np.where({x}.data == 0, 0.0, {x} * np.log({y}))",
    "scipy.special.xlog1py": "{x} * np.log(1 + {y})",
    "scipy.special.entr": "-{x} * np.log({x})",
    "scipy.special.rel_entr": "{x} * np.log({x} / {y})",
    "scipy.special.exp10": "np.exp(np.log(10) * {x})",
    "scipy.special.exp2": "np.exp(np.log(2) * {x})",
    "scipy.special.exprel": "(np.exp({x}) - 1) / {x}, where no {x} is 0",
    "scipy.special.log1p": "np.log(1 + {x})",
    "scipy.special.expm1": "np.exp({x}) - 1",
    "scipy.special.sinc": "np.sin(np.pi * {x}) / (np.pi * {x}), where no {x} is 0",
}  # fmt: skip

# What ∂E/∂x is, for those that an operation of one's own is due for.
RULES = {
    "scipy.special.erf": "g * 2 / np.sqrt(np.pi) * np.exp(-x * x)",
    "scipy.special.erfc": "-g * 2 / np.sqrt(np.pi) * np.exp(-x * x)",
    "scipy.special.ndtr": "g * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)",
    "scipy.special.gammaln": "g * scipy.special.digamma(x)",
    "scipy.special.gamma": "g * y * scipy.special.digamma(x)",
}

# What gives whole numbers, truth values, positions or files: no gradient could belong to it.
GRADIENTLESS = frozenset(
    (
        "bitwise_count", "gcd", "isnat", "lcm", "left_shift", "right_shift", "argwhere", "array_equiv",
        "bincount", "busday_count", "busday_offset", "can_cast", "common_type",
        "datetime_as_string", "diag_indices_from", "digitize", "einsum_path", "flatnonzero",
        "histogram", "histogram2d", "histogram_bin_edges", "histogramdd", "intersect1d", "is_busday",
        "isin", "lexsort", "may_share_memory",
        "min_scalar_type", "nanargmax", "nanargmin", "packbits",
        "ravel_multi_index", "save",
        "savetxt", "savez", "savez_compressed", "searchsorted", "setdiff1d", "setxor1d", "shares_memory",
        "tril_indices_from", "triu_indices_from", "union1d", "unique", "unique_all", "unique_counts",
        "unique_inverse", "unique_values", "unpackbits", "unravel_index", "at",
    )
)  # fmt: skip
