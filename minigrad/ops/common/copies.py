"""How an operation or a function made of another is copied and pickled: as a function is, by the name that it has."""

from __future__ import annotations

import sys
from importlib import import_module
from operator import attrgetter
from typing import Any


def find_variable(x: Any, module: str) -> tuple[str, str] | None:
    """Give the module and its variable that hold x, ``module`` being looked at first; None where none does."""
    first = sys.modules.get(module)
    for place in [first, *list(sys.modules.values())]:
        for name, value in list(getattr(place, "__dict__", {}).items()):
            if value is x and name != "_":  # which is the latest result of a prompt
                return str(getattr(place, "__name__", module)), name
    return None


def qualified_name(x: Any) -> str:
    """Give x's ``__qualname__`` if it is what its module has by that name, as what a decorator gave is; or nothing."""
    try:
        name: str = x.__qualname__
        return name if attrgetter(name)(sys.modules[x.__module__]) is x else ""
    except (AttributeError, KeyError, TypeError):
        return ""


def fetch_variable(module: str, name: str) -> Any:
    """Give what a module's variable holds."""
    place = import_module(module)
    if not hasattr(place, name):
        raise AttributeError(
            f"an operation was pickled as {name} of {module}, which has none here. Define it at the top level of a "
            f"file that both processes import: a script itself is another module in each of them."
        )
    return getattr(place, name)
