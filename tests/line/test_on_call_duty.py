"""Who is on call: from the catalogue's files to the people, who stands in, swaps, hand-overs and calendars."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from mainstay.audit.models import Record
from mainstay.catalogue import export
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.actions import Refused as NotRetired
from mainstay.catalogue.actions import apply, retire
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Arrangement, Check
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.notices.models import Delivery
from mainstay.on_call import actions, feeds, queries
from mainstay.on_call.models import Handover, Watch
from mainstay.people.actions import Refused as NoAddress
from mainstay.people.actions import add_contact, contact_address, remove_contact
from mainstay.people.models import Person
from tests.line.on_call import arrange, escalate, people
from tests.line.shop import ALICE, channel

pytestmark = pytest.mark.django_db
ROOT = Actor("person:root", Role.ADMINISTRATOR)
BOB = Actor("person:bob", Role.OPERATOR)
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHARED = """
teams: {it: {members: [alice, bob]}}
rotations:
  week: {timezone: Asia/Shanghai, calendar: cn, team: it, layers: [{people: [alice, bob], holidays: "off"}]}
escalations:
  it: {steps: [{call: "rotation:week"}, {call: ["person:carol", "channel:ops", "vendor:acme"], after: 10m}]}
vendors: {acme: {email: help@acme.example, respond: 4h}}
channels: {ops: {kind: smtp, host: mail.example, sender: m@shop.example, to: [it@shop.example]}}
calendars: {cn: {holidays: ["2027-01-01"]}}
"""
SYSTEM = """
system: shop
escalation: {severe: it, slight: it}
response_team: {commander: "person:carol", vendor_liaison: "rotation:week"}
"""
FILES = {"shared.yaml": SHARED.encode(), "shop.yaml": SYSTEM.encode()}


def test_a_catalogue_is_applied_exported_and_changes_nothing_then() -> None:
    apply(examine(FILES).catalogue, actor=ROOT)
    assert Arrangement.objects.filter(retired_at=None).count() == 4
    again = {name: text.encode() for name, text in export.files().items()}
    assert "start: 2026-01-05" not in again["shared.yaml"].decode(), "what is as usual is not said"
    assert apply(examine(again).catalogue, actor=ROOT) == []
    alone = examine({"shop.yaml": b"system: shop\nescalation: it\n"}, whole=False, known=catalogue.known())
    assert [one.name for one in apply(alone.catalogue, actor=ROOT)] == ["shop"]
    apply(examine({"shop.yaml": b"system: shop\n"}).catalogue, actor=ROOT)
    assert queries.rotas() == {}


@pytest.mark.parametrize(
    ("found", "wrong", "said"),
    [
        ("rotation:week", "rotation:weak", "there is no rotation 'weak'; did you mean 'week'?"),
        ("channel:ops", "channel:opps", "there is no channel 'opps'"),
        ("person:carol", "carol", "write such as rotation:it-week or person:alice"),
        ("severe: it", "severe: itt", "there is no escalation 'itt'"),
        ("Asia/Shanghai", "Asia/Shanghi", "'Asia/Shanghi' is not a time zone"),
        ("calendar: cn, ", "", "no calendar says which days are holidays"),
        ("team: it", "team: at", "there is no team 'at'"),
        ("people: [alice, bob]", "people: [alice, bob], turn: 12h", "is no number of whole days"),
        ("people: [alice, bob]", "people: []", "people"),
        ("members: [alice, bob]", "members: [alice, bob], membres: [x]", "membres"),
        ('"person:carol", vendor', '"pager:7", vendor', "write such as rotation:it-week"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(found: str, wrong: str, said: str) -> None:
    files = {name: text.decode().replace(found, wrong).encode() for name, text in FILES.items()}
    assert files != FILES
    with pytest.raises(Invalid) as caught:
        examine(files)
    assert said in "\n".join(str(flaw) for flaw in caught.value.flaws)


def test_what_an_escalation_or_a_rotation_names_is_not_retired() -> None:
    apply(examine(FILES).catalogue, actor=ROOT)
    with pytest.raises(NotRetired, match="escalation:it"):
        retire("channel", "ops", actor=ROOT)
    with pytest.raises(NotRetired, match="rotation:week"):
        retire("calendar", "cn", actor=ROOT)


@pytest.fixture
def week(shop: dict[str, Check]) -> str:
    """A rotation in which alice is on call for days, bob after her, then alice again."""
    people("alice", "bob", "carol")
    channel(1)
    escalate()
    start = f"{NOW - 2 * DAY:%Y-%m-%d}"
    arrange("rotation", "week", team="it", layers=[{
        "people": ["alice", "bob"], "start": start, "turn": "4d", "handover": "00:00",
    }])  # fmt: skip
    return "week"


def on(at: datetime) -> str | None:
    return queries.rota("week").on(at).person


def test_who_stands_in_and_takes_back(week: str) -> None:
    made = actions.override(week, "carol", NOW - HOUR, NOW + HOUR, reason="cinema", actor=ALICE)
    later = actions.override(week, "bob", NOW + 2 * HOUR, NOW + 3 * HOUR, actor=ALICE)
    assert (on(NOW), on(NOW + 2 * HOUR), on(NOW + 4 * HOUR)) == ("carol", "bob", "alice")
    actions.end_override(made.pk, actor=ALICE)
    actions.end_override(later.pk, actor=ALICE)
    assert (on(NOW - HOUR), on(datetime.now(UTC) + HOUR / 60), on(NOW + 2 * HOUR)) == ("carol", "alice", "alice"), (
        "what is over stays as it was"
    )
    assert Record.objects.filter(act="oncall.override").count() == 4
    with pytest.raises(actions.Refused):
        actions.override(week, "nobody", NOW, NOW + HOUR, actor=ALICE)
    with pytest.raises(actions.Refused):
        actions.override(week, "bob", NOW + HOUR, NOW, actor=ALICE)
    with pytest.raises(Arrangement.DoesNotExist):
        actions.override("weak", "bob", NOW, NOW + HOUR, actor=ALICE)
    with pytest.raises(Denied):
        actions.override(week, "bob", NOW, NOW + HOUR, actor=Actor("person:zoe", Role.VIEWER))


def test_a_swap_changes_nothing_before_it_is_taken_and_then_both_ways(week: str) -> None:
    mine, his = (NOW + HOUR, NOW + 2 * HOUR), (NOW + 3 * DAY, NOW + 3 * DAY + HOUR)
    assert (on(mine[0]), on(his[0])) == ("alice", "bob")
    asked = actions.ask_swap(week, "alice", *mine, taker="bob", back=his, actor=ALICE)
    assert (on(mine[0]), on(his[0])) == ("alice", "bob")
    with pytest.raises(actions.Refused):
        actions.take_swap(asked.pk, taker="bob", actor=ALICE)
    with pytest.raises(actions.Refused):
        actions.take_swap(asked.pk, taker="carol", actor=Actor("person:carol", Role.OPERATOR))
    actions.take_swap(asked.pk, taker="bob", actor=BOB)
    assert (on(mine[0]), on(his[0])) == ("bob", "alice")
    with pytest.raises(actions.Refused):
        actions.withdraw_swap(asked.pk, actor=ALICE)


def test_swaps_that_are_refused_withdrawn_or_cannot_be(week: str) -> None:
    span = (NOW + HOUR, NOW + 2 * HOUR)
    with pytest.raises(actions.Refused, match="bob is not on call"):
        actions.ask_swap(week, "bob", *span, actor=BOB)
    with pytest.raises(actions.Refused, match="only alice"):
        actions.ask_swap(week, "alice", *span, actor=BOB)
    asked = actions.ask_swap(week, "alice", *span, taker="bob", actor=ALICE)
    assert actions.refuse_swap(asked.pk, actor=BOB).state == "refused"
    anybody = actions.ask_swap(week, "alice", *span, actor=ROOT)
    with pytest.raises(actions.Refused, match="anybody may take it"):
        actions.refuse_swap(anybody.pk, actor=BOB)
    assert actions.withdraw_swap(anybody.pk, actor=ALICE).state == "withdrawn"
    assert on(span[0]) == "alice"


def test_a_new_person_on_call_gets_what_stands_and_confirms(week: str) -> None:
    assert actions.hand_over_due(NOW) == [], "what changed before the rotation was followed is nobody's"
    Watch.objects.update(since=NOW - 4 * DAY)
    change = next(one.start for one in queries.rota(week).shifts(NOW, NOW + 4 * DAY) if one.on.person == "bob")
    assert actions.hand_over_due(change - HOUR) == []
    (made,) = actions.hand_over_due(change + HOUR / 4)
    assert (made.before, made.after, made.at) == ("alice", "bob", change)
    assert actions.hand_over_due(change + HOUR) == [], "once"
    assert Delivery.objects.get(notice__word="handover").recipient == "person:bob"
    assert [row.pk for row in queries.to_confirm("bob")] == [made.pk]
    with pytest.raises(actions.Refused, match="only bob"):
        actions.confirm(made.pk, actor=ALICE)
    actions.confirm(made.pk, actor=BOB)
    assert not queries.to_confirm("bob").exists()
    with pytest.raises(actions.Refused, match="already"):
        actions.confirm(made.pk, actor=BOB)


def test_a_hand_over_by_hand_has_words_and_names_who_comes_next(week: str) -> None:
    made = actions.hand_over(week, "The till is being exchanged.", actor=ALICE)
    assert (made.before, made.after, made.words) == ("alice", "bob", "The till is being exchanged.")
    assert set(made.digest) == {"incidents", "mutes", "proofs", "sheets", "undelivered", "gaps"}
    assert Handover.objects.count() == 1


def test_a_calendar_of_shifts_by_an_address_that_nobody_guesses(week: str) -> None:
    feed = actions.renew_feed("person", "alice", actor=ALICE)
    team = actions.renew_feed("team", "it", actor=ALICE)
    answer = Client().get(feeds.path(feed))
    assert answer["Content-Type"].startswith("text/calendar")
    read = Calendar.from_ical(answer.content)
    assert read["X-PUBLISHED-TTL"] == "PT1H"
    events = read.walk("VEVENT")
    assert len(events) >= 10
    assert all(on(one.decoded("dtstart")) == "alice" for one in events)
    both = Calendar.from_ical(Client().get(feeds.path(team)).content).walk("VEVENT")
    assert {str(one["summary"]).split(":")[0] for one in both} == {"alice", "bob"}
    old = feeds.path(feed)
    actions.renew_feed("person", "alice", actor=ALICE)
    assert Client().get(old).status_code == 404
    assert Client().get(feeds.path(team).replace("/it/", "/at/")).status_code == 404
    with pytest.raises(actions.Refused):
        actions.renew_feed("person", "alice", actor=BOB)


def test_who_responds_for_a_system(week: str) -> None:
    system = catalogue.system("shop")
    system.document |= {"response_team": {"commander": "person:carol", "scribe": "person:gone", "operations": None}}
    rows = queries.response_team(system, NOW)
    assert [(row["role"], row["names"]) for row in rows] == [("commander", ["carol"]), ("scribe", [])]
    assert rows[1]["reason"] == "gone has no account that is active"


def test_an_address_is_sealed_and_a_removed_one_is_gone() -> None:
    people("alice")
    person = Person.objects.get()
    made = add_contact(person, "chat", "https://hooks.slack.com/services/T/B/secret")
    assert made.shown == "https://hooks.slack.com"
    assert b"secret" not in bytes(made.sealed)
    assert contact_address(made).endswith("secret")
    remove_contact(person, made.pk)
    made.refresh_from_db()
    assert bytes(made.sealed) == b""
    for kind, address in (("email", "nobody"), ("chat", "nothing"), ("chat", "http:// x")):
        with pytest.raises(NoAddress):
            add_contact(person, kind, address)
    assert Record.objects.filter(act="account.contact").count() == 2
    assert "secret" not in str(list(Record.objects.values_list("data", flat=True)))
