# Every target brings what it needs into .venv and node_modules; a machine needs Python 3.11 to 3.13, make, and Node 20 or
# newer for what is packaged for AWS, tests of it included.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
SYNC := UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --frozen --inexact --quiet

# Importing vnstock without this writes files into the working directory.
export VNSTOCK_DISABLE_AGENT_SETUP := 1

.PHONY: help up test unit check format bench contracts clean sizes

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.local ## Run everything on this machine (ARGS="--source csv --data FOLDER" ...)
	@exec $(BIN)/stock-ai up $(ARGS)

test: check $(VENV)/.infra ## Lint, types, import rules and every test
	$(BIN)/pytest -n auto tests/unit
	$(BIN)/pytest tests/contract tests/integration tests/e2e tests/infra

unit: $(VENV)/.dev ## The fast tests only (ARGS="-k word" ...)
	$(BIN)/pytest -n auto tests/unit $(ARGS)

check: $(VENV)/.dev ## Lint, format, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.infra ## Measure speed against bare baselines; writes build/bench.json
	POWERTOOLS_LOG_LEVEL=ERROR $(BIN)/python -m tests.load.bench $(ARGS)

contracts: $(VENV)/.dev ## Write docs/contracts from the models and the topology
	$(BIN)/python -m infra.contracts docs/contracts

sizes: $(VENV)/.infra ## Size of every function with its layers, unzipped
	$(BIN)/python -m infra.packaging.sizes $(ARGS)

clean: ## Remove what was built; keeps .stock-ai
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 with venv is needed: none was found" >&2; exit 1; }
	@echo "Preparing $(VENV) with $(PYTHON) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.local: $(BIN)/uv pyproject.toml uv.lock
	@$(SYNC) --no-dev --extra local
	@touch $@

$(VENV)/.dev: $(BIN)/uv pyproject.toml uv.lock
	@$(SYNC) --extra local
	@touch $@ $(VENV)/.local

$(VENV)/.infra: $(VENV)/.dev package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer with npm is needed to package for AWS: none was found" >&2; exit 1; }
	@npm ci --silent
	@touch $@
