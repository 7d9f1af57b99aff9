"""Worksheets: what is blank, what is given, what hints say, the sheets in each format; sentences in Japanese."""

import pickle
import re
import string

import numpy as np
import pytest

from minigrad import Tensor, derive, losses, nn, sigmoid, softmax, sums_to_one
from minigrad.derivation.japanese import JAPANESE
from minigrad.derivation.wording import in_language, say
from minigrad.exercises.attempt import Attempt
from minigrad.notation.index.build import OUTSIDE, TIES
from tests.byhand import Layers
from tests.derived_networks import NETWORKS
from tests.said import templates

NETWORK = Layers((4, 3, 2), ("sigmoid", "softmax"), "CE", rows=5)


def worksheet(blanks=None, **options):
    return derive(NETWORK.loss_of(), given=[sums_to_one("T")]).exercise(blanks, **options)


def test_what_is_given_and_asked_is_what_was_computed_by_hand():
    sheet, v = worksheet(), NETWORK.forward()
    g = NETWORK.backward(v)
    assert [question.key for question in sheet] == ["delta2", "dW2", "db2", "dY1", "delta1", "dW1", "db1"]
    for question in sheet:
        np.testing.assert_allclose(question.value, g[question.key.replace("delta", "δ")], rtol=1e-12)
    assert list(sheet.given) == ["X", "W1", "b1", "W2", "b2", "T", "U1", "Y1", "U2", "Y2", "E"]
    for name in ("U1", "Y1", "U2", "Y2", "E"):
        np.testing.assert_allclose(sheet.given[name], v[name], rtol=1e-12)
    assert set(sheet.known_before(sheet["dY1"])) - set(sheet.given) == {"delta2", "dW2", "db2"}


@pytest.mark.parametrize("key", ["delta2", "dW2", "db2", "dY1", "delta1", "dW1", "db1"])
def test_the_code_of_an_answer_gives_its_value(key):
    sheet = worksheet()
    question = sheet[key]
    value = eval(question.code, {"np": np}, sheet.known_before(question))
    np.testing.assert_allclose(value, question.value, rtol=1e-12)
    assert sheet.judge(question, value).right


def test_blanks_are_named_or_so_many_by_a_seed():
    every = [question.key for question in worksheet()]
    assert [question.key for question in worksheet(["∂E/∂W₁", "δ2"])] == ["delta2", "dW1"]
    assert [question.key for question in worksheet("dW1")] == ["dW1"]
    some = [[question.key for question in worksheet(3, seed=seed)] for seed in range(20)]
    assert all(len(keys) == 3 and keys == sorted(keys, key=every.index) for keys in some)
    assert len(set(map(tuple, some))) > 5
    assert some[4] == [question.key for question in worksheet(3, seed=4)]


@pytest.mark.parametrize(
    ("blanks", "error", "said"),
    [
        (["dW3"], ValueError, "no blank is called 'dW3'; there are delta2, .* Did you mean dW"),
        ([3], ValueError, "no blank is called 3"),
        ([], ValueError, "leave it out"),
        (8, ValueError, "there are 7 lines, not 8; leave blanks out"),
        (0, ValueError, "blanks must be 1 or more"),
        (0.5, TypeError, "blanks must be an integer"),
        ({"dW2": 1}, TypeError, "blanks must be an integer, not a dict"),
    ],
)
def test_blanks_that_there_are_not(blanks, error, said):
    with pytest.raises(error, match=f"exercise: .*{said}"):
        worksheet(blanks)


def test_bad_words_to_a_worksheet():
    with pytest.raises(ValueError, match="lang must be one of 'en', 'ja', not the str 'de'"):
        worksheet(lang="de")
    with pytest.raises(TypeError, match=r"exercise: rng must be .* integer seed"):
        worksheet(2, seed="now")
    with pytest.raises(KeyError, match="no blank is called 'dW7'"):
        worksheet()["dW7"]
    with pytest.raises(ValueError, match="check: no gradient or value is called 'dW7'"):
        worksheet().check(dW7=np.ones(2))
    with pytest.raises(TypeError, match=r"check: write check\(dW=array\)"):
        worksheet().check(np.ones(2))
    with pytest.raises(TypeError, match="check: 'dW1' is no array of real numbers"):
        worksheet().check(dW1="X.T @ delta1")


def test_answers_are_judged_as_compare_judges_them():
    sheet = worksheet()
    g = {question.key: question.value for question in sheet}
    assert sheet.check(g)
    found = sheet.check(g | {"delta1": g["delta1"].T})
    assert [str(row) for row in found if not row.right] == ["✗ delta1 is wrong: it is transposed"]
    assert sheet.judge(sheet["dW2"], -g["dW2"]).slip == "the sign is wrong"


def test_hints_lead_to_the_answer_and_do_not_give_it():
    for question in worksheet():
        lines = question.steps().to_text().splitlines()
        assert question.hints
        assert question.hints[0].words.startswith("it has the shape of")
        assert len(question.hints) >= len(lines)
        shown = [str(hint.equations) for hint in question.hints]
        assert str([question.steps().rows()[-1].right]) not in shown


def test_the_sheet_for_the_learner_has_no_answer_and_the_teachers_has_all():
    sheet = worksheet(["delta2", "dW1"], title="Two layers")
    for written in (sheet.to_text, sheet.to_markdown, sheet.to_html):
        blank, solved = written(), written(answers=True)
        assert "Two layers" in blank
        assert "Two layers: Answers" in solved
        assert "dW1 = X.T @ delta1" in solved
        assert "X.T @ delta1" not in blank
    text = sheet.to_text()
    assert "  (1)  δ₂ = ∂E/∂U₂ = ____________________    delta2: 5 × 2" in text
    assert "       ∂E/∂W₂ = Y₁ᵀ δ₂" in text  # a line that is not blank can be read
    assert "Y₂ − T" not in text
    assert "It is known that Σ T = 1 along axis -1." in text
    assert "  (2)  ∂E/∂W₁ = Xᵀ δ₁    dW1: 4 × 3" in sheet.to_text(answers=True)
    assert "∂E/∂wᵢⱼ = Σₙ xₙᵢ δₙⱼ" in sheet.to_text(answers=True, notation="index")


def test_the_page_to_print_fetches_nothing_and_lets_nothing_out():
    page = worksheet(title="<script>alert(1)</script>").to_html(answers=True)
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert page.count("<math") > 20


def test_names_that_are_no_variables_or_taken_are_made_so():
    w = Tensor([1.0, 2.0], requires_grad=True, name="learning rate")
    v = Tensor([3.0, 1.0], requires_grad=True, name="np")
    sheet = derive((w * v).sum()).exercise()
    assert sorted(sheet.given) == ["E", "learning_rate", "np_"]
    for question in sheet:
        assert sheet.judge(question, eval(question.code, {"np": np}, sheet.known_before(question))).right


def test_what_repeats_is_written_out_for_an_exercise():
    W, h = Tensor(np.full((2, 2), 0.3), requires_grad=True, name="W"), Tensor([[1.0, -1.0]], name="x")
    for _ in range(6):
        h = np.tanh(h @ W)
    sheet = derive(losses.squared_error(h, np.zeros((1, 2)))).exercise(2, seed=1)
    assert len(sheet) == 2
    assert sheet.to_text(answers=True)


def test_a_network_of_the_librarys_own_has_a_worksheet():
    model = nn.MLP((3, 4, 2), output="identity", rng=0)
    X, T = np.ones((2, 3)), np.eye(2)
    sheet = derive(losses.cross_entropy(softmax(model(X)), Tensor(T, name="T"))).exercise()
    for question in sheet:
        names = {"np": np, "softmax": lambda u, axis: np.exp(u) / np.exp(u).sum(axis, keepdims=True)}
        assert sheet.judge(question, eval(question.code, names, sheet.known_before(question))).right, question.key


def test_every_slip_in_the_table_is_named_as_compare_names_it():
    sheet = worksheet()
    for i, question in enumerate(sheet):
        answers = sheet.wrong_answers(question)
        said = [str(says) for says, _ in answers.wrong]
        assert len(said) > 10
        for says, value in answers.wrong[i % 3 :: 3]:  # each takes a tenth of a second; of another blank the others
            assert not sheet.judge(question, value).right, says
            assert sheet.judge(question, value).slip in (says, *said), says
        for c, says in answers.factors:
            assert sheet.judge(question, c * question.value).slip == says
        for says, slope in answers.straight:
            assert sheet.judge(question, question.value + 0.01 * slope).slip == says.format(eta=0.01)
    assert [str(says) for says, _ in sheet.wrong_answers(sheet["dY1"]).straight] == [
        "W₂ was already updated, with η = {eta}"
    ]


def test_a_sheet_in_japanese():
    sheet = worksheet(["dW1"], lang="ja")
    assert "逆伝播：空欄を埋めなさい" in sheet.to_text()
    assert 'lang="ja"' in sheet.to_html()
    slip = sheet.judge(sheet["dW1"], sheet["dW1"].value.T).slip
    assert in_language(slip, "ja") == "転置されています"
    assert in_language(sheet["dW1"].hints[1].words, "ja") == "連鎖律"


def fields(template):
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(template) if name)


def test_every_sentence_is_said_in_japanese_with_the_same_parts():
    every = templates("derivation")
    assert len(every) > 70
    assert sorted(every.keys() - JAPANESE.keys()) == []
    others = {"{first}; {second}", OUTSIDE, TIES}  # which wording itself says, and the notation of indices
    assert JAPANESE.keys() - every.keys() == others
    for english, japanese in JAPANESE.items():
        assert fields(english) == fields(japanese), english
        words = re.search(r"[a-z]{2}", re.sub(r"\{.*?\}", "", english))  # formulas have none
        assert re.search(r"[ぁ-んァ-ヶ一-龠（]", japanese) or not words, japanese


def test_a_sentence_inside_a_sentence_is_said_too_and_survives_a_copy():
    said = say("{first} and {second}", first=say("the sign is wrong"), second=say("1/N is missing, N = {n}", n=5))
    assert said == "the sign is wrong and 1/N is missing, N = 5"
    again = pickle.loads(pickle.dumps(said))
    assert in_language(again, "ja") == "符号が逆です。また、1/N が抜けています（N = 5）"
    assert in_language("plain", "ja") == "plain"
    assert in_language(again, "en") == said


def test_a_loss_of_numbers_alone():
    x, y, z = (Tensor(v, requires_grad=True, name=n) for n, v in zip("xyz", (2.0, 1.0, 3.0), strict=True))
    sheet = derive((x + y) * z).exercise()
    assert [(question.key, question.code, question.shape) for question in sheet] == [
        ("dx", "z", ()), ("dy", "z", ()), ("dz", "x + y", ()),
    ]  # fmt: skip
    assert sheet["dz"].hints[0].words == "it is a number, as z is"
    assert sheet.judge(sheet["dx"], 3).right


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_is_more_than_a_chain_of_layers_is_solved_by_its_answers(name):
    derived, _ = NETWORKS[name]
    attempt = Attempt(derived().exercise(), name)
    for question in attempt.worksheet:
        assert attempt.check(**{question.key: question.code}), question.code
        assert question.hints
    assert attempt.worksheet.to_html(answers=True).count("<details") == len(attempt.worksheet)


def test_an_answer_may_call_the_functions_that_written_code_has():
    table = Tensor(np.ones((5, 3)), requires_grad=True, name="C")
    attempt = Attempt(derive((table[np.array([0, 2, 2])] ** 2).sum()).exercise(), "rows")
    assert attempt.worksheet.questions[0].code.startswith("scatter(")
    assert attempt.check(attempt.worksheet.questions[0].code)
    assert "np.add.at is due" in str(attempt.check(dC="g = np.zeros((5, 3)); g[[0, 2, 2]] += 2 * C[[0, 2, 2]]; g"))


def test_a_sigmoid_alone_needs_no_target():
    x, w = Tensor([[1.0, 2.0]], name="x"), Tensor([[0.5], [0.25]], requires_grad=True, name="w")
    assert [question.key for question in derive(sigmoid(x @ w).sum()).exercise()] == ["delta1", "dw"]


def test_the_steps_of_an_answer_sheet_are_in_japanese_too():
    page = worksheet(["delta2"], lang="ja").to_html(answers=True)
    assert "連鎖律" in page
    assert "the chain rule" not in page
