"""The one place by which modules that minigrad does without are loaded."""

from importlib import import_module
from types import ModuleType


def require(module: str, extra: str) -> ModuleType:
    """Give the module, or raise ImportError with the command that installs it: `extra` is the extra that brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f'{module} could not be imported ({error}); install it with:  pip install "minigrad[{extra}]"', name=module
        ) from error
