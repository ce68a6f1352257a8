"""A run that waits for weeks outlives an upgrade of Mainstay, and another engine goes on when its own dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.line.site import Site, until
from tests.workspace import make_ready

OLDER = """
import django; django.setup()
import mainstay
mainstay.__version__ = "0.0.1"
from dbos import DBOS
from mainstay.engine.runbooks import driving, durable, runner

@DBOS.workflow(name="gone")
async def gone(number: int) -> None: ...

holds = driving.holds
driving.holds = lambda *given: holds(*given)  # the code of a step was another then
raise SystemExit(runner.main(0, "runner"))
"""
NEWER = "import sys; from mainstay.engine.runbooks import runner; sys.exit(runner.main(0, 'runner'))"
BEGIN = """
import django; django.setup()
from mainstay.domain.actor import ENGINE
from mainstay.runbooks import actions
actions.write({text!r}, actor=ENGINE)
print(actions.run("slow", {{}}, actor=ENGINE).pk)
"""
LATER = """
import django; django.setup()
from datetime import timedelta
from django.db.models import F
from mainstay.runbooks.models import Run, Step
weeks = timedelta(days=21)
Step.objects.filter(path="b").update(began_at=F("began_at") - weeks, due=F("due") - weeks)
Run.objects.update(wake_at=F("wake_at") - weeks, knocks=F("knocks") + 1)
"""
TOOL = '#!/bin/sh\necho "$1" >> "$2"\n'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    make_ready(made.folder, made.environment)
    return made


@contextmanager
def runner(site: Site, words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    with site.log("runner").open("ab") as log:
        process = subprocess.Popen([sys.executable, *words], env=site.environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def tool(site: Site) -> Path:
    """A program that leaves a line; where it leaves it."""
    (site.folder / "plugins").mkdir(exist_ok=True)
    made = site.folder / "plugins" / "leave"
    made.write_text(TOOL)
    made.chmod(0o755)
    return site.folder / "left"


def test_three_weeks_and_an_upgrade_in_between(site: Site) -> None:
    left = tool(site)
    steps = (
        f"a: {{kind: shell, command: [leave, a, '{left}']}}, b: {{kind: wait, for: 21d}}, "
        f"c: {{kind: shell, command: [leave, c, '{left}']}}"
    )
    with runner(site, ["-c", OLDER]):
        site.run(BEGIN.format(text=f"runbook: slow\nsteps: {{{steps}}}\n"))
        until(lambda: site.rows("select state from runbooks_step where path = 'b'") == [("waiting",)])
    assert left.read_text().split() == ["a"]
    site.run(LATER)
    with runner(site, ["-c", f"import django; django.setup(); {NEWER}"]):
        until(lambda: site.rows("select state from runbooks_run") == [("done",)])
    assert left.read_text().split() == ["a", "c"], "each once, and the wait was over"


@pytest.mark.postgresql
def test_another_engine_takes_over(tmp_path: Path) -> None:
    """How long it takes is measured by ``python -m bench takeover``."""
    with servers.postgresql() as address:
        site = Site(tmp_path, address)
        make_ready(site.folder, site.environment)
        command = ["-m", "mainstay.engine.runbooks.runner", "0"]
        with runner(site, [*command, "one"]) as one, runner(site, [*command, "two"]) as two:
            until(lambda: site.count("select count(*) from monitoring_pulse") == 2)
            site.run(BEGIN.format(text="runbook: slow\nsteps: {a: {kind: wait, for: 1h}}\n"))
            until(lambda: site.rows("select state from runbooks_step") == [("waiting",)])
            holder = site.rows("select holder from runbooks_run")[0][0]
            names = dict(site.rows("select facts->>'holder', facts->>'pid' from monitoring_pulse"))
            assert int(names[holder]) in (one.pid, two.pid)
            os.kill(int(names[holder]), signal.SIGKILL)
            until(lambda: site.rows("select holder from runbooks_run")[0][0] not in ("", holder))
