"""`python -m lineage`: the command line."""

from lineage.cli.__main__ import main

if __name__ == "__main__":
    main()
