# `make run` needs python3 (3.11 or newer, with venv) and make, nothing else.

PYTHON ?= python3
SEED ?= 0
EVENTS ?= 1000000
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
PACKAGE := $(PIP) --no-build-isolation --no-deps --editable .

.DEFAULT_GOAL := help
.PHONY: help run test test-faults soak chaos fuzz report-p2 report-allocation coverage coverage-pure check bench bench-pacing bench-events titles real extraction train openapi client lock

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.serving  ## Start everything at http://127.0.0.1:8000 (PORT=8080 chooses another port)
	@exec $(BIN)/python -m service up --tied

test: .venv/.dev  ## Run the tests
	$(BIN)/python -m pytest -m "not slow and not soak"

test-faults: .venv/.dev  ## Run all tests of faults, the long ones too: half an hour
	@$(BIN)/python -m tests.faults.whole

soak: .venv/.dev  ## Run the tests of faults that take hours: SALIENT_SOAK_HOURS=8
	$(BIN)/python -m pytest -m soak tests/faults

chaos: .venv/.dev  ## Kill everything in turn while EVENTS come in, and account for every key
	@$(BIN)/python -m tests.faults.chaos --events $(EVENTS) --seed $(SEED)

fuzz: .venv/.dev  ## Send a running service 100,000 cases made from its OpenAPI document
	$(BIN)/python -m tests.faults.fuzz --seed $(SEED)

# twice the time of the same tests without it, so not a part of `make test`
coverage-pure: .venv/.dev  ## See that their unit tests reach all of decision and contract
	$(BIN)/python -m pytest -q --cov=service/decision --cov=service/contract --cov-report=term:skip-covered \
		--cov-fail-under=100 tests/unit/decision tests/unit/contract

coverage: .venv/.dev  ## See that the tests reach the code: 95 %, and all of decision and contract
	$(BIN)/python -m pytest -q -m "not slow and not soak" --cov --cov-report= tests/unit tests/integration
	$(BIN)/coverage report --skip-covered --fail-under=95
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=100 \
		--include='service/decision/*,service/contract/*'

check: .venv/.dev  ## Style, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev  ## Measure the service against its floor
	$(BIN)/python -m tests.benchmarks.bench --seed $(SEED)

bench-pacing: .venv/.dev  ## Pace a day of real auctions, where SALIENT_DATA is set, and eight made-up days
	@$(BIN)/python -m tests.benchmarks.pacing --seed $(SEED)

bench-events: .venv/.dev  ## Measure recording against the floor of the same work
	$(BIN)/python -m tests.benchmarks.events --seed $(SEED)

titles: .venv/.dev  ## Write a million titles at random, real ones where SALIENT_DATA is set
	$(BIN)/python -m tests.benchmarks.titles --seed $(SEED)

real: .venv/.training  ## The main job on the data in SALIENT_DATA
	$(BIN)/python -m tests.benchmarks.real --seed $(SEED)

extraction: .venv/.training  ## How well attributes are found in titles, on the data in SALIENT_DATA
	$(BIN)/python -m tests.benchmarks.extraction --seed $(SEED)

# SALIENT_DATA, where it is set, adds real queries, titles and words; half an hour on two cores
report-p2: .venv/.training  ## Rerun the selling-point paper's experiments: report/p2/report.html
	@$(BIN)/python -m training.lab --out report/p2 --seed $(SEED)

# SALIENT_DATA, where it is set, adds a real month
report-allocation: .venv/.training  ## A budget over platforms against the best split: report/allocation
	@$(BIN)/python -m tests.benchmarks.allocation --seed $(SEED)

train: .venv/.training  ## Train the shipped models anew, on the demo shop's log and made-up platforms
	$(BIN)/python -m service demo log --seed 1 .salient/demo-log
	$(BIN)/python -m training selling-points --facets .salient/demo-log/facets.parquet \
		--clicks .salient/demo-log/clicks.parquet --items .salient/demo-log/items.parquet \
		--seed $(SEED) --out models/selling-points/1
	$(BIN)/python -m training ranker --facets .salient/demo-log/facets.parquet \
		--clicks .salient/demo-log/clicks.parquet --items .salient/demo-log/items.parquet \
		--seed $(SEED) --out models/ranker/1
	$(BIN)/python -m service demo platforms --seed 1 --out .salient/platforms.parquet
	$(BIN)/python -m training allocator --history .salient/platforms.parquet \
		--seed $(SEED) --out models/allocator/1

openapi: .venv/.dev  ## Write the API's description to docs/openapi.json
	$(BIN)/python -m service openapi docs/openapi.json

client: openapi  ## Write the API's description and the Python client made from it
	$(BIN)/python client/generate.py

lock: .venv/.dev  ## Resolve the requirements anew
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --extra embedded --group build pyproject.toml -o requirements/serving.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --extra embedded --group build --extra training \
		-c requirements/serving.txt pyproject.toml -o requirements/training.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --extra embedded --group build --extra training --group dev \
		-c requirements/training.txt pyproject.toml -o requirements/dev.txt

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Salient needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@touch $@

# a stamp for each set of requirements: nothing is done again until its file changes
.venv/.serving: requirements/serving.txt | .venv/.made
	@echo "Installing what serving needs (once) ..."
	@$(PIP) --require-hashes -r $<
	@$(PACKAGE)
	@$(BIN)/python -m compileall -q service
	@touch $@

.venv/.training: requirements/training.txt | .venv/.made
	@echo "Installing what training needs (once) ..."
	@$(PIP) --require-hashes -r $<
	@$(PACKAGE)
	@touch $@

.venv/.dev: requirements/dev.txt | .venv/.made
	@echo "Installing what development needs (once) ..."
	@$(PIP) --require-hashes -r $<
	@$(PACKAGE)
	@touch $@ .venv/.serving .venv/.training
