"""NumPy's functions that are several operations, written with those in NumPy's own syntax: no rule of their own.

``numpy_protocol`` says which file has which, and loads it when the first of its functions is called. A function here is
called as NumPy calls its own and takes its arguments.

``reductions`` has sums, products and extremes with NumPy's arguments, ``statistics`` averages, spreads and the like,
``missing`` those that pass over NaN, ``order`` what sorts, ``ranks`` which of an order is taken where none is known,
``differences`` those of neighbors, ``polynomials`` what computes with coefficients.
``products`` has those of vectors, matrices and arrays, ``einsum`` of named axes,
``linalg_products`` those of numpy.linalg; ``linear_algebra`` inverses, equations and decompositions, ``norms`` norms.
``axes`` turns and moves axes, ``joining`` puts arrays side by side, ``splitting`` cuts them apart, ``repeating`` has
an element in several places, ``padding`` makes axes longer; ``choosing`` takes elements, ``triangles`` the diagonals
and triangles of matrices, ``matrices`` what numpy.linalg calls by another's name; ``rounding`` rounds and splits
numbers, ``bounds`` keeps them within bounds, ``families`` has sinc and i0, ``emath`` what is complex if need be,
``angles`` lets angles run on, ``ufunc_methods`` what ufuncs have as methods; ``grids`` has numbers from one end to
another, ``mapping`` applies functions along axes, ``fft`` is numpy.fft, ``counting`` adds up in bins, ``sets`` has
vectors as sets. ``writing`` has those that write into their first argument. ``arguments`` and ``places`` are what
several share.
"""
