"""The session: snapshots, transactions, and what is kept of what was read."""
