"""Pictures: a recorded loss as a drawing or as a page to step through.

``draw`` is the way in, and ``stepper`` the page; ``scene`` says what is shown (``scene.build`` sets the labels),
``folding`` shows once what repeats, ``layout`` finds places, ``dot``, ``svg``, ``png`` and ``pdf`` write, in one
``style``, the colors of a ``look`` and the ``words`` of a language, as a ``setting`` says; our own layout draws
``marks`` and a ``legend``. ``matrices`` draws equations as rectangles, for derivations. It imports ``structure`` and
what is below.
"""
