"""The stepper: ``page`` writes one HTML file, ``content`` says what each step shows, ``products`` shows how
matrices multiply, and ``words`` are what it says besides formulas, in each language.
"""
