"""What is known to go wrong with DBOS does not: names, versions, waiting, threads, pickle, files, what is left, and a
database that is away while a step is done."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests import forked, mortal
from tests.line.site import Site, until
from tests.workspace import make_ready

WAITING = 100
"""As in durable_runs."""


def test_what_is_known_to_go_wrong_on_sqlite_does_not(tmp_path: Path) -> None:
    site = Site(tmp_path)
    make_ready(site.folder, site.environment)
    done = forked.run("tests.line.durable_runs", str(tmp_path), environment=site.environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["threads"] < WAITING - 10, "those who wait hold no thread"
    assert (found["journal"], found["versions"], found["second"]) == ("wal", ["1"], "refused")
    assert found["owners"] == [found["holder"]] != ["local"]
    assert isinstance(json.loads(found["inputs"]), dict), "JSON, not pickle"
    assert (found["left"], found["live"]) == (0, WAITING - 2)


BEGIN = """
import django; django.setup()
from mainstay.domain.actor import ENGINE
from mainstay.runbooks import actions
steps = "a: {kind: shell, command: [slow, %s, '2']}, b: {kind: shell, command: [slow, %s, '15']}"
text = f"runbook: slow\\nsteps: {{{steps}}}\\n"
actions.write(text, actor=ENGINE)
print(actions.run("slow", {}, actor=ENGINE).pk)
"""


@contextmanager
def runner(site: Site, name: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "mainstay.engine.runbooks.runner", "0", name]
    with site.log(name).open("ab") as log:
        process = subprocess.Popen(command, env=site.environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.postgresql
def test_a_database_that_is_away_and_a_runner_that_dies_on_postgresql(tmp_path: Path) -> None:
    with mortal.postgresql() as (server, address):
        site = Site(tmp_path, address)
        (tmp_path / "plugins").mkdir()
        log, tool = tmp_path / "log", tmp_path / "plugins" / "slow"
        tool.write_text('#!/bin/sh\necho begun >> "$1"; sleep "$2"; echo ended >> "$1"\n')
        tool.chmod(0o755)
        make_ready(site.folder, site.environment)

        def lines() -> list[str]:
            return log.read_text().split() if log.exists() else []

        with runner(site, "one") as one, runner(site, "two") as two:
            until(lambda: asked(address, "select count(*) from monitoring_pulse") == 2)  # nobody starts either up again
            number = int(site.run(BEGIN % (log, log)))
            until(lambda: lines() == ["begun"])
            server.kill()
            until(lambda: lines() == ["begun", "ended"])
            server.start()
            until(lambda: len(lines()) == 3)  # what was done while it was away is not done again
            assert asked(address, "select count(*) from pg_stat_activity where datname = current_database()") < 30
            holder = asked(address, f"select holder from runbooks_run where id = {number}")
            first = asked(address, "select holder from runbooks_step where path = 'a'")
            assert str(first).startswith(str(holder))
            for process in (one, two):
                if held_by(site, process, str(holder)):
                    os.kill(process.pid, signal.SIGKILL)
            until(lambda: asked(address, "select state from runbooks_step where path = 'b'") == "doubtful")


def held_by(site: Site, process: subprocess.Popen[bytes], holder: str) -> bool:
    with psycopg.connect(site.database) as db:
        names = db.execute("select facts->>'holder' from monitoring_pulse where facts->>'pid' = %s", [str(process.pid)])
        return any(row[0] == holder for row in names)


def asked(address: str, question: str) -> object:
    with psycopg.connect(address) as db:
        row = db.execute(question).fetchone()
    assert row is not None
    return row[0]
