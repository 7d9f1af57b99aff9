"""The parameters that an optimizer is given, looked at: can they be trained?"""

from collections.abc import Iterable, Mapping

from minigrad.engine.messages.errors import name_or
from minigrad.engine.tensor import Tensor


def check_parameters(called: str, params: Iterable[Tensor]) -> list[Tensor]:
    """Give the parameters as a list, or say which of them cannot be trained and why."""
    if isinstance(params, Tensor):
        raise TypeError(f"{called}: params must be a list of Tensors, not one Tensor; write [w]")
    if isinstance(params, Mapping):
        raise TypeError(f"{called}: params must be a list of Tensors, not a dict; write model.parameters()")
    if not isinstance(params, Iterable):
        order = "; they come first, and then lr" if isinstance(params, int | float) else ""
        raise TypeError(
            f"{called}: params must be a list of Tensors, not {type(params).__name__}{order}; write model.parameters()"
        )
    params = list(params)
    if not params:
        raise ValueError(f"{called}: params is empty: there is nothing to train; give model.parameters()")
    seen: set[int] = set()
    for i, p in enumerate(params):
        if not isinstance(p, Tensor):
            way = "write Tensor(data, requires_grad=True)"
            raise TypeError(f"{called}: params[{i}] is {type(p).__name__}, not a Tensor; {way}")
        label = f"{called}: {label_parameter(p, i)}"
        if p.dtype.kind != "f":
            raise TypeError(f"{label} is {p.dtype}; only floating-point parameters can be trained")
        if p.op is not None:
            raise ValueError(f"{label} is the result of an operation; give the tensors it was computed from")
        if not p.requires_grad:
            raise ValueError(
                f"{label} does not require a gradient; make it with requires_grad=True, or leave out what is frozen: "
                f"[p for p in model.parameters() if p.requires_grad]"
            )
        if not getattr(getattr(p.array, "flags", None), "writeable", True):
            raise ValueError(f"{label} has a read-only array, and is to be updated in place; give it a copy")
        if id(p) in seen:
            raise ValueError(f"{label} is in params twice and would be updated twice; give it once")
        seen.add(id(p))
    return params


def label_parameter(p: Tensor, i: int) -> str:
    """Name the parameter for an error."""
    return f"params[{i}]" if not p.name else f"params[{i}] ({name_or(p, '')})"
