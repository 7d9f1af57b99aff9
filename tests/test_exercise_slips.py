"""Every kind of slip, made in NumPy in each exercise of the course where it can occur, is named."""

import numpy as np
import pytest

from minigrad.exercises.attempt import Attempt
from minigrad.exercises.course import COURSE, find_lesson
from tests.exercise_slips import KINDS, OCCUR, SLIPS, kind_of

ROWS = [(lesson, *row) for lesson, rows in SLIPS.items() for row in rows]


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def softmax(u):
    return np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)


def begin(lesson):
    return Attempt(find_lesson(lesson).worksheet(), lesson)


@pytest.mark.parametrize(("lesson", "key", "code", "said"), ROWS)
def test_a_slip_is_named_as_what_it_is(lesson, key, code, said):
    attempt = begin(lesson)
    names = attempt.given | {question.key: question.value for question in attempt.worksheet}
    reply = attempt.check(**{key: eval(code, {"np": np, "sigmoid": sigmoid, "softmax": softmax}, names)})
    assert not reply
    assert str(reply).splitlines()[0] == f"✗ {key} is wrong: {said}"
    assert attempt.records.marks[lesson][key].slips == [said]


def test_every_kind_is_tried_wherever_it_can_occur():
    assert list(SLIPS) == list(OCCUR) == [lesson.key for lesson in COURSE]
    for lesson, rows in SLIPS.items():
        assert {kind_of(said) for _, _, said in rows} - {""} == OCCUR[lesson], lesson
    assert set().union(*OCCUR.values()) == set(KINDS)


@pytest.mark.parametrize("lesson", [lesson.key for lesson in COURSE])
def test_what_a_page_compares_with_has_every_kind(lesson):
    attempt = begin(lesson)
    answers = [attempt.worksheet.wrong_answers(question) for question in attempt.worksheet]
    said = [says for x in answers for says, _ in [*x.wrong, *x.straight]]
    said += [says for x in answers for _, says in x.factors]
    assert OCCUR[lesson] <= {kind_of(says) for says in said}
