"""The program ``minigrad``: ``cli`` is its commands, ``userfile`` runs a user's file, ``tour`` is the tour,
``exercising`` the exercises, ``fitting`` trains a user's model, here or on a cluster.

``operations`` lists what can be differentiated.
"""
