"""Notebook: what all objects are shown with in a notebook's cell, in light and in dark.

``cards`` are a title, facts and a body, with tables; ``grids`` show arrays as numbers, ``charts`` curves, ``frames`` a
whole page or a wide picture; ``safety`` keeps whatever goes wrong in there from ending a notebook's run. It imports
nothing of ours, so that every room may use it.
"""
