"""`python -m tools.neo4j [--home DIR]`: a local Neo4j until Ctrl-C; its URL is the last line."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from lineage.server.signals import Signals
from tools.neo4j import CannotStart, LocalNeo4j


def main() -> int:
    """Run until interrupted or terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="where to keep its data between runs")
    home = parser.parse_args().home
    told = Signals(signal.SIGINT, signal.SIGTERM)
    print("Starting Neo4j (the first time, its 120 MB are fetched by Maven) ...", flush=True)
    try:
        server = LocalNeo4j(home.absolute() if home else None)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 4
    with server:
        print(f"Neo4j {server.version} is up; Ctrl-C stops it. its store URL:", flush=True)
        print(f"LINEAGE_URL={server.url}", flush=True)
        told.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
