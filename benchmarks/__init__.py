"""What Lineage costs beside its peers, measured in one run, alternating.

`python -m benchmarks [name …] [--quick]`; one module a figure, listed in `figures.py`.
"""
