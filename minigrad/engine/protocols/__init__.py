"""Protocols: NumPy and SciPy hand over what is called with a Tensor or a Node.

``numpy_protocol`` says which of NumPy's functions are which operation, ``scipy_protocol`` which of SciPy's, ``kinds``
has those of shapes and dtypes alone, ``formulas`` what has a name elsewhere and is a line here. ``ufuncs`` is how a
ufunc is called with arguments and by its methods, ``outputs`` a tensor that a result is written into, and
``whole_operators`` the syntax of whole numbers. A function that is no operation is refused by ``refusals``, with what
to write instead from ``recipes``.
"""
