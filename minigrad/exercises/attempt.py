"""One learner at one worksheet: answers, hints, and what became of each blank. In a notebook this is what one sees."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation import worksheet_documents
from minigrad.derivation.comparing.judge import Row
from minigrad.derivation.derive import derive
from minigrad.derivation.reasons import step_documents
from minigrad.derivation.wording import Said, check_language, join_and, say
from minigrad.derivation.worksheet import Hint, Question, Worksheet
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.exercises.code import CodeError, run_code
from minigrad.exercises.course import Lesson, find_lesson
from minigrad.exercises.page import write_page
from minigrad.exercises.records import Mark, Records, load_records
from minigrad.exercises.typed import Typed, round_to_digits
from minigrad.exercises.words import begin_sentence, tell
from minigrad.notation.term import write_term
from minigrad.notation.writers.text import TEXT
from minigrad.notebook.safety import html_or_text, text_or_reason

PATIENCE = 2  # wrong answers after which a hint comes by itself


@with_usage
def exercise(
    which: int | str | Tensor | Worksheet = 1,
    *,
    blanks: Any = None,
    seed: Any = 0,
    lang: str | None = None,
    names: Mapping[str, Any] | None = None,
    given: Iterable[SumsToOne] = (),
    save: str | os.PathLike[str] | None = None,
) -> Attempt:
    """Give an exercise to go through: ``x = exercise("hidden-layer")``, ``x.check(delta2=Y - T)``, ``x.hint()``.

    ``which`` is a lesson of the course, from 1, "neuron", to 10, "attention"; or a loss of one's own, which ``names``
    and ``given`` are for as in ``derive``; or a worksheet, ``derive(E).exercise(blanks=3)``. ``blanks`` and ``seed``
    choose what is asked, ``lang`` is "en" or "ja", and ``save`` a file that keeps what was done, to go on from.

    Raises ``ValueError`` for a lesson, blanks or a language that there is not, ``TypeError`` for anything else.
    """
    check_language("exercise", lang or "en")
    if isinstance(which, Worksheet):
        sheet, about, key = which, None, which.title or "worksheet"
    elif isinstance(which, Tensor):
        sheet = derive(which, names=names, given=given, fold=False).exercise(blanks, seed=seed, lang=lang or "en")
        about, key = None, "own"
    elif isinstance(which, int | str) and not isinstance(which, bool):
        lesson = find_lesson(which)
        sheet, about, key = lesson.worksheet(blanks, seed, lang or "en"), lesson.about, lesson.key
    else:
        raise TypeError(
            f"exercise: wanted a lesson (1, 'neuron', …), a loss, or a worksheet, not {shown(which)}; "
            "write exercise('hidden-layer') or exercise(E)"
        )
    records = Records() if save is None else load_records(save)
    return Attempt(sheet, key, about, lang=lang, records=records)


class Reply:
    """What is said to an answer, or to a request; true where the answer is right. It prints as its lines."""

    def __init__(self, lines: Iterable[str], right: bool = False) -> None:
        self.text, self.right = "\n".join(filter(None, lines)), right

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


class Attempt:
    """One learner at one worksheet.

    ``check`` takes answers, as arrays or as NumPy code; ``hint``, ``answer`` and ``skip`` are about the blank that is
    next, or about the one whose key is given. ``given`` are the arrays to compute with, ``worksheet`` is the sheet,
    ``records`` what was done so far. An answer is shown only after a try or a hint.
    """

    def __init__(
        self,
        worksheet: Worksheet,
        key: str,
        about: Said | None = None,
        *,
        lang: str | None = None,
        records: Records | None = None,
    ) -> None:
        self.worksheet, self.key, self.about = worksheet, key, about
        self.lang, self.records = lang or worksheet.lang, records or Records()
        self._own: dict[str, Any] = {}
        self._wrong: dict[str, Any] = {}  # the latest answer to each blank, while that is wrong

    @classmethod
    def at(cls, lesson: Lesson, lang: str, records: Records, blanks: Any = None, seed: Any = 0) -> Attempt:
        """Begin a lesson, or go on with it."""
        return cls(lesson.worksheet(blanks, seed, lang), lesson.key, lesson.about, records=records)

    @property
    def given(self) -> dict[str, Any]:
        """The arrays that answers are computed from."""
        return {name: np.array(value) for name, value in self.worksheet.given.items()}

    @property
    def question(self) -> Question | None:
        """The blank that is next; None when all are done."""
        return next((x for x in self.worksheet if not self.mark(x).result), None)

    def mark(self, question: Question) -> Mark:
        """Give what became of a blank."""
        return self.records.of(self.key, question.key)

    def check(self, answer: Any = None, /, **answers: Any) -> Reply:
        """Look at answers, ``check(dW=X.T @ delta)``; one without a name is to the blank that is next.

        An answer is an array, or code as a string: ``check("X.T @ delta")``. Raises ``KeyError`` for a blank that there
        is not.
        """
        if answer is not None:
            answers = {self._asked(None).key: answer, **answers}
        if not answers:
            raise TypeError("check: there is no answer; write check(dW=array), or check('X.T @ delta')")
        replies = [self._check(self._asked(key), x) for key, x in answers.items()]
        return Reply([*map(str, replies), "" if self.question else self.summary()], all(replies))

    def _check(self, question: Question, answer: Any) -> Reply:
        mark, key = self.mark(question), question.key
        try:
            typed = Typed(answer)
            if isinstance(answer, str):
                typed = round_to_digits(answer, self.run(question, answer), question.value)
            row = self._judge(question, typed.array)
        except CodeError as error:
            return Reply([f"! {begin_sentence(self.tell(error.said))}"])
        except TypeError as error:
            return Reply([f"! {str(error).removeprefix('check: ')}"])
        if typed.is_coarse:
            return Reply([f"! {self.tell(say('That may be right: please give one or two digits more.'))}"])
        mark.tries += 1
        self._wrong[key] = typed.array
        if row.right:
            del self._wrong[key]
            mark.result = mark.result or "right"
            self.records.save()
            return Reply([self.tell(say("✓ {key} is right", key=key)), f"  {self.equation(question)}"], right=True)
        lines = [self.tell(row.said)]
        mark.slips.append(str(say("follows from {others}", others=join_and(row.sources)) if row.follows else row.slip))
        if row.at and not row.follows:
            lines.append(f"  {self.tell(say('it differs most at {at}', at=list(row.at)))}")
        if mark.tries >= PATIENCE and mark.hints < len(question.hints):
            lines.append(str(self.hint(key)))
        self.records.save()
        return Reply(lines)

    def _judge(self, question: Question, array: Any) -> Row:
        """Compare an answer with what it should be, or with what follows from wrong ones that were given before."""
        row = self.worksheet.judge(question, array)
        before = {x.key: self._wrong[x.key] for x in self.worksheet if x.key in self._wrong and x is not question}
        if row.right or not before:
            return row
        with_these = self.worksheet.check({**before, question.key: array})[question.key]
        return with_these if with_these.follows else row

    def run(self, question: Question, source: str) -> Any:
        """Run an answer that is code; raise ``CodeError`` for what is wrong with it as code."""
        return run_code(source, question.key, self.worksheet.known_before(question), self._own)

    def hint(self, key: str | None = None) -> Reply:
        """Give the next hint."""
        question = self._asked(key)
        mark, hints = self.mark(question), question.hints
        if mark.hints >= len(hints):
            return Reply([self.tell(say("there is no further hint; answer shows it"))])
        mark.hints += 1
        self.records.save()
        number = self.tell(say("Hint {i} of {n}", i=mark.hints, n=len(hints)))
        return Reply([f"  {number}: {self.write_hint(hints[mark.hints - 1])}"])

    def answer(self, key: str | None = None) -> Reply:
        """Show how the answer comes and what it is; where neither a try nor a hint went before, give a hint first."""
        question = self._asked(key)
        mark = self.mark(question)
        if not mark.tries and not mark.hints:
            return Reply([str(self.hint(question.key)), f"  {self.tell(say('ask again to see the answer'))}"])
        mark.result = mark.result or "shown"
        self.records.save()
        rows = [row._replace(words=self.tell(row.words)) for row in question.steps().rows()]
        steps = [f"  {line}" for line in step_documents.to_text(rows).splitlines()]
        return Reply([*steps, f"  {question.key} = {question.code}", "" if self.question else self.summary()])

    def skip(self, key: str | None = None) -> Reply:
        """Leave a blank out."""
        question = self._asked(key)
        mark = self.mark(question)
        mark.result = mark.result or "skipped"
        self.records.save()
        said = self.tell(say("{key} is left out", key=question.key))
        return Reply([f"  {said}", "" if self.question else self.summary()])

    def _asked(self, key: str | None) -> Question:
        if key is not None:
            return self.worksheet[key]
        question = self.question
        if question is None:
            raise ValueError(f"exercise: {self.key} is done; name a blank, such as {self.worksheet.questions[0].key}")
        return question

    def tell(self, said: Any) -> str:
        """Say something in the learner's language."""
        return tell(said, self.lang)

    def write_hint(self, hint: Hint) -> str:
        """Write a hint as one line of text."""
        equations = "; ".join(" = ".join(write_term(term, TEXT) for term in terms) for terms in hint.equations)
        return ": ".join(filter(None, [begin_sentence(self.tell(hint.words)), equations]))

    def equation(self, question: Question) -> str:
        """Write the line that a blank is part of, with its formula."""
        left = dict.fromkeys([question.symbol, f"∂E/∂{question.of}"])
        return " = ".join([*left, question.formula])

    def summary(self) -> str:
        """Say how it went."""
        marks = [self.mark(question) for question in self.worksheet]
        right = sum(x.result == "right" for x in marks)
        alone = sum(x.result == "right" and x.tries == 1 and not x.hints for x in marks)
        count = {"right": right, "n": len(marks), "alone": alone}
        return self.tell(say("All done: {right} of {n} right, {alone} at once and without a hint", **count))

    def page(self, path: str | os.PathLike[str]) -> Path:
        """Write the exercise as a page of its own, which asks and checks in a browser without a network."""
        return write_page([(self.key, self.worksheet, self.about)], path, self.lang)

    @property
    def _solved(self) -> set[str]:
        return {x.key for x in self.worksheet if self.mark(x).result in ("right", "shown")}

    def _way(self) -> str:
        """Say how to go on, or how it went."""
        question = self.question
        if question is None:
            return self.summary()
        at = {"key": question.key, "symbol": question.symbol}
        return self.tell(say("check({key}=…), hint(), answer() and skip() are about {symbol}", **at))

    def __str__(self) -> str:
        about = self.tell(self.about) if self.about else ""
        sheet = worksheet_documents.to_text(self.worksheet, self._solved, "matrix")
        return "\n\n".join(filter(None, [about, sheet, self._way()]))

    __repr__ = text_or_reason(__str__)

    @html_or_text
    def _repr_html_(self) -> str:
        about = self.tell(self.about) if self.about else ""
        sheet = worksheet_documents.fragment(self.worksheet, self._solved, "matrix", about=about)
        return f"{sheet}<p>{escape(self._way())}</p>"
