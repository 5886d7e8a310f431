"""`python -m benchmarks [name …] [--quick]`."""

from __future__ import annotations

import argparse
import sys
import traceback
from importlib import import_module

from benchmarks import results
from benchmarks.bench import Bench
from benchmarks.figures import FIGURES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(FIGURES))
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to see that it runs; writes nothing"
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in FIGURES]
    if unknown:
        parser.error(f"no figure {', '.join(unknown)}; there are: {', '.join(FIGURES)}")
    failed = []
    with Bench(quick=asked.quick) as bench:
        for name in asked.names or FIGURES:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                rows = import_module(f"benchmarks.{name}").measure(bench)
            except Exception:
                # The other figures are still worth having; the exit code tells.
                traceback.print_exc()
                failed.append(name)
                continue
            for row in rows:
                print(results.line(row), flush=True)
            if not asked.quick:
                started = "neo4j" in bench.__dict__
                described = results.machine(bench.neo4j.version if started else None)
                results.keep(name, rows, described)
    if failed:
        print(f"not measured, see above: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
