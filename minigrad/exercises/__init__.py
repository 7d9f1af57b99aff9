"""Exercises that know one's slip: the backward pass with blanks, from one neuron to attention, or of one's own network.

``attempt`` is the way in and what a notebook shows: one learner at one worksheet, with hints before answers.
``course`` has the lessons in order, ``code`` runs what a learner writes, ``typed`` takes numbers as precisely as they
are typed, ``terminal`` asks in a terminal, ``page`` writes the page that asks in a browser without a network
(``page_content`` is what that knows, ``page_words`` what it says), ``records`` keeps what a learner did and makes a
class's table, ``words`` says all of it in two languages, with ``japanese``. What is right, what is wrong and what
leads there comes from ``derivation``; nothing is typed in. It imports ``derivation`` and what is below, and what a
lesson is made of.
"""
