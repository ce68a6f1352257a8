# Two commands for a newcomer:  make demo   make test
# Each does all set-up itself and may be run again. Nothing outside this directory is touched, except that, as root,
# Debian packages may be installed; what is installed is printed first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
# Half of a test's time is waiting, for browsers, servers and commands.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))))
SOAK ?= 3600

# What takes minutes each, or most of one: physical copies and moments of the past, kills at every point, each fault of
# the table, clocks set by an hour, whole servers of other makers.
THOROUGH := tests/drivers/test_far_host.py tests/drivers/test_far_mariadb.py tests/drivers/test_mariabackup.py \
	tests/drivers/test_mariadb_broken_off.py tests/drivers/test_mariadb_landing.py tests/drivers/test_patches.py \
	tests/drivers/test_pgbackrest.py tests/drivers/test_pgbackrest_far.py tests/drivers/test_pgbackrest_s3.py \
	tests/drivers/test_pitr.py tests/drivers/test_queue_rabbitmq.py tests/estate/test_backups.py \
	tests/faces/test_policy_story.py tests/faces/test_prometheus_alertmanager.py tests/faces/test_ten_minutes.py \
	tests/line/test_backup_application.py tests/line/test_backup_elsewhere.py tests/line/test_backup_faults.py \
	tests/line/test_backup_full_disk.py tests/line/test_backup_kill.py tests/line/test_backup_physical.py \
	tests/line/test_checker_kill.py tests/line/test_clock_set.py tests/line/test_database_kill.py \
	tests/line/test_disk_full.py tests/line/test_offline.py tests/line/test_own_copies.py \
	tests/line/test_own_copy_kill.py tests/line/test_packs_standing_twice.py tests/line/test_restore_kill.py \
	tests/line/test_restores_elsewhere.py tests/line/test_restores_mariadb.py tests/line/test_runbook_durable.py \
	tests/line/test_runbook_kill_all.py tests/line/test_runbook_upgrade.py tests/line/test_switch_over.py

.PHONY: demo test test-thorough test-postgresql check bench soak messages screenshots dist clean help

help:
	@echo "make demo         a real ERP under care, on this machine, until Ctrl-C"
	@echo "make test         all tests but the thorough ones"
	@echo "make test-thorough     physical copies, kills at every point, the whole table of backup faults"
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
	@$(BIN)/python -m pytest $(TESTS) $(addprefix --ignore=,$(THOROUGH)) -n $(WORKERS) --dist worksteal

# Two at a time whatever the machine: each starts whole servers.
test-thorough: $(VENV)/ready-dev estate-ready services
	@$(BIN)/python -m pytest $(THOROUGH) -n 2 --dist worksteal

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

screenshots: $(VENV)/ready-dev estate-ready services
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
