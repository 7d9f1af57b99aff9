"""The NumPy backend: a step as straight-line NumPy.

``backend`` is the way in: ``arrange`` and ``fit`` rewrite for it, ``factors`` takes out numbers, ``source`` writes the
code, and ``calls`` is the registry of how each operation is called, ``gemm`` a product that an update takes in,
``inner`` one of vectors, ``gate`` one of which 0 · ∞ is 0, ``loops`` what repeats, ``repeats`` one update rule for many
parameters, ``chunks`` large arrays part by part, ``triangles`` what is solved by blocks, ``axes`` which of few elements
comes first, ``samples`` which lie with their samples last, ``windows`` how convolutions and pooling take them then.
``memory`` says where results go and ``names`` what they are called; ``scalars`` are numbers that Python computes, to
the same bits. ``resume`` has the lines that an interrupt may not part, and writes modules.
"""
