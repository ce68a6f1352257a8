"""A report from its first word to the last: joined, told of progress, answered, closed, scored; by page and by mail."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from mainstay.audit.models import Record
from mainstay.catalogue.models import Check, HelpDesk, System
from mainstay.domain.actor import Denied
from mainstay.domain.attachment import Unfit
from mainstay.help_desk import actions, queries
from mainstay.help_desk.actions import Report, TooMany
from mainstay.help_desk.actions.operators import Illegal
from mainstay.help_desk.models import Received, Requirement, Ticket
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Entry, Incident
from mainstay.notices import queries as notices
from mainstay.notices.actions import delivered, fold, lease
from mainstay.notices.models import Delivery, Notice
from tests.line.shop import ALICE, BOB, T0, Box, change, channel, follow, mail_server, send_all

pytestmark = pytest.mark.django_db
ANN = "ann@users.example"
OWN = "desk@shop.example"


def said(text: str = "Nothing loads.", **more: str) -> Report:
    return Report(**{"kind": "fault", "subject": "The shop is down", "text": text, "address": ANN, **more})  # type: ignore[arg-type]


@pytest.fixture
def public(shop: dict[str, Check]) -> dict[str, Check]:
    """The shop stands on the public page, and there is a channel; nothing is sent yet."""
    System.objects.update(document={"status_page": True})
    channel(1)
    return shop


def letters(ticket: Ticket) -> list[str]:
    rows = queries.deliveries(ticket.pk).order_by("pk")
    return [row.notice.data.get("progress") or row.notice.word.removeprefix("ticket-") for row in rows]


def test_a_report_of_a_system_that_is_down_is_part_of_its_incident_and_hears_how_it_goes_on(
    public: dict[str, Check],
) -> None:
    follow(change(public["app"], "critical"))
    incident = Incident.objects.get()
    ticket = actions.report(said(system="shop", language="zh"), came_by="page")
    assert (ticket.state, ticket.incident) == ("joined", incident)
    assert actions.follow_incidents(T0) == 0
    incidents.acknowledge(incident.pk, actor=ALICE)
    assert (actions.follow_incidents(T0), actions.follow_incidents(T0)) == (1, 0)
    incidents.resolve(incident.pk, actor=ALICE)
    actions.follow_incidents(T0)
    assert Ticket.objects.get().state == "answered"
    incidents.reopen(incident.pk, actor=ALICE, reason="back")
    actions.follow_incidents(T0)
    assert Ticket.objects.get().state == "joined"
    incidents.resolve(incident.pk, actor=ALICE)
    actions.follow_incidents(T0)
    assert letters(ticket) == ["received", "acknowledged", "resolved", "reopened", "resolved"]


def test_what_is_no_outage_is_joined_by_a_person_and_a_merged_incident_is_followed(public: dict[str, Check]) -> None:
    follow(change(public["books"], "critical"))
    ticket = actions.report(said(system="shop"), came_by="page")
    assert ticket.state == "new"
    actions.join(ticket.pk, actor=ALICE)
    first = Incident.objects.get()
    with pytest.raises(Illegal, match="already"):
        actions.join(ticket.pk, first.pk, actor=ALICE)
    second = incidents.open_by_hand(system="shop", title="x", category="data", level=2, text="", actor=ALICE)
    Incident.objects.filter(pk=first.pk).update(state="resolved", resolved_at=T0)
    Entry.objects.create(incident=first, at=T0, word="merged", actor="engine", data={"into": second.pk})
    actions.follow_incidents(T0)
    assert Ticket.objects.get().incident == second
    assert letters(ticket) == ["received", "joined"]
    incidents.resolve(second.pk, actor=ALICE)
    actions.follow_incidents(T0)
    assert letters(ticket)[-1] == "resolved"
    with pytest.raises(Illegal, match="resolved"):
        actions.join(ticket.pk, second.pk, actor=ALICE)


def test_asked_answered_closed_scored_and_opened_again(public: dict[str, Check]) -> None:
    ticket = actions.report(said(kind="question"), came_by="page")
    actions.answer(ticket.pk, "Which browser?", actor=ALICE, ask=True)
    assert Ticket.objects.get().state == "waiting"
    actions.say_more(ticket, "Firefox")
    assert Ticket.objects.get().state == "new"
    actions.note(ticket.pk, "he is new here", actor=ALICE)
    actions.answer(ticket.pk, "Clear its cache.", actor=ALICE)
    with pytest.raises(Unfit):
        actions.score(ticket, 5, "")
    actions.close(ticket.pk, actor=ALICE, text="Done.")
    with pytest.raises(Illegal):
        actions.answer(ticket.pk, "x", actor=ALICE)
    with pytest.raises(Unfit):
        actions.score(ticket, 6, "")
    assert actions.score(ticket, 4, "fast").score == 4
    assert letters(ticket) == ["received", "answered", "answered", "closed"]
    assert "he is new here" not in [one.text for one in queries.told(ticket.pk)]
    actions.say_more(ticket, "Not yet.")
    assert Ticket.objects.get().state == "new"
    assert Record.objects.filter(act="desk.answer").count() == 3


def test_a_wish_becomes_a_requirement_once(public: dict[str, Check]) -> None:
    ticket = actions.report(said(kind="wish", subject="Dark pages"), came_by="page")
    made = actions.make_requirement(ticket.pk, actor=ALICE)
    assert (made.title, made.text, made.state) == ("Dark pages", "Nothing loads.", "new")
    with pytest.raises(Illegal):
        actions.make_requirement(ticket.pk, actor=ALICE)
    assert Requirement.objects.count() == 1


def test_what_stays_quiet_is_closed(public: dict[str, Check]) -> None:
    ticket = actions.report(said(), came_by="page")
    actions.answer(ticket.pk, "x", actor=ALICE)
    now = datetime.now(UTC)
    assert actions.close_silent(now + timedelta(days=6)) == 0
    assert actions.close_silent(now + timedelta(days=8)) == 1
    assert (Ticket.objects.get().state, letters(ticket)[-1]) == ("closed", "closed")


def test_strangers_are_bounded_and_see_nothing_of_what_is_not_public(public: dict[str, Check]) -> None:
    System.objects.create(name="inner", title={"en": "Inner"}, tier=1)
    with pytest.raises(System.DoesNotExist):
        actions.report(said(system="inner"), came_by="page")
    for address in ("x", "a@b.example\nBcc: c@d.example"):
        with pytest.raises(Unfit):
            actions.report(said(address=address), came_by="page")
    with pytest.raises(ValueError, match="spam"):
        actions.report(said(kind="spam"), came_by="page")
    for _ in range(5):
        actions.report(said(), came_by="page")
    with pytest.raises(TooMany):
        actions.report(said(address=ANN.upper()), came_by="page")
    actions.report(said(), came_by="page", now=datetime.now(UTC) + timedelta(hours=2))
    with pytest.raises(Denied):
        actions.open_ticket(said(), actor=BOB, came_by="api")


def test_a_letter_goes_to_one_address_in_its_language_and_says_back_nothing(
    shop: dict[str, Check],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    box = Box()
    with mail_server(box) as port:
        channel(port)
        HelpDesk.objects.create(name="help-desk", document={"address": OWN, "imap": {"host": "x"}})
        ticket = actions.report(said("buy at evil.example", language="zh", name="Eve"), came_by="page")
        actions.close(ticket.pk, actor=ALICE, text="<b>好了</b>")
        send_all(monkeypatch, datetime.now(UTC) + timedelta(minutes=1))
    mine = [mail for mail in box.mails if mail["To"] == ANN]
    first, last = mine
    assert first["Subject"] == f"[T-{ticket.pk:04}] 我们已收到您的报告"
    assert first["Reply-To"] == OWN
    assert "evil.example" not in first.as_string()
    assert f"/help-desk/of/{ticket.key}/" in words_of(first)
    assert "/help-desk/score/" in words_of(last)
    html = last.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;好了" in html.get_content()
    assert {mail["To"] for mail in box.mails} == {ANN, "it@shop.example"}, "operators hear of it too"


def test_the_second_letter_to_an_address_waits_for_the_first(public: dict[str, Check]) -> None:
    ticket = actions.report(said(), came_by="page")
    actions.close(ticket.pk, actor=ALICE, text="done")
    first, second = queries.deliveries(ticket.pk).order_by("pk")
    now = datetime.now(UTC) + timedelta(seconds=1)
    assert [row for row in lease(now, 9) if row.is_letter] == [first]
    delivered(first, "250", now)
    assert [row for row in lease(now, 9) if row.is_letter] == [second]


def words_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_letter_is_no_part_of_a_digest_and_says_nothing_about_the_chain(public: dict[str, Check]) -> None:
    ticket = actions.report(said(), came_by="page")
    row = queries.deliveries(ticket.pk).get()
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    Notice.objects.update(at=long_ago)
    Delivery.objects.update(due_at=long_ago)
    assert fold(row.channel, datetime.now(UTC)) == 1, "what the operators hear of, and not the letter"
    Delivery.objects.exclude(pk=row.pk).update(sent_at=long_ago)
    Delivery.objects.filter(pk=row.pk).update(attempts=3, given_up_at=datetime.now(UTC))
    assert notices.unheard(datetime.now(UTC)) is None
    assert not notices.undelivered(datetime.now(UTC)).exists()


def mail(subject: str = "Printing", text: str = "打印机没有反应", sender: str = ANN, **more: str) -> bytes:
    head = {"From": sender, "To": OWN, "Subject": subject, "Content-Type": "text/plain; charset=utf-8", **more}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
    return f"{lines}\r\n{text}\r\n".encode()


def test_a_mail_opens_a_ticket_and_its_answer_finds_it_again(public: dict[str, Check]) -> None:
    first = actions.receive(mail(), OWN, "en")
    assert first is not None
    ticket = first.ticket
    assert ticket is not None
    assert (first.outcome, ticket.came_by, ticket.language) == ("opened", "mail", "zh")
    assert actions.receive(mail(), OWN, "en") is None, "the same mail again"
    key = queries.deliveries(ticket.pk).get().key
    by_reference = actions.receive(mail("Re: hello", "more", In_Reply_To=f"<{key}@shop.example>"), OWN, "en")
    by_number = actions.receive(mail(f"Re: [T-{ticket.pk:04}] x", "still more"), OWN, "en")
    assert [one and (one.outcome, one.ticket) for one in (by_reference, by_number)] == [("said", ticket)] * 2
    stranger = actions.receive(mail(f"Re: [T-{ticket.pk:04}] x", "let me in", "eve@evil.example"), OWN, "en")
    assert stranger is not None
    assert (stranger.outcome, stranger.ticket == ticket) == ("opened", False)
    assert "let me in" not in [one.text for one in queries.messages(ticket.pk)]


def test_mail_that_nobody_listens_to_is_on_record_and_writes_no_letter(public: dict[str, Check]) -> None:
    for number in range(8):
        actions.receive(mail(f"bomb {number}"), OWN, "en")
    actions.receive(mail(Auto_Submitted="auto-replied"), OWN, "en")
    actions.receive(b"From: x@y.example\r\n\r\n", OWN, "en", whole=False)
    outcomes = list(Received.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["opened"] * 5 + ["too-many"] * 3 + ["automatic", "too-large"]
    assert Delivery.objects.filter(recipient__startswith="mail:").count() == 5


def test_an_unguessable_address(public: dict[str, Check]) -> None:
    keys = {actions.report(said(address=f"u{n}@users.example"), came_by="page").key for n in range(3)}
    assert all(re.fullmatch(r"[\w-]{43}", key) for key in keys)
    assert len(keys) == 3
