"""Writing: a Tensor that is written into as NumPy writes, and arrays that change after they were read.

``inplace`` writes into a constant or a leaf, ``assignment`` so that a gradient flows through it, ``overwriting`` in the
same memory; ``chosen`` is what a mask chooses that is not known yet. ``aliases`` and ``views`` say who would see that,
``versions`` what has been read before. ``watch`` finds an array that has changed between forward and backward.
"""
