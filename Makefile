# `make` alone prints the targets. Everything is installed into .venv and cached outside the tree.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
IMAGE ?= tekton-integrations:0.1.0
BUILDAH ?= buildah
# Where tests on an API server are (tests/conftest.py), which tests are run, and what those are run with that may wait.
E2E := tests/e2e tests/hack tests/mission tests/kube/test_lease_api.py tests/test_provider_admission.py
WHICH ?= not long
LAST ?=
# What failed once is tried again, and told as RERUN: others run beside it, and it may measure real time.
AGAIN := --reruns 1 -rfER
# What was compiled is kept, also where the environment says otherwise: each of the tests' many processes would compile
# the tests, the assertions in them and our modules anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install new-integration demo showcase test test-long programs lint unit e2e docs bench bench-start bench-neighbours bench-readers soak fuzz chaos simulate mutation testbed image format clean

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Install everything into .venv.

$(STAMP): pyproject.toml $(wildcard integrations/*/pyproject.toml)
	@echo "Installing into .venv (about a minute the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check "pip>=25.1"
	@$(BIN)/pip install --quiet --editable . $(foreach i,$(wildcard integrations/*/pyproject.toml),--editable $(dir $(i))) --group dev
	@touch $@

new-integration: $(STAMP) ## Make integrations/NAME/, which works and is to be changed (docs/authors.md).
	@$(BIN)/python -m hack.new_integration "$(NAME)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable "integrations/$(NAME)"
	@touch $(STAMP)
	@$(BIN)/python -m hack.docs --write
	@echo "It works. Next: docs/authors.md, \"Make it yours\"; .venv/bin/pytest integrations/$(NAME); then make test"

demo: $(STAMP) ## Play four recorded runs on a real API server and show what GitHub would show.
	@$(BIN)/python -m hack.demo

showcase: $(STAMP) ## Write docs/github/ and docs/slack/: every recording as each would show it.
	@$(BIN)/python -m hack.showcase

test: $(STAMP) ## All checks: format, lint, types, layers, docs, unit, e2e.
	@$(MAKE) --no-print-directory --jobs 2 programs lint docs
	@echo "Tests, those on an API server first; each of the two says how it went when it is done (minutes) ..."
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target e2e unit LAST="nice -n 19"

test-long: $(STAMP) ## What takes long: more of what `make test` tries a part of, and the benchmarks' own tests.
	$(BIN)/python -m hack.testbed --build --all
	@LONG=1 $(MAKE) --no-print-directory --jobs 2 --output-sync=target e2e unit LAST="nice -n 19" WHICH="(long or sized)"

programs: $(STAMP)
	$(BIN)/python -m hack.testbed --build

format: $(STAMP) ## Format the code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(STAMP) ## Format, lint, types and layers, without changing anything.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(STAMP) ## Generated tables, links and reasons in the docs.
	$(BIN)/python -m hack.docs

unit: $(STAMP) ## Tests without an API server.
	$(LAST) $(BIN)/pytest -m "not e2e and $(WHICH)" -n 2 --dist loadfile $(AGAIN) --ignore tests/e2e --ignore tests/hack

e2e: $(STAMP) programs ## Tests on a real API server; builds it the first time (about 7 minutes).
	$(BIN)/pytest $(E2E) -m "e2e and $(WHICH)" -n 4 --dist loadfile --no-loadscope-reorder $(AGAIN)

bench: $(STAMP) ## CPU, latency, memory, start, beside a bare loop and kopf (about half an hour).
	@$(BIN)/python -m hack.bench

bench-start: $(STAMP) ## Memory and start with 50,000 finished runs (about 15 minutes).
	@$(BIN)/python -m hack.bench.start

bench-neighbours: $(STAMP) ## A quiet tenant beside 100,000 waiting runs and a dead host (about 15 minutes).
	@$(BIN)/python -m hack.bench.neighbours

bench-readers: $(STAMP) ## 200 readers of one 100 MB log, and the memory of the service (2 minutes).
	@$(BIN)/python -m hack.bench.readers

soak: $(STAMP) ## An hour at 20 transitions a second, and a controller that is ended every five minutes.
	@$(BIN)/python -m hack.soak

chaos: $(STAMP) ## All that goes wrong in life, for all integrations at once: what is lost, doubled, stale.
	@$(BIN)/python -m hack.chaos --docs

fuzz: $(STAMP) ## Annotations, runs, watches and answers by chance, for ten minutes.
	@$(BIN)/python -m hack.fuzz

simulate: $(STAMP) ## 10,000 runs in an hour under GitHub's limits, in virtual time.
	@$(BIN)/python -m hack.simulation

mutation: $(STAMP) ## Small faults put into the code, and how many the tests notice; MODULES="intents quota".
	@$(BIN)/python -m hack.mutation $(MODULES)

testbed: $(STAMP) ## Leave a real API server running and print its KUBECONFIG.
	@$(BIN)/python -m hack.testbed --controller-manager

image: ## Build an OCI image without a daemon, of all integrations or of INTEGRATIONS="github slack".
	@command -v $(firstword $(BUILDAH)) >/dev/null || { echo "buildah is needed (apt-get install buildah, dnf install buildah)."; \
	  echo "podman and docker build the Containerfile, too: docs/install.md"; exit 1; }
	$(BUILDAH) build --timestamp 0 --tag $(IMAGE) --build-arg INTEGRATIONS="$(INTEGRATIONS)" \
	  $(if $(BASE),--build-arg BASE=$(BASE)) $(IMAGE_FLAGS) .

clean: ## Remove .venv and caches of tools; the test bed's cache stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
