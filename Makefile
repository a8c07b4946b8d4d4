# The tasks of the repository; `make` lists them. Each uses the environment that is active, or PYTHON=... if given.

PYTHON ?= python
SITE ?= build/site

.DEFAULT_GOAL := help
.PHONY: help format lint types test docs docs-check site notebooks wheel neighbours check

help: ## List the tasks.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

format: ## Format the code, and fix what can be fixed.
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint: ## Check format and style.
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types: ## Check the types.
	$(PYTHON) -m mypy

test: ## Run the tests; ARGS="-k name" and the like go to pytest.
	$(PYTHON) -m pytest -q $(ARGS)

docs: ## Write what the docs take from the code.
	$(PYTHON) tools/write_docs.py

docs-check: ## Fail where the docs are behind the code.
	$(PYTHON) tools/write_docs.py --check
	$(PYTHON) tools/service_requirements.py --check

site: ## Build the docs as a site, with the extra `docs`.
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --site-dir $(SITE)

notebooks: ## Check that the notebooks run, with the extra `notebooks`.
	$(PYTHON) tools/build_notebooks.py --check

wheel: ## Build the wheel, and check its size and content.
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(PYTHON) tools/check_wheel.py build/wheel

neighbours: ## Check that the newest gradio, tensorflow, torch and moviepy install beside inkdigits.
	$(PYTHON) tools/check_neighbours.py

check: lint types docs-check test ## All that a change needs before it is committed.
