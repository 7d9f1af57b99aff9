"""The scene: ``parts`` are boxes, operations, arrows and clusters, ``build`` sets them for a loss, and ``drafts`` are
their formulas before these are written.
"""
