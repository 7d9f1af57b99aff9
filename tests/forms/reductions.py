"""Reductions, and what runs along an axis: every axis, keepdims, dtype, initial, where, ddof, mean, out."""

from tests.forms import Refused, split_forms

RIGHT = [
    *(
        f"np.nanquantile(np.where(mask, x, np.nan), {more}')"
        for more in (
            *("0.5, method='lower", "[0.2, 0.5], axis=1, keepdims=True, method='nearest", "0.4, method='midpoint"),
            "0.3, axis=0, weights=[[1, 2, 1], [1, 1, 2]], method='inverted_cdf",
        )
    ),
    *(
        f"np.{f}(c, axis={axis})"
        for f in ("sum", "prod", "mean", "var", "std", "max", "min", "ptp")
        for axis in (None, 0, -1, (0, 2), (-1, 0))
    ),
    *(
        f"np.{f}(x, 1, keepdims=True)"
        for f in ("sum", "prod", "mean", "var", "std", "max", "min", "ptp", "amax", "amin")
    ),
    *(f"np.{f}(x, axis=0, dtype=np.float32)" for f in ("sum", "prod", "mean", "var", "std")),
    *(f"np.{f}(x, axis=0, dtype='longdouble')" for f in ("sum", "prod", "mean", "var", "std")),
    *(f"np.{f}(x, where=mask)" for f in ("sum", "prod", "mean", "var", "std")),
    *(f"np.{f}(x, axis=1, where=mask[:, :1] | True)" for f in ("sum", "mean")),
    *(f"np.{f}(x, axis=0, initial=0.3)" for f in ("sum", "prod", "max", "min")),
    *(f"np.{f}(x, axis=0, initial=0.3, where=mask, keepdims=True)" for f in ("sum", "prod", "max", "min")),
    *(f"np.{f}(x, out=None)" for f in ("sum", "prod", "mean", "var", "std", "max", "min", "ptp", "cumsum", "cumprod")),
    *split_forms("""
        np.sum(x, initial=s)  np.sum(a=x, axis=1)  np.sum(x, 0, None, None, True)  np.sum(x, axis=())  np.sum(s)
    """),
    *split_forms("""
        np.var(x, ddof=1)  np.std(x, axis=1, ddof=1)  np.var(x, correction=1)  np.std(x, 0, correction=0.5)
    """),
    *split_forms("""
        np.var(x, axis=1, mean=x.mean(1, keepdims=True))  np.std(x, mean=np.mean(x))
        np.var(x, 0, None, None, 1, True)
    """),
    *split_forms("""
        np.cumsum(x)  np.cumsum(x, 0)  np.cumsum(x, axis=-1)  np.cumprod(x)  np.cumprod(x, axis=1)
    """),
    *split_forms("""
        np.cumsum(x, dtype=np.float32)  np.cumulative_sum(y)  np.cumulative_sum(x, axis=1, include_initial=True)
    """),
    *split_forms("""
        np.cumulative_prod(x, axis=0)  np.cumulative_prod(y, include_initial=True, dtype=np.float32)
    """),
    *split_forms("""
        np.average(x)  np.average(x, axis=1)  np.average(x, weights=p)  np.average(x, 1, weights=q, keepdims=True)
    """),
    *split_forms("""
        np.average(x, axis=0, weights=[1, 3], returned=True)  np.average(c, (0, 1), weights=p)
        np.average(x, weights=A)
    """),
    *split_forms("""
        np.median(x)  np.median(x, axis=1)  np.median(c, axis=(0, 1), keepdims=True)  np.median(x, 0, None, True)
    """),
    *split_forms("""
        np.quantile(x, 0.3)  np.quantile(x, [0.1, 0.9], axis=1)  np.quantile(c, 0.5, axis=(0, 2), keepdims=True)
    """),
    *split_forms("""
        np.percentile(x, 30)  np.percentile(x, [10, 90], 0)  np.percentile(x, q=np.array(25.0), axis=-1)
    """),
    *(
        f"np.quantile(v, 0.37, method='{method}')"
        for method in (
            *("linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf"),
            *("closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased"),
            "normal_unbiased",
        )
    ),
    *split_forms("""
        np.quantile(v, 0.3, weights=[1, 2, 3, 2, 1], method='inverted_cdf')
    """),
    *split_forms("""
        np.percentile(x, 40, axis=1, weights=[3, 1, 2], method='inverted_cdf')
    """),
    *split_forms("""
        np.nansum(x, axis=1)  np.nanmean(x, 0, keepdims=True)  np.nanvar(x, ddof=1)  np.nanstd(x, axis=0)
    """),
    *split_forms("""
        np.nanmax(x, 1)  np.nanmin(x)  np.nanprod(x, 1)  np.nanmedian(x, axis=1)  np.nancumsum(x, 1)
    """),
    *split_forms("""
        np.quantile(v, s)  np.percentile(x, 40 * s, axis=1)  np.nanquantile(v, s, method='weibull')
        np.quantile(x, p[0])
        np.bincount([0, 2, 1, 2, 0], weights=v)  np.bincount(np.array([1, 0, 1]), y, minlength=4)
        np.histogram([0.1, 0.4, 0.8], bins=2, weights=y)[0]  np.histogram(A, [0, 0.5, 2], weights=x, density=True)[0]
        np.histogram(v, bins=3, range=(-1, 1))[0] * y
        np.histogram(np.arange(5), 2, (0, 3), None, v)  np.bincount([1, 1]) * s
        np.nancumprod(x)  np.nanquantile(x, 0.3, 1)  np.nanpercentile(x, 30, keepdims=True)
    """),
    *split_forms("""
        np.nansum(np.where(mask, x, np.nan), 0, initial=0.5)  np.nanmean(np.where(mask, x, np.nan), where=mask)
    """),
    *split_forms("""
        np.count_nonzero(x) * x  x * np.any(x > 0, axis=0)  x * np.all(x > 0, axis=1, keepdims=True)
    """),
    *split_forms("""
        x * np.argmax(x, axis=1, keepdims=True)  x[np.argmin(x, axis=0), [0, 1, 2]]  x * np.argmax(x)
    """),
    *split_forms("""
        np.trapezoid(x)  np.trapezoid(x, dx=0.5, axis=0)  np.trapezoid(x, [1, 2, 4])  np.trapezoid(x, x=q)
    """),
    *split_forms("""
        np.add.reduce(x)  np.add.reduce(x, axis=(0, 1))  np.multiply.reduce(x, 1, keepdims=True)
        np.maximum.reduce(x)
    """),
    *split_forms("""
        np.add.accumulate(x, 1)  np.minimum.accumulate(x)  np.add.reduceat(v, [0, 2, 3])  np.subtract.outer(y, v)
    """),
    *split_forms("""
        np.logaddexp.reduce(x, axis=None)  np.add.reduce(x, where=mask, initial=1.0)  np.add.outer(x, y)
    """),
]

REFUSED = [
    *(
        Refused(f"np.{f}(x, out=np.zeros(()))", TypeError, f"np.{f} | out | .data")
        for f in ("sum", "mean", "max", "std")
    ),
    Refused("np.bincount([0, 1], weights=y)", ValueError, "bincount: wanted a vector and as many weights"),
    Refused("np.cumsum(x, out=np.zeros(6))", TypeError, "np.cumsum | out | .data"),
    Refused("np.add.reduce(x, out=np.zeros(3))", TypeError, "add | out | .data"),
    Refused("np.sum(x, axis=2)", ValueError, "sum | axis 2"),
    Refused("np.max(x, where=mask)", ValueError, "maximum | initial"),
    Refused("np.sum(x, axes=1)", TypeError, "axes"),
    Refused("np.cumulative_sum(x)", ValueError, "cumulative_sum | axis must be given"),
    Refused("np.var(x, ddof=1, correction=1)", ValueError, "ddof and correction"),
    Refused("np.average(x, 1, weights=np.zeros(3))", ZeroDivisionError, "Weights sum to zero"),
    Refused("np.average(x, weights=y)", TypeError, "Axis must be specified"),
    Refused("np.quantile(v, 0.3, weights=[1, 2, 3, 2, 1])", ValueError, "inverted_cdf"),
    Refused("np.quantile(v, 0.3, weights=np.abs(v), method='inverted_cdf')", TypeError, "quantile | weights | .data"),
    Refused("np.sum([x, z])", TypeError, "gradient | np.stack"),
    Refused("np.divmod.reduce(x)", ValueError, "reduce"),
    Refused("np.add.at(np.zeros(3), [0, 1, 2], y)", TypeError, "np.add.at | minigrad.Tensor(a)"),
]
