"""The slips that ``compare`` knows, a file a family, each as what it does to a calculation.

``base`` is what a slip is, ``catalog`` has all of them. ``sums`` are those of sums, products and their axes, ``local``
those of one function's derivative, which ``functions`` finds, ``uses`` those of what is used several times, ``parts``
those of one part of a sum, ``neighbors`` those of a value's place in a row, ``values`` those of the numbers that the
way back is fed with (or, of a value that is compared itself, of the way there), ``factors`` those of a number in front
of all. ``table`` has what all of them would give. None has a rule for an operation of its own: what a slip gives is
computed, and the diagnosis compares.
"""
