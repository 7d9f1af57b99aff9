"""Derivation: from a loss to the lines that a textbook prints, and the comparison with what a reader derived.

``derive`` is the way in; ``cut`` parts the graph at what has a symbol, ``naming`` gives one to what is needed more than
once, ``lines`` are the result with its check, each a ``line``, and ``forward`` has the lines of the way there.
``equations`` and ``documents`` write them, ``remarks`` what is said beside them, ``shown`` what else was asked for,
``matrices`` draws them as rectangles, and ``as_numpy`` writes a function with ``python_names``. ``checked`` is what a
check found, ``directions`` are those along which it takes differences. ``worksheet`` leaves lines blank, and
``worksheet_documents`` writes it; ``wording`` is how a sentence is said in other languages, ``japanese`` one of them.

In folders: ``reasons``, how a line came; ``folding``, one line for all the steps of a recurrence; ``comparing``, the
first slip in a reader's arrays. It imports ``structure``, ``picture`` and what is below.
"""
