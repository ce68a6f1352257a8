"""The mail server is away for an hour: nothing is lost meanwhile, and then all of it comes, grouped."""

from datetime import timedelta

import pytest

from mainstay.catalogue.models import Channel, Check
from mainstay.engine import sender as sender_module
from mainstay.engine.sender import Sender
from mainstay.incidents.models import Incident
from mainstay.notices.actions import Telling, announce_all
from mainstay.notices.models import Delivery, Notice
from tests.line.shop import LOOPBACK, T0, Box, channel, mail_server, run_dry
from tests.servers import free_port

pytestmark = pytest.mark.django_db
COUNT = 12
MINUTE = timedelta(minutes=1)


def open_incidents(shop: dict[str, Check]) -> None:
    """One every five minutes; each third is severe."""
    rows = Incident.objects.bulk_create(
        Incident(
            key=f"k{number}", system=shop["db"].system, title={"en": f"fault {number}"}, category="system",
            level=1 if number % 3 == 0 else 2, opened_at=T0 + 5 * number * MINUTE, since=T0,
        )
        for number in range(COUNT)
    )  # fmt: skip
    announce_all([Telling(row.pk, "opened", row.opened_at, {}, level=row.level, system="shop") for row in rows])


def test_an_hour_without_mail(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "NOTICE_NETWORK", LOOPBACK)
    channel(free_port())
    open_incidents(shop)
    now = [T0]
    sender = Sender(clock=lambda: now[0])
    while now[0] < T0 + 61 * MINUTE:
        run_dry(sender)
        now[0] += 5 * MINUTE
    waiting = Delivery.objects.filter(sent_at=None, given_up_at=None, attempts__gt=0)
    assert waiting.count() == COUNT, "all were tried, none is given up, none is taken for sent"
    assert "refused" in waiting[0].outcome.lower()

    box = Box()
    with mail_server(box) as port:
        there = Channel.objects.get()
        there.settings = {**there.settings, "port": port}
        there.save()
        for _ in range(3):
            run_dry(sender)
            now[0] += MINUTE
    assert not Delivery.objects.filter(sent_at=None).exists()
    digest = Notice.objects.get(word="digest")
    alone = Delivery.objects.exclude(notice=digest).exclude(outcome__startswith="told in the digest")
    assert digest.data["count"] + alone.count() == COUNT, "each by itself or in the digest, none twice"
    assert len(box.mails) == alone.count() + 1 <= 4
    assert digest.data["shown"][0]["level"] == 1, "the most severe first"
    assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails)


def test_a_single_one_that_waited_is_no_digest(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "NOTICE_NETWORK", LOOPBACK)
    box = Box(refuse=1)
    with mail_server(box) as port:
        channel(port)
        row = Incident.objects.create(
            key="k", system=shop["db"].system, title={"en": "x"}, category="system", level=2, opened_at=T0, since=T0
        )
        announce_all(
            [Telling(row.pk, word, T0, {}, level=2, system="shop") for word in ("opened", "worse", "clock-late")]
        )
        for minute in range(1, 8):
            at = T0 + minute * MINUTE
            run_dry(Sender(clock=lambda at=at: at))  # type: ignore[misc]
    assert len(box.mails) == Delivery.objects.exclude(sent_at=None).count() == 2
    assert not Notice.objects.filter(word="digest").exists()
