# Two commands on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
LOCK   ?= requirements.lock
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BASE   ?= origin/main
WORKERS := 4  # more than cores: most of a test's time goes by waiting for processes and servers

.PHONY: help setup demo example docs test test-fast test-lowest test-faults coverage mutants fuzz lint format bench bench-compare picture generated lock dist clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 15

setup: $(READY) ## the virtual environment in .venv, pinned by requirements.lock

$(READY): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "penguin-compile needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q penguin_compile  # also where PYTHONDONTWRITEBYTECODE is set
	@touch $@

demo: $(READY) ## the main job on the example app, for real: SQLite and a local gateway
	@PATH="$(abspath $(BIN)):$$PATH" docs/demo.sh

example: $(READY) ## an app, its console, a gateway and a license server, until Ctrl-C
	@$(BIN)/python examples/myapp/run.py

docs: $(READY) ## the documentation site, in .cache/site; what it can't make of a page is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

test: $(READY) ## every test
	$(BIN)/python -m pytest -n $(WORKERS)

test-fast: $(READY) ## the tests that need no server and take less than a second each
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

test-lowest: ## test-fast with the oldest versions of our dependencies that pyproject.toml allows
	$(MAKE) VENV=.venv-lowest LOCK=requirements-lowest.lock setup
	.venv-lowest/bin/python -m pytest -n $(WORKERS) -m "not slow" --ignore tests/packaging

test-faults: $(READY) ## apply killed at every single statement and commit, on each database
	PENGUIN_TEST_EVERY_PLACE=1 $(BIN)/python -m pytest -n 2 tests/faults

coverage: $(READY) ## every test; 95 % of lines and of branches at least
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=
	@$(BIN)/coverage json -q -o .cache/coverage.json
	@$(BIN)/python tests/coverage_shares.py .cache/coverage.json

mutants: $(READY) ## do tests notice what changes in rules/ and sync/? MODULE, MUTANTS: tests/mutants.py
	$(BIN)/python -m tests.mutants

fuzz: $(READY) ## hypothesis against the loader and validate for FUZZ_SECONDS, an hour by default
	@end=$$(( $$(date +%s) + $${FUZZ_SECONDS:-3600} )); \
	while [ "$$(date +%s)" -lt "$$end" ]; do \
	  $(BIN)/python -m pytest -n 2 -q tests/properties/test_fuzz.py \
	    tests/properties/test_schema_agreement.py --hypothesis-profile=fuzz || exit 1; \
	done

lint: $(READY) ## style, types, layers, and that generated files are fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32
	$(BIN)/mypy --platform darwin
	$(BIN)/lint-imports
	$(BIN)/penguin-compile compile --check
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml penguin_compile

format: $(READY) ## mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## how fast each stage is, beside its floors and other tools; BENCH="--only GLOB"
	$(BIN)/python -m bench $(BENCH)

bench-compare: $(READY) ## fail where a hot path takes 5 % more instructions than at BASE
	$(BIN)/python -m bench.compare --base $(BASE)

picture: $(READY) ## draw docs/plan.svg and docs/demo.svg anew, from real runs
	@PATH="$(abspath $(BIN)):$$PATH" docs/picture.sh
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python docs/recording.py

generated: $(READY) ## write generated/ and schemas/ anew
	$(BIN)/penguin-compile compile
	$(BIN)/penguin-compile schema > schemas/spec.schema.json
	$(BIN)/penguin-compile schema --fragment > schemas/spec-fragment.schema.json

LOCKED := uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
  --no-strip-extras --all-extras pyproject.toml

lock: ## pin the newest versions that pyproject.toml allows; and the oldest of what users install
	$(LOCKED) --generate-hashes --group dev --output-file requirements.lock
	@mkdir -p .cache
	$(LOCKED) --resolution lowest-direct --output-file .cache/lowest.txt
	cp requirements.lock requirements-lowest.lock  # what it needn't change stays
	$(LOCKED) --generate-hashes --group dev --constraint .cache/lowest.txt \
	  --output-file requirements-lowest.lock

dist: $(READY) ## wheel, sdist, bill of materials and checksums in dist/; built twice and compared
	rm -rf dist .cache/dist
	$(BIN)/python -m hatchling build -d dist
	umask 077 && $(BIN)/python -m hatchling build -d .cache/dist/again
	diff -r dist .cache/dist/again
	$(PYTHON) -m venv .cache/dist/venv
	.cache/dist/venv/bin/pip install --quiet --disable-pip-version-check "$$(echo dist/*.whl)[all]"
	.cache/dist/venv/bin/pip uninstall --quiet --disable-pip-version-check --yes pip setuptools
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/penguin-compile.cdx.json .cache/dist/venv
	cd dist && sha256sum -- * > SHA256SUMS

clean: ## everything that make made
	rm -rf $(VENV) .venv-lowest .cache .coverage .penguin_cache .demo examples/myapp/.run .penguin dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
