"""What the tour says, in each language: the Japanese terms are those of the textbook.

``problem``, ``optimizer`` and so on are put in by name; what is HTML here is put into the page as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from minigrad.engine.messages.arguments import shown

Words = Mapping[str, str]

ENGLISH: Words = {
    "lang": "en",
    "page": "minigrad: a tour",
    "title": "Backpropagation that shows its work",
    "lead": (
        "Nobody told the engine the formulas of backpropagation. It knows the local derivative of each "
        "operation, walks the recorded graph backwards, and the textbook’s derivation comes out: written, "
        "checked line by line, and drawn."
    ),
    "networks": (
        "Three small networks, trained on real and textbook data. Each is a chain of layers <i>U</i> = <i>Y "
        "W</i> + <i>b</i>; hidden layers apply the sigmoid, the last one nothing (regression) or softmax "
        "(classification). The loss is <i>E</i> = ½ Σ (<i>Y</i> − <i>T</i>)² or <i>E</i> = −Σ <i>T</i> log "
        "<i>Y</i>. A fourth one, of convolutions, reads handwritten digits."
    ),
    "checked": (
        "Every line was compared with finite differences and with the engine: the largest difference is "
        "<strong>{line}</strong> of a gradient’s scale. Every δ and gradient was also compared with δ code "
        "written by hand, which shares nothing with the engine: the largest difference is "
        "<strong>{worst}</strong>."
    ),
    "signs": "The signs",
    "sign X": (
        "the samples, one in each row; a layer makes <i>U</i> = <i>Y W</i> + <i>b</i> of the output <i>Y</i> of "
        "the one before it, and <i>T</i> is what the last output should be"
    ),
    "sign δ": (
        "∂<i>E</i>/∂<i>U</i> of a layer: how much the loss changes as the layer’s total input does; every other "
        "gradient is one product away from it"
    ),
    "sign ⊙": "the product element by element; two letters side by side are a product of matrices",
    "sign Σ": "the sum over the samples: a bias is used for all of them, so that each adds its part",
    "notation": "Notation",
    "matrix": "matrix",
    "index": "index",
    "rules": "How each rule moves a weight",
    "rules say": (
        "<i>w</i> is any weight or bias, η the learning rate: how far a step goes. Each formula is read from the "
        "code that runs here."
    ),
    "SGD": "Straight down the slope of <i>E</i>, further where it is steep.",
    "Momentum": "A ball that rolls: a share α of the last step is kept.",
    "AdaGrad": "Each weight by its own measure, the sum of all its squared gradients: steps get shorter.",
    "RMSProp": "As AdaGrad, by the recent gradients alone: ρ is how much of the past counts.",
    "Adam": "Momentum and RMSProp together; <i>m</i>̂ and <i>v</i>̂ make up for having begun at 0.",
    "AdamW": "Adam, and in each step every weight shrinks by ηλ.",
    "sine": "A sine curve",
    "regions": "A plane with two regions",
    "iris": "Fisher’s irises",
    "regression": "regression",
    "classification": "classification",
    "derivation": "What came out of the graph",
    "derivation says": (
        "Each line, which opens on how it came, and how far it is from the engine’s gradient and from finite "
        "differences"
    ),
    "line": "line",
    "shape": "shape",
    "engine": "engine",
    "numeric": "numeric",
    "scalar": "scalar",
    "as": "as each row of {name} sums to 1",
    "graph": "The backward graph of three samples",
    "graph says": (
        "Values run to the right along the top, gradients come back along the bottom; an arrow says what the "
        "chain rule multiplies there."
    ),
    "graph alt": "The backward graph: {problem}",
    "scrolls": "Picture, scrollable",
    "step": "Step through it, forward and back",
    "alone": "The picture by itself",
    "code": "The same as NumPy code",
    "code says": "Written by minigrad, needs NumPy alone:",
    "code scrolls": "NumPy code, scrollable",
    "results": "Results on the test half",
    "results say": (
        "Half of the samples are learned from; this is <i>E</i> on the others, which the network has never seen. "
        "Batch learning makes one update of all samples, mini-batch learning one of every eight, online learning "
        "one of each."
    ),
    "results table": "E per test sample; the best is marked",
    "results table share": "E per test sample and share classified correctly; the best is marked",
    "batch": "batch",
    "mini-batch": "mini-batch",
    "online": "online",
    "curves": (
        "E per sample against the epoch, once through all samples: thick on the test half, thin on the training half."
    ),
    "curve alt": "Learning curves, {mode} learning",
    "best": "The best network: {optimizer}, {mode} learning, η = {lr}.",
    "inside": "Inside the best network",
    "landscape": "E of the training half over the two largest weights of layer 1, all others as they were learned.",
    "flow": "δ of each layer, before and after training: each layer back it is multiplied by Wᵀ and by σ′ ≤ ¼.",
    "weights": "The weights and biases that were learned.",
    "confusion": "The test half: which class was taken for which.",
    "digits": "Handwritten digits",
    "digits say": (
        "A convolution <i>U</i> = <i>X</i> ∗ <i>W</i> + <i>b</i> moves each filter over the image, so that a weight is "
        "used at every place: ∂<i>E</i>/∂<i>W</i> = <i>X</i> ⋆ δ is the sum over all places of δ times what lay under "
        "the filter. Computed so by hand, in NumPy, it differs by {off}. The network learned from {train} images, and "
        "reads {accuracy} of {test} others."
    ),
    "filters": (
        "The filters of layer 1 and ∂E/∂W, before and after learning, each row on a scale of its own: blue is "
        "positive, orange negative."
    ),
    "sees": "A {label} that was learned from, what the filters make of it, and δ: how E changes with each of it.",
    "read": "The test images: which digit was taken for which.",
    "image": "image X",
    "W first": "W, before",
    "dW first": "∂E/∂W, before",
    "W last": "W, after",
    "dW last": "∂E/∂W, after",
    "printed digits": "{accuracy} of {test} test images are read",
    "compared": "Compared with the formulas",
    "compared says": "Largest difference from the hand-derived δ code",
    "layer": "layer {number}",
    "prices": "Time of an update",
    "prices say": "Forward, loss, backward and gradient descent",
    "hand": "by hand",
    "ratio": "ratio",
    "footer": "minigrad tour, seed {seed}. The numbers are in",
    "fit x": "the network, y",
    "fit t": "training samples",
    "fit parts": "each hidden unit’s wⱼyⱼ, centered",
    "learned here": "what was learned",
    "E axis": "E per sample",
    "epoch": "epoch",
    "printed results": "E per test sample, after training",
    "printed results share": "E per test sample, and accuracy, after training",
    "printed compared": "largest difference from the hand-derived formulas",
    "printed prices": "time of an update, beside the hand-written δ code",
    "printed page": "All of it, with pictures: {path}",
    "training": "training",
}
JAPANESE: Words = {
    "lang": "ja",
    "page": "minigrad：ひとめぐり",
    "title": "途中の計算が見える誤差逆伝播法",
    "lead": (
        "誤差逆伝播法の公式は、このエンジンに教えてありません。エンジンが知っているのは、"
        "一つ一つの演算の局所微分だけです。記録した計算グラフを逆向きにたどると、教科書の導出が現れます。"
        "それを式に書き、一行ずつ検算し、図に描きました。"
    ),
    "networks": (
        "3 つの小さなネットワークを、教科書のデータと実際のデータで学習させます。どれも層 <i>U</i> = <i>Y W</i> "
        "+ <i>b</i> を重ねたものです。活性化関数は、中間層ではシグモイド関数、"
        "出力層では恒等関数（回帰）またはソフトマックス関数（分類）です。誤差は <i>E</i> = ½ Σ (<i>Y</i> − "
        "<i>T</i>)² または <i>E</i> = −Σ <i>T</i> log <i>Y</i> です。4 つめの畳み込みニューラルネットワークは、"
        "手書きの数字を読みます。"
    ),
    "checked": (
        "どの式も、数値微分およびエンジンの勾配と比べてあります。差は最大でも勾配の大きさの "
        "<strong>{line}</strong> です。δ と勾配はすべて、エンジンと何も共有しない手書きの δ "
        "のコードとも比べてあります。差は最大で <strong>{worst}</strong> です。"
    ),
    "signs": "記号",
    "sign X": (
        "サンプル。1 行が 1 サンプルです。層は前の層の出力 <i>Y</i> から <i>U</i> = <i>Y W</i> + <i>b</i> "
        "を計算します。<i>T</i> は最後の出力がなるべき値、つまり正解です"
    ),
    "sign δ": (
        "層の ∂<i>E</i>/∂<i>U</i>。層への入力の総和 <i>U</i> が変わると誤差がどれだけ変わるかを表します。"
        "ほかの勾配はどれも、これに積を一つ施せば得られます"
    ),
    "sign ⊙": "要素ごとの積。文字を並べたものは行列の積です",
    "sign Σ": "サンプルについての和。バイアスはすべてのサンプルで使われるので、それぞれの分を足し合わせます",
    "notation": "表記",
    "matrix": "行列",
    "index": "添字",
    "rules": "最適化アルゴリズムの更新式",
    "rules say": (
        "<i>w</i> は重みまたはバイアス、η は一歩の大きさを決める学習係数です。どの式も、"
        "ここで動いているコードから読み取ったものです。"
    ),
    "SGD": "<i>E</i> の勾配をまっすぐ下ります。急なところほど大きく進みます。",
    "Momentum": "転がる球のように、前の更新量の α 倍（慣性係数）を保ちます。",
    "AdaGrad": "重みごとに、それまでの勾配の 2 乗の和で割ります。更新量はしだいに小さくなります。",
    "RMSProp": "AdaGrad に似ていますが、最近の勾配だけで割ります。ρ は過去をどれだけ残すかです。",
    "Adam": "Momentum と RMSProp を合わせたもの。<i>m</i>̂ と <i>v</i>̂ は 0 から始めた分の補正です。",
    "AdamW": "Adam に加えて、更新のたびにすべての重みを ηλ の割合だけ小さくします。",
    "sine": "正弦曲線",
    "regions": "平面の 2 つの領域",
    "iris": "フィッシャーのアヤメ",
    "regression": "回帰",
    "classification": "分類",
    "derivation": "計算グラフから現れた式",
    "derivation says": "各行を開くと、その導き方が見えます。右は、エンジンの勾配および数値微分との差です",
    "line": "式",
    "shape": "形状",
    "engine": "エンジン",
    "numeric": "数値微分",
    "scalar": "スカラー",
    "as": "{name} の各行の和は 1 なので",
    "graph": "3 サンプルの逆伝播のグラフ",
    "graph says": (
        "上の段では値が右へ進み、下の段では勾配が左へ戻ります。矢印には、"
        "そこで連鎖律が掛け合わせるものが書いてあります。"
    ),
    "graph alt": "逆伝播のグラフ：{problem}",
    "scrolls": "図（スクロールできます）",
    "step": "順伝播と逆伝播を一歩ずつたどる",
    "alone": "図だけを開く",
    "code": "同じ計算の NumPy コード",
    "code says": "minigrad が書いたコード。NumPy だけで動きます：",
    "code scrolls": "NumPy コード（スクロールできます）",
    "results": "テストデータでの結果",
    "results say": (
        "サンプルの半分で学習し、残りの半分、つまりネットワークが一度も見ていないサンプルで <i>E</i> "
        "を求めました。バッチ学習は全サンプルで 1 回、ミニバッチ学習は 8 サンプルごとに 1 回、オンライン学習は 1 "
        "サンプルごとに 1 回、重みを更新します。"
    ),
    "results table": "テストデータ 1 サンプルあたりの E。最良のものに印があります",
    "results table share": "テストデータ 1 サンプルあたりの E と正解率。最良のものに印があります",
    "batch": "バッチ",
    "mini-batch": "ミニバッチ",
    "online": "オンライン",
    "curves": (
        "1 サンプルあたりの E とエポック（全サンプルを 1 回使うこと）。太線はテストデータ、細線は訓練データです。"
    ),
    "curve alt": "学習曲線、{mode}学習",
    "best": "最良のネットワーク：{optimizer}、{mode}学習、学習係数 η = {lr}",
    "inside": "最良のネットワークの中",
    "landscape": "第 1 層の最も大きな 2 つの重みに対する訓練データの E。ほかの重みは学習した値のままです。",
    "flow": "学習の前と後の各層の δ。層を一つ戻るたびに Wᵀ と σ′ ≤ ¼ が掛かります。",
    "weights": "学習した重みとバイアス。",
    "confusion": "テストデータ：どのクラスをどのクラスと判定したか。",
    "digits": "手書き数字",
    "digits say": (
        "畳み込み <i>U</i> = <i>X</i> ∗ <i>W</i> + <i>b</i> では、フィルターを画像の上で動かすので、"
        "1 つの重みがすべての位置で使われます。∂<i>E</i>/∂<i>W</i> = <i>X</i> ⋆ δ は、"
        "δ とフィルターの下にあった部分の積を、すべての位置について足し合わせたものです。"
        "NumPy で手計算した値との差は {off} です。{train} 枚の画像で学習し、"
        "残りの {test} 枚の {accuracy} を正しく読みました。"
    ),
    "filters": "第 1 層のフィルター W と ∂E/∂W。学習の前と後。行ごとに目盛りが違い、青が正、橙が負です。",
    "sees": "訓練データの「{label}」、フィルターを通した値、そして δ（値ごとの誤差の変わり方）。",
    "read": "テストデータ：どの数字をどの数字と読んだか。",
    "image": "画像 X",
    "W first": "学習前の W",
    "dW first": "学習前の ∂E/∂W",
    "W last": "学習後の W",
    "dW last": "学習後の ∂E/∂W",
    "printed digits": "テストデータ {test} 枚のうち {accuracy} を正しく読みました",
    "compared": "公式との比較",
    "compared says": "手で導いた δ のコードとの最大の差",
    "layer": "第 {number} 層",
    "prices": "1 回の更新にかかる時間",
    "prices say": "順伝播、誤差、逆伝播、勾配降下",
    "hand": "手書き",
    "ratio": "比",
    "footer": "minigrad のツアー、乱数の種 {seed}。数値は次のファイルにあります：",
    "fit x": "ネットワークの出力 y",
    "fit t": "訓練データ",
    "fit parts": "中間層の各ニューロンの wⱼyⱼ（平均を 0 にしたもの）",
    "learned here": "学習した値",
    "E axis": "1 サンプルあたりの E",
    "epoch": "エポック",
    "printed results": "学習後のテストデータ 1 サンプルあたりの E",
    "printed results share": "学習後のテストデータ 1 サンプルあたりの E と正解率",
    "printed compared": "手で導いた公式との最大の差",
    "printed prices": "1 回の更新にかかる時間（手書きの δ のコードと並べて）",
    "printed page": "図を含むすべて：{path}",
    "training": "学習",
}
LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ja": JAPANESE}


def find_words(lang: str) -> Words:
    """Give the words of a language; ValueError for one that there are none of."""
    if not isinstance(lang, str) or lang not in LANGUAGES:
        raise ValueError(f"tour: lang must be one of {', '.join(map(repr, LANGUAGES))}, not {shown(lang)}")
    return LANGUAGES[lang]
