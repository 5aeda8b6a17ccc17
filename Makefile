# The one place of commands. `make` prints them; `make serve` and `make test` set up .venv by themselves.

BIN := .venv/bin
PYTHON ?= python3
ARGS ?=
WORKERS ?= 2
# Slow tests wait more than they work.
SLOW_WORKERS ?= 4
ROUNDS ?= 20
MINUTES ?= 10
ROOMS := bus handoffs overview dashboard nexus_site
CLIENTS := tests/clients/node_modules/.installed
AXE := tests/dashboard/node_modules/.installed
UV := $(shell command -v uv 2>/dev/null)

# Checks, tests of settings and generated pages never touch the data of the one who runs them.
SCRATCH := NEXUS_HOME="$(CURDIR)/build/nexus"

ifdef UV
MAKE_VENV = $(UV) venv --quiet --python $(PYTHON) .venv
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
MAKE_VENV = $(PYTHON) -m venv .venv
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif
INSTALL_NEXUS = $(INSTALL) --no-deps --no-build-isolation --editable .
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(ARGS) pyproject.toml --group build

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve test slow crash proof audit check lint types imports migrations bench bench-check soak screenshots docs format lock clean

help:  ## Print the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo 'Options go in ARGS: make serve ARGS="--port 9000", make test ARGS="tests/bus -k claim".'

serve: .venv/.runtime  ## Start Nexus and print its URLs
	@$(BIN)/nexus serve $(ARGS)

test: .venv/.dev  ## Run the tests, without the slow ones
	$(BIN)/pytest -m "not slow" -n $(WORKERS) $(ARGS)

slow: .venv/.dev $(CLIENTS) $(AXE)  ## Run the slow tests; those of pages need Debian's chromium
	$(BIN)/pytest -m slow -n $(SLOW_WORKERS) --dist loadfile $(ARGS)

crash: .venv/.dev  ## Kill a busy server again and again, then look for lost writes (ROUNDS=500 for longer)
	ROUNDS=$(ROUNDS) $(BIN)/pytest -m slow tests/races/test_crash.py $(ARGS)

proof: .venv/.dev $(CLIENTS) $(AXE)  ## Try every promise for hours, and write docs/explanation/promises.md
	rm -rf build/figures
	ROUNDS=500 CLAIMS=1000 EVENTS=1000000 POSTS=10000 $(BIN)/pytest -m "slow or not slow" --hypothesis-profile proof $(ARGS)
	$(BIN)/python -m benchmarks --check
	$(BIN)/python -m benchmarks --check --server uvicorn
	$(BIN)/python -m benchmarks --scale
	$(BIN)/python -m benchmarks --soak $(MINUTES)
	$(BIN)/python -m tests.promises

audit: .venv/.dev  ## Look for known faults in what is locked, and for careless code; names what it could not look up
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(ROOMS)
	@mkdir -p build
	@$(BIN)/pip-audit --progress-spinner off --require-hashes --disable-pip --requirement requirements-dev.lock \
		> build/audit.txt 2>&1; status=$$?; grep -v 'could not be audited' build/audit.txt; \
		echo "Packages of which nothing could be looked up: $$(grep -c 'could not be audited' build/audit.txt)"; exit $$status

check: lint types imports migrations  ## Run all four checks below

lint: .venv/.dev  ## Check style and format of code and templates
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	find templates -name '*.html' | xargs -r $(BIN)/djade --check --target-version 5.2

types: .venv/.dev  ## Check the types
	$(SCRATCH) $(BIN)/mypy

imports: .venv/.dev  ## Check who may import whom
	$(BIN)/lint-imports --no-logo

migrations: .venv/.dev  ## Check that no migration is missing
	$(SCRATCH) $(BIN)/python manage.py makemigrations --check --dry-run

bench: .venv/.runtime  ## Measure rates and times on this machine
	$(BIN)/python -m benchmarks $(ARGS)

bench-check: .venv/.dev  ## Measure, and fail when a ratio to the floor is bad
	$(BIN)/python -m benchmarks --check $(ARGS)

soak: .venv/.runtime  ## Load a server steadily for some minutes (MINUTES=10), and fail when something grows
	$(BIN)/python -m benchmarks --soak $(MINUTES) $(ARGS)

screenshots: .venv/.dev  ## Picture every page, wide and narrow, light and dark, into build/screenshots
	$(BIN)/python -m tests.dashboard.screenshots $(ARGS)

docs: .venv/.runtime  ## Write docs/reference anew
	$(SCRATCH) $(BIN)/python manage.py reference $(ARGS)

format: .venv/.dev  ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	find templates -name '*.html' | xargs -r $(BIN)/djade --target-version 5.2

lock:  ## Write both lock files anew (needs uv; ARGS=--upgrade for newer releases)
	$(if $(UV),,$(error `make lock` needs uv))
	$(LOCK) --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

# The clients that slow tests run, and a Node that is new enough for them; no package runs a script of its own.
$(CLIENTS) $(AXE): %/node_modules/.installed: %/package-lock.json
	@cd $* && npm install --ignore-scripts --no-progress --loglevel=error
	@touch $@

clean:  ## Remove .venv, caches and build results
	rm -rf .venv build dist tests/clients/node_modules tests/dashboard/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Nexus needs Python 3.11 or newer; name it: make serve PYTHON=python3.12' >&2; exit 1; }
	@echo 'Setting up .venv, once.'
	@$(MAKE_VENV) || { rm -rf .venv; exit 1; }

# The stamps are newer than the locks while .venv is up to date; the development lock holds the runtime's too.
.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL_NEXUS)
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(INSTALL_NEXUS)
	@touch $@ .venv/.runtime
