"""Tools for those who work on Lineage."""
