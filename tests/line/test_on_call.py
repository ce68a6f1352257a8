"""From an open incident to people called, step by step, until one takes it on: with a real mail server."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from mainstay.audit.models import Record
from mainstay.catalogue.models import Check
from mainstay.domain.actor import Role
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Entry, Incident
from mainstay.notices.models import Delivery
from mainstay.on_call import actions, queries
from mainstay.on_call.links import address
from mainstay.on_call.models import Call, Move
from mainstay.people.actions import add_contact
from mainstay.people.models import Person
from tests.line.on_call import arrange, escalate, people, week_of
from tests.line.shop import ALICE, T0, Box, change, channel, follow, mail_server, send_all

pytestmark = pytest.mark.django_db
SETTLE, MINUTE = timedelta(seconds=5), timedelta(minutes=1)
NOW = T0 + SETTLE


@pytest.fixture
def ill(shop: dict[str, Check]) -> Incident:
    """An incident of a shop that is escalated."""
    people("alice", "bob", "carol")
    channel(1)
    escalate()
    follow(change(shop["db"], "critical"))
    return Incident.objects.get()


def called() -> list[str]:
    return [call.name for call in Call.objects.order_by("pk")]


def first() -> str:
    return "alice" if week_of("alice", NOW) else "bob"


def test_the_one_on_call_is_called_and_then_the_next_step(ill: Incident) -> None:
    assert actions.call_due(T0) == [], "it may still grow for a moment"
    actions.call_due(NOW)
    assert called() == [first()]
    actions.call_due(NOW + 9 * MINUTE)
    assert called() == [first()]
    actions.call_due(NOW + 10 * MINUTE)
    assert called() == [first(), "carol"]
    actions.call_due(NOW + 100 * MINUTE)
    assert len(called()) == 2
    assert [entry.text for entry in Entry.objects.filter(word="called")] == [first(), "carol"]
    assert Record.objects.filter(act="oncall.call", actor="engine").count() == 2


def test_who_takes_it_on_ends_the_calling(ill: Incident) -> None:
    actions.call_due(NOW)
    Delivery.objects.filter(notice__word="call").update(sent_at=NOW)
    actions.call_due(NOW + 10 * MINUTE)
    incidents.acknowledge(ill.pk, actor=ALICE)
    actions.call_due(NOW + 60 * MINUTE)
    assert len(called()) == 2
    assert actions.end_calls(NOW + 60 * MINUTE) == 2
    outcomes = Delivery.objects.filter(notice__word="call").order_by("pk")
    assert [(row.recipient, bool(row.sent_at), bool(row.given_up_at)) for row in outcomes] == [
        (f"person:{first()}", True, False), ("person:carol", False, True),
    ]  # fmt: skip
    over = list(Delivery.objects.filter(notice__word="call-over").values_list("recipient", flat=True))
    assert over == ([] if first() == "alice" else ["person:bob"]), "not he who took it on, nor who never heard"
    assert actions.end_calls(NOW + 61 * MINUTE) == 0


def test_a_step_cannot_be_taken_twice_and_two_engines_call_once(ill: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.on_call.actions.calling._history", lambda: {ill.pk: []})
    actions.call_due(NOW)
    actions.call_due(NOW)
    assert len(called()) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Move.objects.create(
            incident=ill, since=ill.since, escalation="it", round=0, step=0, at=NOW, outcome="called", level=1
        )


def test_a_kill_between_the_row_and_the_end_leaves_nothing_half_done(
    ill: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mainstay.on_call.actions.calling._write", die)
        with pytest.raises(KeyboardInterrupt):
            actions.call_due(NOW)
    assert (Move.objects.count(), Call.objects.count(), Delivery.objects.filter(notice__word="call").count()) == (
        0,
        0,
        0,
    )
    actions.call_due(NOW + MINUTE)
    assert Delivery.objects.filter(notice__word="call").count() == 1


def test_reopened_it_is_escalated_anew(ill: Incident) -> None:
    actions.call_due(NOW)
    incidents.resolve(ill.pk, actor=ALICE)
    actions.end_calls(NOW)
    again = incidents.reopen(ill.pk, actor=ALICE, reason="it was not over")
    actions.call_due(again.since + SETTLE)
    assert len(called()) == 2


def test_reminders_go_on_until_somebody_answers(shop: dict[str, Check]) -> None:
    people("alice", "bob", "carol")
    channel(1)
    escalate(steps=[{"call": "person:carol"}], remind="5m")
    follow(change(shop["db"], "critical"))
    for count in range(4):
        actions.call_due(NOW + 5 * count * MINUTE)
    assert called() == ["carol"] * 4
    words = Delivery.objects.filter(recipient="person:carol").values_list("notice__word", flat=True)
    assert list(words) == ["call", "call-again", "call-again", "call-again"]


def test_nobody_on_call_has_an_answer(shop: dict[str, Check]) -> None:
    people("carol")
    channel(1)
    escalate()
    follow(change(shop["db"], "critical"))
    actions.call_due(NOW)
    assert [(move.step, move.outcome) for move in Move.objects.all()] == [(0, "nobody"), (1, "called")]
    assert called() == ["carol"], "the next step comes at once"
    assert Delivery.objects.get(notice__word="call-nobody").receiver == "team"
    arrange("escalation", "it", steps=[{"call": "rotation:week"}], nobody="channel:team")
    Incident.objects.update(since=T0 + timedelta(hours=1))
    actions.call_due(NOW + timedelta(hours=1))
    last = Call.objects.order_by("-pk")[0]
    assert (last.kind, last.name, last.why["instead_of"]) == ("channel", "team", "rotation:week")


def test_out_of_its_hours_a_step_is_passed_over_and_said(shop: dict[str, Check]) -> None:
    people("carol")
    channel(1)
    away = f"{(NOW.hour + 2) % 24:02}:00-{(NOW.hour + 3) % 24:02}:00"
    escalate(steps=[{"call": "person:carol", "during": away}, {"call": "channel:team", "after": "30m"}])
    follow(change(shop["db"], "critical"))
    actions.call_due(NOW)
    assert [move.outcome for move in Move.objects.all()] == ["passed", "called"]
    assert Entry.objects.filter(word="passed-over").exists()


def test_a_level_without_an_escalation_calls_nobody(ill: Incident) -> None:
    system = ill.system
    assert system is not None
    system.document = {"escalation": {"severe": None, "partial": "it", "slight": None}}
    system.save()
    assert actions.call_due(NOW + 60 * MINUTE) == []


def test_a_vendor_is_called_by_mail_and_his_clock_runs(shop: dict[str, Check]) -> None:
    channel(1)
    arrange("vendor", "acme", email="help@acme.example", respond="4h", language="zh")
    escalate(steps=[{"call": "vendor:acme"}])
    follow(change(shop["db"], "critical"))
    actions.call_due(NOW)
    call = Call.objects.get()
    assert call.answer_by == NOW + timedelta(hours=4)


def test_a_person_is_called_at_every_address_that_he_chose(ill: Incident) -> None:
    person = Person.objects.get(username=first())
    add_contact(person, "email", "night@home.example")
    add_contact(person, "chat", "json://chat.example/secret-token")
    actions.call_due(NOW)
    rows = Delivery.objects.filter(notice__word="call").order_by("pk")
    assert [(row.channel.name if row.channel else "", row.receiver) for row in rows] == [
        ("team", f"{first()} (night@home.example)"), ("", f"{first()} (json://…)"),
    ]  # fmt: skip


def test_the_mail_has_a_link_that_takes_it_on_once_and_only_by_its_button(
    ill: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box()
    with mail_server(box) as port:
        row = Delivery.objects.first()
        assert row is not None
        assert row.channel is not None
        row.channel.settings["port"] = port
        row.channel.save()
        actions.call_due(NOW)
        send_all(monkeypatch, NOW + MINUTE)
    mail = next(one for one in box.mails if one["To"] == f"{first()}@shop.example")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "rotation" not in text
    assert "on call in week" in text
    (path,) = set(re.findall(r"http://[^/]+(/acknowledge/\S+/)", text))
    client = Client()
    for _ in range(2):
        assert client.get(path).status_code == 200
        assert Incident.objects.get().state == "open", "mail programs look at links before people do"
    assert client.post(path).status_code == 200
    found = Incident.objects.get()
    assert (found.state, found.acknowledged_by) == ("acknowledged", f"person:{first()}")
    assert Record.objects.filter(act="oncall.answer", actor=f"person:{first()}").exists()
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert client.get(path[:-3] + "xx/").status_code == 410


@pytest.mark.parametrize("change_of", ["expired", "account closed", "viewer now", "somebody else was quicker"])
def test_a_link_that_is_good_no_more(ill: Incident, change_of: str) -> None:
    actions.call_due(NOW)
    call = Call.objects.get()
    path = re.sub(r"^http://[^/]+", "", address(call.pk))
    if change_of == "expired":
        Call.objects.update(expires_at=T0 - MINUTE)
    if change_of == "account closed":
        Person.objects.filter(username=call.name).update(is_active=False)
    if change_of == "viewer now":
        Person.objects.filter(username=call.name).update(role=Role.VIEWER)
    if change_of == "somebody else was quicker":
        incidents.acknowledge(ill.pk, actor=ALICE)
    answer = Client().post(path)
    assert answer.status_code in (200, 403, 410)
    assert Incident.objects.get().acknowledged_by in ("", "person:alice")
    assert Record.objects.filter(act="oncall.answer").count() == 0


def test_simulate_says_who_would_be_called_and_sends_nothing(ill: Incident) -> None:
    assert ill.system is not None
    before = Delivery.objects.count()
    planned = queries.simulate(ill.system, 1, NOW)
    assert [(one.step, [row.name for row in one.found.receivers]) for one in planned] == [
        (0, [first()]),
        (1, ["carol"]),
    ]
    later = queries.simulate(ill.system, 1, NOW + timedelta(days=7))
    assert later[0].found.receivers[0].name == ("bob" if first() == "alice" else "alice")
    assert (Delivery.objects.count(), Move.objects.count()) == (before, 0)


def test_explain_says_why_somebody_was_called_and_what_comes_next(ill: Incident) -> None:
    actions.call_due(NOW)
    found = queries.explain(Incident.objects.get(), first())
    (call,) = found["calls"]
    assert call.why == {"target": "rotation:week", "layer": 0, "override": None}
    assert found["next"]["move"].step == 1
    assert [one.name for one in found["next"]["found"].receivers] == ["carol"]
    assert queries.explain(ill, "carol")["calls"] == []


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_brings_no_step_early_and_none_late(ill: Incident, hours: int) -> None:
    actions.call_due(NOW)
    by = timedelta(hours=hours)
    incidents.shift(by)
    actions.shift(by)
    actions.call_due(NOW + by + 9 * MINUTE)
    assert called() == [first()]
    actions.call_due(NOW + by + 10 * MINUTE)
    assert called() == [first(), "carol"]
