"""Passes: ``lower`` and ``factor`` rewrite for speed, ``plan`` orders and finds memory, ``fuse`` and ``layouts``
join loops.
"""
