"""The chapter: the 22 formulas of a textbook's chapter on backpropagation, found on the page in both languages.

The page is put together without Sphinx, by calling what its directives name.
"""

import html
import re
import shlex
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"en": DOCS / "chapter.md", "ja": DOCS / "ja" / "chapter.md"}
FORMULAS = [  # what it is, and how it is written; where a formula takes several lines, all of them
    ("squared error", ["E = ½ Σₖ (yₖ − tₖ)²", "E = ½ Σ (Y₂ − T)²"]),
    ("cross-entropy", ["E = −Σₖ tₖ log(yₖ)", "E = −Σ T ⊙ log(Y₂)"]),
    ("gradient descent", ["w ← w − η ∂E/∂w"]),
    ("momentum", ["w ← w − η ∂E/∂w + α Δw", "Δw ← α Δw − η ∂E/∂w"]),
    ("AdaGrad", ["h ← h + g²", "w ← w − η g / √(h)"]),
    ("RMSProp", ["h ← ρ h + (1 − ρ) g²", "w ← w − η g / √(h)"]),
    (
        "Adam",
        [
            *("m ← β₁ m + (1 − β₁) g", "v ← β₂ v + (1 − β₂) g²", "m̂ = m / (1 − β₁ᵗ)", "v̂ = v / (1 − β₂ᵗ)"),
            "w ← w − η m̂ / √(v̂)",
        ],
    ),
    ("derivative of the sigmoid", ["yⱼ = σ(uⱼ) = 1 / (1 + exp(−uⱼ))", "∂yⱼ/∂uⱼ = (1 − yⱼ)yⱼ"]),
    ("what comes into a unit", ["uⱼ = Σᵢ yᵢ wᵢⱼ + bⱼ", "uₖ = Σⱼ yⱼ wⱼₖ + bₖ"]),
    ("softmax", ["yₖ = exp(uₖ) / (Σᵣ exp(uᵣ))"]),
    ("δ of the output layer, in general", ["δₖ = ∂E/∂uₖ = ∂E/∂yₖ · ∂yₖ/∂uₖ"]),
    ("δ of a hidden layer, in general", ["δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ) ∂yⱼ/∂uⱼ"]),
    ("δ of regression", ["δₖ = ∂E/∂uₖ = yₖ − tₖ", "yₖ = uₖ = Σⱼ yⱼ wⱼₖ + bₖ"]),
    ("δ of classification", ["= Σᵣ ∂E/∂yᵣ · ∂yᵣ/∂uₖ", "= yₖ Σᵣ tᵣ − tₖ", "= yₖ − tₖ"]),
    ("δ of a sigmoid layer", ["δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ"]),
    ("gradients of the output layer", ["∂E/∂wⱼₖ = yⱼ δₖ", "∂E/∂bₖ = δₖ"]),
    ("gradients of the hidden layer", ["∂E/∂wᵢⱼ = yᵢ δⱼ", "∂E/∂bⱼ = δⱼ"]),
    ("what comes back to the hidden layer", ["∂E/∂yⱼ = Σᵣ δᵣ · ∂uᵣ/∂yⱼ", "∂E/∂yⱼ = Σᵣ δᵣ wⱼᵣ"]),
    ("what comes back to the inputs", ["∂E/∂yᵢ = Σ_q δ_q w_iq"]),
    ("matrices, forward", ["U₁ = Y₀ W₁ + b₁", "U₂ = Y₁ W₂ + b₂"]),
    ("matrices, gradients", ["∂E/∂W₂ = Y₁ᵀ δ₂", "∂E/∂b₂ = Σₙ δ₂", "∂E/∂W₁ = Y₀ᵀ δ₁", "∂E/∂b₁ = Σₙ δ₁"]),
    ("matrices, what comes back", ["∂E/∂Y₁ = δ₂ W₂ᵀ", "∂E/∂Y₀ = δ₁ W₁ᵀ"]),
]
TERMS = (
    "訓練データ テストデータ 誤差 損失関数 交差エントロピー誤差 二乗和誤差 勾配降下法 学習係数 慣性係数 中間層 "
    "出力層 活性化関数 逆伝播 連鎖律 バッチ学習 オンライン学習 ミニバッチ学習 エポック ヘッブ則 デルタ則 恒等関数 "
    "ソフトマックス関数 シグモイド関数"
)
MARKUP = re.compile(r"<(script|style|svg|pre|code|math)\b.*?</\1>|```.*?```|`[^`]*`|<[^>]*>", re.DOTALL)


@pytest.fixture(scope="module")
def pages():
    """Each page with what its directives make in their place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        made = {lang: re.sub(r"```\{made\} (.*?)\n```", make, path.read_text("utf-8")) for lang, path in PAGES.items()}
    return made


def make(directive):
    name, *pairs = shlex.split(directive[1])
    module, function = name.split(":")
    given = {key: {"True": True, "False": False}.get(value, value) for key, value in (x.split("=", 1) for x in pairs)}
    return getattr(import_module(module), function)(**given)


def test_there_are_22():
    assert len(FORMULAS) == len(dict(FORMULAS)) == 22


@pytest.mark.parametrize("lang", PAGES)
@pytest.mark.parametrize(("what", "written"), FORMULAS, ids=[what for what, _ in FORMULAS])
def test_the_formula_is_on_the_page(what, written, lang, pages):
    there = {html.unescape(text) for text in re.findall(r'alttext="(.*?)"', pages[lang])}
    assert [formula for formula in written if formula not in there] == []


def test_both_pages_show_the_same():
    shown = [
        [re.sub(r" lang=ja", "", call) for call in re.findall(r"```\{made\} (.*)", path.read_text("utf-8"))]
        for path in PAGES.values()
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) > 30


def test_the_japanese_page_has_the_terms_of_the_book_and_no_english_words(pages):
    text = PAGES["ja"].read_text("utf-8")
    assert [term for term in TERMS.split() if term not in text] == []
    shown = MARKUP.sub(" ", pages["ja"])
    words = set(re.findall(r"[A-Za-z]{4,}", re.sub(r"\]\([^)]*\)|&\w+;", "", shown)))
    assert words <= {"NumPy", "Momentum", "AdaGrad", "RMSProp", "Adam", "ReLU", "tanh", "English", "stochastic",
                     "gradient", "descent"}  # fmt: skip


@pytest.mark.parametrize("lang", PAGES)
def test_pictures_are_for_light_and_dark_paper_and_ids_are_not_used_twice(lang, pages):
    page = pages[lang]
    assert page.count("only-light") == page.count("only-dark") == 8
    assert page.count("light-dark(") > 20
    ids = re.findall(r'\bid="(.*?)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("<svg") == page.count("</svg>") == 18


def test_what_is_not_true_is_not_built(pages):
    chapter = import_module("making.chapter")
    read = chapter.read_lines("regression").derivations["matrix"]

    class Wrong:
        @staticmethod
        def check():
            found = read.check()
            found[2] = found[2]._replace(difference=0.1)
            return found

    with pytest.raises(AssertionError, match=r"∂E/∂b₂ differs by 1\.0e-01"):
        chapter.hold_true(Wrong)


def test_the_trainings_are_what_the_page_says_of_them(pages):
    """Batch learning is the slowest to learn and the cheapest an epoch; learning by heart raises E of the test data."""
    networks = import_module("making.networks")
    final = {mode: networks.train_mode(mode).final("test") for mode in networks.MODES}
    assert final["online"] < final["mini-batch"] < final["batch"]
    seconds = [networks.measure_epoch(networks.train_mode(mode)) for mode in networks.MODES]
    assert seconds == sorted(seconds)
    run = networks.train_by_heart()
    assert run.final("train") < 0.1 * np.min(run.history.validation_loss) < 0.1 * run.final("test") / 3


def test_the_race_is_what_the_page_says_of_it(pages):
    """RMSProp is nearly there after 30 steps and away again after 100; AdaGrad, whose steps shrink, is not."""
    table = re.search(r"<tbody>.*?</tbody>", import_module("making.chapter").race())[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("</tr>")[:-1]]
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    E = {row[0]: [float(x.replace(" · 10", "e").translate(raised)) for x in row[2:]] for row in rows}
    assert list(E) == ["SGD", "Momentum", "AdaGrad", "RMSProp", "Adam"]
    assert E["RMSProp"][1] < 1e-6 < 1e-2 < E["RMSProp"][2]
    assert all(row[0] > row[1] > row[2] for name, row in E.items() if name != "RMSProp")
    assert [row[1] for row in rows] == ["–", "Δw", "h", "h", "m, v"]
