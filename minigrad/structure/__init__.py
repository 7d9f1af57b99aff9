"""Structure: what a reader sees in a recorded graph, for everything that shows one.

``source`` has the graph with its values and gradients; ``layers`` finds the layers, ``steps`` the operations that a
reader would name, ``plan`` says which values have symbols, and ``chain_rule`` what each step multiplies. ``repeats``
finds what a graph has many times, as ``wiring`` compares it. It imports ``algebra`` and what is below.
"""
