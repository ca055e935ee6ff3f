# One task runner with a few verbs; `make` alone lists them.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help demo serve test check fix bench soak contracts assets lock venv

VENV := .venv
BIN := $(VENV)/bin
# A worker a core, each with servers of its own; a single test is quicker without: .venv/bin/python -m pytest tests/NAME.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal

help: ## list these verbs
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: ## run Mailhatch with three demo mail accounts (PORT=8025 chooses the port)
	@if sh .ci/venv --check $(VENV) tests/requirements.lock; then venv=$(VENV); else \
	sh .ci/venv .venv-demo app/demo/requirements.lock && venv=.venv-demo; fi && \
	exec $$venv/bin/python -m app.demo $(if $(PORT),--port $(PORT))

serve: ## run Mailhatch with your own settings
	@sh .ci/venv --check $(VENV) tests/requirements.lock || sh .ci/venv $(VENV) requirements.lock
	@exec $(BIN)/python -m app serve

test: ## run every test; installs Dovecot, PostgreSQL and Chromium on Debian when they are missing
	@sh .ci/install
	@$(MAKE) venv
	@$(BIN)/python -m pytest $(PARALLEL) $(if $(CI),--cov)

check: venv ## lint, types, import direction, contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --quiet tests/contracts

fix: venv ## mend what can be mended by machine: format, imports, generated files
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(MAKE) contracts

contracts: venv ## write the generated files again: openapi/, schemas/, the README's settings
	@$(BIN)/python -m app openapi --write
	@$(BIN)/python -m app graphql --write
	@$(BIN)/python -m tests.contracts.settings_table --write

assets: ## pack GraphiQL's browser files from npm, for the page at /graphql
	@sh .ci/venv --check $(VENV) tests/requirements.lock || sh .ci/venv $(VENV) requirements.lock
	@$(BIN)/python -m app.graphql.page.pack

bench: venv ## measure against a raw socket and plain imapclient
	@$(BIN)/python -m tests.benchmarks

soak: venv ## long runs: soak tests, and every property with 10,000 examples
	@$(BIN)/python -m pytest $(PARALLEL) -m "soak or hypothesis" --hypothesis-profile=soak --timeout=1800

COMPILE = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(if $(UPGRADE),--upgrade) pyproject.toml

lock: ## resolve the dependencies again (UPGRADE=1 takes the newest)
	@test -x .venv-lock/bin/uv || { python=$$(sh .ci/python) && $$python -m venv --clear .venv-lock && \
	.venv-lock/bin/python -m pip install -qq --disable-pip-version-check uv; }
	@$(COMPILE) --extra demo --group dev --output-file tests/requirements.lock
	@$(COMPILE) --constraint tests/requirements.lock --extra demo --output-file app/demo/requirements.lock
	@$(COMPILE) --constraint tests/requirements.lock --output-file requirements.lock

venv:
	@sh .ci/venv $(VENV) tests/requirements.lock
