# Frontdesk's commands. `make run` and `make test` each do everything that they need; neither needs the other first.

# Any Python from 3.8 on starts the bootstrap. Each candidate is tried, since a version manager's stand-in for python3
# refuses to run where the version of .python-version is not installed.
PYTHON ?= $(shell for p in python3 /usr/bin/python3 /usr/local/bin/python3 python3.13 python3.12 python3.11 python3.10; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo "$$p" && break; done)
BOOTSTRAP = $(if $(PYTHON),$(PYTHON) -B tools/bootstrap.py,$(error no Python 3.8 or newer was found; install one (on Debian: apt install python3)))

# The tests have a home of their own, and no setting of the shell may reach into them.
TEST_HOME = $(CURDIR)/var/test
TEST_ENV = env $(foreach name,$(shell env | sed -n 's/^\(FRONTDESK_[A-Z_]*\)=.*/\1/p'),-u $(name)) FRONTDESK_HOME="$(TEST_HOME)"

export TORCH_BACKEND

.DEFAULT_GOAL := help
.PHONY: help install run setup test test-home lint lock clean faults dialogues bench waits

help:
	@echo "make run     install, set up and run Frontdesk; Ctrl-C stops it"
	@echo "make test    install, lint, set up a home for the tests and run them"
	@echo "make setup   install and set up, without running"
	@echo "make lint    ruff and mypy --strict"
	@echo "make dialogues  play the written dialogues on the real assistant and report"
	@echo "make bench   figures beside stock Rasa's, into var/bench; BENCH=--quick for short runs"
	@echo "make waits   how well the waits that customers are told come true, in simulated queues"
	@echo "make lock    write requirements.lock anew from requirements/"
	@echo "make faults  kill every process at random and play outages; FAULTS_SECONDS says for how long"
	@echo "make clean   remove what make made, but not var/ (that is your data)"
	@echo
	@echo "TORCH_BACKEND=cpu make run   with the CPU build of torch, 3 GB smaller"

install:
	@$(BOOTSTRAP)

run: install
	@.venv/bin/frontdesk run

setup: install
	@.venv/bin/frontdesk setup

lint: install
	@.venv/bin/ruff check .
	@.venv/bin/mypy

test: install
	@$(MAKE) --no-print-directory -j 2 lint test-home
	@$(TEST_ENV) .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

# var/ is the default home, too: nobody else may look into it, whichever is made first.
test-home: install
	@mkdir -p -m 700 var
	@$(TEST_ENV) .venv/bin/frontdesk setup

# docs/guarantees.md says what FAULTS_SECONDS, FAULTS_KILLS, FAULTS_MESSAGES, FAULTS_STEPS and FAULTS_SEED do.
faults: export FAULTS_SECONDS ?= 120
faults: export FAULTS_KILLS ?= 30
faults: export FAULTS_MESSAGES ?= 600
faults: export FAULTS_STEPS ?= 20000
faults: export FAULTS_REPORT ?= $(CURDIR)/var/faults
faults: test-home
	@$(TEST_ENV) .venv/bin/python -m pytest tests/faults tests/conversations/test_ownership.py -s

dialogues: test-home
	@$(TEST_ENV) PYTHONPATH="$(CURDIR)" .venv/bin/python tests/dialogues/stage.py $(ONLY)

# BENCH="--quick" for short runs; docs/performance.md.
bench: test-home
	@$(TEST_ENV) BENCH_SECONDS=$(BENCH_SECONDS) .venv/bin/python tests/bench/run.py $(BENCH)

# SimPy is wanted here only, so it stays out of .venv; docs/waits.md.
waits:
	@$(BOOTSTRAP) --uv run --no-project --python 3.10 --with simpy==4.1.1 tools/simulate_waits.py $(WAITS)

lock:
	@$(BOOTSTRAP) --uv pip compile requirements/requirements.in --override requirements/overrides.txt \
		--python-version 3.10 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements.lock

clean:
	rm -rf .venv .bootstrap .bootstrap.lock .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info var/test
	find bot actions kb_index tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
