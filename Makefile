# Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DEMO := .venv/.demo
# Each worker has a Neo4j of its own; one that is given can't be shared.
PYTEST = $(BIN)/python -m pytest -n $(if $(LINEAGE_TEST_NEO4J_URL),0,2) --dist loadfile

comma := ,

.PHONY: help demo test test-unit test-fast test-long test-matrix neo4j tck lint docs bench clean
.DEFAULT_GOAL := help

help:  ## list what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

define make_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e '.[$(1)]'
	@touch $@
endef

$(READY): pyproject.toml
	$(call make_environment,neo4j$(comma)demo$(comma)mlmd$(comma)dev)

# Whoever wants to see it needs no developers' tools.
$(DEMO): pyproject.toml
	$(call make_environment,demo)

demo: $(if $(wildcard $(READY)),$(READY),$(DEMO))  ## run a real pipeline, record it, and ask it the questions
	@$(BIN)/lineage demo

test: $(READY)  ## run everything, against a real Neo4j too
	$(PYTEST)

test-unit: $(READY)  ## the unit layer alone, in seconds
	$(BIN)/python -m pytest -q -n 0 tests/unit

test-fast: $(READY)  ## the same without Neo4j
	@echo "test-fast leaves Neo4j out: run 'make test' before you rely on it"
	$(PYTEST) --no-neo4j

test-long: $(READY)  ## the long campaigns: hundreds of kills, long random runs
	LINEAGE_LONG=1 $(PYTEST)

test-matrix:  ## the tests without Neo4j on each Python from 3.11 to 3.14 that is there
	$(PYTHON) -m tools.matrix

neo4j: $(READY)  ## start a local Neo4j and keep it up until Ctrl-C
	@$(BIN)/python -m tools.neo4j --home .neo4j

tck: $(READY)  ## run openCypher's TCK and print the figure by feature folder
	$(BIN)/python -m tools.tck

lint: $(READY)  ## lint, format and strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)  ## build the documents and the API reference into .site, strictly
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench: $(READY)  ## measure, and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

clean:  ## remove the environment and caches
	rm -rf .venv .matrix .site .mypy_cache .ruff_cache .pytest_cache dist
