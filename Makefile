# Animathic: `make demo` turns a prompt into a video, `make test` proves that the tree is sound.
# Both set up everything they need on a bare Debian machine and say what they do. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
BIN := .venv/bin
UV := .tools/uv/bin/uv
export UV_PYTHON_DOWNLOADS := never
export PYTHONDONTWRITEBYTECODE :=

PROMPT ?= a red circle transforms into a blue square
MINUTES ?= 50
SEEDS ?= 100

##@ Use
demo: setup ## Make a video of PROMPT="…" through the whole mesh, on this machine
	@$(BIN)/python -m deploy.local demo --prompt "$$ANIMATHIC_PROMPT"
demo: export ANIMATHIC_PROMPT = $(value PROMPT)

up: setup ## Start the services under supervisor, data under var/
	@$(BIN)/python -m deploy.local up

down: ## Stop them
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m deploy.local down; fi

status: setup ## Show what runs
	@$(BIN)/python -m deploy.local status

doctor: setup ## One line per service and model: ready or why not
	@$(BIN)/animathic doctor

##@ Check
test: setup check-generated ## All tests of the ordinary round: unit, contract, mesh
	@echo "── unit and contract tests"
	$(BIN)/pytest tests/unit tests/contract -n 2 --dist loadfile -q -m "not slow"
	@echo "── mesh tests: real processes, llama.cpp, Manim, SQLite, PostgreSQL, S3"
	$(BIN)/pytest tests/mesh -q -m "not slow"

test-slow: setup ## Long fuzzing and the tests marked slow
	$(BIN)/pytest tests -q -m slow --timeout 1800

lint: setup ## ruff, mypy, import-linter, buf
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos

check-generated: setup ## Fail when a generated file is stale
	@./scripts/generate_stubs.sh --check
	@$(BIN)/python scripts/generate_error_docs.py --check
	@$(BIN)/python scripts/generate_api_docs.py --check

##@ Measure
eval-local: setup ## Score the local model on evals/prompts, beside the base model zero-shot
	$(BIN)/python -m evals.local

drill-crash: setup ## Kill routers at every boundary, on SQLite and PostgreSQL; judge the history
	$(BIN)/python -m tests.drills.crash --minutes $(MINUTES) --seeds $(SEEDS) --database both --guards

drill-kill: setup ## Kill every service process in the middle of ten generations
	$(BIN)/python -m tests.drills.kill_services

##@ Make
train-local: setup ## Train the local model's adapter from the generator's examples
	$(BIN)/python -m services.local_adapter.training

protos: setup ## Generate stubs and the documents made from the contracts
	$(BIN)/buf format -w protos
	./scripts/generate_stubs.sh
	$(BIN)/python scripts/generate_error_docs.py
	$(BIN)/python scripts/generate_api_docs.py

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format -w protos

##@ Set up
setup: .venv/.ready ## Install what is needed: system packages, uv, the locked environment

.venv/.ready: pyproject.toml uv.lock scripts/install_system_packages.sh
	@./scripts/install_system_packages.sh
	@if [ ! -x $(UV) ] || [ "$$($(UV) --version | cut -d' ' -f2)" != "$(UV_VERSION)" ]; then \
	  echo "── installing uv $(UV_VERSION) into .tools/"; \
	  python3 -m venv .tools/uv && .tools/uv/bin/pip install --quiet uv==$(UV_VERSION); \
	fi
	@echo "── installing the locked environment into .venv/ (a minute on a new machine)"
	@$(UV) sync --quiet --frozen --extra local
	@touch $@

clean: down ## Remove what was built and made; keeps var/
	rm -rf .venv .tools .venv-train reports

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo up down status doctor test test-slow lint check-generated eval-local drill-crash drill-kill \
  train-local protos format setup clean help
