"""Solve graph and statistics problems that know nothing of lineage."""
