"""A copy that is proved on another host, over a real SSH: as it is proved here, and with nothing left there; a
connection that is cut, or a room that is outgrown, says nothing about the copy."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from mainstay.backups import actions
from mainstay.backups.models import Copy, Job, Proof
from mainstay.catalogue.actions import apply, make_secret
from mainstay.catalogue.examine import examine
from mainstay.drivers.postgresql_restore import FarRestored
from mainstay.engine.jobs import places
from tests import servers
from tests.drivers.test_far_host import sessions
from tests.line.copied_shop import ANN, PASSWORD, ROOT, all_done, empty_repositories, outcomes, work_in
from tests.line.test_backup_postgresql import BOOKS

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
SYSTEM = """
system: shop
components:
  db: {{kind: postgresql, dsn: "${{SHOP_DSN}}", packs: [generic-orders]}}
  spare:
    kind: host
    address: 127.0.0.1
    port: {port}
    user: {user}
    key_file: {key_file}
    host_key: "{host_key}"
    scratch: {base}
checks:
  unbalanced:
    probe:
      kind: integrity
      on: db
      query: "select move, sum(debit - credit) as amount from ledger group by move having sum(debit - credit) <> 0"
backups:
  nightly:
    of: db
    stores: [vault]
    prove: {{on: spare, after_each: false, tables: [public.ledger], room: {room}}}
"""


@pytest.fixture(scope="module")
def books() -> Iterator[str]:
    with servers.postgresql() as admin:
        with psycopg.connect(admin, autocommit=True) as db:
            db.execute("create database shop")
        dsn = urlsplit(admin)._replace(path="/shop").geturl()
        with psycopg.connect(dsn) as db:
            db.execute(BOOKS)
        yield dsn


@pytest.fixture
def way() -> Iterator[servers.SSH]:
    with servers.ssh("postgres") as one:
        yield one


@pytest.fixture
def base() -> Iterator[Path]:
    with servers.directory("spare") as one:
        one.chmod(0o777)
        yield one


class Shop:
    """Its policy, and what is asked of it."""

    def __init__(self, dsn: str, way: servers.SSH, base: Path, vault: Path) -> None:
        self._way, self._base, self._vault = way, base, vault
        shutil.copytree(empty_repositories() / "vault", vault / "shop" / "nightly")
        make_secret("BACKUP_KEY_SHOP__NIGHTLY", PASSWORD)
        make_secret("SHOP_DSN", dsn)
        self.apply(room=2)
        actions.ask("shop/nightly", actor=ANN)
        assert [job.state for job in all_done()] == ["done"]

    def apply(self, room: float) -> None:
        way = self._way
        given = {"user": way.user, "port": way.port, "key_file": way.key_file, "host_key": way.host_key}
        files = {
            "shop.yaml": SYSTEM.format(**given, base=self._base, room=room).encode(),
            "shared.yaml": f"stores: {{vault: {{kind: directory, path: {self._vault}}}}}".encode(),
        }
        apply(examine(files).catalogue, actor=ROOT)

    def proved(self) -> Job:
        actions.ask_for_proof("shop/nightly", None, actor=ANN)
        return all_done()[0]


def test_a_copy_is_proved_there(
    books: str, way: servers.SSH, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.program("restic")
    work_in(tmp_path, monkeypatch)
    shop = Shop(books, way, base, tmp_path / "vault")
    job = shop.proved()
    assert job.state == "done", job.problem
    gates = outcomes(Proof.objects.get().gates)
    assert Proof.objects.get().verdict == "proved", Proof.objects.get().gates
    assert gates["load"] == gates["fingerprint.rows"] == gates["fingerprint.sums"] == "passed"
    assert gates["rules.unbalanced"] == gates["own-checks.pg_amcheck shop"] == "passed"
    assert (list(base.iterdir()), places.numbers()) == ([], [])

    original = FarRestored.fingerprint

    def cut(self: FarRestored, source: Any) -> Any:
        """Somebody pulls the plug while it is read."""
        for pid in sessions(way.port):
            os.kill(pid, 9)
        return original(self, source)

    with monkeypatch.context() as patch:
        patch.setattr(FarRestored, "fingerprint", cut)
        job = shop.proved()
    assert (job.problem["code"], Proof.objects.count()) == ("unreachable", 1), job.problem
    Job.objects.update(state="failed")

    shop.apply(room=0.03)
    Copy.objects.update(size=1)
    job = shop.proved()
    assert (job.problem["code"], Proof.objects.count()) == ("no-space", 1), job.problem
    assert (list(base.iterdir()), places.numbers()) == ([], [])
