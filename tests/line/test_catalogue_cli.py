"""The catalogue's commands: what they print and their exit codes."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mainstay.catalogue import actions, queries, secret_book
from mainstay.catalogue.models import Secret
from mainstay.cli import catalogue, init
from mainstay.sealing import KeyRing
from tests import forked

SHOP = """\
system: shop
components:
  host: {kind: host}
checks:
  job: {probe: {kind: heartbeat, on: host, period: 1h}, every: 5m}
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def app() -> typer.Typer:
    found = typer.Typer()
    catalogue.register(found)
    init.register(found)
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "shop.yaml").write_text(SHOP)
    return tmp_path / "catalogue"


def run(app: typer.Typer, *words: object, given: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(map(str, words)), input=given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def test_validate(app: typer.Typer, directory: Path) -> None:
    assert run(app, "validate", directory) == (
        0,
        "ok: 1 systems, 1 components, 1 checks, 0 channels, 0 calendars\n",
        "",
    )
    code, out, _ = run(app, "validate", directory, "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)
    (directory / "shop.yaml").write_text(SHOP.replace("kind: host", "kind: hots"))
    code, out, err = run(app, "validate", directory)
    assert (code, out) == (78, "")
    assert err == "shop.yaml:3:16: components.host.kind: 'hots' is not known; did you mean 'host'?\n"
    code, out, _ = run(app, "validate", directory, "--json")
    assert code == 78
    assert json.loads(out) == {
        "ok": False,
        "flaws": [
            {
                "file": "shop.yaml",
                "line": 3,
                "column": 16,
                "where": "components.host.kind",
                "what": "'hots' is not known",
                "right": "did you mean 'host'?",
                "level": "error",
            }
        ],
    }


def test_nothing_there(app: typer.Typer, tmp_path: Path) -> None:
    code, _, err = run(app, "validate", tmp_path / "none")
    assert (code, "does not exist; name a YAML file or a directory of them" in err) == (78, True)
    code, _, err = run(app, "apply", tmp_path)
    assert (code, "holds no *.yaml file; write one, or run mainstay init" in err) == (78, True)


def test_diff_apply_export_and_diff_again(app: typer.Typer, directory: Path, tmp_path: Path) -> None:
    created = "created system shop\ncreated component shop/host\ncreated check shop/job\n"
    assert run(app, "diff", directory) == (1, created, "")
    assert queries.revision() == 0
    assert run(app, "apply", directory) == (0, created, "")
    assert run(app, "apply", directory) == (0, "nothing to do\n", "")
    assert run(app, "diff", directory) == (0, "no difference\n", "")
    assert json.loads(run(app, "diff", directory, "--json")[1]) == []
    assert run(app, "export", tmp_path / "again")[0] == 0
    assert run(app, "diff", tmp_path / "again") == (0, "no difference\n", "")
    assert run(app, "export")[1].startswith("# shop.yaml\nsystem: shop\n")
    assert list(json.loads(run(app, "export", "--json")[1])) == ["shop.yaml"]


def test_apply_says_which_values_are_still_missing(app: typer.Typer, directory: Path) -> None:
    (directory / "shop.yaml").write_text(SHOP.replace("kind: host", 'kind: http, url: "http://${MISSING_HOST}/"'))
    code, _, err = run(app, "apply", directory)
    assert (code, err) == (0, "${MISSING_HOST} has no value yet; give it with: mainstay secret set MISSING_HOST\n")


def test_one_file_is_not_the_whole(app: typer.Typer, directory: Path) -> None:
    (directory / "other.yaml").write_text("system: other\n")
    run(app, "apply", directory)
    assert run(app, "apply", directory / "other.yaml") == (0, "nothing to do\n", "")
    assert queries.systems().count() == 2


def test_secrets(app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing(tmp_path / "keys")
    monkeypatch.setattr(secret_book, "RING", ring)
    monkeypatch.setattr(actions, "RING", ring)
    assert run(app, "secret", "set", "SHOP_DSN", given="postgresql://x\n") == (0, "SHOP_DSN is set\n", "")
    assert secret_book.SecretBook().value("SHOP_DSN") == "postgresql://x"
    code, out, _ = run(app, "secret", "list")
    assert (code, "SHOP_DSN" in out, "postgresql" in out) == (0, True, False)
    assert json.loads(run(app, "secret", "list", "--json")[1])["items"][0]["name"] == "SHOP_DSN"
    assert run(app, "secret", "rotate") == (0, "1 secrets sealed anew\n", "")
    sealed = Secret.objects.get().sealed
    Secret.objects.update(sealed=b"x")
    code, _, err = run(app, "secret", "rotate")
    assert (code, "SHOP_DSN is damaged" in err) == (64, True)
    Secret.objects.update(sealed=sealed)
    assert run(app, "secret", "set", "shop", given="hunter2")[0] == 64
    assert "hunter2" not in str(run(app, "secret", "set", "shop", given="hunter2"))
    assert run(app, "secret", "set", "SHOP", given="")[0] == 64
    assert run(app, "secret", "delete", "SHOP_DSN") == (0, "SHOP_DSN is forgotten\n", "")
    assert run(app, "secret", "delete", "SHOP_DSN")[0] == 64


def test_the_schema_in_the_manual_is_the_one_that_is_used(app: typer.Typer) -> None:
    published = Path(__file__).resolve().parents[2] / "docs" / "catalogue.schema.json"
    assert published.read_text() == run(app, "schema")[1], "run: mainstay schema --out docs/catalogue.schema.json"


def test_init_makes_a_workspace_that_is_right_and_touches_nothing_twice(app: typer.Typer, tmp_path: Path) -> None:
    code, out, _ = run(app, "init", tmp_path / "ws")
    assert code == 0
    assert "made mainstay.toml" in out
    assert "mainstay up" in out
    assert (tmp_path / "ws" / ".gitignore").read_text() == "data/\n"
    settings = tmp_path / "ws" / "mainstay.toml"
    settings.write_text("port = 8081\n")
    own = next((tmp_path / "ws" / "catalogue").glob("[!s]*.yaml"))
    own.rename(own.with_name("renamed.yaml"))
    assert json.loads(run(app, "init", tmp_path / "ws", "--json")[1])["made"] == []
    assert settings.read_text() == "port = 8081\n"
    assert run(app, "validate", tmp_path / "ws" / "catalogue")[0] == 0


_ASK = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "mainstay.settings"
import django
django.setup()
from mainstay.catalogue import actions
actions.set_secret = lambda name, value, actor: print("got", len(value))
from mainstay.cli.catalogue import set_secret
set_secret("SHOP", False)
"""


def test_at_a_terminal_the_value_is_asked_for_and_not_shown() -> None:
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ASK], stdin=child, stdout=child, stderr=child, start_new_session=True
    )
    os.close(child)
    seen = b""
    while b"value of SHOP: " not in seen:
        seen += os.read(parent, 1000)
    os.write(parent, b"hunter2\n")
    try:
        while part := os.read(parent, 1000):
            seen += part
    except OSError:  # the terminal is gone with the process
        pass
    os.close(parent)
    assert process.wait() == 0
    assert b"got 7" in seen
    assert b"hunter2" not in seen


def test_a_pack_of_ones_own_is_yaml_in_the_workspace(tmp_path: Path) -> None:
    own = tmp_path / "packs" / "tills"
    own.mkdir(parents=True)
    (own / "README.md").write_text("# Tills\n\nEach till reports.\n\n# 收款机\n\n每台收款机按时上报。\n")
    (own / "silent.sql").write_text("select till from reports where at < 1")
    (own / "pack.yaml").write_text(
        "pack: tills\ntitle: {en: Tills, zh: 收款机}\nkinds: [sqlite]\n"
        "parameters:\n  most: {default: 0, title: {en: tills that may be silent, zh: 允许未上报的台数}}\n"
        "checks:\n  silent:\n    probe: {kind: integrity, query: {file: silent.sql}}\n"
        "    crit: '> $(most)'\n    category: data\n"
    )
    shop = tmp_path / "catalogue" / "shop.yaml"
    shop.parent.mkdir()
    text = "system: shop\ncomponents:\n  db: {kind: sqlite, path: /srv/tills.sqlite3, packs: [{tills: {%s: 2}}]}\n"

    def validate() -> tuple[int, str]:
        environment = {**os.environ, "MAINSTAY_WORKSPACE": str(tmp_path)}
        done = forked.run("mainstay", "validate", str(shop.parent), environment=environment)
        return done.returncode, done.stdout + done.stderr

    shop.write_text(text % "most")
    assert validate() == (0, "ok: 1 systems, 1 components, 1 checks, 0 channels, 0 calendars\n")
    shop.write_text(text % "mots")
    code, said = validate()
    assert code != 0
    assert "the pack has no parameter 'mots'" in said
    assert "most" in said
