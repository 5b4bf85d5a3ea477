# `make up` brings the local stack up on a control plane on this machine. Before a commit `make check`: lints, types and
# the tests that need neither control plane, nor hosts, nor seconds for programs that play together. `make test` runs
# every test.
# What pyright, lint-imports and ansible-lint passed is kept in ~/.cache/flyball/passed, and they are not asked again
# while nothing that they read has changed, pyright not of files that read nothing of what did; never in CI.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
CORES := $(shell getconf _NPROCESSORS_ONLN)
PYTEST := $(BIN)/python -m pytest --dist=loadgroup --no-loadscope-reorder --override-ini=console_output_style=classic
# Where it is set, each worker and each command that a test starts would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: up down engine check test lint haproxy bench clean

up: $(READY) haproxy
	@$(BIN)/flyball up -s local || { code=$$?; \
	  if [ "$${CI:-}" != true ] && ! command -v go >/dev/null; then \
	    echo "left out: the local stack, because Go is not on PATH and builds its control plane; flyball itself is in $(BIN)"; \
	  else exit $$code; fi; }

down: $(READY)
	@$(BIN)/flyball down -s local

# Pulumi's CLI and Kubernetes provider, for `flyball up` and, with the folder that it prints on PATH, for `pulumi`.
engine: $(READY)
	@$(BIN)/flyball engine

# One worker more than there are processors: some tests wait for programs that they start. Of each property a fifth of
# the examples that `make test` tries, other ones each time, and of what is made at random the first fifth.
check: $(READY)
	@$(PYTEST) --numprocesses=$$(($(CORES) + 1)) --folders --hypothesis-profile=quick -m "not (cluster or hosts or vegeta or collector or java or integration)" tests .ci/lint.py

# More workers than processors: most of the time they wait, for hosts, autoscalers and drills. What is short comes after
# what waits, see tests/running/groups.py.
test: WORKERS ?= $(shell echo $$(($(CORES) + 3)))
test: $(READY) haproxy
	@$(PYTEST) --numprocesses=$(WORKERS) --folders --build tests .ci/lint.py

lint: $(READY)
	@$(PYTEST) --numprocesses=$(CORES) --quiet --no-header .ci/lint.py

# HAProxy comes from Debian, and tries the proxies' configurations; without root it is done without.
haproxy:
	@command -v haproxy >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { \
	  echo "installing haproxy"; tools/apt-install haproxy; \
	  if [ -d /run/systemd/system ]; then systemctl disable --quiet --now haproxy; fi; }  # its service is not ours

# Parts by name as WHAT="register up", by default all; their tables are kept in docs/bench.md.
bench: $(READY)
	@$(BIN)/python -m tests.bench $(WHAT)

# Pinned by tools/requirements.txt, hashes included; made from pyproject.toml by `make lock`.
$(READY): tools/requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, as PYTHON=...")'
	@$(PYTHON) -m ensurepip --version >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing python3-venv"; tools/apt-install python3-venv; \
	  else echo "$(PYTHON) cannot make virtual environments: install python3-venv"; exit 1; fi; }
	@echo "setting up .venv"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What is made from the code: the table of rules in README.md, docs/rules.md, docs/alerts.md, and what is said of roles.
.PHONY: docs
docs: roles
	@$(BIN)/python -m tools.rules
	@$(BIN)/python -m tools.alerts

# Of the dashboards, from what Prometheus kept of real drills; as root, some minutes.
.PHONY: pictures
pictures: $(READY)
	@$(BIN)/python -m tools.pictures

# From the declarations in flyball.guards.roles: defaults, argument specs and READMEs.
.PHONY: roles
roles: $(READY)
	@$(BIN)/python -m tools.roles

.PHONY: lock
lock: $(READY)
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --group dev pyproject.toml -o tools/requirements.txt

clean: down
	rm -rf .venv
