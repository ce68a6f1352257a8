"""Every list alike: searched, filtered, sorted and paged, all of it by its address; and what is cut says so."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import pairwise

import pytest
from django.db import transaction
from django.test import Client

from mainstay.audit.actions import record
from mainstay.backups.models import Copy, Job, Proof, Repository, Restore
from mainstay.catalogue.models import Channel, Check, Component, Policy, Revision, Store, System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.backup_policy import Policy as Definition
from mainstay.help_desk.models import Ticket
from mainstay.incidents.models import Entry, Incident
from mainstay.inspection.models import Sheet
from mainstay.monitoring.models import Mute, Observation, Standing, StateChange
from mainstay.notices.models import Delivery, Notice
from mainstay.on_call.models import Handover
from mainstay.people.models import Person, Token
from mainstay.runbooks.models import Run, Runbook, Version
from mainstay.web.today import SHOWN
from tests.faces.test_web import person

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
MANY = 120
"""More than two pages of every list. The even ones are of one kind, the odd ones of another."""


def named(n: int) -> str:
    return f"thing-{n:03}"


def ago(n: int) -> datetime:
    return NOW - timedelta(minutes=n)


def odd(n: int, one: str, other: str) -> str:
    return one if n % 2 else other


def shop() -> System:
    return System.objects.create(name="shop", title={"en": "Shop"})


def some_systems() -> None:
    System.objects.bulk_create(System(name=named(n), title={"en": named(n)}) for n in range(MANY))
    owners = list(System.objects.order_by("name"))
    some_checks(owners, kind="http", category="system")


def some_checks(owners: list[System], kind: str, category: str) -> list[Check]:
    """One for each; they stand as they did for as many minutes as their number says."""
    made = Check.objects.bulk_create(
        Check(system=owner, name=named(n), title={"en": named(n)}, kind=kind, every=60, category=category,
              impact="outage")
        for n, owner in enumerate(owners)
    )  # fmt: skip
    Standing.objects.bulk_create(
        Standing(check_of=one, state=odd(n, "critical", "warning"), since=ago(n), looked_at=NOW, updated_at=NOW)
        for n, one in enumerate(made)
    )
    return made


def some_incidents() -> list[Incident]:
    owner = shop()
    return Incident.objects.bulk_create(
        Incident(key=named(n), system=owner, title={"en": named(n)}, category=odd(n, "data", "system"), level=2,
                 opened_at=ago(n), since=ago(n))
        for n in range(MANY)
    )  # fmt: skip


def some_deliveries() -> None:
    team = Channel.objects.create(name="team", kind="smtp")
    for n, incident in enumerate(some_incidents()):
        notice = Notice.objects.create(key=named(n), incident=incident, word="opened", at=ago(n))
        sent = NOW if n % 2 else None
        Delivery.objects.create(notice=notice, channel=team, key=named(n), due_at=NOW, sent_at=sent, outcome=named(n))


def some_records() -> None:
    with transaction.atomic():
        for n in range(MANY):
            record(Actor(f"person:{odd(n, 'ann', 'bob')}", Role.OPERATOR), odd(n, "check.run", "secret.set"), named(n))


def some_rules() -> None:
    some_checks([shop()] * MANY, kind="integrity", category="data")


def some_flows() -> None:
    for n, one in enumerate(some_checks([shop()] * MANY, kind="flow", category="business")):
        stage = {"name": "paid", "cases": 1, "stuck": 1, "amount": n, "stuck_amount": n, "final": False}
        picture = {"stages": [stage], "stuck": [], "oldest": [], "open": 1}
        Observation.objects.create(check_of=one, at=NOW, payload=picture)


def some_cases() -> None:
    flow = Check.objects.create(system=shop(), name="sales", kind="flow", every=60, category="business")
    cases = [
        {"case": named(n), "state": odd(n, "paid", "open"), "age": n * 60, "amount": n, "actor": "ann"}
        for n in range(MANY)
    ]
    Observation.objects.create(check_of=flow, at=NOW, payload={"stages": [], "stuck": cases, "oldest": [], "open": 1})


def some_sheets() -> None:
    owner = shop()
    Sheet.objects.bulk_create(
        Sheet(system=owner, day=date(2026, 1, 1) + timedelta(days=n), number=0, zone="UTC", made_at=NOW,
              made_by=f"person:{named(n)}", head={}, state=odd(n, "critical", "ok"), counts={}, measured="x")
        for n in range(MANY)
    )  # fmt: skip


def some_people() -> None:
    Person.objects.bulk_create(
        Person(username=named(n), email=f"{named(n)}@shop.example", role=1 + n % 2, password="x",
               last_login=ago(n), is_active=bool(n % 2))
        for n in range(MANY)
    )  # fmt: skip


def some_tokens() -> None:
    Token.objects.bulk_create(
        Token(pk=f"t{n}", name=named(n), digest=str(n), created_at=ago(n), created_by="person:ann", used_at=ago(n),
              expires_at=NOW + timedelta(days=n + 1), revoked_at=NOW if n % 2 else None)
        for n in range(MANY)
    )  # fmt: skip


def some_revisions() -> None:
    Revision.objects.bulk_create(
        Revision(number=n + 1, at=ago(n), actor="person:ann",
                 summary=[{"act": odd(n, "created", "changed"), "kind": "check", "name": f"shop/{named(n)}"}])
        for n in range(MANY)
    )  # fmt: skip


def some_policies() -> list[Policy]:
    """Of which the odd ones have a check that is critical."""
    owner = shop()
    part = Component.objects.create(system=owner, name="db", kind="postgresql")
    meant = Definition(of="db", stores=["vault"]).model_dump(mode="json")
    made = Policy.objects.bulk_create(
        Policy(system=owner, component=part, name=named(n), tool="pg_dump", document=meant) for n in range(MANY)
    )
    checks = Check.objects.bulk_create(
        Check(system=owner, name=f"backup.{named(n)}.late", kind="backup", every=60, category="system", pack="backup")
        for n in range(MANY)
    )
    Standing.objects.bulk_create(
        Standing(check_of=one, state=odd(n, "critical", "ok"), since=NOW, looked_at=NOW, updated_at=NOW)
        for n, one in enumerate(checks)
    )
    return made


def some_copies() -> list[Copy]:
    """With their jobs; the bigger, the older."""
    store = Store.objects.create(name="vault", kind="directory")
    policies = some_policies()
    homes = Repository.objects.bulk_create(
        Repository(policy=one, store=store, identifier=one.name, made_at=NOW) for one in policies
    )
    Job.objects.bulk_create(
        Job(policy=one, act=odd(n, "prove", "backup"), tick=ago(n), why="hand", asked_by="person:ann",
            state=odd(n, "done", "failed"))
        for n, one in enumerate(policies)
    )  # fmt: skip
    return Copy.objects.bulk_create(
        Copy(policy=home.policy, repository=home, identifier=str(n), level="full", at=ago(n), made_at=ago(n),
             size=1000 + n, added=n)
        for n, home in enumerate(homes)
    )  # fmt: skip


def some_proofs() -> None:
    copies, jobs = some_copies(), list(Job.objects.order_by("pk"))
    Proof.objects.bulk_create(
        Proof(job=job, copy=copy, at=ago(n), verdict=odd(n, "proved", "failed"), gates=[], figures={}, certificate="",
              signature="")
        for n, (job, copy) in enumerate(zip(jobs, copies, strict=True))
    )  # fmt: skip


def some_restores() -> None:
    Restore.objects.bulk_create(
        Restore(policy=copy.policy, copy=copy, wanted={"to": "directory"}, seal="", asked_by="person:ann",
                asked_at=ago(n), state=odd(n, "done", "lapsed"))
        for n, copy in enumerate(some_copies())
    )  # fmt: skip


def some_runbooks() -> list[Version]:
    books = Runbook.objects.bulk_create(Runbook(name=named(n), source="page") for n in range(MANY))
    return Version.objects.bulk_create(
        Version(runbook=one, number=1, text="", document={}, made_at=ago(n), made_by="person:ann")
        for n, one in enumerate(books)
    )


def some_runs() -> None:
    Run.objects.bulk_create(
        Run(version=one, plan=[], state=odd(n, "done", "cancelled"), asked_by="person:ann", asked_at=ago(n))
        for n, one in enumerate(some_runbooks())
    )


def some_handovers() -> None:
    Handover.objects.bulk_create(
        Handover(rotation="week", at=ago(n), before="ann", after=named(n), digest={}, made_at=ago(n), made_by="engine",
                 confirmed_at=None if n % 2 else NOW)
        for n in range(MANY)
    )  # fmt: skip


def some_tickets() -> None:
    Ticket.objects.bulk_create(
        Ticket(key=named(n), subject=named(n), kind=odd(n, "fault", "question"), changed_at=ago(n), opened_at=ago(n))
        for n in range(MANY)
    )


LISTS: list[tuple[str, Callable[[], object], str, str, str]] = [
    # address, what fills it, a filter that leaves the odd ones, an order and the one that it turns round
    ("/systems/", some_systems, "state=critical", "sort=name", ""),
    ("/incidents/", some_incidents, "category=data", "sort=newest", "sort=oldest"),
    ("/notices/", some_deliveries, "outcome=sent", "sort=newest", "sort=oldest"),
    ("/audit/", some_records, "act=check", "sort=newest", "sort=oldest"),
    ("/audit/", some_records, "actor=ann", "sort=newest", "sort=oldest"),
    ("/data/?view=findings", some_rules, "", "sort=newest", ""),
    ("/data/?view=rules", some_rules, "state=critical", "sort=name", ""),
    ("/data/?view=flows", some_flows, "", "sort=name", "sort=amount"),
    ("/data/?view=cases", some_cases, "", "sort=oldest", ""),
    ("/inspections/", some_sheets, "state=critical", "sort=newest", "sort=oldest"),
    ("/people/", some_people, "state=active", "sort=name", ""),
    ("/people/", some_people, "role=operator", "sort=used", ""),
    ("/tokens/", some_tokens, "state=revoked", "sort=name", ""),
    ("/tokens/", some_tokens, "state=revoked", "sort=expiry", ""),
    ("/backups/", some_policies, "state=critical", "sort=system", ""),
    ("/backups/jobs/", some_copies, "state=done", "sort=newest", "sort=oldest"),
    ("/backups/jobs/", some_copies, "act=prove", "sort=newest", "sort=oldest"),
    ("/backups/copies/", some_copies, "", "sort=newest", "sort=largest"),
    ("/backups/proofs/", some_proofs, "verdict=proved", "sort=newest", "sort=oldest"),
    ("/backups/restores/", some_restores, "state=done", "sort=newest", "sort=oldest"),
    ("/runbooks/", some_runbooks, "", "sort=changed", ""),
    ("/runbooks/runs/", some_runs, "state=done", "sort=newest", "sort=oldest"),
    ("/on-call/hand-overs/", some_handovers, "state=waiting", "sort=newest", "sort=oldest"),
    ("/desk/", some_tickets, "kind=fault", "sort=newest", "sort=oldest"),
    ("/catalogue/", some_revisions, "act=created", "sort=newest", "sort=oldest"),
]


def rows(who: Client, address: str) -> tuple[list[int], str]:
    """The numbers of what is listed, in its order, each once; and the page."""
    answer = who.get(address)
    assert answer.status_code == 200
    main = answer.content.decode().partition('<main id="main"')[2]
    listed = re.sub(r'<(form|select)\b.*?</\1>|hx-get="[^"]*"', "", main, flags=re.S)
    days = [str((date.fromisoformat(one) - date(2026, 1, 1)).days) for one in re.findall(r">(2026-\d\d-\d\d)<", listed)]
    return list(dict.fromkeys(map(int, re.findall(r"thing-(\d{3})", listed) or days))), main


@pytest.mark.parametrize(
    ("address", "fill", "only", "order", "turned"), LISTS, ids=[f"{one[0]} {one[2]} {one[3]}" for one in LISTS]
)
def test_a_list_is_searched_filtered_sorted_and_paged(
    address: str, fill: Callable[[], object], only: str, order: str, turned: str
) -> None:
    who = person(Role.ADMINISTRATOR)
    fill()
    base = address + ("&" if "?" in address else "?")
    assert rows(who, f"{base}q=thing-007")[0] == [7], "searched"
    if only:
        assert rows(who, f"{base}q=thing-00&{only}")[0] in ([1, 3, 5, 7, 9], [9, 7, 5, 3, 1]), "filtered"
    ones, first = rows(who, f"{base}q=thing&{order}")
    assert len(ones) in (12, 20, 25, 50)
    steps = {after - before for before, after in pairwise(ones)}
    assert steps in ({1}, {-1}), "sorted"
    assert f'<option value="{order.removeprefix("sort=")}" selected>' in first, "and it says how"
    if turned:
        others = rows(who, f"{base}q=thing&{turned}")[0]
        assert {after - before for before, after in pairwise(others)} == {-one for one in steps}
    links = [unescape(one) for one in re.findall(r'href="(\?[^"]*page=2)"', first)]
    assert links, "paged"
    assert all(word in links[0] for word in ("q=thing", order, *address.partition("?")[2:])), "its address is kept"
    following = rows(who, address.partition("?")[0] + links[0])[0]
    assert following[0] - ones[-1] in steps
    assert not set(following) & set(ones)


def test_a_systems_checks_are_found_by_word_and_state() -> None:
    who = person(Role.VIEWER)
    some_checks([shop()] * 10, kind="http", category="system")
    assert rows(who, "/systems/shop/?q=thing-007")[0] == [7]
    assert sorted(rows(who, "/systems/shop/?state=critical")[0]) == [1, 3, 5, 7, 9]
    assert rows(who, "/systems/shop/?state=critical&q=thing-002")[0] == []


def test_today_says_what_it_leaves_out() -> None:
    who = person(Role.OPERATOR)
    some_deliveries()
    Delivery.objects.update(sent_at=None, attempts=1, due_at=NOW + timedelta(hours=1))
    owner = System.objects.get()
    some_checks([owner] * MANY, kind="http", category="system")
    ends = NOW + timedelta(hours=1)
    Mute.objects.bulk_create(
        Mute(system=owner, reason="x", actor="person:ann", starts_at=ago(9), ends_at=ends) for _ in range(MANY)
    )
    Sheet.objects.bulk_create(
        Sheet(system=owner, day=date(2026, 1, 1), number=n, zone="UTC", made_at=NOW, made_by="engine", head={},
              state="ok", counts={}, measured="x", late_after=ends)
        for n in range(MANY)
    )  # fmt: skip
    text = who.get("/today/").content.decode()
    left = f"and {MANY - SHOWN} more"
    assert text.count(left) == 5
    for there in ("/incidents/", "/inspections/?stage=open", "/notices/?outcome=waiting"):
        assert f'<a href="{there}">{left}</a>' in text


def test_a_checks_changes_and_an_incidents_timeline_go_on_over_the_page() -> None:
    who = person(Role.VIEWER)
    [check] = some_checks([shop()], kind="http", category="system")
    StateChange.objects.bulk_create(
        StateChange(check_of=check, at=ago(n), before="ok", after="critical",
                    message={"fault": "refused", "detail": named(n)})
        for n in range(MANY)
    )  # fmt: skip
    assert rows(who, "/systems/shop/checks/thing-000/?range=1h")[0][:30] == list(range(30))
    there, page = rows(who, "/systems/shop/checks/thing-000/?range=1h&page=2")
    assert there[-30:] == list(range(30, 60))
    assert "?range=1h&amp;page=3" in page
    incident = Incident.objects.create(
        key="x", title={"en": "x"}, category="data", level=2, opened_at=NOW, since=NOW, system=check.system
    )
    Entry.objects.bulk_create(
        Entry(incident=incident, at=NOW, word="note", actor="person:ann", text=named(n)) for n in range(510)
    )
    team = Channel.objects.create(name="team", kind="smtp")
    for n in range(60):
        notice = Notice.objects.create(key=named(n), incident=incident, word="opened", at=NOW)
        Delivery.objects.create(notice=notice, channel=team, key=named(n), due_at=NOW)
    text = who.get(f"/incidents/{incident.pk}/").content.decode()
    assert ("thing-499" in text, "thing-500" in text) == (True, False)
    assert f'<a href="/notices/?q={incident.pk}">and 10 more</a>' in text
    assert "thing-509" in who.get(f"/incidents/{incident.pk}/?page=2").content.decode()
    assert "1 / 2 · 60" in who.get(f"/notices/?q=%23{incident.pk}").content.decode()


@pytest.mark.parametrize("query", ["数据库", "數據庫", "資料庫"])
def test_a_title_is_found_in_either_script_and_by_the_words_of_taiwan(query: str) -> None:
    who = person(Role.VIEWER)
    System.objects.create(name="shop", title={"en": "Shop", "zh": "订单数据库"})
    System.objects.create(name="till", title={"en": "Till", "zh": "收银台"})
    text = who.get(f"/systems/?q={query}").content.decode()
    assert ("/systems/shop/" in text, "/systems/till/" in text) == (True, False)
    assert "/systems/shop/" in who.get(f"/find/?q={query}").content.decode()
