"""The sentences of worksheets, steps and slips in Japanese, by the English ones; ``wording`` puts the parts in.

The terms are those of Japanese textbooks: 勾配 gradient, 誤差 error, 重み weight, バイアス bias, 転置 transpose, 連鎖律
chain rule, 活性化関数 activation function, 学習係数 learning rate η, 導関数 derivative.
"""

from __future__ import annotations

SLIPS = {
    "{slip}, besides what follows from the wrong ones before it": "{slip}（前の誤りから続くものは別として）",
    "its shape is {there}, and should be {wanted}": "形状が {there} ですが、{wanted} でなければなりません",
    "its numbers are right, in shape {there} instead of {wanted}": (
        "数値は正しいですが、形状が {wanted} でなく {there} です"
    ),
    "it is not summed over {axes}": "{axes} について和を取っていません",
    "it is not summed over {axes}, the batch": "{axes}（バッチ）について和を取っていません",
    "it is not summed over the batch": "バッチについて和を取っていません",
    "it is summed over axis {axis} instead of {axes}": "{axes} でなく軸 {axis} について和を取っています",
    "it kept {axis}, with length 1, in the sum": "和を取った{axis} が長さ 1 のまま残っています",
    "it is no usual slip": "よくある誤りのどれにも当てはまりません",
    "it is {c:.6g} times what it should be": "正しい値の {c:.6g} 倍になっています",
    "axis {axis}": "軸 {axis}",
    "axes {axes}": "軸 {axes}",
    "all axes": "すべての軸",
    "the first {n} axes": "はじめの {n} 個の軸",
    "it holds NaN or infinity": "NaN または無限大が含まれています",
    "it is transposed": "転置されています",
    ", in {n} places": "（{n} か所）",
    " and {n} more like it": " など（ほかに同様のものが {n} 個）",
    "{factor} is not transposed{more}": "{factor} が転置されていません{more}",
    "{factor} is transposed in {product}": "{product} の中で {factor} が転置されています",
    "∂E/∂({y}) is transposed": "∂E/∂({y}) が転置されています",
    "∂E/∂({y}) is not transposed": "∂E/∂({y}) が転置されていません",
    "it is computed with {u} in place of {y}": "{y} とすべきところを {u} のまま計算しています",
    "{W} was already updated, with η = {eta:.4g}": "{W} がすでに更新されています（学習係数 η = {eta:.4g}）",
    "{W} was already updated, with η = {eta}": "{W} がすでに更新されています（学習係数 η = {eta}）",
    "{W} and {V} were already updated, with η = {eta:.4g}": (
        "{W} と {V} がすでに更新されています（学習係数 η = {eta:.4g}）"
    ),
    "{there} stands where {due} is due": "{due} とすべきところが {there} になっています",
    "{it} is taken over {axes}": "{it} を{axes} について取っています",
    "{term} is forgotten in {sum}{more}": "{sum} で {term} を忘れています{more}",
    "the sign is wrong": "符号が逆です",
    "a factor ½ is missing": "係数 ½ が抜けています",
    "there is a factor ½ too many": "係数 ½ が余分です",
    "it is divided by {n}, and E is not, which is a sum": "{n} で割っていますが、誤差 E は和なので割ってはいけません",
    "1/N is there twice, as of a mean instead of a sum, N = {n}": (
        "和でなく平均を取ったように 1/N が二重に掛かっています（N = {n}）"
    ),
    "1/N is missing, N = {n}": "1/N が抜けています（N = {n}）",
    "only one of its 2 uses is counted, that in {use}; += is due, and not =": (
        "2 か所で使われるうち {use} の分だけを数えています。= でなく += で足し合わせます"
    ),
    "only the first of its {n} uses is counted, that in {use}; += is due, and not =": (
        "{n} か所で使われるうち最初の {use} の分だけを数えています。= でなく += で足し合わせます"
    ),
    "only the last of its {n} uses is counted, that in {use}; += is due, and not =": (
        "{n} か所で使われるうち最後の {use} の分だけを数えています。= でなく += で足し合わせます"
    ),
    "only the first of the {n} samples is counted; += is due, and not =": (
        "{n} 個のサンプルのうち最初の分だけを数えています。= でなく += で足し合わせます"
    ),
    "only the last of the {n} samples is counted; += is due, and not =": (
        "{n} 個のサンプルのうち最後の分だけを数えています。= でなく += で足し合わせます"
    ),
    "only the last {k} of its {n} uses are counted": "{n} か所で使われるうち最後の {k} か所の分だけを数えています",
    "only the first {k} of its {n} uses are counted": "{n} か所で使われるうち最初の {k} か所の分だけを数えています",
    "the part that comes through {user} is missing": "{user} を通ってくる分が抜けています",
    "what {index}{more} takes twice is counted once; np.add.at is due, and not = or += with an index": (
        "{index}{more} が 2 回取り出すものを 1 回しか数えていません。添字付きの = や += でなく np.add.at を使います"
    ),
    "the way back through time is cut off after {k} of {n} steps": (
        "時間方向の逆伝播が {n} ステップのうち {k} ステップで打ち切られています"
    ),
    "nothing comes back through time, as if {state} and the like were constants": (
        "{state} などを定数とみなしたように、時間をさかのぼる分が抜けています"
    ),
    "f′ is missing, the derivative of {f}": "{f} の導関数 f′ が抜けています",
    "f′ is there twice, the derivative of {f}": "{f} の導関数 f′ が二重に掛かっています",
    "{u} is taken for {y} in f′, the derivative of {f}": "{f} の導関数 f′ で、{y} の代わりに {u} を使っています",
    "f′ is taken at {y} instead of {u}, the derivative of {f}": "{f} の導関数 f′ を、{u} でなく {y} で計算しています",
    "f′ is that of {other}, {formula}, and should be that of {f}": (
        "f′ が別の活性化関数 {other} の導関数 {formula} になっています。{f} の導関数にします"
    ),
    "the derivative of {f} is taken along axis {axis}": "{f} の導関数を軸 {axis} について取っています",
    "the division by {number:g} in {f} is missing": "{f} にある {number:g} による割り算が抜けています",
    "the factor {number:g} in {f} is missing": "{f} にある係数 {number:g} が抜けています",
    "only the diagonal of the Jacobian of {f} is there, ∂yₖ/∂uₖ": (
        "{f} のヤコビ行列の対角成分 ∂yₖ/∂uₖ しか使っていません"
    ),
    "{u} is used in place of {y}{more}": "{y} の代わりに {u} を使っています{more}",
    "{u} is used in place of {y}{more}, in f′ too": "{y} の代わりに {u} を使っています{more}。f′ の中でも同じです",
    "{slip}, in {gradient}": "{gradient} で、{slip}",
    "{slip}, in the part with {gradient}": "{gradient} からくる項で、{slip}",
    "✓ {key} is right": "✓ {key} は正解です",
    "✗ {key} is wrong: {slip}": "✗ {key} は誤りです：{slip}",
    "→ {key} follows from {others}": "→ {key} は {others} の誤りから続いています",
}

STEPS = {
    "the chain rule": "連鎖律",
    "numbers and like factors together": "数と同じ因子をまとめる",
    "as it is computed": "計算のとおり",
    "in other words": "言い換えると",
    "and {n} more": "ほか {n} 個",
    "terms with an index outside of its axis are left out": "添字が範囲の外になる項は除く",
    "elements that tie for the largest share": "最大の要素が複数あるときは等分する",
}

LINES = {
    "product {product}": "積 {product}",
    "sum over the {n} uses of {name}": "{name} が使われる {n} か所についての和",
    "E itself": "E 自身",
    "sum over the batch: {name} was broadcast": "バッチについての和（{name} は繰り返し使われる）",
    "a term of a sum": "和の項",
    "chain rule through {name}": "{name} についての連鎖律",
    "forward": "順伝播",
    "Σ {name} = 1": "Σ {name} = 1",
    "Σ {name} = 1 along axis {axis}": "軸 {axis} について Σ {name} = 1",
    "if {facts}, as in this {names}": "（{facts} のとき。ここでの {names} では成り立つ）",
    "for {range}": "（{range}）",
    "Σ over {range}": "（和は {range}）",
    "Derivation": "導出",
    "equation": "式",
    "shape": "形状",
    "by": "根拠",
    "scalar": "スカラー",
}

CHECKS = {
    "engine": "エンジン",
    "numeric": "数値微分",
    "line": "式",
    "from the engine’s": "エンジンの勾配との差",
    "from finite differences": "数値微分との差",
    "Check": "検算",
    "✓ agrees": "✓ 一致",
    "✗ differs": "✗ 不一致",
    "All {n} lines agree.": "{n} 行すべてが一致しました。",
    "{symbol} is the first that differs, by {off:.1e}.": "最初に一致しないのは {symbol} で、差は {off:.1e} です。",
}

COMPARISONS = {
    "All {n} are right.": "{n} 個すべて正解です。",
    "{key} is right.": "{key} は正解です。",
    "Look at {key} first: {slip}.": "まず {key} を見てください。{slip}。",
    "It should be {equation}.": "正しくは {equation} です。",
    "It differs most at {at}.": "最も違うのは {at} の成分です。",
    "It differs.": "値が違います。",
    "It differs most at {at}, by {percent:.3g} % of the largest element.": (
        "最も違うのは {at} の成分で、差は最大の成分の {percent:.3g} % です。"
    ),
    "It differs by {percent:.3g} %.": "差は {percent:.3g} % です。",
    "{left} = {formula}": "{left} = {formula}",
    "{left}, of shape {shape}": "形状が {shape} の {left}",
    "{formula} = {shorter} {reason}": "{formula} = {shorter} {reason}",
    "Comparison": "比較",
    "{right} of {n} right": "{n} 個中 {right} 個が正解",
    "array": "配列",
    "should be": "正しい式",
    "follows": "前の誤りによる",
    "wrong": "誤り",
    "right": "正解",
    "follows from {others}": "{others} の誤りから続いています",
    "{said}, by {percent:.3g} % at {at}": "{said}（{at} の成分で {percent:.3g} %）",
}

SHEETS = {
    "Exercise": "演習",
    "Given": "与えられた値",
    "The way to E": "順伝播：誤差 E まで",
    "The way back": "逆伝播",
    "The way back: fill in the blanks": "逆伝播：空欄を埋めなさい",
    "Answers": "解答",
    "It is known that {fact}.": "{fact} が成り立ちます。",
    "it has the shape of {of}, {shape}": "形状は {of} と同じ {shape} です",
    "it is a number, as {of} is": "{of} と同じく 1 個の数です",
    "look at": "次の式を見ます",
    "so it is": "したがって",
}

JAPANESE = {
    **SLIPS, **STEPS, **LINES, **CHECKS, **COMPARISONS, **SHEETS,
    "{first}, and {second}": "{first}。また、{second}",
    "{first} and {second}": "{first}。また、{second}",
    "{first}; {second}": "{first}、{second}",
    "{f}{more}": "{f}{more}",
}  # fmt: skip
