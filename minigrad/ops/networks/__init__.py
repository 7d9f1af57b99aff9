"""Networks: what they have besides products of matrices.

``activations``, ``convolution`` and ``pooling``, which go over ``windows``, and ``normalization``.
"""
