"""Equations drawn as matrices: rows × columns as rectangles, products lined up.

``pieces`` makes of an expression signs and matrices, ``sheet`` places and writes them, ``drawing`` is the picture that
one holds, writes to a file and sees in a notebook.
"""
