# Every target sets up what it needs; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run lab check test serve bench browser lock clean

PYTHON ?= python3
BIN := .venv/bin
CONVERSATIONS ?= 20000
# One more than the cores of a small machine: many tests wait for what they started.
JOBS ?= 3
# Without bytecode every process that is started would compile the library again.
unexport PYTHONDONTWRITEBYTECODE
READY := .venv/.ready

help:  ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Make the environment from requirements.lock (uv is fetched into .uv where it is missing)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "setup: needs Python 3.11 to 3.13; name one by make PYTHON=python3.12 …"; exit 1; }
	@uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
	  test -x .uv/bin/uv || { echo "setup: fetching uv into .uv"; $(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv; }; \
	  uv=.uv/bin/uv; \
	fi; \
	echo "setup: installing the locked packages into .venv (a minute the first time)"; \
	test -x $(BIN)/python || "$$uv" venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv; \
	"$$uv" pip sync --quiet --python .venv --require-hashes requirements.lock; \
	"$$uv" pip install --quiet --python .venv --no-deps --no-build-isolation --editable .; \
	echo "setup: done"
	@touch $@

run: $(READY)  ## Make sample data if the store is empty, run every notebook, say where the pages are
	@if [ "$$($(BIN)/analytics store info --json)" = "[]" ]; then \
	  echo "run: the store is empty; making $(CONVERSATIONS) sample conversations"; \
	  $(BIN)/analytics simulate --conversations $(CONVERSATIONS) --seed 1; \
	fi
	@$(BIN)/analytics run --all

lab: $(READY)  ## Open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

check: $(READY)  ## Lint, types, layers, portable SQL, stripped notebooks
	@echo "check: lint";    $(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@echo "check: types";   $(BIN)/mypy
	@echo "check: layers";  $(BIN)/lint-imports
	@echo "check: SQL";     $(BIN)/python -m analytics_lib.portability
	@echo "check: notebooks are stripped"; $(BIN)/nbstripout --verify notebooks/*.ipynb

test: $(READY)  ## Run the tests
	@OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

serve: $(READY)  ## Serve the published pages on this machine only
	@$(BIN)/analytics serve

bench: $(READY)  ## Measure against peers; results in bench/results
	@$(BIN)/python bench/run.py

browser:  ## Install Chromium for the browser tests (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium fonts-noto-color-emoji; }

lock: $(READY)  ## Compile requirements.lock from pyproject.toml
	@uv=$$(command -v uv || echo .uv/bin/uv); \
	"$$uv" pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --quiet --output-file requirements.lock; \
	"$$uv" pip compile deploy/requirements.in --constraint requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --output-file deploy/requirements.lock

clean:  ## Remove the environment and caches; data and outputs stay
	@rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
