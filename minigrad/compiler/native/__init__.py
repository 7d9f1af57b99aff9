"""The native backend: one function of machine code for a step.

``backend`` is the way in: ``fit`` rewrites for it, ``source`` writes the function for numba, ``build`` compiles it,
``cache`` keeps it on disk, and ``registry`` says how each operation is computed. ``loops`` and ``products`` write the
parts, ``elements`` one element of each operation, ``values`` finds operands in memory, ``math`` and ``tile`` are what
the code calls.
"""
