"""The CUDA backend: a step as kernels in CUDA C and calls of cuBLAS, captured once as a graph, and replayed.

``backend`` is the way in: ``fit`` rewrites for it, ``source`` writes a step as items that follow each other. ``host``
is what NumPy computes of numbers before, ``places`` where everything lies, ``registry`` says which operations are
kernels, and ``elements`` how one element of each is computed. ``kernels``, ``groups``, ``loops``, ``moves``, ``along``
and ``products`` write the parts, in words that ``dialects`` defines for a GPU and for plain C; ``rows`` and ``tails``
put several together, and ``order`` tells a reader how they follow each other. ``step`` captures and replays;
``device`` alone knows CuPy and cuBLAS.
"""
