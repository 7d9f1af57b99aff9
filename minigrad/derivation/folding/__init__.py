"""Folding: where a graph repeats, one formula for all t.

``recurrence`` has that formula, to which ``correspondence`` holds the others, and ``definitions`` that of the values;
``fold`` makes lines of them, which ``folded`` has and ``folded_equations`` writes.
"""
