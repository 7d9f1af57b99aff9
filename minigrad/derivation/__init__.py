"""Derivation: from a loss to the lines that a textbook prints, and the comparison with what a reader derived.

``derive`` is the way in; ``cut`` parts the graph at what has a symbol, ``naming`` gives one to what is needed more than
once, ``lines`` are the result with its check, and ``forward`` has the lines of the way there. ``equations`` and
``documents`` write them, ``remarks`` what is said beside them, ``shown`` what else was asked for, ``as_numpy`` writes a
function with ``python_names``. How a line came: ``ways`` finds it, ``laws`` says by what, ``steps`` is what a reader
gets, ``symbol_terms`` and ``step_documents`` write it. ``checked`` is what a check found, ``directions`` are those
along which it takes differences. ``comparison_card`` shows a comparison in a notebook. ``compare`` finds the first
wrong array as ``judge`` looks at each: ``places`` are what can be compared, ``calculation`` computes them, right or
with a mistake, ``rounding`` says what is none, ``slips`` are the mistakes it knows and ``diagnose`` chooses among them.
``worksheet`` leaves lines blank for a learner, and ``worksheet_documents`` writes it; ``wording`` is how a sentence is
said in other languages, ``japanese`` one of them. Where a graph repeats, ``recurrence`` has one formula for all t, to
which ``correspondence`` holds the others, and ``definitions`` that of the values; ``fold`` makes lines of them, which
``folded`` has and ``folded_equations`` writes. ``matrices`` draws the lines as rectangles. It imports ``structure``,
``picture`` and what is below.
"""
