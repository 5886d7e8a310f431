"""Other stores' and other people's lineage."""
