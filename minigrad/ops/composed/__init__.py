"""NumPy's functions that are several operations, written with those in NumPy's own syntax: no rule of their own.

``numpy_protocol`` says which file has which, and loads it when the first of its functions is called. A function here is
called as NumPy calls its own and takes its arguments. ``reductions`` has sums, products and extremes with NumPy's
arguments, ``statistics`` averages, spreads and the like.
"""
