"""The public names, as they are listed by the modules themselves; Sphinx reads their docstrings."""

import inspect
from importlib import import_module
from types import ModuleType

SHOWN_BEFORE = {"Tensor"}  # on a part of its own


def document_module(module: str, without: str = "") -> str:
    """Give a directive of autodoc for each public name of a module, but for those named, by commas."""
    home = import_module(module)
    left_out = {*without.split(","), *SHOWN_BEFORE}
    names = sorted((name for name in list_names(home) if name not in left_out), key=str.lower)
    return "\n\n".join(filter(None, (document_name(home, name) for name in names)))


def list_names(home: ModuleType) -> list[str]:
    """Give the names that a module calls public: those of ``__all__``, or what it defines itself."""
    own = [name for name, x in vars(home).items() if getattr(x, "__module__", None) == home.__name__ and name[0] != "_"]
    return list(dict.fromkeys(getattr(home, "__all__", own)))


def document_name(home: ModuleType, name: str) -> str:
    """Give the directive for one name; none for a module, which has its own part."""
    thing = getattr(home, name)
    if inspect.ismodule(thing):
        return ""
    kind = "autoclass" if inspect.isclass(thing) else "autofunction" if callable(thing) else "autodata"
    options = "\n   :members:\n   :show-inheritance:" if inspect.isclass(thing) else ""
    return f"```{{eval-rst}}\n.. {kind}:: {home.__name__}.{name}{options}\n```"
