"""No page asks the database more for having more to show: each is opened on a small and on a larger past."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from bench import pages as bench
from bench.history import Scale, fill
from mainstay.backups.models import Copy, Proof, Restore
from mainstay.catalogue.actions import keep_outline
from mainstay.catalogue.models import Calendar, Check, System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.outline import Outline, Part
from mainstay.help_desk.models import Ticket
from mainstay.incidents.models import Incident
from mainstay.inspection.models import Sheet
from mainstay.knowledge.models import Article
from mainstay.monitoring.models import Mute
from mainstay.notices.models import Delivery
from mainstay.people.actions import create_token
from mainstay.people.models import Person, SystemRole
from mainstay.reviews.models import Review
from mainstay.web import public_status, status
from mainstay.web.entering import BACKEND
from tests.faces.bad_day import There, pages
from tests.line.backed_up import open_policy

pytestmark = pytest.mark.django_db
ROOT = Actor("person:ann", Role.ADMINISTRATOR)
SMALL = Scale(systems=3, parts=2, checks=6, changes=90, incidents=8, running=4, inspected=1, sheets=2, records=12,
              backed_up=3, copies=3, helped=3)  # fmt: skip
LARGE = Scale(
    systems=7,
    parts=5,
    checks=18,
    changes=300,
    incidents=30,
    running=20,
    channels=6,
    inspected=3,
    sheets=6,
    records=45,
    backed_up=7,
    copies=40,
    helped=7,
)


@contextmanager
def past(scale: Scale) -> Iterator[list[str]]:
    """The addresses of what is there as long as it is."""
    with transaction.atomic():
        now = datetime.now(UTC)
        fill(now, scale)
        more(scale.systems, now)
        system = System.objects.earliest("pk")
        first = {one.kind: one for one in Check.objects.filter(system=system).order_by("-pk")}
        incidents = Incident.objects.order_by("-pk").values_list("pk", flat=True)[:1]
        sheet = Sheet.objects.filter(made_by=ROOT.name).latest("pk").pk
        checks = [one.name for one in first.values()]
        copy, proof, restore = Copy.objects.latest("pk"), Proof.objects.latest("pk"), Restore.objects.latest("pk")
        kept = (
            f"jobs/{copy.policy.jobs.earliest('pk').pk}", f"copies/{copy.pk}", f"copies/{copy.pk}/files",
            f"proofs/{proof.pk}", f"restores/{restore.pk}",
        )  # fmt: skip
        ticket = Ticket.objects.latest("pk")
        ticket.key = "its-key"  # the same address in both pasts
        ticket.save()
        there = There(
            system.name, checks, first["http"].name, list(incidents), sheet, ["web"], "on-call", "person-1", "nightly",
            kept, written="nightly", store="vault", article=Article.objects.latest("pk").pk, ticket=ticket.pk,
            review=Review.objects.latest("pk").pk,
            public=[f"of/{ticket.key}", f"articles/{Article.objects.latest('pk').pk}"],
        )  # fmt: skip
        yield pages(there)
        transaction.set_rollback(True)


def more(count: int, now: datetime) -> None:
    """What people have made: accounts, tokens, calendars, mutes, an outline; and notices that did not get through."""
    people = Person.objects.bulk_create(
        Person(username=f"person-{n}", role=Role.VIEWER, password="!") for n in range(count)
    )
    SystemRole.objects.bulk_create(SystemRole(person=one, system="system-000", role=Role.OPERATOR) for one in people)
    Calendar.objects.bulk_create(Calendar(name=f"calendar-{n}", document={"holidays": []}) for n in range(count))
    for number in range(count):
        create_token(name=f"token-{number}", role=Role.VIEWER, systems={"system-000": Role.OPERATOR}, actor=ROOT)
    for system in System.objects.all():
        system.document |= {"status_page": True, "notify": ["on-call"], "calendar": "calendar-1"}
        system.save()
    Mute.objects.bulk_create(
        Mute(system=one.system, component=one.component, check_of=one, reason="x", actor=ROOT.name, starts_at=now,
             ends_at=now + timedelta(days=1))
        for one in Check.objects.select_related("system", "component").order_by("-pk")[:count]
    )  # fmt: skip
    failed = Delivery.objects.order_by("-pk").values("pk")[:count]
    Delivery.objects.filter(pk__in=list(failed.values_list("pk", flat=True))).update(sent_at=None, given_up_at=now)
    parts = [Part(name="web", kind="http", pack="web-service", typed={"url": "https://shop.example.com/"})]
    parts += [Part(name=f"part-{n}", kind="http", pack="web-service", typed={"url": "http://x/"}) for n in range(count)]
    for number, system in enumerate(System.objects.all()):
        open_policy(f"policy-{number}", system.name, (f"store-{number}", "vault"))
    keep_outline(Outline(system="another", title="Another", parts=parts), actor=ROOT)


def asked(scale: Scale) -> dict[str, int]:
    """Page, as the small past has it → how often it asks the database."""
    with past(scale) as addresses:
        ann = Person.objects.create(username="ann", role=Role.ADMINISTRATOR, password="!")
        who = Client()
        who.force_login(ann, backend=BACKEND)
        session = who.session
        session["proved_at"] = time.time()
        session.save()
        who.get("/today/")  # a session notes now and then that it was seen
        counts = {}
        for place, address in enumerate(addresses):
            if scale is SMALL:
                who.get(address)  # what is kept from the first time on is not counted
            status.forget()  # or what is kept for some seconds would be counted by chance
            public_status.forget()
            with CaptureQueriesContext(connection) as queries:
                answer = who.get(address)
            assert answer.status_code == (404 if address == "/nothing/" else 200), address
            counts[f"{place} " + re.sub(r"\d+", "#", address)] = len(queries)
    return counts


def test_the_bench_has_something_for_every_page() -> None:
    with past(SMALL):
        samples = bench.samples()
        named = {str(one.name): str(one.pattern) for one in get_resolver().url_patterns if getattr(one, "name", None)}
        assert [name for name, route in named.items() if bench.filled(name, route, samples) is None] == []


def test_more_to_show_is_not_more_to_ask() -> None:
    small, large = asked(SMALL), asked(LARGE)
    assert {page: (count, large[page]) for page, count in small.items() if large[page] > count} == {}
    assert max(large.values()) <= 46
