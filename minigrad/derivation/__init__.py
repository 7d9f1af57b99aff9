"""Derivation: from a loss to the lines that a textbook prints, and the comparison with what a reader derived.

``derive`` is the way in; ``cut`` parts the graph at what has a symbol, ``lines`` are the result with its check.
How a line came is found by ``ways``, told by ``laws`` and read in ``steps``, written by ``symbol_terms`` and
``step_documents``;
``equations`` and ``documents`` write it, ``as_numpy`` writes it as a function with ``python_names``. ``compare``
finds the first wrong array: ``places`` are what can be compared, ``calculation`` computes them, right or with a
mistake, ``rounding`` says what is none, ``slips`` are the mistakes it knows and ``diagnose`` chooses among them. It
imports ``structure`` and what is below.
"""
