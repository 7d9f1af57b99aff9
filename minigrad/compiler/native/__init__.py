"""The native backend: ``fit`` rewrites for it, ``source`` writes one function for numba, ``build`` compiles and
keeps it.

``loops`` and ``products`` write the parts, ``values`` finds operands in memory, ``math`` and ``tile`` are what the
code calls.
"""
