"""The engine's copies of Mainstay itself: by schedule and on demand, one at a time, the oldest dropped; and the check
of Mainstay's own that complains."""

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from mainstay.audit.models import Record
from mainstay.catalogue import actions as catalogue
from mainstay.domain.actor import ENGINE, Actor, Denied, Role
from mainstay.domain.own_copy import Manifest, Unfit
from mainstay.drivers import own_archive, sealed_file
from mainstay.engine import own_copies as engine
from mainstay.engine.own_copies import Copier
from mainstay.incidents.models import Incident
from mainstay.monitoring.models import Standing
from mainstay.own_copies import actions, making, queries
from mainstay.own_copies.models import OwnCopy
from mainstay.settings import CONFIGURATION

pytestmark = pytest.mark.django_db

ANN = Actor("person:ann", Role.ADMINISTRATOR)
NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)


class Now:
    """Does at once what the engine gives to its thread, which would look at another database than the test's."""

    def submit(self, work: Callable[..., None], *given: Any) -> Any:
        work(*given)
        return type("Done", (), {"done": lambda self: True})()


@pytest.fixture
def copier(monkeypatch: pytest.MonkeyPatch) -> Copier:
    monkeypatch.setattr(engine, "_make", actions.carry_out)
    return Copier(thread=Now())  # type: ignore[arg-type]  # of its methods these are used


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A schedule. What is copied is the workspace of the test run; its database is not the one that the test sees."""
    made = tmp_path / "copies"
    made.mkdir()
    monkeypatch.setattr(CONFIGURATION.own_copies, "directory", str(made))
    monkeypatch.setattr(sealed_file, "_COST", 1 << 14)
    catalogue.set_secret("OWN_COPY_PASSPHRASE", "correct horse battery", actor=ENGINE)
    return made


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Copies that were made, of nothing: the making itself has tests of its own."""
    paths: list[Path] = []
    whole = Manifest("0.1.0", "0.1.0", NOW, "sqlite", (), (0, ""))

    def make(target: Path, seal: Any, **_: Any) -> Manifest:
        own_archive.write(target, target.parent, whole, seal)
        paths.append(target)
        return whole

    monkeypatch.setattr(making, "make", make)
    return paths


def later(by: timedelta) -> None:
    """It is so much later than it was: what happened moves back."""
    for row in OwnCopy.objects.all():
        for name in ("asked_at", "tick", "started_at", "ended_at", "leased_until"):
            if (value := getattr(row, name)) is not None:
                setattr(row, name, value - by)
        row.save()


def test_nothing_is_made_without_a_schedule(copier: Copier, made: list[Path]) -> None:
    copier.step()
    copier.judge()
    assert not OwnCopy.objects.exists()
    assert not Standing.objects.filter(check_of__name="own-copy").exists()
    with pytest.raises(Unfit, match=r"set own_copies\.directory"):
        actions.ask(actor=ANN)


def test_copies_are_made_when_due_and_the_oldest_go(
    copier: Copier, folder: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONFIGURATION.own_copies, "keep", 2)
    names = (f"mainstay-2027010{day}T000000Z.owncopy" for day in range(1, 9))
    monkeypatch.setattr(making, "name", lambda _: next(names))
    (folder / "mainstay-by-hand.owncopy").touch()
    for draft, age in (("8", 7200), ("9", 60)):
        (folder / f".mainstay-2027010{draft}T000000Z.owncopy.partial").touch()
        os.utime(folder / f".mainstay-2027010{draft}T000000Z.owncopy.partial", 2 * (time.time() - age,))
    for number in range(1, 5):
        copier.step()
        copier.step()
        assert len(made) == number, "one an interval"
        later(timedelta(days=1))
    assert sorted(path.name for path in folder.iterdir()) == [
        ".mainstay-20270109T000000Z.owncopy.partial",
        "mainstay-20270103T000000Z.owncopy", "mainstay-20270104T000000Z.owncopy", "mainstay-by-hand.owncopy",
    ]  # fmt: skip
    assert set(OwnCopy.objects.values_list("state", flat=True)) == {"done"}
    assert Record.objects.filter(act="self.backup", actor="engine").count() == 4
    assert [one.path.name for one in queries.kept()] == [
        "mainstay-20270104T000000Z.owncopy",
        "mainstay-20270103T000000Z.owncopy",
    ]


def test_one_is_asked_for_once(copier: Copier, folder: Path, made: list[Path]) -> None:
    copier.step()
    first = actions.ask(actor=ANN)
    assert actions.ask(actor=ANN) == first
    copier.step()
    first.refresh_from_db()
    assert (len(made), first.state, first.asked_by) == (2, "done", "person:ann")
    assert first.size == made[-1].stat().st_size
    with pytest.raises(Denied):
        actions.ask(actor=Actor("person:bob", Role.APPROVER))
    catalogue.delete_secret("OWN_COPY_PASSPHRASE", actor=ENGINE)
    with pytest.raises(Unfit, match="mainstay secret set OWN_COPY_PASSPHRASE"):
        actions.ask(actor=ANN)


def test_two_engines_make_one(folder: Path) -> None:
    now = datetime.now(UTC)
    assert actions.ask_by_schedule(now) is not None
    assert actions.ask_by_schedule(now) is None
    OwnCopy.objects.create(asked_at=now, asked_by="person:ann")
    assert actions.take("one", now) is not None
    assert actions.take("other", now) is None, "one runs already, whatever waits"


def test_a_copy_whose_engine_died_has_failed_and_is_made_again(
    copier: Copier, folder: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    actions.ask_by_schedule(now)
    dead = actions.take("dead", now)
    assert dead is not None
    actions.renew(dead, now + timedelta(seconds=60))
    assert actions.give_up_lost(now + timedelta(seconds=170)) == 0, "it was heard of since"
    later(timedelta(minutes=5))
    copier.step()
    dead.refresh_from_db()
    assert (dead.state, made) == ("failed", [])
    copier.judge()
    assert "was ended while it made" in str(Standing.objects.get(check_of__name="own-copy").message)
    later(timedelta(hours=1))
    copier.step()
    assert len(made) == 1, "an hour after, and not a day"


@pytest.mark.parametrize("problem", ["no directory", "no passphrase", "a short passphrase", "no room"])
def test_what_fails_is_an_incident_until_it_works(
    copier: Copier, folder: Path, monkeypatch: pytest.MonkeyPatch, problem: str, made: list[Path]
) -> None:
    with monkeypatch.context() as patched:
        if problem == "no directory":
            patched.setattr(making, "make", lambda target, *_: (_ for _ in ()).throw(Unfit("there is no directory")))
        elif problem == "no room":
            patched.setattr(
                making, "make", lambda target, *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
            )
        elif problem == "no passphrase":
            catalogue.delete_secret("OWN_COPY_PASSPHRASE", actor=ENGINE)
        else:
            catalogue.set_secret("OWN_COPY_PASSPHRASE", "short", actor=ENGINE)
        copier.step()
        copier.judge()
    (row,) = OwnCopy.objects.all()
    assert (row.state, bool(row.problem)) == ("failed", True)
    standing = Standing.objects.get(check_of__name="own-copy")
    assert (standing.state, standing.check_of.system.name) == ("critical", "mainstay")
    assert row.problem in standing.message["detail"]
    assert Incident.objects.filter(system__name="mainstay").count() == 1
    catalogue.set_secret("OWN_COPY_PASSPHRASE", "correct horse battery", actor=ENGINE)
    actions.ask(actor=ANN)
    copier.step()
    copier.judge()
    standing.refresh_from_db()
    assert (standing.state, len(made)) == ("ok", 1)


def test_a_late_copy_is_complained_of_until_the_schedule_is_gone(
    copier: Copier, folder: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    copier.step()
    copier.judge()
    assert Standing.objects.get(check_of__name="own-copy").state == "ok"
    later(timedelta(days=2))
    copier.judge()
    standing = Standing.objects.get(check_of__name="own-copy")
    assert standing.state == "critical"
    assert "was made for 48 h" in standing.message["detail"]
    monkeypatch.setattr(CONFIGURATION.own_copies, "directory", "")
    copier.judge()
    standing.refresh_from_db()
    assert standing.state == "ok"


@pytest.mark.django_db(transaction=True)
def test_the_engine_goes_on_while_a_copy_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    began, go = threading.Event(), threading.Event()

    def slow(_: OwnCopy) -> None:
        began.set()
        go.wait(60)

    monkeypatch.setattr(actions, "carry_out", slow)
    with transaction.atomic():
        OwnCopy.objects.create(asked_at=NOW, asked_by="person:ann")
    copier = Copier()
    copier.step()
    try:
        assert began.wait(60)
        OwnCopy.objects.update(leased_until=NOW)
        copier.step()
        (row,) = OwnCopy.objects.all()
        assert row.state == "running"
        assert row.leased_until is not None
        assert row.leased_until > datetime.now(UTC)
    finally:
        go.set()
        copier.finish()
