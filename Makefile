SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
SOURCES := pipeline serving benchmarks components transform trainer kernel schema tests setup.py
HOUSEHOLDS := SELECT user_id FROM events GROUP BY user_id ORDER BY count(*) DESC LIMIT 3

.PHONY: help setup run test engines kubernetes lint docs lock clean

help: ## Lists the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /make \1\t/' | expand -t 14

setup: ## Makes .venv from the lock files, once.
	@.ci/setup

run: setup data/shop.db ## Runs the pipeline on the demo database and prints recommendations.
	@$(BIN)/towerline run --source sqlite:///data/shop.db
	@$(BIN)/python -c "import sqlite3; print(*[row[0] for row in sqlite3.connect('data/shop.db').execute('$(HOUSEHOLDS)')], sep='\n')" \
	  | while read -r user; do $(BIN)/towerline recommend --user "$$user" </dev/null; done

data/shop.db: | setup
	@mkdir -p data
	@$(BIN)/towerline demo complete-journey --output data/shop.db --profile quick

test: lint ## Lints, then runs every test.
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

engines: setup ## Runs the tests that need Flink and Spark, which it fetches once.
	@.ci/engines

kubernetes: setup ## Builds a Kubernetes API server, once, and applies deploy/ to it.
	@.ci/kubernetes

lint: setup ## Checks style, types and the direction of imports.
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/lint-imports & imports=$$!; $(BIN)/mypy; wait $$imports

docs: setup ## Writes the pages that are made of the code: docs/configuration.md, its schema, docs/cli.md.
	@$(BIN)/python -m pipeline.reference docs

lock: ## Resolves the requirements anew into the lock files (needs uv).
	@.ci/lock

clean: ## Removes the work directory, the demo database and the caches; keeps .venv and .engines.
	rm -rf .towerline data build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
