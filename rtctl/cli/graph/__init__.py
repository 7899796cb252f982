"""Draws the graph of tasks: as a tree, for mermaid, as SVG. A form is a file with `draw`."""
