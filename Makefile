# Everything a newcomer needs: Python 3.11 with pip and venv, and make.
PYTHON ?= python3.11
# More arguments for run, demo, serve, test, bench and snapshots: make test ARGS="-k phone"
ARGS ?=
# How long make day takes, on each kind of store.
MINUTES ?= 20

BIN := .venv/bin
# The tests start the program dozens of times; without its bytecode each would compile it.
unexport PYTHONDONTWRITEBYTECODE
# A lock names every file's hash; wheels only, so that nothing is compiled here.
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
# "logical" and not "auto", which leaves out hyper-threads.
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n logical --maxprocesses 8 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run demo serve install test check format snapshots bench trials day wheel lock

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: .venv/.stamp-app ## open the desk
	@$(BIN)/optdesk $(ARGS)

demo: .venv/.stamp-app ## open a throwaway desk with leads arriving
	@$(BIN)/optdesk demo $(ARGS)

serve: .venv/.stamp-app ## run the listener without a terminal
	@$(BIN)/optdesk serve $(ARGS)

install: .venv/.stamp-app ## put optdesk into .venv/bin
	@echo "$(BIN)/optdesk is ready."

test: .venv/.stamp-dev ## run the tests
	$(PYTEST) $(PARALLEL) $(ARGS)

check: .venv/.stamp-dev ## run what CI runs: lint, format, types, import rules, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: .venv/.stamp-dev ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

snapshots: .venv/.stamp-dev ## accept the present look of the screens (read the diff)
	$(PYTEST) -k snapshot --snapshot-update $(ARGS)

bench: .venv/.stamp-dev .venv-bench/.stamp ## measure, each figure as a ratio
	BENCH_PYTHON=.venv-bench/bin/python $(BIN)/python -m benchmarks $(ARGS)

trials: .venv/.stamp-dev ## run the tests that take minutes
	@THOROUGH=1 $(PYTEST) -m "trial or deep" -n 0 --timeout 1200 $(ARGS) || { \
	  code=$$?; [ $$code -eq 5 ] || exit $$code; echo "No trial was found."; }

day: .venv/.stamp-dev ## two desks at work beside a listener: make day MINUTES=20
	@THOROUGH=1 MINUTES=$(MINUTES) $(PYTEST) tests/trials/test_long_day.py -m trial -n 0 -s --timeout 7200 $(ARGS)

wheel: .venv/.stamp-dev ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

lock: .venv-lock/.stamp ## for maintainers: lock the dependencies (UPGRADE=1: the newest ones)
	$(LOCK) pyproject.toml --group build --output-file requirements/run.txt
	$(LOCK) pyproject.toml --group build --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(LOCK) --group bench --output-file requirements/bench.txt
	$(LOCK) --group lock --output-file requirements/lock.txt

# One lock fits Linux and macOS, x86-64 and ARM.
LOCK = .venv-lock/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
  $(if $(UPGRADE),--upgrade)

# Stamps are renewed when a lock changes; a second call does nothing.
.venv/.stamp-python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Optdesk needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.stamp-run: requirements/run.txt | .venv/.stamp-python
	$(BIN)/python $(INSTALL) -r requirements/run.txt
	@touch $@

.venv/.stamp-app: pyproject.toml .venv/.stamp-run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-index --no-deps --no-build-isolation --editable .
	@# Where the environment forbids writing bytecode, each start would compile the program anew.
	$(BIN)/python -m compileall -q -j 0 app screens widgets storage server
	@touch $@

.venv/.stamp-dev: requirements/dev.txt | .venv/.stamp-app
	$(BIN)/python $(INSTALL) -r requirements/dev.txt
	@touch $@

.venv-bench/.stamp: requirements/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python $(INSTALL) -r requirements/bench.txt
	@touch $@

.venv-lock/.stamp: requirements/lock.txt
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python $(INSTALL) -r requirements/lock.txt
	@touch $@
