"""What shows an object never raises: an exception in a repr ends a notebook's run, and a debugger's, too."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def html_or_text(write: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    """Let a ``_repr_html_`` give None where it fails, so that the notebook shows the text."""

    @wraps(write)
    def safe(self: Any) -> str | None:
        try:
            return write(self)
        except Exception:
            return None

    return safe


def text_or_reason(write: Callable[[Any], str]) -> Callable[[Any], str]:
    """Let a ``__repr__`` say why it fails where it does."""

    @wraps(write)
    def safe(self: Any) -> str:
        try:
            return write(self)
        except Exception as error:
            return f"<{type(self).__name__} that cannot be shown: {say_error(error)}>"

    return safe


def say_error(error: Exception) -> str:
    """Name an exception and give its first line, whatever its own words do."""
    try:
        words = str(error).partition("\n")[0]
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
