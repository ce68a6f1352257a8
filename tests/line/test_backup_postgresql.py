"""A copy of a real PostgreSQL, proved in a scratch server of its own: by rows, totals, the database's own checks and
the rules of the books; and refuted when the books it holds are wrong."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from mainstay.backups import actions
from mainstay.backups.models import Copy, Proof
from mainstay.catalogue.actions import apply, make_secret
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Policy
from mainstay.engine.jobs import places
from tests import servers
from tests.line.copied_shop import ANN, PASSWORD, ROOT, all_done, empty_repositories, outcomes, work_in

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
SYSTEM = """
system: shop
components:
  db: {{kind: postgresql, dsn: "${{SHOP_DSN}}", packs: [generic-orders]}}
checks:
  unbalanced:
    probe:
      kind: integrity
      on: db
      query: "select move, sum(debit - credit) as amount from ledger group by move having sum(debit - credit) <> 0"
  recent:
    probe: {{kind: integrity, on: db, query: "select id from orders where created_at > :now"}}
backups:
  nightly: {{of: db, data: finance, stores: [vault], databases: [shop], prove: {{tables: [public.ledger]}}}}
"""
BOOKS = """
create table orders (id int primary key, number text, state text, created_at timestamp, changed_at timestamp,
                     amount numeric(12,2));
create table order_lines (id int primary key, order_id int references orders (id), text text);
create table ledger (id int primary key, move int, debit numeric(12,2), credit numeric(12,2));
insert into orders select n, 'S' || n, 'done', now() - n * interval '1 hour', now(), 10.50
  from generate_series(1, 200) n;
insert into order_lines select n, n, 'goods' from generate_series(1, 200) n;
insert into ledger select n, (n + 1) / 2, case when n % 2 = 1 then 10.5 else 0 end,
                          case when n % 2 = 0 then 10.5 else 0 end
  from generate_series(1, 400) n;
"""


def test_the_books_are_proved_and_refuted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.program("restic")
    work_in(tmp_path, monkeypatch)
    with servers.postgresql() as admin:
        with psycopg.connect(admin, autocommit=True) as db:
            db.execute("create database shop")
        dsn = urlsplit(admin)._replace(path="/shop").geturl()
        with psycopg.connect(dsn) as db:
            db.execute(BOOKS)
        vault = tmp_path / "vault"
        shutil.copytree(empty_repositories() / "vault", vault / "shop" / "nightly")
        make_secret("BACKUP_KEY_SHOP_NIGHTLY", PASSWORD)
        make_secret("SHOP_DSN", dsn)
        files = {
            "shop.yaml": SYSTEM.format().encode(),
            "shared.yaml": f"stores: {{vault: {{kind: directory, path: {vault}}}}}".encode(),
        }
        apply(examine(files).catalogue, actor=ROOT)
        policy = Policy.objects.get()
        actions.ask(str(policy), actor=ANN)
        assert [(job.act, job.state) for job in all_done()] == [("backup", "done"), ("prove", "done")]
        proof = Proof.objects.get()
        gates = outcomes(proof.gates)
        assert "failed" not in gates.values(), proof.gates
        assert gates["fingerprint.rows"] == gates["fingerprint.totals"] == gates["fingerprint.sums"] == "passed"
        assert gates["rules.unbalanced"] == gates["rules.recent"] == gates["rules.db.flow"] == "passed"
        live = proof.figures["totals"]["live"]["money"]
        assert Copy.objects.get().fingerprint["totals"]["money"] == live == "2100.00"
        unseen = {name for name, verdict in gates.items() if verdict == "unseen"}
        assert proof.verdict == ("unproved" if unseen else "proved")
        assert all(name.startswith("own-checks.") for name in unseen), "only what this machine lacks may be left out"

        with psycopg.connect(dsn) as db:
            db.execute("update ledger set debit = 10.51 where id = 1")
        actions.ask(str(policy), actor=ANN)
        all_done()
        refuted = Proof.objects.latest("pk")
        assert (refuted.verdict, outcomes(refuted.gates)["rules.unbalanced"]) == ("failed", "failed")
    assert not places.numbers()
    assert not list(Path("/tmp").glob("mainstay-scratch-*/data/postmaster.pid"))
