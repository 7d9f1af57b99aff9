"""Rolling: what a step does over and over becomes a loop, whoever wrote it: ``for`` over time steps, and the way back.

``mending`` makes turns alike that differ in where an operand comes from, by ``moving`` operations to other turns;
``orbits`` finds which operations are the same one turn after turn, ``periods`` which turns hold loops of their own,
``rows`` where their operands come from, ``groups`` which of them are one loop, and how they stand to each other in it,
``planning`` all loops of a step. ``body`` writes a turn, ``stacking`` what can be computed of all turns at once,
``loop`` is the operation that a loop becomes, ``roll`` the way in, ``inner`` that of loops in loops. What all turns add
to an array is ``added`` at once, what they assign ``filled`` in; what they only add up is computed ``behind`` the loop,
and ``ahead`` of it what they compute from outside alone.
Where turns read the same parts of arrays in several places, these are ``shared`` no more.
``extend`` makes of the loops of few turns those of many. ``turn`` is what backends write it by; ``keys`` are indices
that go on evenly, ``own`` is what each turn has for itself, ``components`` are circles.
"""
