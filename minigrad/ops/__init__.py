"""Operations: each states its value, shape, local derivative and notation in one place, grouped as NumPy groups them.

``base`` is what one Op must say. ``arithmetic`` and ``elementwise`` act on each element, ``parts`` on complex ones,
``reduction`` over axes, ``cumulative`` along one; ``linalg`` are products of matrices, ``shaping`` and ``indexing``
move elements, and ``fft`` are between signals and spectra.

In folders: ``elements`` has further functions of each element, ``matrices`` what else there is of matrices, ``places``
what moves and finds elements, ``networks`` what networks have besides, ``special`` SciPy's functions, and ``composed``
the functions that are several operations. ``common`` is what all of them are made with. It imports nothing of ours but
``extras``.
"""
