"""Sixth stage: a plan as operators that turn rows into rows."""
