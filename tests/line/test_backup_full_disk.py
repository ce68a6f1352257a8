"""A disk that fills up in the middle of a backup or a restore: said as what it is, nothing half of it counts, and the
copies that were there stay. A store that fills up: ``tests/drivers/test_restic.py``."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainstay.backups.models import Copy, Proof
from mainstay.engine.jobs import places
from tests.line.copied_shop import Shop, work_in
from tests.servers import program as installed

pytestmark = pytest.mark.django_db
HALF = 2_000_000
"""Bytes that fit, of twice as many."""


@contextmanager
def small(folder: Path) -> Iterator[None]:
    """The directory becomes a disk upon which half of it fits."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={HALF}", "none", str(folder)], check=False)
    if made.returncode:
        pytest.skip("only root can make a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed("restic")
    work_in(tmp_path, monkeypatch)
    shop = Shop(tmp_path, prove={"after_each": False})
    shop.change("create table scans (data blob)")
    assert shop.run().state == "done"
    shop.change(*[f"insert into scans values (x'{os.urandom(HALF // 4).hex()}')" for _ in range(8)])
    monkeypatch.setattr(places, "free", lambda _path: 10**12)  # nobody foresees it
    monkeypatch.setattr("mainstay.drivers.staging.ensure_room", lambda *_: None)

    with small(tmp_path / "work"):
        job = shop.run()
        assert (job.problem["code"], places.numbers()) == ("no-space", []), job.problem
    assert shop.run("prove").state == "done"
    assert (Copy.objects.count(), Proof.objects.get().verdict) == (1, "proved"), "the old copy is whole"

    assert shop.run().state == "done"
    with small(tmp_path / "work"):
        job = shop.run("prove", copy=Copy.objects.latest("pk").pk)
        assert (job.problem["code"], places.numbers()) == ("no-space", []), job.problem
    assert Proof.objects.count() == 1
