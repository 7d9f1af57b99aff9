"""What pictures say besides formulas, in each language: the Japanese terms are those of the textbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minigrad.engine.messages.arguments import shown
from minigrad.structure.layers import Layer, describe_layer

Words = Mapping[str, str]

ENGLISH: Words = {
    "layer": "Layer {number} · {what}",
    "last": "Layer {number} · {what}",
    "block": "Block {letter} · {what}",
    "step": "Step {letter} · {what}",
    "heads": "×{count} heads",
    "times": "{title}  ×{count}, {letter} = {first} … {last}",
    "loss": "Loss",
    "loss of": "Loss · {what}",
    "scalar": "scalar",
    "input": "input",
    "target": "target",
    "seed": "seed",
    "empty": "empty",
    "large": "mean {mean}  norm {norm}",
    "data": "data",
    "parameter": "parameter",
    "value": "value (forward)",
    "gradient": "gradient (backward)",
    "forward": "forward",
    "backward": "backward: ",
    "upstream": "upstream δ",
    "local": "local derivative",
    "width": "; width ∝ max|∂E|",
    "same": "same tensor",
    "picture": "The backward graph of a loss",
}
JAPANESE: Words = {
    "layer": "中間層 {number} · {what}",
    "last": "出力層 {number} · {what}",
    "block": "ブロック {letter} · {what}",
    "step": "ステップ {letter} · {what}",
    "heads": "ヘッド ×{count}",
    "times": "{title}  ×{count}、{letter} = {first} … {last}",
    "loss": "誤差",
    "loss of": "誤差 · {what}",
    "scalar": "スカラー",
    "input": "入力",
    "target": "正解",
    "seed": "出発点",
    "empty": "要素なし",
    "large": "平均 {mean}  ノルム {norm}",
    "data": "データ",
    "parameter": "パラメータ",
    "value": "値（順伝播）",
    "gradient": "勾配（逆伝播）",
    "forward": "順伝播",
    "backward": "逆伝播：",
    "upstream": "上流の δ",
    "local": "局所微分",
    "width": "、太さ ∝ max|∂E|",
    "same": "同じテンソル",
    "picture": "誤差の逆伝播のグラフ",
    "cross-entropy": "交差エントロピー誤差",
    "binary cross-entropy": "二値交差エントロピー誤差",
    "squared error": "二乗和誤差",
    "linear": "恒等関数",
    "sigmoid": "シグモイド関数",
    "softmax": "ソフトマックス関数",
}
LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ja": JAPANESE}


def find_words(called: str, lang: str) -> Words:
    """Give the words of a language; ValueError for one that there are none of."""
    if not isinstance(lang, str) or lang not in LANGUAGES:
        raise ValueError(f"{called}: lang must be one of {', '.join(map(repr, LANGUAGES))}, not {shown(lang)}")
    return LANGUAGES[lang]


def title_layer(layer: Layer, number: str, layers: Sequence[Layer], words: Words) -> str:
    """Write the title of a layer's frame; the last of all layers is the output layer."""
    what = ", ".join(words.get(name, name) for name in describe_layer(layer).split(", "))
    return words["last" if layer is layers[-1] else "layer"].format(number=number, what=what)
