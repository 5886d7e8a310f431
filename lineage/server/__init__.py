"""Lineage over the network."""
