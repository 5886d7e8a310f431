"""What `lineage exec --autolog` puts into the interpreters that a program starts."""
