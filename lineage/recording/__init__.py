"""Lineage recorded as a side effect of running a program."""
