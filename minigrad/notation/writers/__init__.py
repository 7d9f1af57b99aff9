"""Writers: how each format writes a symbol, a sign, a bracket, a power, a fraction, a sum. They place no brackets.

``text`` has what every writer can write, in Unicode; ``ascii``, ``latex`` and ``mathml`` write it otherwise.
"""
