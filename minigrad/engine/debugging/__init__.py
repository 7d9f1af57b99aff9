"""Debugging: where a gradient goes wrong.

``debug`` looks at each operation and each walk back, ``nonfinite`` words what made a NaN or an infinity, and ``lines``
remembers where what is debugged was computed. ``explain_zero`` says why a gradient is zero, ``memory`` what a record
holds, and ``gradcheck`` compares a gradient with finite differences.
"""
