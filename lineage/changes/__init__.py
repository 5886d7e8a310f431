"""Change a store: one module a subject, each change a plain function of a transaction."""
