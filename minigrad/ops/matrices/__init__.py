"""Matrices: what there is of them besides products.

``inverses`` solve equations, ``decompositions`` are into factors, ``eigenpairs`` and ``singular`` values and vectors,
``norms`` measure, and ``einsum`` is a product over named axes.
"""
