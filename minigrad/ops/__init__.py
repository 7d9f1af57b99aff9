"""Operations: each states its value, shape, local derivative and notation in one place, grouped as NumPy groups them.

``base`` is what one Op must say. ``arithmetic`` and ``elementwise`` act on each element, and so do ``trigonometric``
(hyperbolic functions, too), ``exponential`` (logarithms and other powers), ``rounding``, ``signs``, ``logic``,
``families`` (sinc and i0, whose derivatives are operations of their own) and ``slopes``, for the rules of others;
``parts`` acts on complex ones, ``reduction`` over axes, ``cumulative`` along one; ``linalg`` are products of matrices,
``einsum`` of named axes, ``inverses``, ``decompositions``, ``eigenpairs``, ``singular`` and ``norms`` what else there
is of matrices; ``fft`` are between signals and spectra; ``special`` has SciPy's functions; ``sliding`` moves one row
along another; ``sorting``, ``shaping`` and ``indexing`` move elements, ``moving`` in ways that have a notation of their
own, ``own_memory`` copies them; ``assignment`` puts some in the place of others, ``positions`` says where they are.
``activations``, ``windows``, ``pooling``, ``convolution`` and ``normalization`` are what networks have besides.
``composed`` has the functions that are several operations. ``alphabet`` has the raised and lowered characters that
operations and names are written with; ``frozen`` says when two of them are one, and ``copies`` how they are copied and
pickled. It imports nothing of ours but ``extras``.

What others here are made with: ``dtypes`` says what dtype an elementwise operation gives, ``lanes`` how one is applied
to many operands at once, ``dlpack`` takes arrays of libraries that do not speak NumPy's protocols, and ``libraries``
has what is done in another way, and what is moved, for arrays of other libraries than NumPy, which are never made
NumPy's; ``unit`` is the gradient 1 that a walk begins with.
"""
