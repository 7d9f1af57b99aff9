"""What the chapter's tables and captions say, in English and Japanese."""

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "path": "{name}, {settings}: {steps} steps from ○ to ●, where E = {E}",
        "race": ["", "kept for each weight", "E after 10 steps", "30 steps", "100 steps"],
        "raced": "The same valley, the same start, the learning rates of the pictures above; there is no rule "
        "that is the fastest everywhere.",
        "guesses": "Both losses for t = (0, 1, 0), and outputs y that are good, fair and wrong",
        "heart": "After {epochs:,} epochs E per sample is {train} for the training data and {test} for the test data. "
        "After {best:,} epochs it was {best_test} for the test data: what came later was learning by heart.",
        "modes": "E per sample of the test data, epoch by epoch, for the same network and the same first weights.",
        "mode": ["", "samples in an update", "updates in an epoch", "time of an epoch", "E after {epochs} epochs"],
        "names": {"batch": "batch learning", "mini-batch": "mini-batch learning", "online": "online learning"},
        "measured": "A 1-3-1 network on the {n} training samples of a sine curve, by gradient descent; E is per sample "
        "of the test data. The times are those of the machine that built this page.",
        "checked": ["line", "the engine", "finite differences", "the textbook’s δ by hand"],
        "check": "The largest difference of each line, as a share of its scale, from the gradient that the engine "
        "computes, from finite differences of E, and from code written by hand that shares nothing with the library.",
        "graph": "Values along the top, gradients dashed along the bottom; each arrow back is marked with what the "
        "chain rule multiplies there.",
        "forward": "Forward: a layer’s output from its input",
        "backward": "Backward: the gradients of a layer, from its δ",
    },
    "ja": {
        "path": "{name}（{settings}）：○ から ● まで {steps} 回更新し、E = {E}",
        "race": ["", "重み 1 つにつき保持する値", "10 回更新後の E", "30 回更新後", "100 回更新後"],
        "raced": "同じ谷を同じ点から、上の図と同じ学習係数で下った結果。"
        "どんな場合にも最も速いというアルゴリズムはありません。",
        "guesses": "t = (0, 1, 0) に対する 2 つの誤差。出力 y は上から、良いもの、まずまずのもの、誤ったもの",
        "heart": "{epochs:,} エポック後の誤差は 1 サンプルあたり、訓練データで {train}、テストデータで {test} です。"
        "テストデータの誤差は {best:,} エポック後に {best_test} まで下がっており、その後の学習は丸暗記でした。",
        "modes": "同じネットワークと同じ重みの初期値から始めたときの、テストデータの誤差（1 サンプルあたり）の推移。",
        "mode": [
            *("", "1 回の更新に使うサンプル数", "1 エポックの更新回数", "1 エポックの時間"),
            "{epochs} エポック後の誤差",
        ],
        "names": {"batch": "バッチ学習", "mini-batch": "ミニバッチ学習", "online": "オンライン学習"},
        "measured": "サイン曲線の訓練データ {n} サンプルを、1-3-1 のネットワークが勾配降下法で学習した結果。"
        "誤差はテストデータの 1 サンプルあたりの値、時間はこのページを作成した計算機での値です。",
        "checked": ["式", "計算エンジン", "数値微分", "手計算の δ"],
        "check": "各行の値について、計算エンジンの勾配、E の数値微分、ライブラリと無関係に手で書いたコードの"
        "それぞれと比べた差の最大値（値の大きさに対する割合）。",
        "graph": "上の列が値、下の破線の列が勾配です。戻る矢印には、連鎖律でそこに掛けるものを記しました。",
        "forward": "順伝播：層の入力から出力を求める",
        "backward": "逆伝播：層の δ から勾配を求める",
    },
}
