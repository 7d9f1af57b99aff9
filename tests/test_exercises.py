"""Exercises in a notebook and in a terminal: answers, hints before answers, kind errors, what is kept and tabulated."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, derive, losses, sums_to_one
from minigrad.app.cli import main
from minigrad.derivation.japanese import JAPANESE as SHEETS_IN_JAPANESE
from minigrad.derivation.wording import in_language
from minigrad.exercises.code import CodeError, is_begun, run_code
from minigrad.exercises.course import COURSE, find_lesson, list_lessons
from minigrad.exercises.japanese import JAPANESE
from minigrad.exercises.page_words import PAGE_WORDS
from minigrad.exercises.records import load_records, read_records, write_table
from minigrad.exercises.terminal import go_through
from tests.byhand import TWO_LAYERS
from tests.said import templates
from tests.test_worksheets import fields

KEYS = [lesson.key for lesson in COURSE]


@pytest.mark.parametrize("key", KEYS)
def test_a_lesson_can_be_solved_by_its_own_answers(key):
    attempt = minigrad.exercise(key)
    assert len(attempt.worksheet) >= 3
    assert "E = " in str(attempt)
    while attempt.question is not None:
        question = attempt.question
        assert question.hints
        reply = attempt.check(question.code)
        assert reply, f"{question.key} = {question.code}: {reply}"
        assert str(reply).startswith(f"✓ {question.key} is right")
    n = len(attempt.worksheet)
    assert str(reply).splitlines()[-1] == f"All done: {n} of {n} right, {n} at once and without a hint"


@pytest.mark.parametrize("key", KEYS)
def test_the_gradients_of_a_lesson_are_the_engines(key):
    sheet = find_lesson(key).worksheet()
    assert max(line.difference for line in sheet.source.check()) < 1e-7
    assert all(np.abs(question.value).max() > 1e-3 for question in sheet), "so small that slips hide in rounding"
    assert all(np.all(x) for name, x in sheet.given.items() if name != "T"), "a 0 hides slips"


def test_the_course_in_order():
    assert [f"{i}" for i in range(1, 11)] == [line.split()[0] for line in list_lessons().splitlines()]
    assert [find_lesson(i).key for i in range(1, 11)] == KEYS
    assert find_lesson("Hidden Layer").key == "hidden-layer"
    assert "中間層" in list_lessons("ja")


def test_answers_are_arrays_or_code_with_a_name_or_without():
    x = minigrad.exercise("squared-error")
    given = x.given
    assert x.question.key == "delta1"
    assert x.check(given["Y1"] - given["T"])
    assert not x.check(dW="delta1.T @ X", db="delta1 * 2")
    assert x.check(dW=given["X"].T @ (given["Y1"] - given["T"]), db="delta1")
    assert x.question is None
    with pytest.raises(ValueError, match="squared-error is done; name a blank, such as delta1"):
        x.check(np.ones(2))


def test_what_follows_from_a_wrong_answer_is_said_to():
    """The step that led there is right; once the wrong one is put right, it is wrong by itself."""
    x = minigrad.exercise("hidden-layer")
    g, wrong = x.given, x.given["Y2"] * 1.3 - x.given["T"] + 0.1
    assert "no usual slip" in str(x.check(delta2=wrong))
    for key, array in {"dW2": g["Y1"].T @ wrong, "dY1": wrong @ g["W2"].T}.items():
        reply = x.check(**{key: array})
        assert str(reply).startswith(f"→ {key} follows from delta2")
        assert not reply
        assert x.mark(x.worksheet[key]).slips == ["follows from delta2"]
    assert "→ dW2 は delta2 の誤りから続いています" in str(
        minigrad.exercise("hidden-layer", lang="ja").check(delta2=wrong, dW2=g["Y1"].T @ wrong)
    )
    assert x.check(delta2="Y2 - T")
    assert str(x.check(dW2=g["Y1"].T @ wrong)).startswith("✗ dW2 is wrong: it is no usual slip")
    assert x.check(dW2="Y1.T @ delta2")


def test_a_hint_comes_before_the_answer():
    x = minigrad.exercise("hidden-layer")
    first = str(x.answer())
    assert "Hint 1 of" in first
    assert "ask again" in first
    assert "Y2 - T" not in first
    shown = str(x.answer())
    assert "delta2 = U2 - T" in shown or "delta2 = Y2 - T" in shown
    assert x.mark(x.worksheet["delta2"]).result == "shown"
    assert x.question.key == "dW2"
    assert "Hint" not in str(x.check("delta2.T @ Y1"))
    assert "Hint 1 of 3: It has the shape of W₂, 3 × 2" in str(x.check("delta2.T @ Y1"))  # by itself, after the second
    assert "The chain rule: ∂E/∂W₂ = δ₂ · ∂U₂/∂W₂" in str(x.hint())
    assert "Look at: U₂ = Y₁ W₂ + b₂" in str(x.hint())
    assert str(x.hint()) == "there is no further hint; answer shows it"
    assert "dW2 is left out" in str(x.skip())
    assert x.question.key == "db2"


def test_an_exercise_of_ones_own():
    loss = TWO_LAYERS.loss_of()
    x = minigrad.exercise(loss, blanks=["dW1", "delta1"])
    assert [question.key for question in x.worksheet] == ["delta1", "dW1"]
    assert not x.check(TWO_LAYERS.backward(TWO_LAYERS.forward())["dY1"])
    assert "f′ is missing" in x.records.marks["own"]["delta1"].slips[0]
    sheet = derive(loss).exercise(2, seed=3, title="Ours")
    assert minigrad.exercise(sheet).worksheet is sheet
    T = Tensor(np.eye(2), name="T")
    W = Tensor(np.ones((2, 2)) / 3, requires_grad=True)
    own = losses.cross_entropy(minigrad.softmax(Tensor(np.eye(2) + 1, name="X") @ W), T)
    named = minigrad.exercise(own, names={"Wout": W}, given=[sums_to_one("T")])
    assert "dWout" in [question.key for question in named.worksheet]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "said"),
    [
        ((11,), {}, ValueError, "there is no exercise 11; there are 1 to 10: neuron"),
        (("hiden-layer",), {}, ValueError, "Did you mean hidden-layer"),
        ((None,), {}, TypeError, "wanted a lesson"),
        ((True,), {}, TypeError, "wanted a lesson"),
        ((np.ones(3),), {}, TypeError, r"not a ndarray; write exercise\('hidden-layer'\)"),
        ((1,), {"lang": "fr"}, ValueError, "lang must be one of 'en', 'ja'"),
        ((1,), {"blanks": 4}, ValueError, "there are 3 lines, not 4"),
        ((1,), {"language": "ja"}, TypeError, "Write exercise"),
    ],
)
def test_what_is_no_exercise(arguments, options, error, said):
    with pytest.raises(error, match=f"exercise: .*{said}"):
        minigrad.exercise(*arguments, **options)


def test_a_check_without_an_answer():
    with pytest.raises(TypeError, match=r"check: there is no answer; write check\(dW=array\)"):
        minigrad.exercise().check()
    with pytest.raises(KeyError, match="no blank is called 'dq'"):
        minigrad.exercise().check(dq=1)


# What a learner writes, and what is said: in the namespace of the exercise with a hidden layer, at the blank dW2.
CODE = [
    ("Y1.T @ delta2", "✓ dW2 is right"),
    ("dW2 = Y1.T @ delta2", "✓ dW2 is right"),
    ("D = Y1.T\nD @ delta2", "✓ dW2 is right"),
    ("g = np.zeros((3, 2))\nfor i in 0, 1, 2:\n    g[i] = Y1[0, i] * delta2[0]\ng", "✓ dW2 is right"),
    ("Y1.T @ (", "! That is no Python: '(' was never closed"),
    ("Y1.T delta2", "! That is no Python: invalid syntax"),
    ("Y3.T @ delta2", "! There is no Y3; there are np, X, W1"),
    ("Y1.T @ delt2", "! There is no delt2; did you mean delta2?"),
    ("dW1", "! There is no dW1; did you mean W1?"),
    ("Y1 @ delta2", "! The shapes do not fit. Y1: (1, 3), delta2: (1, 2). The transpose of X is X.T"),
    ("Y1^T @ delta2", "! ^ is no power in Python: write X**2; the transpose is X.T"),
    ("Y1.t @ delta2", "! The transpose is written X.T"),
    ("g = Y1.T @ delta2", "! That has no value: end with an expression, or write dW2 = …"),
    ("'Y1.T @ delta2'", "! That is no array of real numbers, but of type str"),
    ("np.dot", "! That is no array of real numbers, but of type "),
    ("[[1, 2], [3]]", "! The rows have different lengths"),
    ("1 / 0", "! ZeroDivisionError: division by zero"),
    ("assert False", "! AssertionError: no more is known"),
    ("raise KeyboardInterrupt", "! Stopped; nothing is lost, and you can go on"),
    ("exit()", "! "),
    ("raise SystemExit", "! Exit ends nothing here; type quit"),
    ("np.zeros((2000, 2000))", "! That is an array of shape (2000, 2000), much too large"),
    ("def f():\n    return f()\nf()", "! RecursionError"),
    ("Y1.T @ delta2 * np.nan", "✗ dW2 is wrong: it holds NaN or infinity"),
    ("W2 * 1j", "! That is no array of real numbers"),
    ("import os\nos.nothing", "! AttributeError: module 'os' has no attribute 'nothing'"),
]


@pytest.mark.parametrize(("code", "said"), CODE)
def test_what_is_said_to_code(code, said):
    x = minigrad.exercise("hidden-layer", blanks=["dW2"])
    assert str(x.check(code)).startswith(said)
    if said.startswith("!"):
        assert x.mark(x.worksheet["dW2"]).tries == 0  # a typing error is no slip


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("[[1.62, -0.24]]", "✓"),
        ("np.array([[1.62, -.24]])", "✓"),
        ("delta1 = [[1.6, -0.2]]", "! That may be right: please give one or two digits more."),
        ("[[2, -0]]", "! That may be right: please give one or two digits more."),
        ("[[1.63, -0.24]]", "✗ delta1 is wrong: it is no usual slip"),
        ("[[-1.62, 0.24]]", "✗ delta1 is wrong: the sign is wrong"),
        ("[[162e-2, -2.4e-1]]", "✓"),
        ("[1.62, -0.24]", "✗ delta1 is wrong: its numbers are right, in shape (2,) instead of (1, 2)"),
        ("[[1.6, -0.2]] + 0 * T", "✗ delta1 is wrong"),
    ],
)
def test_typed_numbers_are_as_precise_as_their_digits(typed, said):
    x = minigrad.exercise("squared-error")
    np.testing.assert_allclose(x.worksheet["delta1"].value, [[1.62, -0.24]], rtol=1e-12)
    assert str(x.check(typed)).startswith(said)


def test_numbers_worked_out_by_hand_are_right_by_three_digits():
    x = minigrad.exercise("batch")
    for question in x.worksheet:
        assert x.check(json.dumps(np.round(question.value, 4).tolist())), question.key


def test_code_can_harm_nothing_that_is_given_and_what_it_makes_stays():
    x = minigrad.exercise("hidden-layer")
    before = x.given
    assert not x.check("D = Y2 - T\nY2 -= 100\nT[:] = 0\nnp_ = np\n-D")
    for name, value in x.given.items():
        np.testing.assert_array_equal(value, before[name])
    assert x.check("D")
    x.given["W2"][:] = 0
    np.testing.assert_array_equal(x.given["W2"], before["W2"])


def test_a_name_of_the_learners_does_not_answer_a_later_blank_by_accident():
    own = {}
    assert run_code("dW = 1\n2", "dX", {}, own) == 2
    assert own == {"dW": 1}
    with pytest.raises(CodeError, match="that has no value"):
        run_code("x = 1", "dW", {}, {"dW": 5})


def test_code_that_goes_on():
    assert is_begun("for i in range(3):")
    assert is_begun("Y.T @ (X +")
    assert not is_begun("Y.T @ X")
    assert not is_begun("for for")
    assert not is_begun("x\x00")


def conversation(lines, attempts):
    """What is shown, where these lines are typed."""
    shown, waiting = [], iter(lines)

    def ask(prompt):
        try:
            line = next(waiting)
        except StopIteration:
            raise EOFError from None
        shown.append(prompt + line)
        return line

    done = go_through(attempts, ask, shown.append)
    return "\n".join(shown), done


def test_a_conversation_to_the_end():
    lines = ["-X.T", "", "delta1 = (", "Y1 - T)", "hint", "X.T @ delta1", "help", "show W b", "show Q", "skip"]
    text, done = conversation(lines, [minigrad.exercise("squared-error")])
    assert done
    assert "The squared error\n=================\n" in text
    assert "  T   1 × 2    [[" in text
    assert "(1/3)  δ₁ = ∂E/∂U₁ = ?    delta1, 1 × 2" in text
    assert "✗ delta1 is wrong: its shape is (3, 1), and should be (1, 2)" in text
    assert "... Y1 - T)\n✓ delta1 is right\n  δ₁ = ∂E/∂U₁ = Y₁ − T" in text
    assert "Hint 1 of 3: It has the shape of W, 3 × 2" in text
    assert "hint    one step nearer" in text
    assert "W =\n[[" in text
    assert "there is no Q; there are X, W" in text
    assert text.endswith("That was all.")


def test_a_conversation_is_left_and_gone_on_with(tmp_path):
    path = tmp_path / "mine.json"
    text, done = conversation(["Y1 - T", "quit"], [minigrad.exercise("squared-error", save=path)])
    assert not done
    assert f"kept in {path}" in text
    text, done = conversation(["X.T @ delta1"], [minigrad.exercise("squared-error", save=path)])
    assert not done
    assert "(2/3)" in text
    assert "(1/3)" not in text
    text, done = conversation(["delta1"], [minigrad.exercise("squared-error", save=path)])
    assert done
    text, done = conversation([], [minigrad.exercise("squared-error", save=path)])
    assert done
    assert "(" not in text
    (records,) = read_records(path)
    assert [mark.result for mark in records.marks["squared-error"].values()] == ["right"] * 3


def test_a_conversation_that_is_left_at_once_is_kept_as_it_says(tmp_path):
    path = tmp_path / "mine.json"
    text, done = conversation([], [minigrad.exercise("squared-error", save=path)])
    assert not done
    assert f"kept in {path}" in text
    (records,) = read_records(path)
    assert not any(mark.result for mark in records.marks.get("squared-error", {}).values())


def test_a_class_as_a_table(tmp_path):
    x = minigrad.exercise("squared-error", save=tmp_path / "Ann.json")
    x.check("T - Y1")
    x.check("Y1 - T")
    x.skip()
    both = minigrad.exercise("neuron", save=tmp_path / "b.json")
    both.records.learner = "=Bob"
    both.hint()
    (tmp_path / "all.json").write_text("\n".join((tmp_path / n).read_text("utf-8") for n in ("Ann.json", "b.json")))
    rows = list(csv.reader(io.StringIO(write_table([tmp_path / "Ann.json", tmp_path / "b.json"]))))
    assert rows == [
        ["learner", "exercise", "blank", "result", "tries", "hints", "slips"],
        ["'=Bob", "neuron", "dw", "open", "0", "1", ""],
        ["Ann", "squared-error", "delta1", "right", "2", "0", "the sign is wrong"],
        ["Ann", "squared-error", "dW", "skipped", "0", "0", ""],
    ]
    assert write_table([tmp_path / "all.json"]).count("\n") == 4
    with pytest.raises(ValueError, match="the results of several learners; name another file"):
        load_records(tmp_path / "all.json")


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "no", '{"minigrad exercise": 2}', '{"minigrad exercise": 1, "learner": ""}',
             '{"minigrad exercise": 1, "learner": "", "marks": {"a": {"b": {"tries": 1}}}}',
             '{"minigrad exercise": 1, "learner": "", "marks": {"a": {"b": '
             '{"tries": 1, "hints": 0, "result": "won", "slips": []}}}}'],
)  # fmt: skip
def test_a_file_that_holds_no_results(tmp_path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"exercise: .*r\.json (holds no results|is empty)"):
        read_records(path)
    with pytest.raises(ValueError, match=r"exercise: .*r\.json"):
        minigrad.exercise(1, save=path)
    assert path.read_text() == text


def test_the_command_lists_asks_and_writes(tmp_path, capsys, monkeypatch):
    assert main(["exercise", "--list"]) == 0
    assert "  5  hidden-layer" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("x\nquit\n"))
    assert main(["exercise", "neuron", "--save", str(tmp_path / "r.json"), "--learner", "Ann"]) == 0
    assert "✓ dw is right" in capsys.readouterr().out
    assert json.loads((tmp_path / "r.json").read_text())["learner"] == "Ann"
    assert main(["exercise", "--table", str(tmp_path / "r.json")]) == 0
    assert "Ann,neuron,dw,right,1,0,\n" in capsys.readouterr().out
    for name in ("s.txt", "s.md", "s.html"):
        assert main(["exercise", "8", "--blanks", "2", "--sheet", str(tmp_path / name), "--lang", "ja"]) == 0
        assert main(["exercise", "8", "--answers", str(tmp_path / f"a{name}"), "--notation", "index"]) == 0
        assert "逆伝播" in (tmp_path / name).read_text("utf-8")
        assert "Answers" in (tmp_path / f"a{name}").read_text("utf-8")


OWN = """
import numpy as np
from minigrad import Tensor, losses
def loss():
    W = Tensor(np.ones((2, 2)), requires_grad=True)
    X = np.eye(2) + 1
    return losses.squared_error(X @ W, np.ones((2, 2)))
"""


def test_the_command_for_a_network_of_ones_own(tmp_path, capsys, monkeypatch):
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.setattr("sys.stdin", io.StringIO("X.T @ delta1\n"))
    assert main(["exercise", f"{tmp_path / 'own.py'}:loss", "--blanks", "dW"]) == 0
    assert "✓ dW is right" in capsys.readouterr().out
    assert main(["exercise", f"{tmp_path / 'own.py'}:loss", "--answers", str(tmp_path / "a.md")]) == 0
    assert "X.T @ delta1" in (tmp_path / "a.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hiden-layer"], "there is no exercise 'hiden-layer'; .*Did you mean hidden-layer"),
        (["--blanks", "2"], "--blanks is about one exercise; name it"),
        (["neuron", "--blanks", "9"], "there are 3 lines, not 9"),
        (["neuron", "--blanks", "dq"], "no blank is called 'dq'"),
        (["neuron", "--sheet", "sheet.pdf"], "end it in .txt, .md, .html"),
        (["neuron", "--sheet", "nowhere/sheet.md"], "the folder 'nowhere' does not exist"),
        (["--sheet", "sheet.md"], "a sheet is of one exercise; name it"),
        (["neuron", "--page", "page.pdf"], "end it in .html"),
        (["neuron", "--page", "nowhere/page.html"], "does not exist; make it first"),
        (["neuron", "--save", "nowhere/r.json"], "does not exist; make it first"),
        (["--table", "nowhere.json"], "No such file"),
        (["nowhere.py:loss"], "the file nowhere.py does not exist"),
    ],
)
def test_commands_that_do_not_work(arguments, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["exercise", *arguments]) == 2
    assert re.search(said, capsys.readouterr().err)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_endless_loop_is_stopped_by_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "minigrad", "exercise", "neuron", "--save", str(tmp_path / "r.json")]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        timer = threading.Timer(300, process.kill)
        timer.start()
        process.stdin.write("x\nwhile print('begun', flush=True) is None:\n  while True: pass\n\n")
        process.stdin.flush()
        while "begun" not in (line := process.stdout.readline()):
            assert line
        process.send_signal(signal.SIGINT)  # the loop has begun, whatever else this machine does
        out, _ = process.communicate("1\nquit\n")
        timer.cancel()
    assert "Stopped; nothing is lost, and you can go on" in out
    assert "✓ db is right" in out
    assert process.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_at_the_prompt_loses_nothing(tmp_path):
    command = [sys.executable, "-m", "minigrad", "exercise", "neuron", "--save", str(tmp_path / "r.json")]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True, bufsize=1) as process:
        timer = threading.Timer(300, process.kill)
        timer.start()
        process.stdin.write("print('asked', flush=True) or x\n")
        process.stdin.flush()
        while "asked" not in (line := process.stdout.readline()):
            assert line
        while not (tmp_path / "r.json").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.wait()
        error = process.stderr.read()
        timer.cancel()
    assert process.returncode == 130
    assert "minigrad: stopped" in error
    assert load_records(tmp_path / "r.json").of("neuron", "dw").result == "right"


def test_everything_is_said_in_japanese_too():
    every = templates("exercises")
    own = every.keys() | set(PAGE_WORDS.values())
    for template in own:
        assert template in JAPANESE or template in SHEETS_IN_JAPANESE, template
    for english, japanese in JAPANESE.items():
        assert fields(english) == fields(japanese), english
        assert english in own, english


def test_an_exercise_in_japanese():
    x = minigrad.exercise("batch", lang="ja")
    assert "空欄を埋めなさい" in str(x)
    assert str(x.check("Y2 - T")).startswith("✗ delta2 は誤りです：1/N が抜けています（N = 4）")
    assert "ヒント 1/2: 形状は U₂ と同じ 4 × 2 です" in str(x.hint())
    slip = x.worksheet.judge(x.worksheet["db1"], x.worksheet["delta1"].value).slip
    assert in_language(slip, "ja") == "軸 0（バッチ）について和を取っていません"
    x.hint("delta1")
    assert "連鎖律" in str(x.answer("delta1"))


def test_a_notebook_shows_what_is_solved():
    x = minigrad.exercise("squared-error")
    html = x._repr_html_()
    assert html.count('class="blank"') == 3
    assert html.index("</h2>") < html.index(x.tell(x.about)) < html.index("<h3")
    x.check("Y1 - T")
    assert x._repr_html_().count('class="blank"') == 2
    assert "X.T @ delta1" not in x._repr_html_()
    assert x.worksheet._repr_html_().count('class="blank"') == 3
    assert "check(dW=…), hint(), answer() and skip() are about ∂E/∂W" in str(x)
