"""FILE.py:function of a user -> the loss that it returns, with the names of its variables."""

from __future__ import annotations

import ast
import inspect
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from minigrad.engine.messages.absent import find_close
from minigrad.engine.tensor import Tensor
from minigrad.structure.source import Variables


class UserError(Exception):
    """What a user can mend, in words that need no traceback of ours."""


class Found(NamedTuple):
    """A loss, and the variables of the function that made it."""

    loss: Tensor
    names: Mapping[str, Any]


def loss_of(target: str) -> Found:
    """Run the file, as ``import`` would, and call the function without arguments.

    Raises ``UserError`` for a target that is not FILE.py:function, a file or a function that does not exist, one that
    needs arguments or raises, and one that returns no recorded scalar Tensor.
    """
    function = target.rpartition(":")[2]
    loss, names = _result_of(target, "the loss")
    if not isinstance(loss, Tensor):
        raise UserError(f"{function} returns {_kind(loss)}; wanted the loss, a scalar Tensor")
    if loss.shape:
        raise UserError(f"{function} returns a Tensor of shape {loss.shape}; reduce it to a scalar, with .sum() say")
    if loss.op is None:
        raise UserError(
            f"{function} returns a Tensor without a record; compute it from tensors with requires_grad=True, outside "
            "of no_grad()"
        )
    return Found(loss, Variables({name: x for name, x in names.items() if x is not loss}))


def model_of(target: str) -> tuple[Any, Any, Any]:
    """Run the file likewise, and give the model, the loss and the optimizer that the function returns."""
    found, _ = _result_of(target, "(model, loss, optimizer)")
    if not isinstance(found, tuple) or len(found) != 3:
        function, kind = target.rpartition(":")[2], f"{len(found)} things" if isinstance(found, tuple) else _kind(found)
        raise UserError(f"{function} returns {kind}; wanted (model, loss, optimizer), as fit takes them")
    return found


def _result_of(target: str, wanted: str) -> tuple[Any, dict[str, Any]]:
    """Give what the function returns, and its variables; ``wanted`` is what it is to return, for errors."""
    path, function = _split(target)
    _read_code(path)
    with _neighbors(path):
        return _call(target, path, function, wanted)


def _call(target: str, path: Path, function: str, wanted: str) -> tuple[Any, dict[str, Any]]:
    space = _run(target, lambda: runpy.run_path(str(path), run_name=path.stem))
    if function not in space:
        raise UserError(f"{path} has no function {function!r}{_offer(path, function)}")
    called = space[function]
    if not callable(called):
        raise UserError(
            f"{function!r} in {path} is no function but of type {type(called).__name__}; write def {function}(): "
            f"…, which makes its own data and returns {wanted}"
        )
    needed = _needed(called)
    if needed:
        raise UserError(
            f"{function} needs {', '.join(needed)}, and is called without arguments; write a function that makes its "
            f"own data and returns {wanted}"
        )
    names: dict[str, Any] = {}
    return _run(target, lambda: _watched(called, names)), names


def _split(target: str) -> tuple[Path, str]:
    file, _, function = target.rpartition(":") if not Path(target).exists() else (target, "", "")
    path = Path(file or target)
    if path.is_dir():
        raise UserError(f"{path} is a folder; write FILE.py:function, for a file in it")
    if path.suffix == ".py" and not path.is_file():
        raise UserError(f"the file {path} does not exist{_offer_file(path)}")
    if path.suffix != ".py" or not function.isidentifier():
        raise UserError(f"{target!r} names no function; write FILE.py:function{_offer(path)}")
    return path, function


def _read_code(path: Path) -> ast.Module:
    """Read a file's code, without running it."""
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        line = f": {error.text.strip()}" if error.text else ""
        raise UserError(f"{path} is no Python, in line {error.lineno}: {error.msg}{line}") from error
    except ValueError as error:  # null bytes
        raise UserError(f"{path} is no Python: {error}") from error


def _offer(path: Path, meant: str = "") -> str:
    """Name the functions that a file has, the one first that may be meant."""
    names = [x.name for x in _read_code(path).body if isinstance(x, ast.FunctionDef)] if path.suffix == ".py" else []
    close = find_close(meant, names) if meant else None
    return f". Did you mean {close}?" if close else f"; it has {', '.join(names)}" if names else ""


def _offer_file(path: Path) -> str:
    """Name the file beside it that may be meant."""
    beside = [x.name for x in path.parent.glob("*.py")] if path.parent.is_dir() else []
    close = find_close(path.name, beside)
    return f". Did you mean {path.with_name(close)}?" if close else ""


@contextmanager
def _neighbors(path: Path) -> Iterator[None]:
    """Let the file import its neighbors, as a script can, also inside its functions."""
    before = sys.path[:]
    sys.path.insert(0, str(path.resolve().parent))
    try:
        yield
    finally:
        sys.path[:] = before


def _needed(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin has no signature
        return []
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _watched(function: Callable[..., Any], names: dict[str, Any]) -> Any:
    """Call the function, and keep its variables: tensors without a name are called after them."""
    code = getattr(function, "__code__", None)

    def watch(frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and frame.f_code is code:
            names.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        return function()
    finally:
        sys.setprofile(before)


def _run(target: str, call: Callable[[], Any]) -> Any:
    """Call into the user's code; what it raises is told with the lines of that code alone."""
    try:
        return call()
    except SystemExit as error:
        raise UserError(f"{target} ended the program by SystemExit({error.code!r}) before there was a loss") from error
    except Exception as error:
        file = target.rpartition(":")[0]
        own = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == Path(file).name]
        where = "".join(traceback.format_list(own))
        what = "".join(traceback.format_exception_only(error)).rstrip()
        raise UserError(f"{target} raised an error:\n{where}{what}") from error


def _kind(x: Any) -> str:
    return "None" if x is None else f"a {type(x).__name__}"
