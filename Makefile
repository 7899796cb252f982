# Everything a developer of rtd does. `make help` lists it; `make setup` is called by the others.

SHELL := /bin/bash
VENV ?= .venv
# The first of these that is Python 3.11 or newer. Override: make setup PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.15 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
BIN := $(VENV)/bin
VERSIONS := 3.11 3.12 3.13 3.14 3.15
ARGS ?=
PORT ?=
# redis-tools has redis-cli, with which a test subscribes to events. redis-server is needed only where
# no wheel brings it.
PACKAGES ?= python3 python3-venv make redis-server redis-tools
# The tests keep bytecode, also where Python may not write it by itself: else each worker and each
# daemon that they start would compile its modules again.
test test-docs test-package test-system test-browser chaos: export PYTHONDONTWRITEBYTECODE :=
COMPILE := $(BIN)/python -m compileall -q rtd rtctl

.DEFAULT_GOAL := help
.PHONY: help setup demo example-flask test test-all test-docs test-package test-system test-browser chaos lint format bench bench-against docs generate dist lock system-packages clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## the virtual environment, from the lock files (quick when nothing changed)
	@test -n "$(PYTHON)" || { echo "setup: no Python 3.11 or newer on PATH; name one: make setup PYTHON=..." >&2; exit 1; }
	@$(PYTHON) tools/setup_env.py $(VENV)

demo: setup ## real work on real files, in under two minutes: submit, watch, log, kill
	@$(BIN)/python examples/demo.py $(ARGS)

example-flask: setup ## a web shop with uploads that rtd imports; Ctrl-C ends it (PORT=8000: there)
	@SHOP_IMPORT_PAUSE_S=$${SHOP_IMPORT_PAUSE_S:-0.1} PORT=$(PORT) \
		$(BIN)/python examples/flask_shop/serve.py $(ARGS)

test: setup ## the tests, side by side (ARGS="-k word", a file or file::test: these alone)
	@$(COMPILE)
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

test-all: ## the tests on every Python from 3.11 to 3.15 that is installed
	@tools/test_all $(VERSIONS)

test-package: setup ## the wheel, built and installed into an empty environment, does what the pages show
	@$(BIN)/python -m pytest tests/package $(ARGS)

test-docs: setup ## every command and block of the pages, their links, their spelling
	@$(COMPILE)
	@$(BIN)/python -m pytest -n auto --dist worksteal tests/docs $(ARGS)

test-system: setup ## the tests that start daemons of their own: starts, ends, losses, reloads, users
	@$(COMPILE)
	@$(BIN)/python -m pytest -n auto --dist worksteal tests/system $(ARGS)

test-browser: setup ## the example shop in a real browser (needs Debian's chromium)
	@$(COMPILE)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes \
		--requirement requirements/browser.lock
	@$(BIN)/python -m pytest tests/browser $(ARGS)

chaos: setup ## the tests that kill and break things many times over
	@$(COMPILE)
	@$(BIN)/python -m pytest -n auto --dist worksteal tests/chaos $(ARGS)

lint: setup ## ruff (rules and format) and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict -p rtd -p rtctl
	@$(BIN)/mypy --ignore-missing-imports --explicit-package-bases benchmarks tools

format: setup ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: ## rtd against other queues, one table (installs them into their own environment)
	@$(MAKE) --no-print-directory setup
	@benchmarks/run $(ARGS)

bench-against: ## this checkout against another version of rtd: make bench-against REF=main~5
	@$(MAKE) --no-print-directory setup
	@$(BIN)/python -m benchmarks.compare $(REF) $(ARGS)

docs: setup ## the documentation as a site, in docs/_build/html; warnings are errors
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs: docs/_build/html/index.html"

generate: setup ## write the files that are made from code (client verbs, reference pages)
	@$(BIN)/python -m tools.generate_client

dist: setup ## the source archive and the wheel, in dist/; both would be accepted by an index
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation
	@$(BIN)/python -m twine check --strict dist/*

lock: ## the lock files again, from pyproject.toml (uses uv)
	@tools/lock

system-packages: ## Debian packages that help; PACKAGES=chromium: the browser of test-browser
	apt-get update
	apt-get install --yes $(PACKAGES)

clean: ## remove what was made, environments included
	rm -rf .venv .venv-3.* build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find rtd rtctl tests examples benchmarks tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
