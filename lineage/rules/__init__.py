"""The rules of the domain, each written once, over any backend."""
