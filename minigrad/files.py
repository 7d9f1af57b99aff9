"""Files that appear whole or not at all, whenever the process that writes them is killed."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EWOULDBLOCK
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, which by itself lets nobody remove a file that another has open
    fcntl = None  # type: ignore[assignment]

ACL = "system.posix_acl_access"
_DRAFT = re.compile(r"\.minigrad-[0-9a-f]{16}")


@contextmanager
def replacing(path: str, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a draft that takes the place of ``path``, and its permissions, when the block is done.

    A file that is new has the permissions of ``mode``, or what the umask leaves. If the block fails, the draft is gone
    and the file as it was. Drafts that killed processes left in the folder are removed.

    Raises ``OSError``, which names ``path``, where that is no file that may be written, or none can be there.
    """
    before = check_writable(path)
    folder = os.path.dirname(path)
    remove_drafts(folder)
    with _named(path):
        draft, file = _open_draft(folder, before is None and mode is None)
    try:
        with _named(path), file:
            if before is not None:
                _keep_permissions(file, path, before, mode)
            elif mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:
                os.replace(draft, path)  # while the draft is locked, so that nobody takes it for a dead process's
        if fcntl is None:
            os.replace(draft, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(draft)
        raise


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Let an error of the system name the file that is meant, and not its draft; on a full disk it names none."""
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None or _DRAFT.fullmatch(os.path.basename(error.filename))
        if error.errno is None or not unnamed:
            raise
        raise OSError(error.errno, error.strerror, path) from error


def _keep_permissions(file: BinaryIO, path: str, before: os.stat_result, mode: int | None) -> None:
    """Give a draft the owner and the permissions of the file at ``path``, lists of users (ACLs) too."""
    if hasattr(os, "fchown"):
        with suppress(PermissionError):  # another's file, which becomes one's own, as it does in an editor
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
    if not hasattr(os, "fchmod"):
        return
    listed = _read_list(path)
    if listed is None or mode is not None:
        os.fchmod(file.fileno(), mode if mode is not None else stat.S_IMODE(before.st_mode))
        return
    os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode) & ~stat.S_IRWXG)  # of a list these bits are no group's
    with suppress(OSError):
        os.setxattr(file.fileno(), ACL, listed)


def _read_list(path: str) -> bytes | None:
    """Give the list of users, besides owner and group, who may read or write a file; None if there is none."""
    try:
        return os.getxattr(path, ACL)
    except (OSError, AttributeError):  # no list, a file system without, or not Linux
        return None


def follow_links(path: str | os.PathLike[str]) -> str:
    """Give the path of the file that a path leads to, so that a link goes on leading there; no folder's "new/"."""
    name = os.fspath(path)
    if not os.path.basename(name):
        raise IsADirectoryError(f"{name or '.'} is a directory; name a file in it")
    return os.path.realpath(name)


def check_writable(path: str) -> os.stat_result | None:
    """Give what is known of the file at ``path``, None if there is none; OSError if it cannot be replaced."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(f"{path} is a directory; name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is no file but a device, a pipe or a socket, and would be replaced by one")
    if not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is write-protected")
    return found


def remove_drafts(folder: str) -> None:
    """Remove the drafts in a folder that no living process is writing."""
    with suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in entries:
            if _DRAFT.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_left(entry.path)


def _remove_if_left(draft: str) -> None:
    if fcntl is None:
        os.remove(draft)
        return
    with open(draft, "rb") as file:
        if _lock(file):
            os.remove(draft)


def _open_draft(folder: str, public: bool) -> tuple[str, BinaryIO]:
    """Make a new file, locked; not even for a moment may others read it who may not read the file it replaces."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o666 if public else 0o600)

    while True:
        draft = os.path.join(folder, f".minigrad-{os.urandom(8).hex()}")
        file = open(draft, "xb", opener=opener)  # noqa: SIM115  # the caller closes it
        if fcntl is None or (_lock(file) is not False and os.path.exists(draft)):
            return draft, file
        file.close()  # somebody cleaned up between the two, and has taken it for a dead process's
        with suppress(FileNotFoundError):
            os.remove(draft)


def _lock(file: BinaryIO) -> bool | None:
    """Lock a file until it is closed; False if another process or thread has, None where locks are not known."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno == EWOULDBLOCK else None
    return True
