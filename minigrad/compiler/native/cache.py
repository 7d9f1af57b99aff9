"""Machine code on disk: run only if it is whole, compiled from the very text, and nobody else could have written it."""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from minigrad.extras import require
from minigrad.files import replacing

numba: Any = require("numba", "native")
llvmlite: Any = require("llvmlite", "native")
caching: Any = require("numba.core.caching", "native")
registry: Any = require("numba.core.registry", "native")
serialize: Any = require("numba.core.serialize", "native")

# numba does not look at functions of other modules: any of these may be called, or have written what is
CALLED = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
MADE_BY = f"numba {numba.__version__}, llvmlite {llvmlite.__version__}, Python {sys.version}"
DIGEST = 32  # bytes


def cache_folder() -> Path:
    """Give the folder that compiled code is kept in: ``$MINIGRAD_CACHE``, or that of the user's caches."""
    base = os.environ.get("MINIGRAD_CACHE")
    return Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigrad"


class KeptFunction(registry.CPUDispatcher):  # type: ignore[misc]
    """A function that is compiled for one signature, as by ``njit``, or fetched from where code is kept."""

    def __init__(self, function: Any, text: str, signature: Any, options: dict[str, Any]) -> None:
        super().__init__(function, targetoptions={"nopython": True, "boundscheck": None} | options)
        self._cache = StepCache(text)
        self.compile(signature)
        self.disable_compile()

    @property
    def entry_point(self) -> Any:
        """The function for that signature, called without a look at its arguments' types, which takes 90 ns."""
        (overload,) = self.overloads.values()
        return overload.entry_point

    @property
    def address(self) -> int:
        """Where the code for that signature begins, which other code calls as numba's functions call each other."""
        (overload,) = self.overloads.values()
        return int(overload.library.get_pointer_to_function(overload.fndesc.llvm_func_name))


class Results(caching.CompileResultCacheImpl):  # type: ignore[misc]
    """How numba itself takes what it has compiled apart, and puts it together; the place is ours."""

    def __init__(self) -> None:
        pass


class StepCache:
    """What numba asks before it compiles a function, and tells afterwards: one file for each text, machine, version.

    A file is the digest of all that follows, the length of the text, the text, and the code. Where there is no folder,
    or none to be trusted, nothing is kept.
    """

    cache_path = None  # which numba shows in its statistics

    def __init__(self, text: str) -> None:
        self.text = text

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Give the compiled function, or None: then it is compiled."""
        context.refresh()
        text = self._whole_text(context.codegen())
        with suppress(Exception):  # OSError, and whatever another's idea of such code raises: compiling puts it right
            path = _path(text)
            code = None if path is None else _read(path, text)
            return None if code is None else Results().rebuild(context, pickle.loads(code))
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled function."""
        if result.lifted or result.library.has_dynamic_globals:  # it holds addresses of this process
            return
        text = self._whole_text(result.codegen)
        code = serialize.dumps(Results().reduce(result))
        with suppress(OSError, RuntimeError):  # the disk is full, there is no home: it goes without
            path = _path(text)
            if path is not None:
                content = len(text).to_bytes(8, "little") + text + code
                with replacing(str(path), mode=0o600) as file:
                    file.write(hashlib.sha256(content).digest() + content)

    def _whole_text(self, codegen: Any) -> bytes:
        """Give all that the code depends on."""
        called = hashlib.sha256(CALLED).hexdigest()
        return f"{MADE_BY}, {codegen.magic_tuple()}\n{called}\n{self.text}".encode()


def _path(text: bytes) -> Path | None:
    """Give the file for a text, in a folder that only its owner may write; None if others may."""
    folder = cache_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_ours(os.stat(folder)):
        warnings.warn(
            f"compile: the folder of compiled code, {folder}, belongs to somebody else or may be written by others, "
            f"who could put code there that you would run. Nothing is read or kept: every process compiles anew. Take "
            f"their permission away (chmod go-w), or set MINIGRAD_CACHE to a folder of your own.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return folder / f"step_{hashlib.sha256(text).hexdigest()[:32]}.code"


def _read(path: Path, text: bytes) -> bytes | None:
    """Give the code in a file; None where it is another text's, cut, changed, or somebody else's."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or not _is_ours(found):
            return None
        content = file.read()
    start = DIGEST + 8 + len(text)
    head = len(text).to_bytes(8, "little") + text
    if content[DIGEST:start] != head or hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        return None
    return content[start:]


def _is_ours(found: os.stat_result) -> bool:
    """Say whether nobody but us, and who may do everything anyway, can have written this."""
    if not hasattr(os, "geteuid"):
        return True  # Windows, where a user's folder is that user's
    return found.st_uid in (os.geteuid(), 0) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
