"""What exercises say in Japanese, by the English sentences; ``words`` tells them.

The terms are those of ``derivation.japanese``; besides 中間層 hidden layer, 出力層 output layer, 順伝播 the way to E,
逆伝播 the way back, 正解 right answer.
"""

from __future__ import annotations

from minigrad.exercises.page_words import PAGE_WORDS

COURSE = {
    "One neuron": "ニューロン 1 個",
    "A neuron weighs its inputs and adds a bias. How much does E change with each of them?": (
        "ニューロンは入力に重みを掛けて足し、バイアスを加えます。それぞれが変わると E はどれだけ変わりますか。"
    ),
    "A sum and a product, (x + y) z": "和と積：(x + y) z",
    "A sum hands its gradient on as it is; a product multiplies it by the other factor.": (
        "和は勾配をそのまま渡し、積はもう一方の因子を掛けて渡します。"
    ),
    "The sigmoid": "シグモイド関数",
    "An activation function multiplies the gradient by its derivative, which the output alone can tell.": (
        "活性化関数は勾配にその導関数を掛けます。シグモイド関数の導関数は出力だけから求まります。"
    ),
    "The squared error": "二乗和誤差",
    "The error of a linear output layer: what goes back first is how far each output is from its target.": (
        "線形な出力層の誤差です。最初に戻っていくのは、各出力と正解との差です。"
    ),
    "A hidden layer": "中間層",
    "δ of the output layer goes back through the weights, and then through the activation function.": (
        "出力層の δ は、重みを通り、次に活性化関数を通って戻ります。"
    ),
    "Softmax with cross-entropy": "ソフトマックス関数と交差エントロピー誤差",
    "Each output of softmax depends on all inputs of it, and yet δ is as short as that of the squared error.": (
        "ソフトマックス関数の各出力はすべての入力によりますが、δ は二乗和誤差のときと同じく簡単になります。"
    ),
    "Sums over a batch": "バッチについての和",
    "Four samples at once, and E is their mean: where do the sum over n and 1/N come in?": (
        "4 個のサンプルをまとめて扱い、E はその平均です。n についての和と 1/N はどこに現れますか。"
    ),
    "A weight that is used twice": "2 回使われる重み",
    "Both layers have the same weights. What a variable is used for several times adds up: +=, not =.": (
        "2 つの層が同じ重みを使います。何度も使われる変数の勾配は足し合わせます。= でなく += です。"
    ),
    "A recurrent network, three steps": "再帰型ネットワーク（3 ステップ）",
    "The state goes from step to step, and its gradient comes back through all of them.": (
        "状態は時刻から時刻へ進み、その勾配はすべての時刻をさかのぼって戻ります。"
    ),
    "Attention": "アテンション",
    "Every row of A says where to look: softmax of the products of queries and keys, over √d = 2.": (
        "A の各行はどこを見るかを表します。クエリとキーの積を √d = 2 で割り、ソフトマックス関数を通したものです。"
    ),
}

CODE = {
    "{kind}: {error}": "{kind}：{error}",
    "no more is known": "詳細は不明です",
    "that has no value: end with an expression, or write {key} = …": (
        "値がありません。最後に式を書くか、{key} = … と書きます"
    ),
    "that is no array of real numbers, but of type {kind}": "実数の配列でなく {kind} 型になっています",
    "that is an array of shape {shape}, much too large": "形状 {shape} の配列になり、大きすぎます",
    "that is no Python: {error}, in “{line}”": "Python の文法に合いません（{error}）：「{line}」",
    "^ is no power in Python: write X**2; the transpose is X.T": (
        "Python では ^ は累乗ではありません。X**2 と書きます。転置は X.T です"
    ),
    "the transpose is written X.T": "転置は X.T と書きます",
    "the shapes do not fit. {shapes}. The transpose of X is X.T": "形状が合いません。{shapes}。X の転置は X.T です",
    "stopped; nothing is lost, and you can go on": "止めました。何も失われていないので、続けられます",
    "exit ends nothing here; type quit": "exit では終わりません。quit と入力します",
    "the rows have different lengths, so that they are no array": "行の長さがそろっていないので配列になりません",
    "there is no {name}; did you mean {close}?": "{name} はありません。{close} ではありませんか",
    "there is no {name}; there are {names}": "{name} はありません。使えるのは {names} です",
}

ATTEMPT = {
    "Hint {i} of {n}": "ヒント {i}/{n}",
    "{key} is left out": "{key} を飛ばしました",
    "All done: {right} of {n} right, {alone} at once and without a hint": (
        "終わりました。{n} 問のうち正解 {right} 問、そのうち一度でヒントなしの正解 {alone} 問"
    ),
    "check({key}=…), hint(), answer() and skip() are about {symbol}": (
        "check({key}=…)、hint()、answer()、skip() は {symbol} についてのものです"
    ),
    "there is no further hint; answer shows it": "ヒントはもうありません。answer で解答を見られます",
    "it differs most at {at}": "最も違うのは {at} の成分です",
    "ask again to see the answer": "もう一度求めると解答を表示します",
}

TERMINAL = {
    "Write NumPy. hint, answer, skip, show, help and quit are commands.": (
        "NumPy で答えます。コマンドは hint（ヒント）、answer（解答）、skip、show、help、quit です。"
    ),
    "These arrays are there, and np:": "使える配列（np も使えます）：",
    "a number": "1 個の数",
    "kept in {file}; the same command goes on from here": "{file} に保存しました。同じコマンドで続きから始められます",
    "That was all.": "これで全部です。",
    "An answer is an expression, X.T @ delta, or lines that assign it, dW = X.T @ delta.": (
        "答えは X.T @ delta のような式、または dW = X.T @ delta のような代入文です。"
    ),
    "hint    one step nearer; there are several": "hint    ヒントを 1 つ（いくつかあります）",
    "answer  the way there, and what it is": "answer  導き方と解答",
    "skip    leave this one out": "skip    この問題を飛ばす",
    "show    the arrays that there are; show W1 all of one": "show    使える配列の一覧。show W1 で 1 つの全体",
    "quit    go; Ctrl-C stops what runs too long": "quit    終わる。止まらない計算は Ctrl-C で止める",
    "until the next time": "また次の機会に",
}

PAGE = {
    "title": "演習：逆伝播",
    "skip_link": "演習へ移動",
    "exercises": "演習",
    "given": "与えられた値",
    "forward": "順伝播：誤差 E まで",
    "values": "途中の値",
    "back": "逆伝播：空欄を埋めなさい",
    "how": (
        "X.T @ delta1 のように NumPy の式で答えるか、数値を 1 行ずつ入力します。"
        "Enter で確認し、Shift と Enter で改行します。"
    ),
    "answer_to": "{symbol} の答え",
    "insert": "挿入",
    "check": "確認",
    "hint": "ヒント",
    "answer": "解答",
    "skip": "飛ばす",
    "next": "次の演習",
    "right": "正解です。",
    "wrong": "まだ違います：{slip}。",
    "differs": "最も違うのは {row} 行 {column} 列です。",
    "differs_at": "最も違うのは {at} 番目の数です。",
    "hint_number": "ヒント {i}/{n}",
    "no_more_hints": "ヒントはもうありません。「解答」で答えを見られます。",
    "hint_first": "まずヒントです。もう一度押すと解答を表示します。",
    "shown": "解答",
    "skipped": "飛ばしました。",
    "done": "{n} 問中 {right} 問正解",
    "all_done": "終わりました。{n} 問のうち正解 {right} 問、そのうち一度でヒントなしの正解 {alone} 問です。",
    "unusual": "よくある誤りのどれにも当てはまりません",
    "infinite": "NaN または無限大が含まれています",
    "digits": "合っているかもしれません。もう 1、2 桁詳しく入力してください。",
    "shape": "形状が {there} ですが、{wanted} でなければなりません",
    "empty": "まず式か数値を入力してください。",
    "ragged": "行の長さがそろっていないので行列になりません。",
    "sign": "ここでは {sign} という記号は使えません。",
    "unexpected": "{sign} の前に何かが足りません。",
    "ends": "式が途中で終わっています。",
    "missing": "{sign} が足りません。",
    "rest": "{rest} の前に演算がありません。成分ごとの積は *、行列の積は @ です。",
    "caret": "^ は累乗ではありません。X**2 と書きます。転置は X.T です。",
    "equals": "= は答えの名前のすぐ後ろにだけ書けます。",
    "other": "この空欄は {name} でなく {key} です。",
    "method": ".{name} はありません。.T、.sum(axis=0)、.mean(axis=0) が使えます。",
    "name": "{name} はありません。使えるのは {names} です。",
    "arguments": "この関数に渡す値が多すぎるか足りません。",
    "axis": "軸は axis=0 のように数で書きます。",
    "axes": "{x} に軸 {axis} はありません。",
    "shapes": "成分ごとの計算では、形状 {a} と {b} は合いません。",
    "matmul": "@ はベクトルと行列のための積で、{a} と {b} には使えません。",
    "inner": "形状 {a} と {b} は合いません。@ の左の列数と右の行数は同じでなければなりません。転置は X.T です。",
    "results": "結果",
    "your_name": "名前",
    "save": "結果を保存",
    "saved_note": "解いた内容はこのブラウザに残ります。保存したファイルは先生に渡すためのものです。",
    "again": "この演習をやり直す",
    "no_script": "演習には JavaScript が必要です。ネットワークは要りません。",
}

JAPANESE = {**COURSE, **CODE, **ATTEMPT, **TERMINAL, **{PAGE_WORDS[key]: said for key, said in PAGE.items()}}
