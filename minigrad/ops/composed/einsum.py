"""``numpy.einsum``, called with subscripts in a string or in lists, with or without an output and an ellipsis."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

from minigrad.ops.base import Refused, as_array, refuse_out
from minigrad.ops.matrices.einsum import contract
from minigrad.ops.shaping import astype

_BY_NUMBER = ascii_uppercase + ascii_lowercase  # in the order in which an output that is left out has its axes


def einsum(
    *operands: Any, out: None = None, optimize: Any = False, dtype: Any = None, order: str = "K", casting: str = "safe"
) -> Any:
    """Sum products over named axes: ``einsum("ij,jk->ik", a, b)`` or ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

    The order of the products is chosen by their sizes whatever ``optimize`` says.
    """
    refuse_out(out)
    subscripts, arrays = _read_call(operands)
    arrays = [as_array(x) for x in arrays]
    if dtype is not None:
        arrays = [x if x.dtype == dtype else astype(x, dtype, casting=casting) for x in arrays]
    try:
        terms, output = _read_subscripts(subscripts, [x.ndim for x in arrays])
    except ValueError as error:
        return Refused(f"einsum({subscripts!r})", error)(*arrays)
    return contract(terms, output, arrays)


def _read_call(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Give the subscripts as a string, and the operands; of lists of axis numbers each follows its operand."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])
    arrays, axes = operands[: len(operands) // 2 * 2 : 2], operands[1::2]
    subscripts = ",".join(map(_write_axes, axes))
    return subscripts + (f"->{_write_axes(operands[-1])}" if len(operands) % 2 else ""), list(arrays)


def _write_axes(axes: Sequence[Any]) -> str:
    return "".join("..." if axis is Ellipsis else _BY_NUMBER[axis] for axis in axes)


def _read_subscripts(subscripts: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """Give the label of each axis of each operand and of the output, what an ellipsis stands for included."""
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    labels = set(inputs + output) - set(",.")
    if not labels <= set(ascii_letters) or any(part.count(".") not in (0, 3) for part in (*terms, output)):
        raise ValueError("subscripts are letters, commas, one -> and an ellipsis ... for each operand")
    if len(terms) != len(ndims):
        raise ValueError(f"the subscripts are of {len(terms)} operands, and there are {len(ndims)}")
    extra = [n - len(term.replace("...", "")) if "..." in term else 0 for term, n in zip(terms, ndims, strict=True)]
    wrong = [
        term for term, n, more in zip(terms, ndims, extra, strict=True) if len(term.replace("...", "")) + more != n
    ]
    if wrong or min(extra) < 0:
        raise ValueError(f"an operand has not as many axes as {(wrong or terms)[0]!r} names")
    rest = "".join(sorted(set(ascii_letters) - labels)[: max(extra)])
    full = [term.replace("...", rest[len(rest) - more :]) for term, more in zip(terms, extra, strict=True)]
    if not arrow:
        joined = "".join(full)
        output = rest + "".join(label for label in sorted(labels) if joined.count(label) == 1)
    elif rest and "..." not in output:
        raise ValueError("the output needs the ellipsis ... that the operands have")
    output = output.replace("...", rest)
    if len(set(output)) < len(output) or not set(output) <= set("".join(full)):
        raise ValueError("the output names an axis twice, or one that no operand has")
    return full, output
