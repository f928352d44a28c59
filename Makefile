# Everything a developer runs. Needs only make and Python 3.11 or newer.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
BIN := .venv/bin

.DEFAULT_GOAL := help

# What the pages for phone and console are built of.
PAGES := $(shell find web -type f -not -path 'web/node_modules/*' -not -name schema.d.ts) docs/openapi.yaml

.PHONY: help run test check lint format types contracts pages webcheck pytest screenshots docs faults bench demo clean lock audit sbom wheel

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the service with the demonstration district on http://127.0.0.1:8080
	@$(MAKE) --no-print-directory -j 2 .venv/runtime pages
	$(BIN)/python -m app serve --demo

test: ## Run everything that must be green: style, types, import contracts, tests
	@$(MAKE) --no-print-directory -j 2 .venv/dev pages
	@$(MAKE) --no-print-directory -j 2 webcheck types lint contracts
	@$(MAKE) --no-print-directory pytest

check: test ## The same as `make test`; what CI runs

lint: .venv/dev ## Check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: .venv/dev ## Put the code into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python web/build.py format

types: .venv/dev ## Check types, strictly
	$(BIN)/mypy

contracts: .venv/dev ## Check which room may import which
	$(BIN)/lint-imports

pages: app/pages/built ## Build the pages for phone and console (Node.js is fetched where there is none)

app/pages/built: .venv/bin/python $(PAGES)
	$(BIN)/python web/build.py build
	@touch $@

webcheck: .venv/bin/python ## Check format and types of the pages
	$(BIN)/python web/build.py check

wheel: .venv/dev pages ## Pack everything, the built pages too, into dist/*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

screenshots: .venv/dev pages ## Take the pictures of the README anew
	$(BIN)/python -m tests.web.screenshots

# Each worker has a PostgreSQL of its own, and a file stays with one worker; the slowest files come first. 0: no workers.
WORKERS ?= 2

pytest: .venv/dev pages ## Run the tests alone
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

docs: .venv/dev ## Write docs/openapi.yaml, docs/problems.md and docs/figures.md anew from the code
	$(BIN)/python -m app docs

faults: .venv/dev ## Kill, freeze and misset what runs for about ten minutes, and look whether every promise held
	FAULTS=long $(BIN)/python -m pytest -s tests/acceptance/test_sweepers.py tests/acceptance/test_clock_jump.py tests/acceptance/test_kill.py
	$(BIN)/python -m bench.comes_back

bench: .venv/dev ## Measure speed side by side with a bare handler and in process
	$(BIN)/python -m bench

demo: .venv/runtime ## Walk the whole journey on a scratch database and print it
	$(BIN)/python -m app demo

lock: .venv/dev ## Pin the newest allowed versions of all dependencies
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --group dev pyproject.toml --output-file requirements-dev.lock

audit: .venv/dev ## Ask whether what we pin has known holes; red also when nobody answers
	$(BIN)/python .ci/audit.py requirements.lock

SBOM ?= build/sbom.json

sbom: .venv/dev ## Write the bill of materials of the locked dependencies (CycloneDX) to build/sbom.json
	@mkdir -p $(dir $(SBOM))
	$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --output-file $(SBOM)

clean: ## Remove the virtual environment and caches; data in var/ stay
	rm -rf app/pages web/node_modules .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

.venv/dev: .venv/bin/python requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@ .venv/runtime
