"""All that is said in Japanese: the book's own words where it has them, and one way of setting letters."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LETTER = "[\u3040-\u30ff\u4e00-\u9fff]"
JAPANESE = re.compile(LETTER)
# What other books say -> what this one does, and so do we.
REFUSED = {
    "隠れ層|隠し層|中間レイヤ": "中間層",
    "学習率|学習レート|ラーニングレート": "学習係数",
    "モー?メンタム|モーメント係数|慣性項": "慣性係数",
    "伝搬|でんぱん|バックワード|フォワード|バックプロパゲーション": "順伝播、逆伝播、誤差逆伝播法",
    "函数|伝達関数|応答関数": "活性化関数",
    "コスト関数|目的関数|誤差関数|ロス関数|ロス": "誤差、損失関数",
    "教師データ|教師信号|学習データ|学習用データ|トレーニングデータ": "訓練データ、正解",
    "評価データ|評価用データ|テスト用データ": "テストデータ",
    "(?<!和)[二2２]乗誤差|自乗": "二乗和誤差",
    "クロス・?エントロピー": "交差エントロピー誤差",
    "ユニット|素子|パーセプトロン": "ニューロン",
    "グラディエント|傾斜": "勾配",
    "閾値|しきい値": "バイアス",
    "チェ[イー]ン・?ルール|鎖則": "連鎖律",
    "最急降下": "勾配降下法",
    "オプティマイザ|最適化手法": "最適化アルゴリズム",
    "世代": "エポック",
    "荷重|ウェイト": "重み",
    "ラベル(?!付)": "正解、クラス",
    "線型": "線形",
}  # fmt: skip


def list_texts():
    """Every piece of Japanese, as (where, text): pages without their code, strings of the source, scripts."""
    for path in [ROOT / "README.ja.md", *sorted((ROOT / "docs" / "ja").glob("*.md"))]:
        prose = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        yield path.name, prose
        yield from ((path.name, comment) for comment in re.findall(r"#.*", path.read_text("utf-8")))
    for path in sorted([*(ROOT / "minigrad").rglob("*.py"), *(ROOT / "docs" / "making").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and JAPANESE.search(node.value):
                yield f"{path.relative_to(ROOT)}, line {node.lineno}", node.value
    for kind in ("*.js", "*.html"):
        for path in sorted((ROOT / "minigrad").rglob(kind)):
            yield path.name, path.read_text("utf-8")


TEXTS = [(where, text) for where, text in list_texts() if JAPANESE.search(text)]


@pytest.mark.parametrize("other", REFUSED)
def test_the_books_word_is_taken(other):
    found = [(where, word[0]) for where, text in TEXTS for word in re.finditer(other, text)]
    assert not found, f"write {REFUSED[other]}"


TERMS = (
    "中間層 出力層 誤差 勾配 学習係数 慣性係数 活性化関数 順伝播 逆伝播 連鎖律 重み バイアス 二乗和誤差 "
    "交差エントロピー誤差 訓練データ テストデータ エポック ミニバッチ学習 恒等関数 ソフトマックス関数"
)


@pytest.mark.parametrize("term", TERMS.split())
def test_each_term_is_in_use(term):
    """So that a page that loses its text, or a search that finds nothing, is noticed."""
    assert any(term in text for _, text in TEXTS)


def test_signs_are_japanese_and_letters_of_other_scripts_stand_apart():
    """A comma, a full stop or a bracket between Japanese letters is Japanese; Latin and Greek have a space around."""
    plain = [(where, re.sub(r"`[^`]*`|\{[^}]*\}|<[^>]*>|\]\([^)]*\)|\*+", "", text)) for where, text in TEXTS]
    narrow = rf"{LETTER}[,.;:!?()](?={LETTER})"
    joined = rf"{LETTER}(?=[A-Za-zα-ωΔ∂])|[A-Za-zα-ωΔ∂](?={LETTER})"
    assert [(where, text) for where, text in plain if re.search(narrow, text)] == []
    assert [(where, x[0]) for where, text in plain for x in re.finditer(rf".{{0,8}}(?:{joined}).{{0,9}}", text)] == []
