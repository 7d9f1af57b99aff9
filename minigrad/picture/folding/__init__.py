"""Folding: ``plan`` says what repeats, by the reading that derivations go by, and ``fold`` shows it once; ``bundle``
finds inputs that are alike, and ``collapse`` folds a frame by its name.
"""
