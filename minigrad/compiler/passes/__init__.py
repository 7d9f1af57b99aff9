"""Passes: what becomes of a traced graph before a backend writes it.

``lower``, ``factor`` and ``seeds`` rewrite for speed, ``plan`` orders, ``memory`` finds room for results, ``fuse``
joins loops, ``cut`` parts them from what is called between them, ``rows`` makes one product of a stack times a matrix,
``layouts`` says where the elements of views lie, ``picking`` where those are that an index chooses, ``flat`` copies
what loops cannot see as it lies, ``promotion`` says which dtypes NumPy computes an operation in, and ``triangles``
which matrices are known to be such.
``places`` are what an index names, ``assigned`` reads what was written to them where it was made, and ``nested`` adds
to parts of parts, and ``numbers`` has Python's be float64.
"""
