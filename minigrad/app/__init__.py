"""The program ``minigrad``: ``cli`` is its commands, ``userfile`` runs a user's file, ``tour`` is the tour,
``exercising`` the exercises.

``operations`` lists what can be differentiated.
"""
