"""Tasks and what leads from one to another, drawn: as a tree, for mermaid, as SVG."""
