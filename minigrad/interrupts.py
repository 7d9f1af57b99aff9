"""Ctrl-C at a safe moment."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class CtrlC:
    """Ctrl-C raises KeyboardInterrupt at once, but in a `held` block only at its end.

    Only Python's own handler is replaced, and only in the main thread, where alone signals arrive.
    """

    def __init__(self) -> None:
        self._holding = self._pending = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take over from Python's handler for the duration of the block."""
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        ):
            yield
            return
        signal.signal(signal.SIGINT, self._arrived)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a Ctrl-C back until the block is done."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if not self._holding:
            raise KeyboardInterrupt
        self._pending = True
