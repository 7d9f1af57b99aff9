"""Layout without Graphviz.

``arrange`` is the way in. ``lanes`` part values from gradients, ``layered`` finds places and ``routes`` draws the
wires, from left to right; ``portrait`` does both from top to bottom. ``shapes`` are what both are made of, ``measure``
sizes text, and ``bands`` cut what is too long.
"""
