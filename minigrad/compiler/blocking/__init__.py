"""Blocking: large matrices that are needed for a while alone, as attention's are, computed some rows at a time.

``block`` is the way in, ``regions`` finds which operations such a matrix is made and used up by, ``passing`` says how
an axis runs through operations, ``making`` makes loops over it, and those are loops as ``rolling`` has them.
``skipping`` finds which columns a mask makes nothing of, and ``masks`` are masks that are a formula.
"""
