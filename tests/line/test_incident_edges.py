"""Incidents at their edges: mutes, blindness, storms, retired checks, people who know better."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.actor import Actor, Role
from mainstay.engine import tending
from mainstay.incidents import actions, queries
from mainstay.incidents.actions import Alert
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.monitoring.models import Mute, StateChange
from mainstay.notices.models import Delivery, Notice
from tests.line.shop import ALICE, T0, change, channel, follow, stand

pytestmark = pytest.mark.django_db
Shop = dict[str, Check]


def later(**span: float) -> datetime:
    return T0 + timedelta(**span)


def mute(check: Check, until: datetime) -> None:
    Mute.objects.create(
        system=check.system,
        check_of=check,
        reason="moving",
        actor="x",
        starts_at=T0 - timedelta(hours=1),
        ends_at=until,
    )


# Mutes


def test_a_clock_set_back_hides_no_muted_failure(shop: Shop) -> None:
    """What was written last counts, though it bears an earlier time than the change before it."""
    follow(change(shop["books"], "unknown", later(hours=1)))
    mute(shop["books"], later(minutes=10))
    follow(change(shop["books"], "critical", T0, "unknown", muted="moving"))
    stand(shop["books"], "critical")
    assert actions.follow_unmuted(later(minutes=11)) == 1


def test_a_recovery_under_a_mute_counts(shop: Shop) -> None:
    follow(change(shop["db"], "critical"))
    follow(change(shop["db"], "ok", later(seconds=30), "critical", muted="moving"))
    assert actions.resolve_calm(later(minutes=1)) == 1


def test_what_still_fails_when_the_mute_ends_is_told_once(shop: Shop) -> None:
    mute(shop["db"], later(hours=1))
    follow(change(shop["db"], "critical", muted="moving"))
    stand(shop["db"], "critical")
    assert actions.follow_unmuted(later(minutes=59)) == 0
    assert actions.follow_unmuted(later(minutes=61)) == 1
    assert actions.follow_unmuted(later(minutes=62)) == 0
    incident = Incident.objects.get()
    assert incident.since == later(minutes=61)
    assert queries.brief(incident.pk)["rows"] == [{"id": 7, "amount": "12.50"}], "the evidence of the muted change"
    actions.resolve(incident.pk, actor=ALICE, note="known")
    assert actions.follow_unmuted(later(minutes=63)) == 0, "a person has ended it"


def test_what_recovered_under_the_mute_is_not_told(shop: Shop) -> None:
    follow(change(shop["db"], "critical", muted="moving"))
    follow(change(shop["db"], "ok", later(minutes=1), "critical", muted="moving"))
    stand(shop["db"], "ok")
    assert actions.follow_unmuted(later(hours=2)) == 0
    assert not Incident.objects.exists()


def test_what_got_worse_under_the_mute_is_told_afterwards(shop: Shop) -> None:
    follow(change(shop["db"], "warning"))
    follow(change(shop["db"], "critical", later(minutes=1), "warning", muted="moving"))
    stand(shop["db"], "critical")
    assert Incident.objects.get().level == 2
    actions.follow_unmuted(later(minutes=2))
    assert Incident.objects.get().level == 1


# Blindness


def test_what_cannot_be_seen_for_long_is_one_slight_incident_a_component(shop: Shop) -> None:
    for name in ("db", "books"):
        stand(shop[name], "unknown", later(minutes=-6))
    assert actions.follow_blind(T0) == 2
    assert actions.follow_blind(T0) == 0
    incident = Incident.objects.get()
    assert (incident.level, incident.title["en"], incident.title["zh"]) == (3, "Cannot see: db", "无法监测：db")
    assert [row.check_of.name for row in queries.members(incident.pk)] == ["db-up", "books"]
    for name in ("db", "books"):
        follow(change(shop[name], "ok", later(minutes=1), "unknown"))
    assert actions.resolve_calm(later(minutes=2)) == 1


@pytest.mark.parametrize(("minutes", "every"), [(4, 10), (14, 300)], ids=["five minutes", "three intervals"])
def test_blindness_needs_to_last(shop: Shop, minutes: int, every: float) -> None:
    Check.objects.update(every=every)
    stand(shop["db"], "unknown", later(minutes=-minutes))
    assert actions.follow_blind(T0) == 0


def test_blindness_is_explained_by_what_is_down(shop: Shop) -> None:
    follow(change(shop["db"], "critical"))
    stand(shop["books"], "unknown", later(minutes=-6))
    actions.follow_blind(T0)
    assert Member.objects.get(check_of=shop["books"]).role == "echo"
    assert Incident.objects.count() == 1


def test_muted_blindness_is_not_told(shop: Shop) -> None:
    mute(shop["db"], later(hours=1))
    stand(shop["db"], "unknown", later(minutes=-6))
    assert actions.follow_blind(T0) == 0


def test_while_mainstay_is_off_line_nothing_else_is_called_blind(shop: Shop) -> None:
    own = System.objects.create(name="mainstay")
    online = Check.objects.create(
        system=own, name="online", kind="online", every=60, category="system", impact="outage"
    )
    stand(online, "critical")
    stand(shop["db"], "unknown", datetime.now(UTC) - timedelta(hours=1))
    tending.tell_blind()
    assert not Incident.objects.exists()
    stand(online, "ok")
    tending.tell_blind()
    assert Incident.objects.count() == 1


# People and retirement


def test_what_a_person_reopens_stays_open_until_its_root_recovers_anew(shop: Shop) -> None:
    follow(change(shop["db"], "critical"))
    follow(change(shop["db"], "ok", later(seconds=5), "critical"))
    stand(shop["db"], "ok")
    actions.resolve_calm(later(minutes=1))
    number = Incident.objects.get().pk
    actions.reopen(number, actor=ALICE, reason="customers still complain")
    assert actions.resolve_calm(datetime.now(UTC) + timedelta(hours=1)) == 0
    assert actions.release(later(hours=1)) == 0
    follow(change(shop["db"], "critical", later(hours=2)))
    follow(change(shop["db"], "ok", later(hours=3), "critical"))
    assert actions.resolve_calm(later(hours=4)) == 1


def test_reopened_by_its_check_it_forgets_what_recovered_meanwhile(shop: Shop) -> None:
    follow(change(shop["db"], "critical"), change(shop["app"], "critical"))
    actions.resolve(Incident.objects.get().pk, actor=ALICE)
    Incident.objects.update(resolved_at=T0)
    stand(shop["app"], "ok")
    follow(change(shop["db"], "critical", later(minutes=5)))
    follow(change(shop["db"], "ok", later(minutes=6), "critical"))
    assert actions.resolve_calm(later(minutes=7)) == 1, "the application recovered while nobody followed"


def test_reopened_by_its_check_it_is_graded_by_what_fails_now(shop: Shop) -> None:
    """Nobody is called out of bed for a warning because the same check was critical five minutes before."""
    follow(change(shop["db"], "critical"))
    follow(change(shop["db"], "ok", later(seconds=5), "critical"))
    actions.resolve_calm(later(minutes=1))
    follow(change(shop["db"], "warning", later(minutes=5)))
    incident = Incident.objects.get()
    assert (incident.state, incident.level) == ("open", 2)
    follow(change(shop["db"], "critical", later(minutes=6), "warning"))
    incident.refresh_from_db()
    assert incident.level == 1
    graded = Entry.objects.filter(word="graded").order_by("pk").values_list("data__before", "data__level")
    assert list(graded)[1:] == [(1, 2), (2, 1)]


def test_a_retired_check_lets_its_incident_end(shop: Shop) -> None:
    follow(change(shop["db"], "critical"))
    Check.objects.filter(pk=shop["db"].pk).update(retired_at=T0)
    assert actions.release(later(minutes=1)) == 1
    assert actions.resolve_calm(later(minutes=2)) == 1
    assert Entry.objects.filter(word="recovered", data__because="retired").exists()


def test_an_hour_back_does_not_keep_an_incident_open(shop: Shop) -> None:
    follow(change(shop["db"], "critical"))
    follow(change(shop["db"], "ok", later(minutes=1), "critical"))
    assert actions.resolve_calm(later(hours=-1)) == 1


# Who is told


def test_only_who_heard_of_it_hears_of_its_end(shop: Shop) -> None:
    channel(1, "severe-only", levels=[1])
    channel(1, "everything")
    follow(change(shop["books"], "critical"))
    number = Incident.objects.get().pk
    actions.acknowledge(number, actor=ALICE)
    actions.regrade(number, level=1, reason="the auditor is here", actor=ALICE)
    actions.resolve(number, actor=ALICE)
    told = {name: list(_words(name)) for name in ("severe-only", "everything")}
    assert told == {"severe-only": ["worse", "resolved"], "everything": ["opened", "acknowledged", "resolved"]}
    reasons = {line["notice"]: line["left_out"] for line in queries.explain(number) if line["word"] == "told"}
    assert reasons == {
        "opened": {"severe-only": "level"}, "acknowledged": {"severe-only": "untold"},
        "worse": {"everything": "waiting"}, "resolved": {},
    }  # fmt: skip


def test_a_channel_hears_of_its_categories_alone(shop: Shop) -> None:
    for name, categories in (("data-team", ["data"]), ("both", ["system", "data"]), ("business", ["business"])):
        channel(1, name, categories=categories)
    follow(change(shop["books"], "critical"))
    incident = Incident.objects.get()
    told = {name: list(_words(name)) for name in ("data-team", "both", "business")}
    assert told == {"data-team": ["opened"], "both": ["opened"], "business": []}
    (line,) = [line for line in queries.explain(incident.pk) if line["word"] == "told"]
    assert line["left_out"] == {"business": "category"}


def _words(name: str) -> list[str]:
    return list(Delivery.objects.filter(channel__name=name).order_by("pk").values_list("notice__word", flat=True))


def test_what_was_merged_before_anybody_heard_is_never_told(shop: Shop) -> None:
    channel(1)
    follow(change(shop["db"], "warning"))
    follow(change(shop["app"], "critical", later(seconds=1)))
    follow(change(shop["db"], "critical", later(seconds=2), "warning"))
    merged = Incident.objects.get(state="resolved")
    assert Delivery.objects.get(notice__incident=merged).outcome.startswith("merged into incident")
    assert Entry.objects.filter(incident=merged, word="merged").exists()


def test_who_heard_of_what_was_merged_hears_where_it_went(shop: Shop) -> None:
    channel(1)
    follow(change(shop["db"], "warning"))
    follow(change(shop["app"], "critical", later(seconds=1)))
    Delivery.objects.update(sent_at=later(seconds=1))
    follow(change(shop["db"], "critical", later(seconds=2), "warning"))
    merged = Incident.objects.get(state="resolved")
    assert _words("team") == ["opened", "opened", "worse", "resolved"]
    assert Notice.objects.get(incident=merged, word="resolved").data["into"] == Incident.objects.get(state="open").pk


# Storms


def storm(count: int, category: str) -> list[StateChange]:
    system = System.objects.create(name=f"big-{count}", tier=2)
    parts = Component.objects.bulk_create(
        Component(system=system, name=f"c{number}", kind="tcp") for number in range(count)
    )
    link = Component.depends_on.through
    link.objects.bulk_create(link(from_component=part, to_component=parts[-1]) for part in parts[:-1])
    checks = Check.objects.bulk_create(
        Check(
            system=system, component=part, name=part.name, kind="tcp", every=10, category=category, impact="outage",
            document={},
        )
        for part in parts
    )  # fmt: skip
    return StateChange.objects.bulk_create(
        StateChange(check_of=check, at=T0, before="ok", after="critical") for check in checks
    )


@pytest.mark.parametrize("category", ["system", "data"])
def test_a_storm_costs_statements_by_the_hundred_rows(category: str) -> None:
    channel(1)
    spent = []
    for count in (100, 400):
        changes = storm(count, category)
        with CaptureQueriesContext(connection) as queries_made:
            actions.follow(changes, T0)
        spent.append(len(queries_made))
    assert spent[1] - spent[0] < 60, spent
    running = Incident.objects.exclude(state="resolved").count()
    assert running == (2 if category == "system" else 500)


def test_ten_alerts_in_one_hook() -> None:
    channel(1)
    bell = Actor("token:alertmanager", Role.OPERATOR)
    System.objects.create(name="shop", tier=1)

    def alerts(count: int, *, firing: bool) -> list[Alert]:
        return [Alert(f"f{number}", firing, "Disk", "full", "page", "shop", "http://x") for number in range(count)]

    assert actions.receive(alerts(10, firing=True), actor=bell) == (10, 0)
    assert actions.receive(alerts(10, firing=True), actor=bell) == (0, 0)
    assert actions.receive(alerts(4, firing=False) + alerts(1, firing=False), actor=bell) == (0, 4)
    assert set(Incident.objects.values_list("level", "system__name")) == {(1, "shop")}
    assert Delivery.objects.count() == 14


def test_one_outbreak_of_an_alert_is_one_incident() -> None:
    bell = Actor("token:alertmanager", Role.OPERATOR)

    def told(*, firing: bool, minutes: int) -> tuple[int, int]:
        alert = Alert("f", firing, "Disk", "", "page", "", "http://x", later(minutes=minutes))
        return actions.receive([alert], actor=bell)

    assert told(firing=True, minutes=-20) == (1, 0)
    actions.resolve(Incident.objects.get().pk, actor=ALICE)
    assert told(firing=True, minutes=-20) == (0, 0), "a person has ended it"
    assert told(firing=True, minutes=-9) == (1, 0), "it broke out anew"
    assert told(firing=False, minutes=-20) == (0, 0), "the end of the first, late"
    assert told(firing=False, minutes=-9) == (0, 1)
    assert Incident.objects.latest("pk").since == later(minutes=-9)
