"""A derivation with blanks in it: what is given, what is asked for, the hints to each blank, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.derivation import worksheet_documents
from minigrad.derivation.comparing.calculation import Tape
from minigrad.derivation.comparing.judge import Comparison, Judge, Row
from minigrad.derivation.comparing.places import Place, find_places, places_of
from minigrad.derivation.comparing.slips.table import Answers, calculate_lines, tabulate_answers
from minigrad.derivation.equations import Equations
from minigrad.derivation.python_names import Spelling, variable
from minigrad.derivation.reasons.steps import Steps
from minigrad.derivation.wording import Said, check_language, say
from minigrad.engine.messages.absent import AbsentKey, find_close
from minigrad.engine.messages.arguments import check_count, check_generator, shown
from minigrad.engine.node import Node
from minigrad.notation.helpers import HELPERS
from minigrad.notation.python import write_python
from minigrad.notation.term import Term, symbol_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notebook.safety import html_or_text, text_or_reason

WORDS = frozenset({*HELPERS, "np"})  # names that no variable of a worksheet has


class Source(Protocol):
    """What is needed of a derivation, with all of its lines written out."""

    graph: Graph
    symbols: dict[Node, str]

    @property
    def named(self) -> dict[Node, str]: ...  # noqa: D102
    @property
    def inputs(self) -> Sequence[Node]: ...  # noqa: D102
    @property
    def forward_lines(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def equations(self) -> Equations: ...  # noqa: D102
    def __iter__(self) -> Iterator[Any]: ...


class Hint(NamedTuple):
    """One step nearer to an answer: words, and equations of Terms behind them."""

    words: Said
    equations: Sequence[Sequence[Term]] = ()


@dataclass(frozen=True, eq=False)
class Question:
    """A line of the way back, ``symbol = ∂E/∂of = formula``, as something to be computed.

    ``key`` is the variable of the answer, ``delta2`` or ``dW2``; ``formula`` and ``code`` are the answer itself, as a
    formula and in NumPy, ``value`` what it is.
    """

    key: str
    symbol: str
    of: str
    formula: str
    code: str
    value: Any
    place: Place
    steps: Callable[[], Steps]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the answer."""
        return tuple(np.shape(self.value))

    @cached_property
    def hints(self) -> list[Hint]:
        """What leads to the answer, from its shape by way of the chain rule to all but the last of ``line.steps()``."""
        shape = " × ".join(map(str, self.shape))
        about = say("it has the shape of {of}, {shape}", of=self.of, shape=shape)
        found = [Hint(about if shape else say("it is a number, as {of} is", of=self.of))]
        *before, last = self.steps().rows()
        for row in before:
            found += [Hint(say("look at"), row.equations)] if row.equations else []
            words = row.words if isinstance(row.words, Said) else say("so it is")
            found.append(Hint(words, [[*before[0].left, row.right]]))
        return [*found, Hint(say("look at"), last.equations)] if last.equations else found


class Worksheet:
    """An exercise made of a derivation: the lines of ``questions`` are blank, all others can be read.

    ``given`` are the arrays that an answer is computed from, by the names of variables: the ``inputs`` in the order of
    their use, the values on the way to E, and E. What is asked for comes out of the derivation: nothing is typed in. It
    prints as the sheet for the learner; ``to_text(answers=True)`` is the teacher's, and so are the other formats.
    """

    def __init__(
        self, source: Source, E: Any, blanks: Any = None, seed: Any = 0, title: str = "", lang: str = "en"
    ) -> None:
        self.lang = check_language("exercise", lang)
        self.source, self.title = source, title
        self._E = E
        self.inputs = _in_order_of_use(source)
        inputs: dict[Any, str] = {x: ASCII.symbol(source.named.get(x, x.name or "x")) for x in self.inputs}
        self._spelling = Spelling(inputs, WORDS)
        self.given: dict[str, Any] = {self._spelling.inputs[x]: self._traced(x) for x in self.inputs}
        for line in source.forward_lines:
            self.given |= {self._variable(name): np.asarray(line.value) for name in line.names}
        every = self._every_question()
        self.lines = {question.symbol: question for question in every}
        self.questions = _chosen(every, blanks, seed)

    def variable_of(self, x: Node) -> str:
        """Give the variable of an input."""
        return self._spelling.inputs[x]

    @cached_property
    def terms(self) -> dict[str, Term]:
        """The symbols of what is given, as a formula has them."""
        found = {self.variable_of(x): symbol_term(self.source.named.get(x, x.name or "x")) for x in self.inputs}
        names = (name for line in self.source.forward_lines for name in line.names)
        return found | {self._variable(name): symbol_term(name) for name in names}

    @cached_property
    def values(self) -> list[str]:
        """The variables of the values on the way to E, one for each."""
        return [self._variable(line.symbol) for line in self.source.forward_lines]

    def _traced(self, x: Node) -> Any:
        value = self.source.graph.values.get(x, x.value)
        return np.asarray(value, np.result_type(value, np.float64))

    def _variable(self, symbol: str) -> str:
        return self._spelling.variable(variable(ASCII.symbol(symbol.replace("∂E/∂", "d"))))

    def _every_question(self) -> list[Question]:
        source, found = self.source, []
        names = {x: self._spelling.inputs[x] for x in source.inputs}
        places = {place.node: place for place in places_of(source) if not place.forward}
        for i, line in enumerate(source):
            known = {**{x: self._variable(name) for x, name in source.equations.known(i).items()}, **names}
            code = write_python(line.node, known)
            found.append(
                Question(
                    self._variable(line.symbol), line.symbol, line.of, line.formula, code,
                    np.array(line.value), places[line.target], line.steps,
                )
            )  # fmt: skip
        return found

    def __len__(self) -> int:
        return len(self.questions)

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    def __getitem__(self, key: str) -> Question:
        """Give the question of a key, in any spelling that ``compare`` knows. Raises ``KeyError`` for another one."""
        wanted = ASCII.symbol(key.strip()).replace("dE/d", "d")
        for question in self.questions:
            if wanted in (question.key, *question.place.spellings):
                return question
        raise AbsentKey(_no_question(key, self.questions))

    def check(self, arrays: Mapping[str, Any] | None = None, /, **more: Any) -> Comparison:
        """Compare answers with what they should be, ``check(dW2=array, delta2=array)``, as ``compare`` does.

        Raises ``ValueError`` for a key that there is not, or no key, and ``TypeError`` for what is no array of numbers.
        """
        if arrays is not None and not isinstance(arrays, Mapping):
            raise TypeError(f"check: write check(dW=array), or give a dict of arrays, not {shown(arrays)}")
        places = places_of(self.source)
        found = find_places({**(arrays or {}), **more}, places, "check")
        items = [(place, key, array) for place in places for key, array in found.get(place, [])]
        judge = Judge(self.source, self._E, [array for _, _, array in items])
        return Comparison(tuple(judge.row(*item) for item in items))

    def judge(self, question: Question, array: Any) -> Row:
        """Say what became of the answer to one question, whatever came of those before it."""
        return self.check({question.key: array}).rows[0]

    def wrong_answers(self, question: Question) -> Answers:
        """Give what each usual slip would make of an answer, for a page that has to compare by itself."""
        way = calculate_lines(self.source.graph, self.source.named, self.source)
        return tabulate_answers(way, question.place.node)

    def known_before(self, question: Question) -> dict[str, Any]:
        """Give the arrays that an answer may use: what is given, and the gradients of the lines before it."""
        found = dict(self.given)
        for other in self.lines.values():
            if other is question:
                break
            found[other.key] = other.value
        return found

    def to_text(self, answers: bool = False, notation: str = "matrix") -> str:
        """Write the sheet as text: what is given, the way to E, and the way back with its blanks or ``answers``."""
        return worksheet_documents.to_text(self, bool(answers), notation)

    def to_markdown(self, answers: bool = False, notation: str = "matrix") -> str:
        """Write it in Markdown, with formulas between dollar signs."""
        return worksheet_documents.to_markdown(self, bool(answers), notation)

    def to_html(self, answers: bool = False, notation: str = "matrix") -> str:
        """Write it as a page of its own to print, with native MathML."""
        return worksheet_documents.to_html(self, bool(answers), notation)

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = text_or_reason(__str__)

    @html_or_text
    def _repr_html_(self) -> str:
        return worksheet_documents.fragment(self, answers=False, notation="matrix")


def _in_order_of_use(source: Source) -> list[Node]:
    """Give the inputs as they are needed on the way to E: of a recurrent network those of the first step first."""
    tape = Tape(source.graph, source.named)
    at = {x: i for i, x in enumerate(tape.nodes)}
    return sorted(source.inputs, key=lambda x: min((at[user] for user in tape.users.get(x, ())), default=len(at)))


def _chosen(every: Sequence[Question], blanks: Any, seed: Any) -> tuple[Question, ...]:
    """Give the questions that are asked: all, so many by chance, or those that are named."""
    if blanks is None:
        return tuple(every)
    if isinstance(blanks, str) or (isinstance(blanks, Iterable) and not isinstance(blanks, Mapping)):
        wanted = [_named(key, every) for key in ([blanks] if isinstance(blanks, str) else blanks)]
        if not wanted:
            raise ValueError("exercise: blanks names no line; leave it out for all of them")
        return tuple(question for question in every if question in wanted)
    n = check_count("exercise", "blanks", blanks)
    if n > len(every):
        raise ValueError(f"exercise: there are {len(every)} lines, not {n}; leave blanks out for all of them")
    at = check_generator("exercise", seed).choice(len(every), n, replace=False)
    return tuple(every[i] for i in sorted(at))


def _named(key: Any, every: Sequence[Question]) -> Question:
    if isinstance(key, str):
        plain = ASCII.symbol(key.strip()).replace("dE/d", "d")
        for question in every:
            if plain in (question.key, *question.place.spellings):
                return question
    raise ValueError(f"exercise: {_no_question(key, every)}")


def _no_question(key: Any, every: Sequence[Question]) -> str:
    keys = [question.key for question in every]
    close = find_close(ASCII.symbol(str(key)), keys)
    return f"no blank is called {key!r}; there are {', '.join(keys)}{f'. Did you mean {close}?' if close else ''}"
