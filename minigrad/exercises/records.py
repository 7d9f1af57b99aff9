"""What a learner did, in a small file to go on from; and those of a class as one table."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from minigrad.files import follow_links, replacing

FORMAT = "minigrad exercise"
VERSION = 1
RESULTS = ("", "right", "shown", "skipped")
COLUMNS = ("learner", "exercise", "blank", "result", "tries", "hints", "slips")


@dataclass
class Mark:
    """What became of one blank: how many answers, how many hints, how it ended, and the slips that were named.

    ``result`` is ``"right"``, ``"shown"`` for an answer that was asked for, ``"skipped"``, or ``""`` while it is open.
    """

    tries: int = 0
    hints: int = 0
    result: str = ""
    slips: list[str] = field(default_factory=list)


@dataclass
class Records:
    """The marks of one learner, by exercise and blank; ``path`` is where ``save`` keeps them, if anywhere."""

    learner: str = ""
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict)
    path: Path | None = None

    def of(self, exercise: str, key: str) -> Mark:
        """Give the mark of one blank, a new one if there is none."""
        return self.marks.setdefault(exercise, {}).setdefault(key, Mark())

    def save(self) -> None:
        """Write the file, whole or not at all; nothing where there is none to write."""
        if self.path is not None:
            with replacing(follow_links(self.path)) as file:
                file.write(f"{self.to_json()}\n".encode())

    def to_json(self) -> str:
        """Write one line."""
        marks = {name: {key: asdict(mark) for key, mark in of.items()} for name, of in self.marks.items()}
        found = {FORMAT: VERSION, "learner": self.learner, "marks": marks}
        return json.dumps(found, ensure_ascii=False)

    def rows(self) -> Iterator[tuple[str, str, str, str, int, int, str]]:
        """Give a row of the table for each blank."""
        for exercise, marks in self.marks.items():
            for key, x in marks.items():
                yield self.learner, exercise, key, x.result or "open", x.tries, x.hints, "; ".join(x.slips)


def load_records(path: str | os.PathLike[str], learner: str = "") -> Records:
    """Read a learner's file to go on from, or begin a new one; raise ``ValueError`` for another kind of file."""
    path = Path(path)
    if not path.exists():
        return Records(learner, path=path)
    (records, *others) = read_records(path)
    if others:
        raise ValueError(f"exercise: {path} has the results of several learners; name another file to go on in")
    records.path, records.learner = path, learner or records.learner
    return records


def read_records(path: str | os.PathLike[str]) -> list[Records]:
    """Read the results in a file, one learner a line; raise ``ValueError`` where there are none."""
    path = Path(path)
    try:
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
        found = [_parsed(json.loads(line)) for line in lines]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"exercise: {path} holds no results ({reason}); give a file that exercise --save, or the page, wrote"
        ) from error
    if not found:
        raise ValueError(f"exercise: {path} is empty; give a file that minigrad exercise --save, or the page, wrote")
    for records in found:
        records.learner = records.learner or path.stem
    return found


def _parsed(found: Any) -> Records:
    if not isinstance(found, Mapping) or found.get(FORMAT) != VERSION:
        raise ValueError(f"it does not begin with {json.dumps({FORMAT: VERSION})[:-1]}")
    records = Records(str(found["learner"]))
    for exercise, marks in found["marks"].items():
        for key, x in marks.items():
            mark = Mark(int(x["tries"]), int(x["hints"]), str(x["result"]), [str(slip) for slip in x["slips"]])
            if mark.result not in RESULTS:
                raise ValueError(f"no blank ends as {mark.result!r}")
            records.marks.setdefault(str(exercise), {})[str(key)] = mark
    return records


def write_table(paths: Iterable[str | os.PathLike[str]]) -> str:
    """Write a class's results as CSV, one row for each learner and blank."""
    found = [records for path in paths for records in read_records(path)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for records in sorted(found, key=lambda records: records.learner):
        writer.writerows(map(_harmless, records.rows()))
    return text.getvalue()


def _harmless(row: Sequence[Any]) -> list[Any]:
    """Put ' before what a spreadsheet would take for a formula: a learner's name comes from a learner."""
    return [f"'{x}" if isinstance(x, str) and x[:1] in ("=", "+", "-", "@", "\t", "\r") else x for x in row]
