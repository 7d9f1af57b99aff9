"""What can be differentiated: the operations with their derivatives, and NumPy's functions, those refused with why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine.protocols.kinds import OF_KINDS
from minigrad.engine.protocols.numpy_protocol import PLAIN, find_function, find_ufunc
from minigrad.engine.protocols.recipes import GRADIENTLESS, RECIPES
from minigrad.engine.protocols.refusals import name_function
from minigrad.engine.protocols.scipy_protocol import SPECIAL
from minigrad.notation.ops_table import table_rows

MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft, "np.emath": np.emath}
DISPATCHERS = (np.ufunc, type(np.sum))  # what hands its tensors over, by NEP 13 and by NEP 18


def list_operations() -> str:
    """Write a table of every differentiable operation with its local derivatives; g is ∂E/∂y."""
    table = table_rows()
    name, formula = (max(len(row[i]) for row in table) for i in (0, 1))
    lines = [f"{row[0]:{name}}  {row[1]:{formula}}  {'   '.join(row[2])}" for row in table]
    return "\n".join([*lines, "", "g = ∂E/∂y. Where an operand was broadcast, its gradient is summed over the copies."])


def find_functions(module: str) -> tuple[list[str], list[str], dict[str, str]]:
    """Give the names of a module of NumPy's that take tensors, that give constants of them, and others with why not."""
    works, constant, refused = [], [], {}
    for name, f in _public(module):
        op = find_ufunc(f) if isinstance(f, np.ufunc) else None
        constants = op is not None and not op.differentiable
        if f in PLAIN or f in OF_KINDS or constants or (name.startswith("is") and find_function(f) is not None):
            constant.append(name)
        elif op is not None or find_function(f) is not None:
            works.append(name)
        else:
            refused[name] = _reason(f)
    return works, constant, refused


def _public(module: str) -> Iterator[tuple[str, Any]]:
    place = MODULES[module]
    for name in sorted(place.__all__):
        f = getattr(place, name)
        if isinstance(f, DISPATCHERS):
            yield name, f


def _reason(f: Any) -> str:
    """Say why a function is refused."""
    called = name_function(f)
    if called in RECIPES:
        return f"write `{RECIPES[called].format(x='x', y='y', z='z')}`"
    if called.rpartition(".")[2] in GRADIENTLESS:
        return "no gradient flows through its result"
    return "no operation yet"


def list_functions() -> str:
    """Write which of NumPy's functions and SciPy's ufuncs take tensors, and why NumPy's others do not, as Markdown."""
    lines = []
    for module in MODULES:
        works, constant, refused = find_functions(module)
        lines += [f"### {module}", "", f"{len(works)} differentiable: {_codes(works)}.", ""]
        if constant:
            lines += [f"{len(constant)} give positions, truth values or constants: {_codes(constant)}.", ""]
        if refused:
            lines += ["Not differentiable:", "", *_reasons(refused), ""]
    lines += ["### scipy.special", "", f"{len(SPECIAL)} ufuncs differentiable: {_codes(sorted(SPECIAL))}.", ""]
    return "\n".join([*lines, "### scipy", "", _functions_of_scipy()])


def _functions_of_scipy() -> str:
    """Write which functions of SciPy's that are no ufuncs are in ``minigrad.scipy``."""
    ours = [name for name, recipe in RECIPES.items() if recipe.startswith(f"minigrad.{name}(")]
    ours = [name for name in ours if not name.startswith("scipy.stats.")]
    return f"By `minigrad.scipy`, and `minigrad.scipy.stats` besides: {_codes(sorted(ours))}."


def _reasons(refused: dict[str, str]) -> Iterator[str]:
    """Write each reason with all that it holds for."""
    for reason in dict.fromkeys(refused.values()):
        names = [name for name, other in refused.items() if other == reason]
        yield f"- {_codes(names)}: {reason}."


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def document_operations() -> str:
    """Write ``docs/operations.md``."""
    version = np.__version__.rpartition(".")[0]
    return f"""# Operations, with NumPy {version}

Written by `python -m tests.generated`, not by hand; `minigrad ops` prints it for the NumPy that is installed.

## NumPy's functions, and SciPy's

By these names, as functions, ufuncs and methods, to any order, eager and compiled. What is refused says so, and what to
write instead.

{list_functions()}

## Operations and their local derivatives

```text
{list_operations()}
```
"""
