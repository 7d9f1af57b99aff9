"""What plots say, in each language: the Japanese terms are those of the textbook."""

from __future__ import annotations

from minigrad.engine.messages.arguments import shown

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "epoch": "epoch",
        "loss": "loss",
        "accuracy": "accuracy",
        "training": "training",
        "validation": "validation",
        "both": "{which} {what}",
        "layer": "layer {number}",
        "delta": "δ, root mean square",
        "true": "true class",
        "guess": "predicted class",
        "class": "class {number}",
        "wrong": "wrong",
        "value": "value of a parameter",
        "start": "start",
        "spread": "±{spread}",
    },
    "ja": {
        "epoch": "エポック",
        "loss": "誤差",
        "accuracy": "正解率",
        "training": "訓練",
        "validation": "検証",
        "both": "{which}{what}",
        "layer": "第{number}層",
        "delta": "δ の二乗平均平方根",
        "true": "正解のクラス",
        "guess": "予測したクラス",
        "class": "クラス{number}",
        "wrong": "誤り",
        "value": "パラメータの値",
        "start": "初期値",
        "spread": "±{spread}",
    },
}


def find_words(called: str, lang: str) -> dict[str, str]:
    """Give the words of a language; ValueError for one that there are none of."""
    if not isinstance(lang, str) or lang not in WORDS:
        raise ValueError(f"{called}: lang must be one of {', '.join(map(repr, WORDS))}, not {shown(lang)}")
    return WORDS[lang]
