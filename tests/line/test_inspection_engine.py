"""Engines that are killed while they make a sheet, and two that make it at once: one whole sheet, one notice."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workspace import own_database

CATALOGUE = """
system: shop
components: {web: {kind: http, url: "http://127.0.0.1:1/"}}
checks: {home: {probe: {kind: http, on: web}}}
inspection: {schedule: "0 0 * * *", tell: [hook]}
"""
CHANNEL = 'channels: {hook: {kind: webhook, url: "http://127.0.0.1:1/"}}'
PREPARE = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import UTC, datetime
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import System
from mainstay.domain.actor import ENGINE
from mainstay.inspection.models import Watch
files = {{"shop.yaml": {CATALOGUE.encode()!r}, "hook.yaml": {CHANNEL.encode()!r}}}
apply(examine(files).catalogue, actor=ENGINE)
Watch.objects.create(system=System.objects.get(), since=datetime(2020, 1, 1, tzinfo=UTC))
"""
DIE = """
import django, os, signal
django.setup()
from mainstay.engine import inspecting
from mainstay.inspection.actions import making
def die(*_args, **_words):
    os.kill(os.getpid(), signal.SIGKILL)
making.{where} = die
inspecting.inspect_due()
"""
INSPECT = """
import django, sys
django.setup()
from mainstay.engine import inspecting
sys.stdin.readline()
inspecting.inspect_due()
"""
COUNT = """
import django, json
django.setup()
from mainstay.audit.models import Record
from mainstay.inspection import queries
from mainstay.inspection.models import Line, Sheet
from mainstay.notices.models import Notice
print(json.dumps({"sheets": Sheet.objects.count(), "lines": Line.objects.count() > 0,
    "notices": Notice.objects.filter(word="inspection-made").count(),
    "records": Record.objects.filter(act="inspection.run").count(), "flaws": len(queries.verify()[1])}))
"""
NONE = {"sheets": 0, "lines": False, "notices": 0, "records": 0, "flaws": 0}
ONE = {"sheets": 1, "lines": True, "notices": 1, "records": 1, "flaws": 0}


class Shop:
    """A workspace whose sheet of today is due."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ, "MAINSTAY_WORKSPACE": str(folder), "DJANGO_SETTINGS_MODULE": "mainstay.settings",
            **own_database(),
        }  # fmt: skip

    def start(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script], env=self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self, script: str) -> tuple[int, str]:
        process = self.start(script)
        printed, _ = process.communicate("go\n", timeout=120)
        return process.returncode, printed

    def count(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.run(COUNT)[1])
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    assert made.run(PREPARE)[0] == 0
    return made


@pytest.mark.parametrize("where", ["_write", "_row", "record", "tell"])
def test_killed_in_between_nothing_is_half_made_and_the_next_round_makes_it(shop: Shop, where: str) -> None:
    assert shop.run(DIE.format(where=where))[0] == -signal.SIGKILL
    assert shop.count() == NONE
    assert shop.run(INSPECT)[0] == 0
    assert shop.count() == ONE
    assert shop.run(INSPECT)[0] == 0
    assert shop.count() == ONE


def test_two_engines_make_one_sheet(shop: Shop) -> None:
    engines = [shop.start(INSPECT) for _ in range(3)]
    for engine in engines:
        assert engine.stdin is not None
        engine.stdin.write("go\n")
        engine.stdin.flush()
    for engine in engines:
        engine.communicate(timeout=120)
        assert engine.returncode == 0
    assert shop.count() == ONE
