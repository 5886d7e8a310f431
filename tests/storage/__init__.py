"""Tests of the bytes behind uris."""
