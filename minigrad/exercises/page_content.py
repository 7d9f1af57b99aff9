"""What the page of exercises knows: what is given and asked, hints, what is right, what each slip would give."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.derivation import worksheet_documents
from minigrad.derivation.reasons.step_documents import mathml, table
from minigrad.derivation.wording import Said, say
from minigrad.derivation.worksheet import Question, Worksheet
from minigrad.exercises.page_words import PAGE_WORDS
from minigrad.exercises.words import TABLES, begin_sentence, tell

DIGITS = 10
MOST_COMPARED = 32  # elements of an array by which a slip in it is told; of more, so many are picked by chance
MOST_OTHERWISE = 400  # elements of an array of another shape that is known as a slip
Sheet = tuple[str, Worksheet, Said | None]  # the exercise's name, its sheet, and what it is about


def content(sheets: Iterable[Sheet], lang: str) -> dict[str, Any]:
    """Give all that the page's script needs, as what JSON can hold."""
    words = {key: TABLES[lang].get(said, said) for key, said in PAGE_WORDS.items()}
    exercises = [_exercise(*sheet, lang) for sheet in sheets]
    asked = [
        (x["key"], x["forward"], x["given"], [line["key"] for line in x["lines"] if "asked" in line]) for x in exercises
    ]
    name = hashlib.sha256(repr(asked).encode()).hexdigest()[:16]  # under which a browser keeps what was done here
    return {"lang": lang, "name": name, "words": words, "exercises": exercises}


def _exercise(key: str, sheet: Worksheet, about: Said | None, lang: str) -> dict[str, Any]:
    ahead, back = worksheet_documents.items(sheet, "matrix")
    inputs = [name for name, _ in worksheet_documents.arrays(sheet)]
    lines = []
    for item, line in zip(back, sheet.lines.values(), strict=True):
        asked = _question(sheet, line, lang) if item.question else {}
        left, whole = mathml(item.terms[: item.left]), mathml(item.terms)
        lines.append({"key": line.key, "left": left, "math": whole, "value": _array(line.value, 17), **asked})
    symbols = {name: mathml([term]) for name, term in sheet.terms.items()}
    return {
        "key": key,
        "title": sheet.title or tell(worksheet_documents.TITLE, lang),
        "about": tell(about, lang) if about else "",
        "forward": [mathml(item.terms) for item in ahead],
        "inputs": inputs,
        "values": sheet.values,
        "symbols": symbols,
        "given": {name: _array(value, 17) for name, value in sheet.given.items()},
        "facts": [tell(fact, lang) for fact in worksheet_documents.facts(sheet)],
        "lines": lines,
    }


def _question(sheet: Worksheet, question: Question, lang: str) -> dict[str, Any]:
    """Give what belongs to a blank alone."""
    answers, at = sheet.wrong_answers(question), _picked(question.value)
    steps = [row._replace(words=tell(row.words, lang)) for row in question.steps().rows()]
    hints = [
        {"words": begin_sentence(tell(words, lang)), "math": [mathml(terms) for terms in equations]}
        for words, equations in question.hints
    ]
    return {
        "asked": True,
        "symbol": question.symbol,
        "code": question.code,
        "hints": hints,
        "steps": table(steps),
        "at": at,
        "wrong": _arrays(answers.wrong, question, at, lang),
        "pairs": _arrays(answers.pairs, question, at, lang),
        "factors": [[c, tell(says, lang)] for c, says in answers.factors],
        "straight": [
            [tell(says, lang), _array(slope.ravel()[at] if at else slope, 17, of=slope)]
            for says, slope in answers.straight
        ],
        "both": tell(say("{first}, and {second}", first="{first}", second="{second}"), lang),
    }


def _arrays(answers: Sequence[tuple[Said, Any]], question: Question, at: Any, lang: str) -> list[list[Any]]:
    """Give what is said of each wrong array, and of the array the elements by which it is told."""
    return [
        [tell(says, lang), _array(value.ravel()[at] if at and value.shape == question.shape else value, of=value)]
        for says, value in answers
        if value.shape == question.shape or value.size <= MOST_OTHERWISE
    ]


def _picked(value: Any) -> list[int] | None:
    """Give the elements by which a large array is compared with wrong ones; None for all of a small one."""
    if value.size <= MOST_COMPARED:
        return None
    return sorted(map(int, np.random.default_rng(0).choice(value.size, MOST_COMPARED, replace=False)))


def _array(value: Any, digits: int = DIGITS, of: Any = None) -> dict[str, Sequence[Any]]:
    """Give an array as its shape and its numbers, rounded to so many significant digits; or some numbers ``of`` one."""
    value = np.asarray(value, np.float64)
    return {
        "shape": np.shape(value if of is None else of),
        "data": [_short(float(f"{x:.{digits}g}")) for x in value.ravel()],
    }


def _short(x: float) -> float | int:
    """Write whole numbers without a point."""
    return int(x) if x == int(x) and abs(x) < 1e15 else x
