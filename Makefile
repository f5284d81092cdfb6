# Every target works on a fresh clone: it brings the tools it needs into the clone and says so.
PYTHON ?= python3
BIN := .venv/bin
UV := .cache/uv/bin/uv
ARGS ?=
export UV_PYTHON_DOWNLOADS = never
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv-cache
# RabbitMQ and nginx, where they are not installed: fetched once for tests and for every data folder.
export LEADWIRE_PACKAGE_CACHE ?= $(CURDIR)/.cache/packages

MEMBERS := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml cli/pyproject.toml)

.PHONY: up test check fix bench faults audit golden docs lock

up: .venv/.ready  ## run the whole platform on this machine
	@$(BIN)/leadwire up $(ARGS)

test: .venv/.ready  ## every test, against PostgreSQL and RabbitMQ of its own; ARGS="services/sponsor-svc -x" for some
ifeq ($(strip $(ARGS)),)
	@$(BIN)/python -m pytest -n 2 -m "not alone" libs services cli tests
	@$(BIN)/python -m pytest -m alone services tests
else
	@$(BIN)/python -m pytest $(ARGS)
endif

check: .venv/.ready  ## lint, types, import rules, contracts, generated files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/basedpyright
	@$(BIN)/python -m contracts.golden check

bench: .venv/.ready  ## figures against limits of the same run; ARGS=--quick, ARGS="--only P1,P6"
	@PYTHONPATH=tests $(BIN)/python -m performance.run $(ARGS)

faults: .venv/.ready  ## the kill test in full: 2,000 leads, three seeds, both modes; about half an hour
	@LEADWIRE_FAULT_LEADS=2000 LEADWIRE_FAULT_SEEDS=1,2,3 $(BIN)/python -m pytest tests/faults $(ARGS)

audit: .venv/.ready  ## known vulnerabilities of everything that is locked; asks osv.dev
	@$(BIN)/pip-audit --requirement requirements.lock --disable-pip --vulnerability-service osv \
		--cache-dir .cache/audit --progress-spinner off $(ARGS)

golden: .venv/.ready  ## bring the golden files of the events up to date; refuses incompatible changes
	@$(BIN)/python -m contracts.golden write

docs: .venv/.ready  ## bring the tables in docs/ up to date that are made from the code
	@$(BIN)/python -m leadwire.operate.documentation

fix: .venv/.ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# The lock names packages, versions and hashes but no host, so it works behind any mirror (docs/adr/0007).
lock: $(UV)
	@$(UV) lock --python $(PYTHON)
	@$(UV) export --quiet --frozen --all-packages --all-groups --no-emit-workspace --no-header --no-annotate \
		--format requirements.txt --output-file requirements.lock

.venv/.ready: requirements.lock $(MEMBERS) | $(UV)
	@echo "Installing the locked dependencies into .venv (nothing outside this clone)"
	@test -d .venv || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(foreach m,$(MEMBERS),-e $(dir $(m)))
	@touch $@

$(UV): bootstrap.lock
	@echo "Installing uv into .cache (nothing outside this clone)"
	@$(PYTHON) -m venv .cache/uv
	@.cache/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@touch $@
