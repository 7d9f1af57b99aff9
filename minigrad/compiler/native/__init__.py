"""The native backend: one function of machine code for a step, or runs of loops with calls of NumPy between them.

``backend`` is the way in: ``fit`` rewrites for it, ``source`` writes the function for numba, ``build`` compiles it,
``translate`` reads it for numba (``statements`` and ``expressions`` those in it, loops of a kind become one function by
``outline``, and what is ``apart`` in a loop is said), ``cache`` keeps it on disk, and ``registry`` says which
operations are loops, and how each is computed. ``loops``, ``along``, ``products``, ``matrices``, ``convolution`` and
``pooling`` write the parts, ``tasks`` says what a product is to them, ``blocks`` how long sums are added up, ``joined``
which parts of an array are copied in one loop, ``images`` where windows are, ``elements`` writes one element of each
operation, ``turns`` what repeats, ``values`` finds operands in memory, ``math``, ``extremes``, ``rounding``,
``pointers``, ``powers``, ``remainders``, ``linear``, ``lapack``, ``room``, ``tile`` and ``window_tile`` are what the
code calls, ``crew`` has threads that share its loops, ``together`` says which of them at once, and ``objects`` is how
it looks at what it is passed, and at slots of Tensors, without Python; ``calling`` says how a step is called, by a
builtin function that ``wrapper`` makes. Where some operations are calls, ``passes.cut`` says what runs between them,
``mixed`` writes the step as the NumPy backend does, and ``runs`` each run as a function of its own; ``rules`` is a loop
over parameters.
"""
