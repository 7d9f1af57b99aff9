"""The picture of a scene: through Graphviz's program dot, or by a layout of our own."""
