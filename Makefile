# What a developer does, one command each. `make` alone lists them.

# The Python to set up with; found by itself where it isn't given: make setup PYTHON=/path/to/python3.12
PYTHON ?=
VERSIONS := 3.13 3.12 3.11
# The Python on which `make test` has run already: make test-pure TESTED=3.13 leaves it out.
TESTED :=
BIN := .venv/bin
# Its seconds are told, so nothing else runs beside it.
TIMED := tests/faults/test_faults_takeover.py
SOAK := tests/faults/test_long_soak.py
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-input
LOCK := --quiet --upgrade --no-header --no-annotate --strip-extras --allow-unsafe --generate-hashes --all-build-deps --resolver=backtracking \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
comma := ,
title = { echo "\# $(2), for Python 3.11 to 3.13. Made by: make lock"; cat requirements/$(1).txt; } > requirements/$(1).new && \
	mv requirements/$(1).new requirements/$(1).txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup test test-pure faults soak panels broken lint format demo bench bench-peers lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/.ready ## make the environment in .venv; the command is then .venv/bin/csat-stream
	@:

test: setup ## all tests, those against a real Kafka included (it is downloaded the first time)
	@$(BIN)/python -m pytest -q --numprocesses 4 --dist loadfile --no-loadscope-reorder

test-pure: ## the tests that need no Kafka, on each Python from 3.11 to 3.13 of this machine
	@found=$(words $(TESTED)); for version in $(filter-out $(TESTED),$(VERSIONS)); do \
		.ci/find-python $$version >/dev/null 2>&1 || { echo "Python $$version: not on this machine"; continue; }; \
		found=1; echo "Python $$version:"; \
		$(MAKE) --no-print-directory .venvs/$$version/.ready && .venvs/$$version/bin/python -m pytest -q -m "not kafka and not prometheus" -p no:cacheprovider --hypothesis-profile brief --numprocesses 2 --dist loadfile || exit 1; \
	done; test $$found = 1

faults: setup ## the tests of kills, pauses, rebalances and broken brokers at full size; writes tests/faults/results.json (an hour); docs/faults.md shows them
	@CSAT_REQUIRE_KAFKA=1 CSAT_LONG=1 $(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore $(TIMED) --ignore $(SOAK) tests/engine tests/faults
	@CSAT_REQUIRE_KAFKA=1 CSAT_LONG=1 $(BIN)/python -m pytest -q $(TIMED)

soak: setup ## half an hour of full load: memory, changelog, file handles and lag must stay flat
	@CSAT_REQUIRE_KAFKA=1 CSAT_LONG=1 CSAT_SOAK=1 $(BIN)/python -m pytest -q -s $(SOAK)

panels: setup ## every query of the dashboard on the real Prometheus, after a demo of three minutes
	@CSAT_LONG=1 $(BIN)/python -m pytest -q -s tests/deploy/test_demo_panels.py

broken: setup ## break the code on purpose, piece by piece, in a copy, and see the tests fail
	@$(BIN)/python -m tests.broken

lint: setup ## style, types, import rules, generated files
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet --diff
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/python -m stream.reference --check
	@$(BIN)/python -m stream.deploy --check
	@$(BIN)/python -m bench.report --check

format: setup ## bring the code into the common form
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

demo: setup ## the main job on a simulated helpdesk, live in the terminal, until Ctrl-C
	@$(BIN)/csat-stream demo

bench: setup ## how fast it is, on the standard load; writes bench/results/latest.json
	@$(BIN)/python -m bench.standard

bench-peers: setup ## beside other stream processors, on two jobs; writes bench/results/peers.json
	@$(BIN)/python -m bench.peers

lock: .venvs/lock/.ready ## pin the newest packages that pyproject.toml allows on the oldest Python (3.11)
	@.venvs/lock/bin/pip-compile $(LOCK) --extra demo --extra notify --extra charts --extra rocksdb --extra dev --output-file requirements/all.txt pyproject.toml
	@.venvs/lock/bin/pip-compile $(LOCK) --constraint requirements/all.txt --output-file requirements/worker.txt pyproject.toml
	@$(call title,all,All packages of development$(comma) tests and demo)
	@$(call title,worker,The packages of the worker alone)

clean: ## remove the environments and all that tools leave behind
	@rm -rf .venv .venvs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: pyproject.toml requirements/all.txt
	@$(BIN)/python -c "" 2>/dev/null || { \
		python="$(PYTHON)"; test -n "$$python" || python=$$(.ci/find-python $(VERSIONS)) || exit 1; \
		echo "Setting up .venv with $$($$python --version) (about a minute)"; $$python -m venv --clear .venv; }
	@$(BIN)/python $(PIP_INSTALL) --requirement requirements/all.txt
	@$(BIN)/python $(PIP_INSTALL) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venvs/lock/.ready:
	@$$(.ci/find-python 3.11) -m venv --clear .venvs/lock
	@.venvs/lock/bin/python $(PIP_INSTALL) pip-tools
	@touch $@

.venvs/%/.ready: pyproject.toml requirements/all.txt
	@.venvs/$*/bin/python -c "" 2>/dev/null || $$(.ci/find-python $*) -m venv --clear .venvs/$*
	@.venvs/$*/bin/python $(PIP_INSTALL) --requirement requirements/all.txt
	@.venvs/$*/bin/python $(PIP_INSTALL) --quiet --no-deps --no-build-isolation --editable .
	@touch $@
