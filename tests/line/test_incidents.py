"""From a state change to an incident and the notices about it, with real rows and a real mail server."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from mainstay.audit.queries import verify
from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Denied
from mainstay.incidents import actions, queries
from mainstay.incidents.actions import telling
from mainstay.incidents.models import Incident
from mainstay.monitoring.models import StateChange
from mainstay.notices.actions import announce
from mainstay.notices.models import Delivery
from tests.line.shop import ALICE, BOB, T0, Box, change, channel, follow, mail_server, send_all

pytestmark = pytest.mark.django_db


def test_a_failed_database_explains_its_application(shop: dict[str, Check]) -> None:
    follow(change(shop["app"], "critical"))
    follow(change(shop["db"], "critical", T0 + timedelta(seconds=4)))
    (incident,) = Incident.objects.all()
    assert incident.root is not None
    assert incident.root.name == "db"
    assert incident.level == 1
    assert {row.check_of.name: row.role for row in queries.members(incident.pk)} == {"db-up": "root", "app-up": "echo"}
    assert "rerooted" in [row["word"] for row in queries.explain(incident.pk)]


def test_it_ends_by_itself_once_all_is_well(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    follow(change(shop["db"], "ok", T0 + timedelta(seconds=30), "critical"))
    assert actions.resolve_calm(T0 + timedelta(seconds=31)) == 0
    assert actions.resolve_calm(T0 + timedelta(seconds=60)) == 1
    assert Incident.objects.get().state == "resolved"


def test_the_same_again_soon_is_the_same_incident(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    follow(change(shop["db"], "ok", T0 + timedelta(seconds=30), "critical"))
    actions.resolve_calm(T0 + timedelta(seconds=60))
    follow(change(shop["db"], "critical", T0 + timedelta(minutes=5)))
    incident = Incident.objects.get()
    assert (incident.state, incident.since) == ("open", T0 + timedelta(minutes=5))


def test_what_is_muted_opens_nothing(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical", muted="moving house"))
    assert not Incident.objects.exists()


def test_a_worse_level_is_told_only_to_those_who_know(shop: dict[str, Check]) -> None:
    channel(1)
    follow(change(shop["db"], "warning"))
    assert Incident.objects.get().level == 2
    follow(change(shop["db"], "critical", T0 + timedelta(seconds=1), "warning"))
    assert Incident.objects.get().level == 1
    assert [row.notice.word for row in Delivery.objects.all()] == ["opened"], "the first notice was not sent yet"
    Delivery.objects.update(sent_at=T0)
    follow(change(shop["app"], "critical", T0 + timedelta(seconds=2)))
    assert Delivery.objects.count() == 1, "no new level, nothing to tell"


def test_levels_systems_and_notify_narrow_who_is_told(shop: dict[str, Check]) -> None:
    channel(1, "severe-only", levels=[1])
    channel(1, "slight-only", levels=[3])
    channel(1, "other-system", systems=["elsewhere"])
    follow(change(shop["db"], "critical"))
    assert [row.channel.name for row in Delivery.objects.all()] == ["severe-only"]
    System.objects.update(document={"notify": ["slight-only"]})
    follow(change(shop["books"], "critical"))
    assert Delivery.objects.count() == 1, "level 2 and only slight-only asked"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Shop", "level 1", "connection refused", f"{T0:%Y}, ", "state=to pay")),
        ("zh", ("商城", "一级", "连接被拒绝", f"{T0:%Y}年", "state=待付款")),
        ("zh-hant", ("商城", "一級", "連線被拒絕", f"{T0:%Y}年", "state=待付款")),
    ],
)
def test_the_mail_says_what_people_need(
    shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch, language: str, words: tuple[str, ...]
) -> None:
    box = Box()
    with mail_server(box) as port:
        channel(port, language=language)
        follow(change(shop["db"], "critical"))
        StateChange.objects.update(evidence={"rows": [{"id": 7, "state": {"en": "to pay", "zh": "待付款"}}]})
        send_all(monkeypatch, T0 + timedelta(minutes=1))
    (mail,) = box.mails
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for word in (*words, "nobody listens at db:5432", "id=7", "/incidents/"):
        assert word in text + str(mail["Subject"]), word
    delivery = Delivery.objects.get()
    assert delivery.key in str(mail["Message-ID"])
    assert delivery.sent_at is not None
    assert "accepted" in delivery.outcome


def test_nothing_is_lost_while_the_receiver_is_away(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(refuse=3)
    with mail_server(box) as port:
        channel(port)
        follow(change(shop["db"], "critical"))
        at = T0 + timedelta(minutes=1)
        for _ in range(4):
            send_all(monkeypatch, at)
            at += timedelta(hours=1)
    assert len(box.mails) == 1
    assert Delivery.objects.get().attempts == 4


def test_a_copy_after_a_crash_carries_the_same_key(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box()
    with mail_server(box) as port:
        channel(port)
        follow(change(shop["db"], "critical"))
        send_all(monkeypatch, T0 + timedelta(minutes=1))
        # As if the process had died between sending and recording: the lease runs out and it is sent again.
        Delivery.objects.update(sent_at=None, leased_until=T0 + timedelta(minutes=2))
        send_all(monkeypatch, T0 + timedelta(minutes=1, seconds=30))
        assert len(box.mails) == 1, "leased: nobody else sends it"
        send_all(monkeypatch, T0 + timedelta(minutes=5))
    assert len(box.mails) == 2
    assert len({str(mail["Message-ID"]) for mail in box.mails}) == 1


def test_people_act_and_each_act_is_on_record(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    number = Incident.objects.get().pk
    actions.acknowledge(number, actor=ALICE, note="looking")
    with pytest.raises(actions.Illegal, match="only an open incident"):
        actions.acknowledge(number, actor=ALICE)
    with pytest.raises(Denied, match="needs the role operator"):
        actions.resolve(number, actor=BOB)
    actions.regrade(number, level=3, reason="a test system", actor=ALICE)
    follow(change(shop["app"], "critical", T0 + timedelta(seconds=9)))
    assert Incident.objects.get().level == 3, "a person's grade stays"
    actions.resolve(number, actor=ALICE, note="done")
    actions.reopen(number, actor=ALICE, reason="not done")
    assert verify().whole
    assert verify().records == 4


def test_one_that_cannot_be_worded_holds_up_nobody(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box()
    with mail_server(box) as port:
        channel(port)
        announce(None, "nonsense", T0, {}, level=1)
        follow(change(shop["db"], "critical"))
        send_all(monkeypatch, T0 + timedelta(minutes=1))
    assert len(box.mails) == 1
    assert "while wording it" in Delivery.objects.get(sent_at=None).outcome


def test_following_that_fails_leaves_nothing(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_more: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(telling, "announce_all", broken)
    with pytest.raises(OSError, match="disk is full"), transaction.atomic():
        follow(change(shop["db"], "critical"))
    assert not Incident.objects.exists()
    assert not StateChange.objects.exists()
