"""The tour: networks trained, checked against the textbook line by line, and shown on a page.

``guide`` is the way in: it goes through the ``problems``, of each of which a ``chapter`` holds what was found, and the
``digits`` that a convolutional network reads. ``work`` derives and draws, ``runs`` trains, ``checks`` compares with the
textbook, ``figures`` plots, ``page`` writes with its ``parts`` and ``tables``, in the ``words`` of a language.
"""
