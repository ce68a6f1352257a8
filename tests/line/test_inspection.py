"""The daily inspection: made from how checks stand, remarked, raised, signed, and unalterable from then on."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from mainstay.audit.models import Record
from mainstay.catalogue.models import Channel, Check, System
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.engine import inspecting
from mainstay.incidents.models import Incident
from mainstay.inspection import actions, queries
from mainstay.inspection.actions import Illegal
from mainstay.inspection.models import Covered, Line, Sheet, Watch
from mainstay.inspection.paper import paper
from mainstay.notices.models import Delivery, Notice
from tests.line.inspected import ANN, BEN, VIEWER, countersign, line, made, stand

pytestmark = pytest.mark.django_db


def test_a_sheet_fills_itself(bad_day: dict[str, Check]) -> None:
    sheet = made()
    assert (sheet.state, sheet.stage, sheet.number, sheet.made_by) == ("critical", "open", 1, "person:ann")
    assert sheet.counts == {"ok": 1, "warning": 1, "critical": 1, "unknown": 1, "none": 2}
    cpu = line(sheet, "processor")
    assert (cpu.section, cpu.item, cpu.value, cpu.unit, cpu.yesterday) == ("hardware", "processor", 12.25, "%", 31.5)
    assert (cpu.warn, cpu.state, cpu.incident) == (["cpu > 80% for 5m"], "ok", None)
    books = line(sheet, "books")
    assert (books.section, books.state, books.incident) == ("data", "critical", Incident.objects.get())
    assert books.evidence["rows"] == [{"move": 7, "debit": "12.50", "credit": "=1+1"}]
    backup = line(sheet, "night-backup")
    assert (backup.section, backup.state, backup.unseen, backup.value) == ("backups", "unknown", True, None)
    missing = [row.item for row in queries.lines(sheet.pk) if row.state == "none"]
    assert missing == ["memory", "disk"], "the host is watched, but these are not"


def test_sections_with_nothing_behind_them_say_so(bad_day: dict[str, Check]) -> None:
    sheet = made()
    empty = {
        part["name"]: part["nothing"]["en"]
        for part, rows in queries.by_section(sheet, queries.lines(sheet.pk))
        if not rows
    }
    assert "pending patches" in empty["software"]
    assert empty.keys() == {"software", "database", "flows", "security", "jobs"}
    Check.objects.filter(name="night-backup").update(retired_at=datetime.now(UTC))
    again = made()
    words = {
        part["name"]: part["nothing"]["en"]
        for part, rows in queries.by_section(again, queries.lines(again.pk))
        if not rows
    }
    assert words["backups"] == "Not backed up: no policy is of this system."


def test_a_second_sheet_of_the_day_cannot_be_inserted(bad_day: dict[str, Check]) -> None:
    first, second = made(), made()
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(DatabaseError), transaction.atomic():
        Sheet.objects.create(
            system=first.system, day=first.day, number=1, zone="UTC", made_at=first.made_at, head={}, counts={}
        )


def test_the_story_of_a_sheet(bad_day: dict[str, Check]) -> None:
    sheet, other = made(), made()
    slow, books, unseen = line(sheet, "names"), line(sheet, "books"), line(sheet, "night-backup")
    with pytest.raises(Illegal, match=f"without a word: line {slow.place}, {unseen.place};"):
        actions.sign(sheet.pk, actor=ANN)
    actions.remark(sheet.pk, books.place, "the accountant knows", actor=ANN)
    actions.remark(sheet.pk, unseen.place, "looked at by hand", actor=ANN)
    raised = actions.raise_incident(sheet.pk, slow.place, "slow since the move", actor=ANN)
    assert raised.incident is not None
    assert (raised.incident.state, raised.incident.title["zh"]) == ("open", "检查未通过：names")
    assert [member.check_of.name for member in raised.incident.members.all()] == ["names"]
    with pytest.raises(Illegal, match="already"):
        actions.raise_incident(sheet.pk, slow.place, actor=ANN)
    linked = actions.raise_incident(other.pk, slow.place, actor=ANN)
    assert linked.incident == raised.incident, "one that runs is taken"
    signed = actions.sign(sheet.pk, "all seen", actor=ANN)
    assert (signed.stage, signed.ended_by, len(signed.digest)) == ("signed", "person:ann", 64)
    assert Record.objects.get(act="inspection.sign").data["digest"] == signed.digest
    assert queries.verify() == (2, [])
    for act in (
        lambda: actions.sign(sheet.pk, actor=ANN),
        lambda: actions.refuse(sheet.pk, "no", actor=ANN),
        lambda: actions.remark(sheet.pk, 1, "more", actor=ANN),
        lambda: actions.raise_incident(sheet.pk, books.place, actor=ANN),
    ):
        with pytest.raises(Illegal, match="signed"):
            act()


def test_a_sheet_on_which_nothing_was_seen_is_not_signed_without_a_word(shop: dict[str, Check]) -> None:
    sheet = made()
    assert {row.state for row in queries.lines(sheet.pk)} == {"unknown"}
    with pytest.raises(Illegal, match="without a word"):
        actions.sign(sheet.pk, actor=ANN)
    for row in queries.lines(sheet.pk):
        actions.remark(sheet.pk, row.place, "the checker is off", actor=ANN)
    assert actions.sign(sheet.pk, actor=ANN).stage == "signed"


def test_one_raised_after_its_check_recovered_waits_for_a_person(bad_day: dict[str, Check]) -> None:
    sheet = made()
    stand(bad_day["names"], "ok", datetime.now(UTC))
    incident = actions.raise_incident(sheet.pk, line(sheet, "names").place, actor=ANN).incident
    assert incident is not None
    assert [(member.state, member.recovered_at) for member in incident.members.all()] == [("ok", None)]


TAMPERING = [
    "update inspection_sheet set state = 'ok' where id = {sheet}",
    "update inspection_sheet set stage = 'open' where id = {sheet}",
    "delete from inspection_sheet where id = {sheet}",
    "update inspection_line set value = 1 where sheet_id = {sheet}",
    "update inspection_line set incident_id = null where sheet_id = {sheet}",
    "delete from inspection_line where sheet_id = {sheet}",
    "update inspection_line set sheet_id = {sheet}, place = 999 where sheet_id = {other} and place = 1",
    "insert into inspection_remark (line_id, at, actor, text) select id, '2026-01-01', 'x', 'y' from inspection_line "
    "where sheet_id = {sheet} and place = 1",
    "update inspection_remark set text = 'z' where line_id in "
    "(select id from inspection_line where sheet_id = {sheet})",
    "delete from inspection_remark where line_id in (select id from inspection_line where sheet_id = {sheet})",
    "update inspection_countersignature set actor = 'x'",
    "delete from inspection_covered",
]


@pytest.fixture
def signed(bad_day: dict[str, Check]) -> Sheet:
    sheet = made()
    for name in ("names", "books", "night-backup"):
        actions.remark(sheet.pk, line(sheet, name).place, "seen", actor=ANN)
    return actions.sign(sheet.pk, actor=ANN)


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_database_refuses_every_change_of_what_was_signed(signed: Sheet, statement: str) -> None:
    other = made()
    countersign(signed)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(sheet=signed.pk, other=other.pk))
    assert queries.verify() == (2, [])


def unguarded(statement: str) -> None:
    """As one would who may change the database's own rules."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("set constraints all immediate")
            cursor.execute("alter table inspection_line disable trigger user")
            cursor.execute("alter table inspection_sheet disable trigger user")
            cursor.execute(statement)
            cursor.execute("alter table inspection_line enable trigger user")
            cursor.execute("alter table inspection_sheet enable trigger user")
            return
        cursor.execute("select name, sql from sqlite_master where type = 'trigger' and name like 'inspection_%'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"drop trigger {name}")
        cursor.execute(statement)
        for _, sql in triggers:
            cursor.execute(sql)


def test_what_is_changed_behind_the_database_is_found(signed: Sheet) -> None:
    unguarded(f"update inspection_line set state = 'ok' where sheet_id = {signed.pk}")
    assert [flaw.reason for flaw in queries.verify()[1]] == ["what was seen was changed after the sheet was made"]
    sheet = queries.sheet(signed.pk)
    rows = queries.lines(sheet.pk)
    one, two = queries.measured(sheet, rows), queries.signed(sheet, rows)
    unguarded(f"update inspection_sheet set measured = '{one}', digest = '{two}' where id = {signed.pk}")
    assert [flaw.reason for flaw in queries.verify()[1]] == ["its digest is not the one in the audit trail"]


def test_what_was_changed_before_it_is_signed_cannot_be_signed(bad_day: dict[str, Check]) -> None:
    sheet = made()
    Line.objects.filter(sheet=sheet, state="warning").update(state="ok")
    with pytest.raises(Illegal, match="was changed after"):
        actions.refuse(sheet.pk, "no", actor=ANN)


def test_refused_with_a_reason(bad_day: dict[str, Check]) -> None:
    sheet = made()
    with pytest.raises(Illegal, match="say why"):
        actions.refuse(sheet.pk, " ", actor=ANN)
    refused = actions.refuse(sheet.pk, "the checker was down all night", actor=ANN)
    assert (refused.stage, refused.words) == ("refused", "the checker was down all night")
    assert queries.verify() == (1, [])


def test_four_eyes_are_two_people(signed: Sheet) -> None:
    year, week, _ = signed.day.isocalendar()
    signer = Actor("person:ann", Role.APPROVER)
    with pytest.raises(Illegal, match="another must"):
        actions.countersign("shop", year, week, actor=signer)
    with pytest.raises(Illegal, match="no signed sheet"):
        actions.countersign("shop", year - 1, 1, actor=BEN)
    with pytest.raises(Illegal, match="no week 54"):
        actions.countersign("shop", year, 54, actor=BEN)
    made_one = actions.countersign("shop", year, week, actor=BEN)
    assert [row.sheet_id for row in Covered.objects.filter(countersignature=made_one)] == [signed.pk]
    with pytest.raises(Illegal, match="no signed sheet"):
        actions.countersign("shop", year, week, actor=BEN)


@pytest.mark.parametrize(
    ("act", "actor"),
    [
        (lambda _: actions.run_by_hand("shop", actor=VIEWER), "viewer"),
        (lambda sheet: actions.remark(sheet, 1, "x", actor=VIEWER), "viewer"),
        (lambda sheet: actions.raise_incident(sheet, 1, actor=VIEWER), "viewer"),
        (lambda sheet: actions.sign(sheet, actor=VIEWER), "viewer"),
        (lambda sheet: actions.refuse(sheet, "x", actor=VIEWER), "viewer"),
        (lambda _: actions.countersign("shop", 2026, 1, actor=ANN), "operator"),
    ],
)
def test_each_act_asks_for_its_role(bad_day: dict[str, Check], act: Any, actor: str) -> None:
    with pytest.raises(Denied, match=f"has {actor}"):
        act(made().pk)


def morning(day: date) -> datetime:
    """08:30 in Shanghai."""
    return datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)


def test_the_engine_makes_each_days_sheet_once(bad_day: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    now = morning(datetime.now(UTC).date()) + timedelta(minutes=1)
    assert actions.due(now) == [], "seen for the first time: what was due before is nobody's"
    Watch.objects.update(since=now - timedelta(days=1))
    [(system, turn)] = actions.due(now)
    sheet = actions.run_by_schedule(system, turn, now)
    assert sheet is not None
    assert (sheet.number, sheet.made_by, sheet.due_at, sheet.day) == (0, "engine", morning(turn.day), turn.day)
    assert sheet.late_after == now + timedelta(hours=4)
    assert actions.due(now) == []
    assert actions.run_by_schedule(system, turn, now) is None, "a second engine that was about to make it too"
    assert Sheet.objects.count() == 1


def test_a_system_that_cannot_be_inspected_does_not_cost_the_others_theirs(
    bad_day: dict[str, Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = System.objects.create(name="aaa", document={"inspection": {"schedule": "0 0 * * *"}})
    System.objects.filter(name="shop").update(timezone="UTC", document={"inspection": {"schedule": "0 0 * * *"}})
    Watch.objects.bulk_create(Watch(system=one, since=datetime(2020, 1, 1, tzinfo=UTC)) for one in System.objects.all())
    real = actions.run_by_schedule

    def fails(system: System, turn: Any, now: datetime) -> Sheet | None:
        if system == other:
            raise ValueError("cannot be read")
        return real(system, turn, now)

    monkeypatch.setattr(inspecting.actions, "run_by_schedule", fails)
    inspecting.inspect_due()
    assert [one.system.name for one in Sheet.objects.all()] == ["shop"]


def test_late_is_said_once(bad_day: dict[str, Check]) -> None:
    now = datetime.now(UTC)
    Watch.objects.create(system=System.objects.get(), since=datetime(2020, 1, 1, tzinfo=UTC))
    at = morning(now.date())
    [(system, turn)] = actions.due(at)
    sheet = actions.run_by_schedule(system, turn, at)
    by_hand = made()
    assert sheet is not None
    assert actions.remind(at + timedelta(hours=3, minutes=59)) == []
    assert actions.remind(at + timedelta(hours=4)) == [sheet]
    assert actions.remind(at + timedelta(hours=5)) == []
    assert Notice.objects.filter(word="inspection-late").count() == 1
    assert Delivery.objects.get(notice__word="inspection-late").channel.name == "mail"
    assert by_hand.late_after is None, "a sheet by hand waits for nobody"


def test_one_that_was_signed_in_time_is_not_late(bad_day: dict[str, Check]) -> None:
    sheet = made()
    Sheet.objects.filter(pk=sheet.pk).update(late_after=datetime.now(UTC) + timedelta(hours=4))
    actions.refuse(sheet.pk, "for the test", actor=ANN)
    assert actions.remind(datetime.now(UTC) + timedelta(days=1)) == []


HIGHER = {"late": "1h", "escalate": ["boss"], "escalate_after": "2h"}


@pytest.mark.parametrize(
    ("inspection", "looked", "ended", "said"),
    [
        (HIGHER, [59], None, []),
        (HIGHER, [60, 61], None, ["inspection-late"]),
        (HIGHER, [60, 179, 180, 300], None, ["inspection-late", "inspection-still"]),
        (HIGHER, [300, 301], None, ["inspection-late", "inspection-still"]),  # the engine was away
        (HIGHER, [60, 180], 100, ["inspection-late", "inspection-done"]),
        (HIGHER, [60, 180], 30, ["inspection-done"]),
        ({"late": "1h"}, [60, 180, 6000], None, ["inspection-late"]),
        ({"late": "1h", "escalate": ["boss"]}, [60, 299], None, ["inspection-late"]),
        ({"late": "1h", "escalate": ["boss"]}, [60, 300], None, ["inspection-late", "inspection-still"]),
    ],
    ids=["in-time", "late", "higher", "both-at-once", "ended-between", "ended-in-time", "nobody-above", "4h-not", "4h"],
)
def test_a_sheet_that_nobody_signs_goes_higher(
    bad_day: dict[str, Check], inspection: dict[str, Any], looked: list[int], ended: int | None, said: list[str]
) -> None:
    """Minutes after the sheet was made."""
    Channel.objects.create(name="boss", kind="smtp", document={"levels": [3]})
    System.objects.update(document={"inspection": {"tell": ["mail"], **inspection}})
    Watch.objects.create(system=System.objects.get(), since=datetime(2020, 1, 1, tzinfo=UTC))
    at = morning(datetime.now(UTC).date())
    sheet = actions.run_by_schedule(*actions.due(at)[0], at)
    assert sheet is not None
    for minute in sorted([*looked, *([ended] if ended else [])]):
        if minute == ended:
            actions.refuse(sheet.pk, "for the test", actor=ANN)
            continue
        for act in (actions.remind, actions.escalate):
            act(at + timedelta(minutes=minute))
    told = [(row.notice.word, row.channel.name) for row in Delivery.objects.order_by("pk")]
    mine = [(word, "boss" if word == "inspection-still" else "mail") for word in ("inspection-made", *said)]
    assert [one for one in told if one[0].startswith("inspection")] == mine
    steps = {"inspection.late": "Announced as late", "inspection.escalate": "Escalated"}
    acts = [one.act for one in Record.objects.filter(act__in=steps).order_by("number")]
    shown = [name for name, *_ in paper(queries.sheet(sheet.pk), "en").ends]
    assert [name for name in shown if name in steps.values()] == [steps[act] for act in acts]
    assert len(acts) == len([word for word in said if word != "inspection-done"])


def test_channels_of_the_inspection_hear_of_it(signed: Sheet) -> None:
    words = [row.notice.word for row in Delivery.objects.order_by("pk") if row.notice.word.startswith("inspection")]
    assert words == ["inspection-made", "inspection-done"]
