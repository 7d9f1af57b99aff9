"""The scene: ``parts`` are boxes, operations, arrows and clusters, and ``build`` sets them for a loss."""
