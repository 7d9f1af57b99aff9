"""Settings that hold within a ``with`` block, as context variables: in its thread and task, and for what they start.

A generator that is suspended within a block takes it with it: whoever goes on meanwhile is outside. (One that
``contextlib`` has made a context manager of does not, since there the block is meant for the caller.)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import wraps
from types import FrameType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

# The requests that some context holds, by id: while there are none, nobody has to look for those of its own. A set,
# since adding to it and taking from it are atomic, between threads and in a destructor.
in_force: set[int] = set()

_COROUTINE, _GENERATOR, _ASYNC_GENERATOR = 0x80, 0x20, 0x200  # of a code object's flags


class _Request:
    """What a block asks for; ``before`` is the one that it stands in, ``frame`` the generator's that it stands in.

    ``token``, of one that stands in no other, makes its context what it was before.
    """

    __slots__ = ("before", "block", "frame", "token")
    token: Token[_Request | None] | None

    def __init__(self, block: Block, frame: FrameType | None, before: _Request | None) -> None:
        self.block, self.frame, self.before, self.token = block, frame, before, None
        in_force.add(id(self))

    def __del__(self, forget: Callable[[int], None] = in_force.discard) -> None:
        forget(id(self))


class Setting:
    """A value that blocks change for what runs within them."""

    def __init__(self, name: str, default: Any) -> None:
        self.latest: ContextVar[_Request | None] = ContextVar(name, default=None)
        self.default = default

    def get(self) -> Any:
        """Give the value here: that of the innermost block whose generator, if it stands in one, is running."""
        request = self.latest.get()
        while request is not None:
            if request.frame is None or _is_running(request.frame):
                return request.block.value
            request = request.before
        return self.default


class Block:
    """A ``with`` block in which a setting has a value, or a decorator of a function, generator or coroutine.

    It may be entered again, within itself and in several tasks and threads at once.
    """

    __slots__ = ("setting", "value")

    def __init__(self, setting: Setting, value: Any) -> None:
        self.setting, self.value = setting, value

    def __enter__(self) -> None:
        latest = self.setting.latest
        request = _Request(self, _generator_around(sys._getframe(1)), latest.get())
        token = latest.set(request)
        if request.before is None:
            request.token = token

    def __exit__(self, *raised: object) -> None:
        latest = self.setting.latest
        request, frame = latest.get(), _generator_around(sys._getframe(1))
        left = _without(request, lambda x: x.block is self and x.frame is frame)
        if left is request:  # it ends elsewhere than it began, as one in an ExitStack may
            left = _without(request, lambda x: x.block is self)
        if left is not None or request is None or not _take_out(latest, request.token):
            latest.set(left)

    def __call__(self, f: F) -> F:
        """Give a function that runs within the block, in every call."""
        if not callable(f):
            raise TypeError(
                f"{type(self).__name__}: a block, as in `with no_grad():`, decorates a function, not the "
                f"{type(f).__name__} {f!r}."
            )
        code = getattr(getattr(f, "__func__", f), "__code__", None)
        flags = code.co_flags if code is not None else 0
        made = next((make for flag, make in _WITHIN.items() if flags & flag), _function_within)
        return cast(F, wraps(f)(made(self, f)))


def _function_within(block: Block, f: Callable[..., Any]) -> Callable[..., Any]:
    def within(*args: Any, **kwargs: Any) -> Any:
        with block:
            return f(*args, **kwargs)

    return within


def _generator_within(block: Block, f: Callable[..., Any]) -> Callable[..., Any]:
    def within(*args: Any, **kwargs: Any) -> Any:
        with block:
            return (yield from f(*args, **kwargs))

    return within


def _coroutine_within(block: Block, f: Callable[..., Any]) -> Callable[..., Any]:
    async def within(*args: Any, **kwargs: Any) -> Any:
        with block:
            return await f(*args, **kwargs)

    return within


def _async_generator_within(block: Block, f: Callable[..., Any]) -> Callable[..., Any]:
    """Give an asynchronous generator that runs within a block, and hands on what is sent into it and thrown."""

    async def within(*args: Any, **kwargs: Any) -> Any:
        with block:
            source = f(*args, **kwargs)
            try:
                step = source.asend(None)
                while True:
                    value = await step
                    try:
                        step = source.asend((yield value))
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step = source.athrow(error)
            except StopAsyncIteration:
                return
            finally:
                await source.aclose()

    return within


def _take_out(latest: ContextVar[_Request | None], token: Token[_Request | None] | None) -> bool:
    """Make a context what it was before a block, if this one is that; say whether that is done.

    While a context holds anything, NumPy looks there for its ``errstate`` in every call, which a small step felt.
    """
    try:
        if token is not None:
            latest.reset(token)
        return token is not None
    except ValueError:  # another context, as where a task goes on with what it was started within
        return False


_WITHIN = {
    _COROUTINE: _coroutine_within,
    _GENERATOR: _generator_within,
    _ASYNC_GENERATOR: _async_generator_within,
}


def _without(request: _Request | None, ends: Callable[[_Request], bool]) -> _Request | None:
    """Give a context's requests without the latest that ends: not always the last, for generators end in any order."""
    kept: list[_Request] = []
    while request is not None and not ends(request):
        kept.append(request)
        request = request.before
    if request is None:
        return kept[0] if kept else None
    left = request.before
    for x in reversed(kept):
        left = _Request(x.block, x.frame, left)
    return left


def _generator_around(frame: FrameType | None) -> FrameType | None:
    """Give the frame that a block stands in, if it is a generator's.

    Not that of one which contextlib runs: its block belongs to the frame that enters the context manager.
    """
    while frame is not None:
        back = frame.f_back
        generator = frame.f_code.co_flags & (_GENERATOR | _ASYNC_GENERATOR)
        if not _is_contextlib(frame) and not (generator and _is_contextlib(back)):
            return frame if generator else None
        frame = back
    return None


def _is_running(frame: FrameType) -> bool:
    """Say whether a frame is on the stack of a thread, this one's first.

    A suspended frame has nothing behind it; of one that is finished, as in another context than it began in, Python
    3.12 and newer go on to say what was. To look through the stack takes an operation in such a block 1.5 µs more.
    """
    if frame.f_back is None or sys.version_info < (3, 12):
        return frame.f_back is not None
    return _is_on(sys._getframe(1), frame) or any(_is_on(top, frame) for top in sys._current_frames().values())


def _is_on(top: FrameType | None, frame: FrameType) -> bool:
    """Say whether a frame is on the stack that ends at the top."""
    while top is not None and top is not frame:
        top = top.f_back
    return top is not None


def _is_contextlib(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_globals.get("__name__") == "contextlib"
