# Two commands for a newcomer:  make demo   make test
# Each does all set-up itself and may be run again. Nothing outside this directory is touched, except that, as root,
# Debian packages may be installed; what is installed is printed first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
WORKERS ?= 2
SOAK ?= 3600

.PHONY: demo test test-postgresql check bench soak messages screenshots dist clean help

help:
	@echo "make demo         a real ERP under care, on this machine, until Ctrl-C"
	@echo "make test         all tests"
	@echo "make test-postgresql   line and faces with Mainstay's own data in PostgreSQL"
	@echo "make check        style, types, architecture"
	@echo "make bench        measured ratios against floors and peers"
	@echo "make soak         checks through the whole line for an hour; SOAK=600 for ten minutes"
	@echo "make messages     the words of every language brought up to date with the code"
	@echo "make dist         the wheel and the source package"
	@echo "make screenshots  the pictures of the README, from a running demo"

demo: $(VENV)/ready estate-ready
	@$(BIN)/mainstay demo $(DEMO)

test: $(VENV)/ready-dev estate-ready services
	@$(BIN)/python -m pytest $(TESTS) -n $(WORKERS) --dist worksteal

# The line and the faces once more, with Mainstay's own data in PostgreSQL.
test-postgresql: $(VENV)/ready-dev services
	@MAINSTAY_TEST_DATABASE=postgresql $(BIN)/python -m pytest tests/line tests/faces -n $(WORKERS) --dist worksteal

check: $(VENV)/ready-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

bench: $(VENV)/ready-dev services
	@$(BIN)/python -m bench

soak: $(VENV)/ready-dev estate-ready
	@$(BIN)/python -m bench --soak --seconds $(SOAK)

messages: $(VENV)/ready-dev
	@MAINSTAY_WORKSPACE=$$(mktemp -d) $(BIN)/python -m setup.messages

screenshots: $(VENV)/ready-dev estate-ready
	@$(BIN)/python docs/screenshots.py

dist: $(VENV)/ready-dev
	@rm -rf dist && $(BIN)/python -m build --outdir dist . >/dev/null && ls dist

clean:
	rm -rf $(VENV) .venv-estate .estate-cache dist

# Set-up. The stamps are remade when what they were made from changes.

$(VENV)/ready: pyproject.toml setup/python.sh
	@PYTHON="$(PYTHON)" sh setup/python.sh $(VENV)
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready
	@PYTHON="$(PYTHON)" sh setup/python.sh $(VENV) dev
	@touch $@

.PHONY: estate-ready services
estate-ready: $(VENV)/ready
	@PYTHON="$(PYTHON)" sh setup/estate.sh

services:
	@sh setup/services.sh
