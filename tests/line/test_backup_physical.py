"""Physical copies by a tool that keeps its own repositories: taken at both sites, proved by a restore to the mark."""

from pathlib import Path

import pytest

from mainstay.backups import actions
from mainstay.backups.models import Copy, Proof, Repository
from mainstay.catalogue.actions import apply, make_secret
from mainstay.catalogue.examine import examine
from mainstay.engine.jobs import places
from tests.drivers.archived import archived
from tests.line.copied_shop import ANN, ROOT, all_done, outcomes, work_in

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
SYSTEM = """
system: shop
components:
  db: {kind: postgresql, dsn: "${SHOP_DSN}"}
checks:
  negative: {probe: {kind: integrity, on: db, query: "select id from line where amount < 0"}}
backups:
  books: {of: db, tool: pgbackrest, full: "30 1 * * 0", incremental: "30 1 * * 1-6", stores: [vault, away],
          prove: {after_each: true, tables: [line]}}
"""


def test_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work_in(tmp_path, monkeypatch)
    with archived() as archive:
        monkeypatch.setattr(places, "archiving", lambda _name: archive.home / "own")
        for site in ("vault", "away"):
            (archive.home / site).mkdir(mode=0o777)
            (archive.home / site).chmod(0o777)
        make_secret("SHOP_DSN", archive.dsn)
        stores = ", ".join(f"{name}: {{kind: directory, path: {archive.home / name}}}" for name in ("vault", "away"))
        files = {"shop.yaml": SYSTEM.encode(), "shared.yaml": f"stores: {{{stores}}}".encode()}
        apply(examine(files).catalogue, actor=ROOT)
        actions.ask("shop/books", actor=ANN)
        done = all_done()
        assert [(job.act, job.state, job.problem) for job in done] == [
            ("backup", "done", {}), ("forward", "done", {}), ("prove", "done", {}),
        ]  # fmt: skip
        archive.sql("insert into line (amount, note) values (7.77, 'later')")
        actions.ask("shop/books", level="incremental", actor=ANN)
        assert {job.state for job in all_done()} == {"done"}
        first = Repository.objects.get(store__name="vault").copies.order_by("at")
        assert [copy.level for copy in first] == ["full", "incremental"]
        assert first[1].base == first[0]
        assert Copy.objects.filter(repository__store__name="away").count() == 2
        for proof in Proof.objects.all():
            assert proof.verdict == "proved", proof.gates
            assert outcomes(proof.gates)["rules.negative"] == "passed"
        actions.ask("shop/books", "check", actor=ANN)
        actions.ask("shop/books", "prune", actor=ANN)
        assert [(job.state, job.problem) for job in all_done()] == [("done", {}), ("done", {})]
    assert not places.numbers()
