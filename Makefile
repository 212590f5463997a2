# The verbs of this project; `make` alone lists them.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check bench mutants ready-run ready-test

python := .venv/bin/python
code := src tests tools

help:
	@echo "make setup       fetch the libraries into .venv (again when they change)"
	@echo "make demo        run a whole fund on this machine: five officers, a front, a quarter of history"
	@echo "make test        run the tests; fetches what they need, a browser included"
	@echo "make test-long   run the tests that take minutes"
	@echo "make check       format, lint, types, imports"
	@echo "make bench       measure against the budgets"
	@echo "make mutants     break the quorum cryptography in small ways; a test must notice (half an hour)"

setup: ready-run
	@echo "Ready. Try: make demo"

demo: ready-run
	@$(python) -P -m poruch.cli demo $(ARGS)

test: ready-test
	@$(python) -m pytest -n 2 -m "not long" $(ARGS)

test-long: ready-test
	@$(python) -m pytest -n 2 -m long $(ARGS)

# Each check speaks only when it has something to say; all are run before the verdict.
check: ready-test
	@failed=0; \
	look() { name=$$1; shift; if said=$$("$$@" 2>&1); then echo "$$name good"; else echo "$$said"; echo "$$name BAD"; failed=1; fi; }; \
	look "format  " .venv/bin/ruff format --diff --quiet $(code); \
	look "lint    " .venv/bin/ruff check --quiet $(code); \
	look "types   " .venv/bin/mypy --no-error-summary; \
	look "imports " .venv/bin/lint-imports --no-logo; \
	exit $$failed

bench: ready-run
	@$(python) -P -m poruch.cli bench $(ARGS)

mutants: ready-test
	@nice -n 19 $(python) tools/mutants.py $(ARGS)

ready-run:
	@python3 tools/bootstrap.py run

ready-test:
	@python3 tools/bootstrap.py test
