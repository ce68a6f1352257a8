"""Reading inspection sheets: find, one whole, whether they are as they were signed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet

from mainstay.audit.models import Record
from mainstay.catalogue.models import System
from mainstay.catalogue.naming import says
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.saying import say
from mainstay.domain.seal import digest
from mainstay.domain.trend import Day, Entry, Month, days_of, parse_month, trends
from mainstay.inspection.models import Countersignature, Covered, Line, Remark, Sheet
from mainstay.people.queries import seen

STAGES = ("open", "signed", "refused")
SORTS = {"newest": ("-day", "-pk"), "oldest": ("day", "pk"), "system": ("system__name", "-day", "-pk")}
ENDS = ("inspection.sign", "inspection.refuse")


def search(
    *,
    system: str = "",
    stage: str = "",
    state: str = "",
    start: date | None = None,
    end: date | None = None,
    text: str = "",
    sort: str = "newest",
    sight: Sight = EVERYTHING,
) -> QuerySet[Sheet]:
    """By what people ask for; ``stage`` may also be ``late`` (open, and past its time), ``text`` words of the system,
    of who made or ended the sheet, or of what was said at its end."""
    found = _seen(sight).order_by(*SORTS[sort])
    if text:
        found = found.filter(says(text, ("system__name", "made_by", "ended_by", "words"), ("system__title",)))
    if system:
        found = found.filter(system__name=system)
    if stage == "late":
        found = found.filter(stage="open", late_at__isnull=False)
    elif stage:
        found = found.filter(stage=stage)
    if state:
        found = found.filter(state=state)
    if start is not None:
        found = found.filter(day__gte=start)
    if end is not None:
        found = found.filter(day__lte=end)
    return found


def _seen(sight: Sight) -> QuerySet[Sheet]:
    found = Sheet.objects.filter(seen(sight, "system__name"))
    return found.select_related("system", "covered__countersignature")


def sheet(number: int, sight: Sight = EVERYTHING) -> Sheet:
    """Raises Sheet.DoesNotExist."""
    return _seen(sight).get(pk=number)


def to_sign(sight: Sight = EVERYTHING) -> QuerySet[Sheet]:
    """What waits for a signature and was made by schedule, the oldest first."""
    return search(stage="open", sight=sight).filter(late_after__isnull=False).order_by("made_at", "pk")


def lines(number: int) -> list[Line]:
    """In their order, each with its check, its incident and its remarks."""
    found = Line.objects.filter(sheet_id=number).select_related("check_of__system", "incident").order_by("place")
    return list(found.prefetch_related("remarks"))


def countersignature(found: Sheet) -> Countersignature | None:
    """The one that covers a sheet."""
    covered = getattr(found, "covered", None)
    return covered.countersignature if isinstance(covered, Covered) else None


def by_section(found: Sheet, rows: Iterable[Line]) -> list[tuple[dict[str, Any], list[Line]]]:
    """The sections that have lines, or words for having none, with their lines."""
    mine: dict[str, list[Line]] = defaultdict(list)
    for row in rows:
        mine[row.section].append(row)
    return [
        (section, mine[section["name"]])
        for section in found.head["sections"]
        if mine[section["name"]] or section["nothing"]
    ]


# The content that is signed


def measured(found: Sheet, rows: Iterable[Line]) -> str:
    """The digest of what was seen, before anybody wrote on it."""
    return digest({"head": _head(found), "lines": [_line(row) for row in rows]})


def signed(found: Sheet, rows: Iterable[Line]) -> str:
    """The digest of the whole: what was seen, the remarks, the incidents, and who stood for it."""
    lines = [
        {
            **_line(row),
            "incident": row.incident_id,
            "remarks": [{"at": one.at, "actor": one.actor, "text": one.text} for one in _remarks(row)],
        }
        for row in rows
    ]
    end = {"stage": found.stage, "at": found.ended_at, "by": found.ended_by, "words": found.words}
    return digest({"head": _head(found), "lines": lines, "end": end})


def _remarks(row: Line) -> list[Remark]:
    return sorted(row.remarks.all(), key=lambda one: (one.at, one.pk))


def _head(found: Sheet) -> dict[str, Any]:
    fields = ("number", "day", "zone", "due_at", "made_at", "made_by", "head", "state", "counts")
    return {"system": found.system.name, **{name: getattr(found, name) for name in fields}}


def _line(row: Line) -> dict[str, Any]:
    fields = (
        "place", "section", "item", "title", "check_title", "metric", "value", "unit", "yesterday", "warn", "crit",
        "state", "unseen", "since", "looked_at", "message", "evidence",
    )  # fmt: skip
    return {"check": str(row.check_of) if row.check_of else None, **{name: getattr(row, name) for name in fields}}


@dataclass(frozen=True, slots=True)
class Flaw:
    """A sheet that is not as it was."""

    sheet: Sheet
    reason: str


def verify(found: Iterable[Sheet] | None = None, sight: Sight = EVERYTHING) -> tuple[int, list[Flaw]]:
    """How many sheets were looked at, and what is wrong: against themselves, and against what the audit trail says
    was signed. That the trail itself is whole is for ``audit verify``."""
    count, flaws = 0, []
    for one in _seen(sight).order_by("pk").iterator(chunk_size=50) if found is None else found:
        count += 1
        if reason := _flaw(one):
            flaws.append(Flaw(one, reason))
    return count, flaws + (list(_gone()) if found is None and sight == EVERYTHING else [])


def _flaw(found: Sheet) -> str:
    rows = lines(found.pk)
    if measured(found, rows) != found.measured:
        return say("what was seen was changed after the sheet was made")
    if found.stage == "open":
        return ""
    if signed(found, rows) != found.digest:
        return say("it was changed after it was signed")
    record = Record.objects.filter(act__in=ENDS, object=label(found)).order_by("-number").first()
    if record is None or record.data.get("digest") != found.digest:
        return say("its digest is not the one in the audit trail")
    return ""


def label(found: Sheet) -> str:
    """A sheet's name in the audit trail."""
    return f"inspection {found.pk}"


def _gone() -> Iterator[Flaw]:
    """Signed once, and no longer there."""
    known = {label(one) for one in Sheet.objects.only("pk")}
    for record in Record.objects.filter(act__in=ENDS).exclude(object__in=known):
        yield Flaw(Sheet(pk=int(record.object.rpartition(" ")[2])), say("it was signed once and is gone"))


# Weeks and months


def week_of(system: str, year: int, week: int) -> QuerySet[Sheet]:
    """The sheets of an ISO week. Raises ValueError for a week that the year does not have."""
    monday = date.fromisocalendar(year, week, 1)
    return search(system=system, start=monday, end=monday + timedelta(days=6))


def uncovered(system: str = "", sight: Sight = EVERYTHING) -> QuerySet[Sheet]:
    """Signed, and countersigned by nobody yet; oldest first."""
    return search(system=system, stage="signed", sight=sight).filter(covered=None).order_by("day", "pk")


def inspected_systems(sight: Sight = EVERYTHING) -> QuerySet[System]:
    """Systems that ever had a sheet, retired ones too."""
    sheets = Sheet.objects.filter(system=OuterRef("pk"))
    return System.objects.filter(seen(sight, "name"), Exists(sheets)).order_by("name")


def month(system: str, text: str, now: datetime, sight: Sight = EVERYTHING) -> Month:
    """Each day's last sheet that was not refused, and the trends of their lines. Raises ValueError, DoesNotExist."""
    first, last = parse_month(text)
    owner = System.objects.filter(seen(sight, "name")).get(name=system)
    today = now.astimezone(ZoneInfo(owner.timezone)).date()
    found = search(system=system, start=first, end=last).exclude(stage="refused").order_by("day", "pk")
    sheets = {sheet.day: sheet for sheet in found}  # of several the last
    days = {one.day: Day(one.day, one.pk, one.state, one.stage) for one in sheets.values()}
    rows = Line.objects.filter(sheet__in=sheets.values()).select_related("check_of__system").order_by("place")
    by_sheet = {sheet.pk: sheet.day for sheet in sheets.values()}
    entries = [
        Entry(
            by_sheet[row.sheet_id], row.section, row.item, row.title, str(row.check_of) if row.check_of else "",
            row.check_title, row.metric, row.unit, row.value, row.state,
        )
        for row in rows.defer("evidence")
    ]  # fmt: skip
    return Month(owner.name, text, days_of(first, last, today, days), trends(entries))
