"""``minigrad exercise``: the course or a network of one's own in the terminal, as a page, a sheet; a class's table."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from minigrad.app.userfile import UserError, loss_of
from minigrad.derivation.derive import derive
from minigrad.derivation.wording import LANGUAGES
from minigrad.derivation.worksheet import Worksheet
from minigrad.exercises.attempt import Attempt
from minigrad.exercises.course import COURSE, find_lesson, list_lessons
from minigrad.exercises.page import write_page
from minigrad.exercises.page_content import Sheet
from minigrad.exercises.records import Records, load_records, write_table
from minigrad.exercises.terminal import go_through

WRITERS: dict[str, Callable[[Worksheet, bool, str], str]] = {
    ".txt": lambda sheet, *how: sheet.to_text(*how),
    ".md": lambda sheet, *how: sheet.to_markdown(*how),
    ".html": lambda sheet, *how: sheet.to_html(*how),
}


def add_exercise(commands: Any) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "exercise",
        help="learn the way back: blanks to fill in, which know your slip",
        description="Fill in the blanks of a backward pass, in NumPy: a slip is named, a hint comes before the answer.",
    )
    which = "1 to 10 or a name of the course, or FILE.py:function for a loss of your own (default: the course)"
    parser.add_argument("which", nargs="?", metavar="EXERCISE", help=which)
    parser.add_argument("--list", action="store_true", help="list the course")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the messages (default: en)")
    parser.add_argument("--blanks", metavar="N|NAMES", help="how many are blank, or which: dW1,delta2 (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="chooses the blanks, if their number is given (default: 0)")
    parser.add_argument(
        "--notation", choices=("matrix", "index"), default="matrix", help="of a sheet (default: matrix)"
    )
    kinds = parser.add_argument_group("instead of asking in the terminal")
    kinds.add_argument("--page", type=Path, metavar="FILE.html", help="write a page that asks and checks, offline")
    kinds.add_argument("--sheet", type=Path, metavar="FILE", help="write a worksheet to print: .txt, .md or .html")
    kinds.add_argument("--answers", type=Path, metavar="FILE", help="write its answers: .txt, .md or .html")
    kinds.add_argument("--table", type=Path, nargs="+", metavar="FILE", help="print a class's results as CSV")
    keeping = parser.add_argument_group("results")
    keeping.add_argument("--save", type=Path, metavar="FILE", help="keep what was done here, and go on from it")
    keeping.add_argument("--learner", default="", help="name in the results (default: that of the file)")


def run_exercise(arguments: argparse.Namespace) -> int:
    """Do what the command says."""
    if arguments.table:
        print(write_table(arguments.table), end="")
        return 0
    if arguments.list:
        print(list_lessons(arguments.lang))
        return 0
    if not (arguments.page or arguments.sheet or arguments.answers):
        with suppress(ImportError):
            import_module("readline")  # with which input() edits its line, and the up arrow brings back the one before
        go_through(_attempts(arguments))
        return 0
    sheets = list(_sheets(arguments))
    if arguments.page:
        print(write_page(sheets, arguments.page, arguments.lang))
    for path, answers in ((arguments.sheet, False), (arguments.answers, True)):
        if path:
            _write_sheet(sheets, path, answers, arguments.notation)
    return 0


def _write_sheet(sheets: list[Sheet], path: Path, answers: bool, notation: str) -> None:
    if path.suffix.lower() not in WRITERS:
        raise UserError(f"{path.name!r} is no name for a sheet; end it in {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise UserError(f"the folder {str(path.parent)!r} does not exist; make it first")
    if len(sheets) > 1:
        raise UserError("a sheet is of one exercise; name it, as in: minigrad exercise hidden-layer --sheet sheet.html")
    ((_, sheet, _),) = sheets
    path.write_text(f"{WRITERS[path.suffix.lower()](sheet, answers, notation).rstrip()}\n", "utf-8")
    print(path)


def _blanks(text: str | None) -> Any:
    """Read ``--blanks``: a number, or names."""
    if text is None:
        return None
    return int(text) if text.strip().isdecimal() else [name.strip() for name in text.split(",") if name.strip()]


def _sheets(arguments: argparse.Namespace) -> Iterator[Sheet]:
    """Give the exercises that are meant: all of the course, one of it, or one's own."""
    which, blanks, seed, lang = arguments.which, _blanks(arguments.blanks), arguments.seed, arguments.lang
    if which is not None and (":" in which or which.endswith(".py")):
        loss, names = loss_of(which)
        derivation = derive(loss, names=names, fold=False)
        yield which, derivation.exercise(blanks, seed=seed, title=which.rpartition(":")[2], lang=lang), None
        return
    if which is None and blanks is not None:
        raise UserError("--blanks is about one exercise; name it, as in: minigrad exercise hidden-layer --blanks 2")
    for lesson in COURSE if which is None else [find_lesson(which)]:
        yield lesson.key, lesson.worksheet(blanks, seed, lang), lesson.about


def _attempts(arguments: argparse.Namespace) -> Iterator[Attempt]:
    records = Records(arguments.learner)
    if arguments.save is not None:
        if not arguments.save.parent.is_dir():
            raise UserError(f"the folder {str(arguments.save.parent)!r} does not exist; make it first")
        records = load_records(arguments.save, arguments.learner)
    for key, sheet, about in _sheets(arguments):
        yield Attempt(sheet, key, about, lang=arguments.lang, records=records)
