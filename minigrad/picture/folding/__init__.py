"""Folding: ``repeats`` finds what a scene has many times, ``fold`` shows it once, ``bundle`` does so for inputs,
``counted`` words it.
"""
