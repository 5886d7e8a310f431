"""The command line. `lineage --help` lists what it can do."""
