"""The command line as a program of its own: what it prints, where, with which exit code, in both languages."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer import Exit
from typer.main import get_command

from mainstay.catalogue.models import Channel
from mainstay.cli.health import doctor
from mainstay.cli.init import SETTINGS
from mainstay.cli.main import PARTS, app
from mainstay.cli.main import load as load_command
from mainstay.settings import CONFIGURATION, Configuration, load
from tests import forked
from tests.workspace import make_ready, own_database

SHOP = """
system: shop
title: {en: Online shop, zh: 网上商城}
components:
  web: {kind: http, url: "http://127.0.0.1:1/"}
checks:
  home: {probe: {kind: http, on: web}, impact: outage}
  job: {probe: {kind: heartbeat, period: 1h, grace: 5m}}
"""


class Shell:
    """``mainstay`` in a workspace, as a user types it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        cleared = ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
        self.environment = {key: value for key, value in os.environ.items() if key not in cleared}
        self.environment |= {"MAINSTAY_WORKSPACE": str(folder), **own_database()}

    def __call__(self, *words: str, given: str = "", **environment: str) -> tuple[int, str, str]:
        done = forked.run("mainstay", *words, environment={**self.environment, **environment}, given=given)
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json")[1])


def applied(folder: Path, **systems: str) -> Shell:
    """In a workspace of its own, with these systems' files applied."""
    made = Shell(folder)
    (folder / "catalogue").mkdir()
    for name, text in systems.items():
        (folder / "catalogue" / f"{name}.yaml").write_text(text, encoding="utf-8")
    make_ready(folder, made.environment)
    assert made.json("migrate") == {"ready": True}
    assert made("apply")[0] == 0
    return made


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return applied(tmp_path_factory.mktemp("shell"), shop=SHOP)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 64, "Usage: mainstay"),
        (("--help",), 0, "Keeps business systems alive."),
        (("bogus",), 64, "No such command 'bogus'"),
        (("incident", "show", "x"), 64, "valid integer"),
        (("incident", "show", "77"), 64, "there is no incident 77"),
        (("check", "show", "shop/none"), 64, "there is no check shop/none"),
        (("check", "mute", "shop", "--reason", "x", "--for", "soon"), 64, "soon"),
        (("check", "unmute", "9"), 64, "there is no mute 9"),
        (("token", "create", "t", "--role", "king"), 64, "'king' is no role"),
        (("channel", "test", "none"), 64, "there is no channel none"),
        (("notice", "retry", "5"), 64, "there is no delivery 5"),
        (("flow", "show", "shop/home"), 3, "is no flow"),
        (("doctor",), 2, "is mainstay up running?"),
        (("health",), 2, "checker is silent"),
        (("check", "list"), 3, "shop/home"),
        (("audit", "verify"), 0, "ok: 1 records"),
        (("diff",), 0, "no difference"),
        (("validate", "/nowhere"), 78, "/nowhere"),
    ],
)  # fmt: skip
def test_every_ending_has_a_sentence_and_a_code(shell: Shell, words: tuple[str, ...], code: int, told: str) -> None:
    got, out, err = shell(*words)
    assert told in out + err, (out, err)
    assert got == code
    assert "Traceback" not in err


def test_an_incident_by_hand(shell: Shell) -> None:
    number = shell.json("incident", "open", "shop", "The till is stuck", "--level", "2")["id"]
    assert shell("incident", "ack", str(number), "--note", "I look")[1] == f"incident {number} is acknowledged\n"
    assert shell("incident", "ack", str(number))[0] == 64, "a second time"
    assert shell("incident", "regrade", str(number), "--level", "1", "--reason", "all tills")[0] == 0
    assert shell("incident", "resolve", str(number))[0] == 0
    whole = shell.json("incident", "show", str(number))
    assert [entry["word"] for entry in whole["timeline"]] == ["opened", "acknowledged", "regraded", "resolved"]
    assert shell.json("incident", "list") == {"items": [], "next": None, "count": 0}
    assert shell.json("incident", "list", "--all")["count"] >= 1


def test_a_webhook_from_standard_input(shell: Shell) -> None:
    alert = {"status": "firing", "labels": {"alertname": "DiskFull"}, "fingerprint": "from-cli"}
    assert shell("alert", "receive", given=json.dumps({"alerts": [alert]}))[1] == "1 incidents opened, 0 ended\n"
    code, _, err = shell("alert", "receive", given='{"alerts": [{}]}')
    assert (code, "alerts.0.status" in err) == (64, True)


def test_what_a_program_reads_is_json_and_nothing_else(shell: Shell) -> None:
    for words in (("check", "list"), ("system", "list"), ("system", "show", "shop"), ("health",), ("doctor",),
                  ("audit", "list"), ("token", "list"), ("user", "list"), ("secret", "list"), ("channel", "list"),
                  ("check", "mutes"), ("notice", "list"), ("check", "show", "shop/home"), ("version",)):  # fmt: skip
        assert isinstance(shell.json(*words), dict), words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("", ["nobody would miss what is cut off the audit trail's end: set audit_head in mainstay.toml"]),
        ("dekc", ["audit_head in mainstay.toml names dekc, which is no channel"]),
        ("desk", []),
    ],
)
def test_doctor_asks_where_the_audit_head_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], named: str, said: list[str]
) -> None:
    Channel.objects.create(name="desk", kind="webhook")
    monkeypatch.setattr(CONFIGURATION, "audit_head", named)
    with pytest.raises(Exit):
        doctor(as_json=True)
    complaints = json.loads(capsys.readouterr().out)["complaints"]
    assert [line for line in complaints if "audit" in line] == said


def test_the_settings_that_init_writes_are_all_there_is(tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text(re.sub(r"^# (?=\[|\w+ = )", "", SETTINGS, flags=re.MULTILINE))
    written = load(tmp_path, {})
    assert written == Configuration()
    assert written.model_fields_set == set(Configuration.model_fields)
    assert written.networks.model_fields_set == {"allowed", "notices"}


STREAMS = {"up", "incident file", "audit export", "backup certificate", "review print", "plan print"}
"""What runs, or hands out something as it is."""


def test_every_command_speaks_json() -> None:
    def under(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        for word, one in (inner or {}).items():
            yield from under(f"{name} {word}", one)

    every = {"version": get_command(app).commands["version"]}  # type: ignore[attr-defined]  # a group
    every |= {name: one for part in PARTS for name, one in under(part, load_command(part))}
    assert {name for name, one in every.items() if not any("--json" in it.opts for it in one.params)} == STREAMS


def test_a_check_is_previewed_and_changed(shell: Shell) -> None:
    code, out, _ = shell("check", "preview", "shop/home", "--warn", "total > 2s", "--days", "1")
    assert code == 0
    assert out.startswith("shop/home: fired 0 times since ")
    assert "+    warn: total > 2s" in shell("check", "edit", "shop/home", "--warn", "total > 2s", "--dry-run")[1]
    assert shell.json("check", "edit", "shop/home", "--set", "failures=3", "--warn", "total > 2s")["differences"]
    assert shell.json("check", "show", "shop/home")["definition"]["failures"] == 3
    assert shell("diff")[0] == 1
    assert shell("check", "edit", "shop/home", "--set", "failures=2", "--warn", "")[0] == 0
    assert shell("diff")[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("shop/home", "--warn", "totl > 2s"), 78, "did you mean 'total'?"),
        (("shop/home", "--set", "evry=2m"), 64, "did you mean 'every'?"),
        (("shop/home", "--set", "every=["), 64, "every: not YAML"),
        (("shop/none", "--set", "every=2m"), 64, "there is no check shop/none"),
    ],
)
def test_a_change_that_is_wrong_says_where(shell: Shell, words: tuple[str, ...], code: int, said: str) -> None:
    got, _, told = shell("check", "edit", *words)
    assert (got, said in told) == (code, True), told


def test_help_needs_no_workspace(shell: Shell, tmp_path: Path) -> None:
    assert shell("--help", MAINSTAY_WORKSPACE=str(tmp_path / "none"))[0] == 0
    assert not (tmp_path / "none").exists()


def test_settings_that_cannot_be_read_are_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "mainstay.toml").write_text("port = 'many'\n")
    code, _, err = shell("check", "list", MAINSTAY_WORKSPACE=str(tmp_path))
    assert code == 78
    assert "mainstay.toml" in err


@pytest.mark.parametrize("said", [{"LANG": "zh_CN.UTF-8"}, {"LANGUAGE": "zh:en"}, {"LC_ALL": "zh_CN.UTF-8"}])
def test_it_speaks_chinese(shell: Shell, said: dict[str, str]) -> None:
    assert "业务流程" in shell("--help", **said)[1]
    assert shell("--lang", "zh", "incident", "show", "77")[2].startswith("没有 77 号故障")
    assert "网上商城" in shell("system", "list", **said)[1]
