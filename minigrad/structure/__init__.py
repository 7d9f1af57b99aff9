"""Structure: what a reader sees in a recorded graph, the one reading that everything that shows a graph uses.

``source.read_loss`` is the way in: a loss, the graph that it was recorded as, its values and gradients, and its
``reading``, which says what is called what. A reading is made of ``layers`` and of the ``loss`` after them; ``steps``
are the operations that a picture draws, ``plan`` the lines that a derivation writes, and ``chain_rule`` says what each
step multiplies. ``heads`` are columns that go their own ways, ``gates`` the parts of one product, ``shared_parts``
those of a loss that several gradients need, ``repeats`` finds what a graph has many times (``varying_numbers``
may be others each time), as ``wiring`` compares it,
and ``indexing`` calls it by an index, Hₜ: ``rows`` are the Nodes of one such symbol, and ``alike`` says which
expressions are one for all t. It imports ``algebra`` and what is below.
"""
