"""Comparing: what a reader derived, against what is right.

``compare`` is the way in and finds the first wrong array as ``judge`` looks at each. ``places`` are what can be
compared, ``calculation`` computes them, right or with a mistake, ``rounding`` says what is none; ``slips`` are the
mistakes that are known, and ``diagnose`` chooses among them. ``comparison_card`` shows a comparison in a notebook.
"""
