"""A graph -> code: a whole training step, traced once, planned, and written as straight-line NumPy or machine code."""
