"""A trial looks at what is not applied with the real drivers, and keeps nothing but the record that it was made."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from mainstay.audit.models import Record
from mainstay.catalogue import actions, packs
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check, System
from mainstay.checker import trial
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.draft import Catalogue
from mainstay.domain.pack import grants
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import restored
from mainstay.domain.state import State
from mainstay.drivers.probes import file as slow_probe
from mainstay.monitoring.advice import advice
from mainstay.monitoring.models import Series, Standing
from tests.servers import free_port, postgresql

pytestmark = pytest.mark.django_db
APPROVER = Actor("person:ann", Role.APPROVER)


def catalogue(text: str) -> Catalogue:
    return examine({"shop.yaml": text.encode()}, whole=False).catalogue


DATABASE = """
system: shop
components:
  db: {kind: postgresql, dsn: "${TRIAL_DSN}", packs: [postgresql]}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL whose account was made by the very statements that the page shows."""
    with postgresql() as address:
        book = packs.find([packs.BUILT_IN])["postgresql"]
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("create database shop")
        with psycopg.connect(urlsplit(address)._replace(path="/shop").geturl(), autocommit=True) as admin:
            admin.execute("create table orders (id int)")
            admin.execute(grants(book, "mainstay", "shop").replace("'…'", "'right'").encode())
        yield f"{urlsplit(address).hostname}:{urlsplit(address).port}"


def secret(value: str) -> None:
    actions.set_secret("TRIAL_DSN", value, actor=Actor("test", Role.ADMINISTRATOR))


@pytest.mark.postgresql
def test_the_account_of_the_grants_sees_all_that_the_pack_looks_at(server: str) -> None:
    secret(f"postgresql://mainstay:right@{server}/shop")
    looks = {look.path: look for look in trial.attempt(catalogue(DATABASE), actor=APPROVER)}
    assert {look.state for look in looks.values()} == {State.OK}, [look.why for look in looks.values()]
    assert looks["shop/db.up"].values["connect"][1] == "s"
    assert "deadlocks" in looks["shop/db.upkeep"].values, "a rate needs two looks, and gets them"


@pytest.mark.postgresql
def test_a_wrong_password_is_named_with_what_to_do(server: str) -> None:
    secret(f"postgresql://mainstay:wrong@{server}/shop")
    looks = trial.attempt(catalogue(DATABASE), actor=APPROVER)
    assert {look.state for look in looks} == {State.CRITICAL}
    assert {look.why["fault"] for look in looks} == {"auth"}
    assert all("wrong" not in restored(look.why["detail"]) for look in looks)
    assert "pg_hba.conf" in advice("auth", "postgresql")


def test_nothing_is_kept_but_the_record() -> None:
    text = f"""
system: shop
components:
  web: {{kind: http, url: "http://127.0.0.1:{free_port()}/"}}
checks:
  home: {{probe: {{kind: http, on: web}}, failures: 5, during: "Mon-Mon 00:00-00:01"}}
  job: {{probe: {{kind: heartbeat, period: 1h, grace: 5m}}}}
"""
    home, job = trial.attempt(catalogue(text), actor=APPROVER)
    assert (home.state, home.why["fault"]) == (State.CRITICAL, "refused"), "the first failure counts, at any hour"
    assert (job.state, job.seen) == (State.UNKNOWN, False)
    assert not any(model.objects.exists() for model in (System, Check, Standing, Series))
    record = Record.objects.get(act="catalogue.try")
    assert (record.actor, record.object, record.data) == ("person:ann", "shop", {"checks": 2})


def test_what_lasts_is_seen_at_once() -> None:
    text = """
system: here
components: {host: {kind: host, address: local}}
checks: {memory: {probe: {kind: host, on: host}, warn: "memory > 0% for 1h"}}
"""
    (look,) = trial.attempt(catalogue(text), actor=APPROVER)
    assert (look.state, look.why["metric"]) == (State.WARNING, "memory")


def test_a_component_may_be_tried_alone() -> None:
    text = DATABASE + '  web: {kind: http, url: "http://127.0.0.1:1/", packs: [web-service]}\n'
    looks = trial.attempt(catalogue(text), actor=APPROVER, component="shop/web")
    assert [look.path for look in looks] == ["shop/web.answer"]
    with pytest.raises(trial.Refused, match="no check looks at"):
        trial.attempt(catalogue(text), actor=APPROVER, component="shop/nothing")


def test_a_secret_without_a_value_is_named() -> None:
    looks = trial.attempt(catalogue(DATABASE), actor=APPROVER)
    assert {look.why["fault"] for look in looks} == {"setup"}
    assert all("mainstay secret set TRIAL_DSN" in restored(look.why["detail"]) for look in looks)


def test_a_metadata_address_is_never_asked() -> None:
    text = """
system: cloud
components: {web: {kind: http, url: "http://169.254.169.254/"}}
checks: {home: {probe: {kind: http, on: web}}}
"""
    (look,) = trial.attempt(catalogue(text), actor=APPROVER)
    assert look.why["fault"] == "denied"


class _Stuck:
    def __init__(self, settings: object, reach: object) -> None:
        pass

    async def read(self) -> Reading:
        await asyncio.sleep(3600)
        return Reading(problem=Problem(Fault.TIMEOUT, "never"))

    def close(self) -> None:
        pass


def test_a_look_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_probe, "Probe", _Stuck)
    monkeypatch.setattr(slow_probe, "BLOCKING", False, raising=False)
    monkeypatch.setattr(trial, "LONGEST", 0.5)
    text = "system: x\nchecks: {f: {probe: {kind: file, directory: /tmp}}}\n"
    (look,) = trial.attempt(catalogue(text), actor=APPROVER)
    assert look.why["fault"] == "timeout"


def test_no_more_than_two_at_once_and_never_by_an_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Denied):
        trial.attempt(catalogue(DATABASE), actor=Actor("person:bob", Role.OPERATOR))
    monkeypatch.setattr(trial._ROOM, "_value", 0)
    with pytest.raises(trial.Refused, match="under way"):
        trial.attempt(catalogue(DATABASE), actor=APPROVER)
