# Few verbs. Everything else is `dvc`, `lineage` and `pytest`, from the environment in .venv.
PYTHON ?= python3.11
EXTRAS ?= dev
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DO_NOT_TRACK := 1
STAMP := .venv/installed
# Tests of a file share what it has built, so a file stays in one process; tests/conftest.py begins with the longest.
PARALLEL := -n 2 --dist loadscope --no-loadscope-reorder

# Wheels that a bundle brought: with them nothing is asked for over a network.
WHEELS := $(if $(wildcard .bundle/wheels),--no-index --find-links "$(CURDIR)/.bundle/wheels")

.PHONY: lineage ui test test-slow verify-gpu calibrate bundle lint clean

lineage: $(STAMP)       ## the whole lineage, v1 → v6, and a table of what each version learnt
	@lineage check
	@dvc repro
	@lineage results
	@echo
	@echo "open the report:  file://$(CURDIR)/reports/lineage.html"
	@echo "open MLflow:      make ui    (and Prefect, to start rebuilds from)"

ui: $(STAMP)            ## Prefect (trigger a rebuild) and MLflow (compare versions), on this machine only
	@python -m flows.serve

test: $(STAMP)          ## the default tests, minutes
	@pytest $(PARALLEL)

test-slow: $(STAMP)     ## the long ones: determinism, kill and resume, freshness, servers
	@pytest $(PARALLEL) -m 'slow and not gpu'

verify-gpu: $(STAMP)    ## on a machine with an NVIDIA GPU: everything about training there, and a report to send
	@python -m benchmarks.verify_gpu $(ARGS)

calibrate: $(STAMP)     ## how often `lineage promote` errs: 60 short trainings, a quarter of an hour; writes calibration.json
	@python -m benchmarks.calibrate $(ARGS)

bundle: $(STAMP)        ## this commit with all that it needs as one archive, for a machine without a network
	@lineage bundle $(ARGS)

lint: $(STAMP)          ## style, types, and the direction of imports between rooms
	@ruff check . && ruff format --check . && mypy && lint-imports --no-cache

clean:                  ## what may be deleted at any time: caches, checkpoints, databases
	rm -rf .state

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: apt-get install python3 python3-venv, or make PYTHON=…"; exit 1; }
	@echo "creating .venv and installing the pinned dependencies (2.5 GB, some minutes)"
	@$(PYTHON) -m venv .venv
	@# not compiled here, a minute for 29,000 files: Python compiles those that are imported, as they are
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile $(WHEELS) --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@
