"""What a learner writes in NumPy -> its value, or what is wrong with it in words that help."""

from __future__ import annotations

import ast
import codeop
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from minigrad.derivation.wording import Said, say
from minigrad.engine.messages.absent import find_close
from minigrad.engine.tensor import Tensor
from minigrad.notation.helpers import HELPERS

OFFERED = ("sigmoid", "softmax")  # functions that a learner is told of, since NumPy has none
MOST_NUMBERS = 10**6  # elements of an answer


class CodeError(Exception):
    """What is wrong with a learner's code; ``said`` can be told in each language."""

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self.said = said


def run_code(source: str, key: str, known: Mapping[str, Any], own: dict[str, Any]) -> Any:
    """Run code in which ``np``, the arrays ``known`` and the learner's ``own`` names are there; give its value.

    That is what it assigns to ``key``, or the value of its last line. ``own`` is given the names that it makes; the
    arrays are copies, which the code may change. Whatever it raises becomes a ``CodeError``; so does Ctrl-C.
    """
    arrays = {name: np.array(value) for name, value in known.items()}
    space = {"np": np, **_helpers(), **own, **arrays}
    before = set(space) - set(own)
    try:
        tree = ast.parse(source.strip())
        last = tree.body[-1] if tree.body else None
        space.pop(key, None)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(last, ast.Expr):
                tree.body.pop()
            exec(compile(tree, "<answer>", "exec"), space)
            value = space.get(key)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<answer>", "eval"), space)
    except KeyboardInterrupt:
        raise CodeError(say("stopped; nothing is lost, and you can go on")) from None
    except SystemExit:
        raise CodeError(say("exit ends nothing here; type quit")) from None
    except Exception as error:
        raise CodeError(_explain(error, source, arrays)) from None
    own.update({name: x for name, x in space.items() if name not in before and name not in ("__builtins__", key)})
    return _checked(value, key)


def is_begun(source: str) -> bool:
    """Say whether code goes on in another line: a bracket is open, or a block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return codeop.compile_command(source, "<answer>", "exec") is None
        except (SyntaxError, ValueError, OverflowError):
            return False


@cache
def _helpers() -> dict[str, Any]:
    """Make the functions that an answer's code may call, from the source that ``to_numpy`` writes, too.

    The last axis is softmax's where a learner names none.
    """
    space: dict[str, Any] = {"np": np}
    for source in HELPERS.values():
        exec(source, space)
    plain = space["softmax"]
    return {name: space[name] for name in HELPERS} | {"softmax": lambda u, axis=-1: plain(u, axis)}


def _checked(value: Any, key: str) -> Any:
    """Give an array of numbers; raise ``CodeError`` for what is none."""
    if value is None:
        raise CodeError(say("that has no value: end with an expression, or write {key} = …", key=key))
    value = value.array if isinstance(value, Tensor) else value
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise CodeError(say("the rows have different lengths, so that they are no array")) from None
    if array.dtype.kind not in "fiub":
        kind = type(value).__name__
        raise CodeError(say("that is no array of real numbers, but of type {kind}", kind=kind))
    if array.size > MOST_NUMBERS:
        raise CodeError(say("that is an array of shape {shape}, much too large", shape=array.shape))
    return array


def _explain(error: Exception, source: str, arrays: Mapping[str, Any]) -> Said:
    """Say what an error means, and what to do."""
    match error:
        case SyntaxError():
            at = (error.text or source).strip().splitlines()
            return say("that is no Python: {error}, in “{line}”", error=error.msg, line=at[0] if at else "")
        case NameError(name=name):
            there = ", ".join(["np", *arrays, *OFFERED])
            close = find_close(name, arrays) if name else None
            if close:
                return say("there is no {name}; did you mean {close}?", name=name, close=close)
            return say("there is no {name}; there are {names}", name=name, names=there)
        case TypeError() | ValueError() if "^" in source:
            return say("^ is no power in Python: write X**2; the transpose is X.T")
        case AttributeError(name=str(name)) if name.lower() in ("t", "transposed"):
            return say("the transpose is written X.T")
        case ValueError() if "shape" in str(error) or "dimension" in str(error):
            return say("the shapes do not fit. {shapes}. The transpose of X is X.T", shapes=_shapes(source, arrays))
    what = str(error).partition("\n")[0] or say("no more is known")
    return say("{kind}: {error}", kind=type(error).__name__, error=what)


def _shapes(source: str, arrays: Mapping[str, Any]) -> str:
    """List the shapes of the arrays that code speaks of."""
    names = [node.id for node in ast.walk(ast.parse(source.strip())) if isinstance(node, ast.Name)]
    return ", ".join(f"{name}: {arrays[name].shape}" for name in dict.fromkeys(names) if name in arrays)
