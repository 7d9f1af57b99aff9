"""Exercises in a terminal: one blank after another, answered in NumPy, with plain input and output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.derivation.wording import say
from minigrad.derivation.worksheet import Question
from minigrad.exercises.attempt import Attempt
from minigrad.exercises.code import is_begun
from minigrad.exercises.words import tell

PROMPT, MORE = ">>> ", "... "
SHORT = 3  # lines of an array that is shown beside its name without being asked for

Ask = Callable[[str], str]
Print = Callable[[str], Any]


class Left(Exception):
    """The learner wants to go."""


def go_through(attempts: Iterable[Attempt], ask: Ask = input, show: Print = print) -> bool:
    """Ask all blanks of some exercises; say whether they were gone through to the end.

    ``attempts`` are begun one by one. Ends where the input does, or at ``quit``; what was done is saved by then.
    """
    begun: Attempt | None = None
    try:
        for attempt in attempts:
            begun = attempt
            if attempt.question is None:
                continue
            show(_introduction(attempt))
            while attempt.question is not None:
                _ask(attempt, attempt.question, ask, show)
            show("")
    except (Left, EOFError):
        if begun is not None:
            begun.records.save()  # also where nothing was asked or answered: the file that is named is there
            kept = say("kept in {file}; the same command goes on from here", file=str(begun.records.path))
            show("\n" + begun.tell(kept if begun.records.path else say("until the next time")))
        return False
    if begun is not None:
        show(begun.tell(say("That was all.")))
    return True


def _introduction(attempt: Attempt) -> str:
    """Say what the exercise is about, and what is given."""
    sheet = attempt.worksheet
    heading = sheet.title or attempt.key
    about = [attempt.tell(attempt.about)] if attempt.about else []
    lines = [heading, "=" * _width(heading), *about, ""]
    lines += [f"  {line}" for line in sheet.source.forward_lines]
    lines += ["", attempt.tell(say("These arrays are there, and np:")), *_arrays(sheet.given)]
    help_ = say("Write NumPy. hint, answer, skip, show, help and quit are commands.")
    return "\n".join([*lines, "", attempt.tell(help_)])


def _arrays(arrays: dict[str, Any]) -> list[str]:
    """Write each array with its shape, and its numbers where they are few."""
    wide = max(map(len, arrays))
    lines = []
    for name, value in arrays.items():
        shape = " × ".join(map(str, value.shape))
        rows = _numbers(value).splitlines()
        if len(rows) > SHORT + 1:
            rows = [*rows[:SHORT], " …"]
        lines.append(f"  {name:{wide}}  {shape:7}  {rows[0]}")
        lines += [f"  {'':{wide}}  {'':7}  {row}" for row in rows[1:]]
    return lines


def _numbers(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=4, suppress_small=True, max_line_width=90, threshold=60)


def _width(text: str) -> int:
    """Give how many columns a text takes: a Japanese character takes two."""
    return sum(1 + (ord(c) > 0x2E7F) for c in text)


def _ask(attempt: Attempt, question: Question, ask: Ask, show: Print) -> None:
    """Ask for one blank until it is done."""
    sheet = attempt.worksheet
    number, left = sheet.questions.index(question) + 1, dict.fromkeys([question.symbol, f"∂E/∂{question.of}"])
    shape = " × ".join(map(str, question.shape)) or attempt.tell(say("a number"))
    show(f"\n({number}/{len(sheet)})  {' = '.join(left)} = ?    {question.key}, {shape}")
    while attempt.question is question:
        answer = _read(ask)
        if answer:
            show(str(_obey(attempt, question, answer)))


def _read(ask: Ask) -> str:
    """Read an answer, which may be several lines long: until brackets are closed, or an empty line ends a block."""
    lines = [ask(PROMPT)]
    while lines[-1].strip() and is_begun("\n".join(lines)):
        lines.append(ask(MORE))
    return "\n".join(lines).strip()


def _obey(attempt: Attempt, question: Question, answer: str) -> Any:
    """Do what a command says, or look at an answer."""
    word, *more = answer.split()
    match word.lower(), more:
        case (("quit" | "exit" | "q"), []):
            raise Left
        case "hint", []:
            return attempt.hint(question.key)
        case "answer", []:
            return attempt.answer(question.key)
        case "skip", []:
            return attempt.skip(question.key)
        case (("help" | "?"), []):
            return _help(attempt.lang)
        case "show", names:
            return _show(attempt, question, names)
    return attempt.check(answer)


def _show(attempt: Attempt, question: Question, names: list[str]) -> str:
    """Write the arrays that there are, all or those that are named, in full."""
    known = attempt.worksheet.known_before(question)
    missing = [name for name in names if name not in known]
    if missing:
        there = ", ".join(known)
        return attempt.tell(say("there is no {name}; there are {names}", name=missing[0], names=there))
    if names:
        return "\n".join(f"{name} =\n{_numbers(known[name])}" for name in names)
    return "\n".join(_arrays(known))


def _help(lang: str) -> str:
    """Say what can be written."""
    return "\n".join(
        tell(line, lang)
        for line in (
            say("An answer is an expression, X.T @ delta, or lines that assign it, dW = X.T @ delta."),
            say("hint    one step nearer; there are several"),
            say("answer  the way there, and what it is"),
            say("skip    leave this one out"),
            say("show    the arrays that there are; show W1 all of one"),
            say("quit    go; Ctrl-C stops what runs too long"),
        )
    )
