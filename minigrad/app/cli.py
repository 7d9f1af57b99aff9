"""The command line: ``minigrad tour``, ``exercise``, ``ops``; ``derive``, ``draw``, ``stepper``, ``train``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from minigrad import __version__
from minigrad.app.exercising import add_exercise, run_exercise
from minigrad.app.fitting import add_train, run_train
from minigrad.app.operations import list_functions, list_operations
from minigrad.app.tour.guide import tour
from minigrad.app.tour.words import LANGUAGES
from minigrad.app.userfile import UserError, loss_of
from minigrad.derivation.derive import derive
from minigrad.derivation.lines import Derivation
from minigrad.picture.draw import draw
from minigrad.picture.stepper.page import stepper


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    0 if all went well, 1 if a gradient turned out wrong, 2 for bad input, 130 after Ctrl-C.
    """
    arguments = _parser().parse_args(argv)
    try:
        code = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("minigrad: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # who reads has read enough, as head does; nothing is left to be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        said = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror or error)
        said = said.removeprefix(f"{arguments.command}: ")
        print(f"minigrad {arguments.command}: {said}", file=sys.stderr)
        return 2
    except (UserError, ValueError, RuntimeError, ImportError) as error:
        print(f"minigrad {arguments.command}: {str(error).removeprefix(f'{arguments.command}: ')}", file=sys.stderr)
        return 2


def _check_file(path: Path) -> None:
    """Say what is wrong with the name of a file that is to be written."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise UserError(f"the folder {str(path.parent)!r} does not exist; make it first")


def _tour(arguments: argparse.Namespace) -> int:
    if arguments.out.exists() and not arguments.out.is_dir():
        raise UserError(f"{arguments.out} is a file, and the page needs a folder; give --out another name")
    return tour(arguments.out, arguments.seed, arguments.quick, arguments.lang)


def _ops(arguments: argparse.Namespace) -> int:
    print(f"{list_operations()}\n\n{list_functions()}")
    return 0


def _derive(arguments: argparse.Namespace) -> int:
    shown = {name: getattr(arguments, name) for name in ("general", "forward")}
    if arguments.format == "numpy":
        for option in ("steps", *shown):
            if getattr(arguments, option):
                raise UserError(f"--{option} is for reading, and --format numpy is code; choose another format")
    loss, names = loss_of(arguments.target)
    derivation = derive(loss, names=names, fold=arguments.fold, lang=arguments.lang, **shown)
    written = FORMATS[arguments.format](derivation, arguments.notation, arguments.steps).rstrip()
    if arguments.out is None:
        print(written)
    else:
        _check_file(arguments.out)
        arguments.out.write_text(f"{written}\n", "utf-8")
        print(arguments.out)
    return 0


def _draw(arguments: argparse.Namespace) -> int:
    loss, names = loss_of(arguments.target)
    shown = {"values": not arguments.no_values, "backward": not arguments.forward, "fold": arguments.fold}
    shown |= {name: getattr(arguments, name) for name in ("direction", "width", "theme", "transparent", "lang")}
    drawing = draw(loss, arguments.out, names=names, **shown)
    print(f"{drawing.path}: {drawing.how}")
    return 0


def _stepper(arguments: argparse.Namespace) -> int:
    loss, names = loss_of(arguments.target)
    print(stepper(loss, arguments.out, names=names, fold=arguments.fold, lang=arguments.lang))
    return 0


FORMATS: dict[str, Callable[[Derivation, str, bool], str]] = {
    "text": lambda derivation, *how: derivation.to_text(*how),
    "latex": lambda derivation, *how: derivation.to_latex(*how),
    "markdown": lambda derivation, *how: derivation.to_markdown(*how),
    "html": lambda derivation, *how: derivation.to_html(*how),
    "numpy": lambda derivation, *_: derivation.to_numpy(),
}

COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "tour": _tour, "exercise": run_exercise, "ops": _ops, "derive": _derive, "draw": _draw, "stepper": _stepper,
    "train": run_train,
}  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="minigrad", description="Backpropagation that shows its work.")
    parser.add_argument("--version", action="version", version=f"minigrad {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    touring = commands.add_parser("tour", help="derive, draw and train small networks, compare every gradient")
    touring.add_argument("--out", type=Path, default=Path("tour"), help="folder for the page (default: tour)")
    touring.add_argument("--seed", type=_seed, default=0, help="of all random choices (default: 0)")
    touring.add_argument("--quick", action="store_true", help="train for a tenth of the epochs")
    touring.add_argument("--lang", choices=LANGUAGES, default="en", help="of the page: en or ja (default: en)")
    add_exercise(commands)
    add_train(commands)
    commands.add_parser("ops", help="list every operation with its local derivative, and NumPy's functions")
    deriving = _on_a_loss(commands, "derive", "write the derivation of a loss's gradients")
    deriving.add_argument("--format", choices=FORMATS, default="text", help="numpy is code (default: text)")
    deriving.add_argument(
        "--notation", choices=("matrix", "index", "text"), default="matrix", help="text is ASCII (default: matrix)"
    )
    deriving.add_argument("--steps", action="store_true", help="show how each line came, from the chain rule on")
    deriving.add_argument("--general", action="store_true", help="begin lines with what holds for any activation")
    deriving.add_argument("--forward", action="store_true", help="write the formulas of U, Y and E before the lines")
    deriving.add_argument("--lang", choices=LANGUAGES, default="en", help="of what is not a formula (default: en)")
    deriving.add_argument("-o", "--out", type=Path, help="file to write (default: print)")
    drawing = _on_a_loss(commands, "draw", "draw a loss's backward graph")
    drawing.add_argument("-o", "--out", type=Path, required=True, help="picture: .svg, .png, .pdf or .dot")
    drawing.add_argument("--no-values", action="store_true", help="leave the numbers out")
    drawing.add_argument("--forward", action="store_true", help="leave the gradients out")
    drawing.add_argument(
        "--direction", choices=("right", "down"), default="right", help="of the lanes (default: right)"
    )
    drawing.add_argument("--width", type=float, help="pixels; what is wider is cut into bands (default: as it is)")
    drawing.add_argument("--theme", choices=("light", "dark"), help="of the paper (default: light)")
    drawing.add_argument("--transparent", action="store_true", help="leave the paper out")
    drawing.add_argument("--lang", choices=LANGUAGES, default="en", help="of titles and legend (default: en)")
    stepping = _on_a_loss(commands, "stepper", "write a page that steps through a loss, forward and back")
    stepping.add_argument("-o", "--out", type=Path, required=True, help="page: .html")
    stepping.add_argument("--lang", choices=LANGUAGES, default="en", help="of the page (default: en)")
    for shown in (deriving, drawing, stepping):
        shown.add_argument(
            "--unfold", dest="fold", action="store_const", const=False, default="auto", help="show every repeat"
        )
    return parser


def _on_a_loss(commands: Any, name: str, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=f"{what.capitalize()}.")
    parser.add_argument("target", metavar="FILE.py:function", help="a function without arguments that returns a loss")
    return parser


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number, 0 or more, not {text!r}")
    return int(text)
