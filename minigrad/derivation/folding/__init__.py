"""Folding: where a graph repeats, one formula for all t.

``recurrence`` has that formula, to which ``correspondence`` holds the others, and ``definitions`` that of the values;
``terms`` are those of a sum that are about one t;
``fold`` makes lines of them, which ``folded`` has and ``folded_equations`` writes.
"""
