"""The HTTP server, as its clients meet it."""
