"""Elements: functions of each element that are loaded when first called.

``trigonometric`` (hyperbolic functions, too), ``exponential`` (logarithms and other powers), ``rounding``, ``signs``
and ``logic``; ``families`` are sinc and i0, whose derivatives are operations of their own, and ``slopes`` are the
derivatives of others that are steps. ``between`` has numbers between two others.
"""
