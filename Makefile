# Every target brings what it needs into .venv and node_modules; a machine needs Python 3.11 to 3.13, make, and Node 20 or
# newer for everything that has to do with AWS.
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
# Where it is set, as in many containers, every worker process and every test would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# CDK's bridge to Node works with 20 but prints a banner about its age on every start.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

# The chart library of the dashboard. Without npm the page draws its charts itself, and says so.
CHARTS := api/dashboard/vendor/lightweight-charts.js

COMPOSE := docker compose -f docker-compose.localstack.yml
# Where make localstack finds the servers of the compose file, as seen from this machine. cdklocal drops every variable of
# AWS that is not on its list, and would deploy to another region.
LOCALSTACK_ENV := AWS_ENDPOINT_URL=http://localhost:4566 AWS_ENDPOINT_URL_S3=http://localhost:4566 \
	AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=ap-southeast-1 AWS_DEFAULT_REGION=ap-southeast-1 \
	AWS_ENVAR_ALLOWLIST=AWS_REGION,AWS_DEFAULT_REGION \
	KAFKA_BOOTSTRAP_SERVERS=localhost:29092 MONGODB_URI=mongodb://localhost:27017 REDIS_URL=redis://localhost:6379
LOCALSTACK_CONTEXT := -c target=localstack

.PHONY: help up test unit check format bench contracts clean synth sizes localstack localstack-down test-localstack

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.local $(CHARTS) ## Run everything on this machine (ARGS="--source csv --data FOLDER" ...)
	@exec $(BIN)/stock-ai up $(ARGS)

test: check ## Lint, types, import rules and every test
	$(BIN)/pytest -n auto --dist loadfile tests/unit
	$(BIN)/pytest tests/contract tests/integration tests/e2e tests/browser tests/infra
	$(BIN)/pytest tests/localstack

unit: $(VENV)/.dev ## The fast tests only (ARGS="-k word" ...)
	$(BIN)/pytest -n auto --dist loadfile -m "not slow" tests/unit $(ARGS)

check: $(VENV)/.infra ## Lint, format, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.infra ## Measure speed against bare baselines; writes build/bench.json
	POWERTOOLS_LOG_LEVEL=ERROR $(BIN)/python -m tests.load.bench $(ARGS)

contracts: $(VENV)/.dev ## Write docs/contracts and docs/openapi.json from models, topology and routes
	$(BIN)/python -m infra.contracts docs/contracts
	$(BIN)/python -m tests.openapi.document

synth: $(VENV)/.infra ## Make the CloudFormation templates for AWS and LocalStack; needs no account (ARGS="-c kafka=serverless" ...)
	node_modules/.bin/cdk synth --quiet --output build/cdk.out/aws -c target=aws $(ARGS)
	node_modules/.bin/cdk synth --quiet --output build/cdk.out/localstack -c target=localstack

sizes: $(VENV)/.infra ## Size of every function with its layers, unzipped
	$(BIN)/python -m infra.packaging.sizes $(ARGS)

localstack: $(VENV)/.infra ## Start LocalStack in Docker, deploy, run the triggers until Ctrl-C
	@$(COMPOSE) version >/dev/null 2>&1 || { echo "Docker with Compose v2 is needed; without it: make test-localstack" >&2; exit 1; }
	$(COMPOSE) up --detach --wait
	@echo "Deploying to LocalStack ..." >&2
	@$(LOCALSTACK_ENV) node_modules/.bin/cdklocal bootstrap $(LOCALSTACK_CONTEXT)
	@$(LOCALSTACK_ENV) node_modules/.bin/cdklocal deploy --all --require-approval never --method direct $(LOCALSTACK_CONTEXT)
	@exec env $(LOCALSTACK_ENV) $(BIN)/stock-ai triggers $(ARGS)

localstack-down: ## End LocalStack and its servers, and forget their data
	$(COMPOSE) down --volumes

test-localstack: $(VENV)/.infra ## Deploy to LocalStack without Docker and test the deployed functions (needs python3.13)
	$(BIN)/pytest tests/localstack $(ARGS)

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
	@$(SYNC) --extra local --extra market-data --extra neural
	@touch $@ $(VENV)/.local

$(VENV)/.infra: $(VENV)/.dev package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer with npm is needed for CDK: none was found" >&2; exit 1; }
	@npm ci --silent
	@$(MAKE) --no-print-directory $(CHARTS)
	@$(SYNC) --extra local --extra market-data --extra neural --group infra
	@touch $@

$(CHARTS): package-lock.json
	@test -d node_modules/lightweight-charts || ! command -v npm >/dev/null || npm ci --omit=dev --silent
	@if test -d node_modules/lightweight-charts; then mkdir -p $(@D) && \
		cp node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs $@ && \
		cp node_modules/lightweight-charts/LICENSE $(@D)/lightweight-charts.LICENSE.txt; fi
