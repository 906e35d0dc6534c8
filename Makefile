# `make demo` sets everything up and does the main job on the miniature; `make test` runs the tests.
# `make docs` writes the pages that come from the program, `make pictures` draws the
# pictures, `make site` builds the site into build/site.
# `make templates` writes the questions of the templates, templates/*/copier.yml, and `make constraints`
# the versions with which the action installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test lint docs pictures site templates constraints bench fuzz clean

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q -x miniature scaffold
	touch $@

demo: setup
	$(BIN)/scaffold demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(PYTEST_ARGS)

docs: setup
	$(BIN)/python -m scaffold.report.rule_pages docs/rules
	$(BIN)/python -m docs.commands
	$(BIN)/python -m scaffold.report.schemas

pictures: setup
	$(BIN)/python -m docs.pictures

site: setup
	$(BIN)/python -m sphinx -W --keep-going -n -q docs build/site

constraints: setup
	$(BIN)/uv pip compile --quiet --upgrade --universal --no-header --no-annotate pyproject.toml \
		--output-file action/constraints.txt

templates: setup
	$(BIN)/python -m scaffold.template.questions

bench: setup
	$(BIN)/python benchmarks/costs.py

fuzz: setup
	$(BIN)/python evidence/fuzz.py $(FUZZ_ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
