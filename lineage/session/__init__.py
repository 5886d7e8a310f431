"""Read and write one consistent state of a store."""
