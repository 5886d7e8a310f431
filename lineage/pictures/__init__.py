"""Pictures of a part of the graph: Mermaid, DOT, SVG, a page. They need nothing but the drawing."""
