"""Layout without Graphviz: ``lanes`` part values from gradients, ``layered`` finds places, ``routes`` draws the
wires, ``measure`` sizes text.
"""
