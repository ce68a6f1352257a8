"""Reading incidents."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    FloatField,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)

from mainstay.catalogue.naming import says
from mainstay.domain import incident_stats
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.alert import Alert
from mainstay.domain.state import Impact
from mainstay.incidents.models import (
    Attachment,
    Content,
    Entry,
    Incident,
    Mark,
    Member,
    Signal,
)
from mainstay.notices.models import Notice
from mainstay.people.queries import seen

RUNNING = ("open", "acknowledged")
BY_HAND = "hand:"
"""How the key of an incident begins that a person opened."""

SORTS: dict[str, tuple[Any, ...]] = {
    "due": (F("due_at").asc(nulls_last=True), "level", "-since", "-pk"), "newest": ("-since", "-pk"),
    "oldest": ("since", "pk"), "level": ("level", "-since", "-pk"),
}  # fmt: skip


def open_incidents(sight: Sight = EVERYTHING) -> QuerySet[Incident]:
    """What is not resolved, worst and oldest first."""
    return _with_parts(sight).filter(state__in=RUNNING).order_by("level", "since", "pk")


def running_by_system() -> dict[str, int]:
    """System → incidents that run; left out where none does."""
    found = Incident.objects.filter(state__in=RUNNING).exclude(system=None).order_by()
    return dict(found.values_list("system__name").annotate(running=Count("pk")))


def incident(incident_id: int, sight: Sight = EVERYTHING) -> Incident:
    """Raises Incident.DoesNotExist."""
    return _with_parts(sight).get(pk=incident_id)


def countable() -> QuerySet[Incident]:
    """Those that count: in every figure, for reviews, and as the same fault again. Not what turned out to be a part of
    another incident, and no drill's."""
    merged = Entry.objects.filter(incident=OuterRef("pk"), word="merged", data__has_key="into")
    return Incident.objects.filter(drill=None).exclude(Exists(merged))


def _with_parts(sight: Sight) -> QuerySet[Incident]:
    return Incident.objects.filter(seen(sight, "system__name")).select_related("system", "root")


def search(
    *,
    state: str = "",
    system: str = "",
    level: int | None = None,
    category: str = "",
    text: str = "",
    since: datetime | None = None,
    sort: str = "newest",
    sight: Sight = EVERYTHING,
) -> QuerySet[Incident]:
    """Incidents by what people ask for; ``state`` may also be ``running`` (open or acknowledged)."""
    found = _with_parts(sight).order_by(*SORTS[sort])
    if state == "running":
        found = found.filter(state__in=RUNNING)
    elif state:
        found = found.filter(state=state)
    if system:
        found = found.filter(system__name=system)
    if level is not None:
        found = found.filter(level=level)
    if category:
        found = found.filter(category=category)
    if since is not None:
        found = found.filter(since__gte=since)
    if text.isdecimal() and len(text) < 10:
        return found.filter(pk=int(text))
    if text:
        found = found.filter(says(text, ("system__name", "root__name"), ("title",)))
    return found


def public(systems: Collection[str], since: datetime) -> QuerySet[Incident]:
    """Those of these systems that their users feel or that a person opened: all that run, and those that are over since
    a moment; no drill's. Running ones first, then the newest."""
    felt = Q(members__check_of__impact__in=(Impact.OUTAGE.value, Impact.DEGRADED.value)) | Q(key__startswith=BY_HAND)
    found = _with_parts(EVERYTHING).filter(felt, system__name__in=systems, drill=None)
    return found.filter(Q(resolved_at=None) | Q(resolved_at__gte=since)).distinct().order_by("resolved_at", "-since")


def of_drill(drill: int) -> QuerySet[Incident]:
    """A drill's, the first opened first."""
    return _with_parts(EVERYTHING).filter(drill=drill).order_by("opened_at", "pk")


def last_resolved_at(sight: Sight = EVERYTHING) -> datetime | None:
    """When the newest of the incidents that are over was resolved, drills left out; None before the first."""
    found = Incident.objects.filter(seen(sight, "system__name"), drill=None)
    newest: datetime | None = found.aggregate(newest=Max("resolved_at"))["newest"]
    return newest


@dataclass(frozen=True, slots=True)
class Statistics:
    """Incidents opened since a Monday, in numbers. ``systems`` are the most frequent, ``others`` the sum of the rest;
    what belongs to no system has the name ``""``."""

    first: date
    weeks: list[incident_stats.Week]
    categories: dict[str, int]
    systems: list[tuple[str, int]]
    others: int
    all: incident_stats.Pace
    levels: dict[int, incident_stats.Pace]
    months: dict[str, incident_stats.Pace]

    @property
    def total(self) -> int:
        return sum(week.total for week in self.weeks)


def statistics(now: datetime, zone: tzinfo, system: str = "", sight: Sight = EVERYTHING) -> Statistics:
    """The last 26 weeks of a zone, without drills, in two queries."""
    today = now.astimezone(zone).date()
    weeks, months = incident_stats.week_starts(today), incident_stats.month_starts(today)
    found = (
        countable()
        .filter(seen(sight, "system__name"), opened_at__gte=_midnight(weeks[0], zone), opened_at__lte=now)
        .order_by()
    )
    if system:
        found = found.filter(system__name=system)
    grouped = found.values_list(_nth("opened_at", weeks, zone), "level", "category", "system__name")
    counted = list(grouped.annotate(number=Count("pk")))
    took = Seconds("acknowledged_at", "since"), Seconds("resolved_at", "since")
    timed = found.annotate(respond_late=_late("respond"), resolve_late=_late("resolve"), old=_unwatched())
    handled = [
        incident_stats.Handled(
            level, f"{months[place]:%Y-%m}", _positive(first), _positive(last), *((None, None) if old else late)
        )
        for level, place, first, last, old, *late in timed.values_list(
            "level", _nth("since", months, zone), *took, "old", "respond_late", "resolve_late"
        )
    ]
    systems, others = incident_stats.top(_summed((name or "", number) for *_, name, number in counted))
    return Statistics(
        weeks[0],
        incident_stats.by_week(((weeks[place], level, number) for place, level, *_, number in counted), today),
        _summed((category, number) for _, _, category, _, number in counted),
        systems,
        others,
        incident_stats.pace(handled),
        incident_stats.by_level(handled),
        incident_stats.by_month(handled, today),
    )


def _late(clock: str) -> Exists:
    """Whether a clock ran out since the incident was opened, or opened again."""
    return Exists(Mark.objects.filter(incident=OuterRef("pk"), since=OuterRef("since"), clock=clock, word="late"))


def _unwatched() -> Case:
    """Whether it is from before there were clocks."""
    return Case(When(reached={}, then=True), default=False, output_field=BooleanField())


class Seconds(Func):
    """From the second moment to the first, by the database itself: SQLite would ask Python for each row."""

    arity = 2
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "(julianday(%(expressions)s)) * 86400.0"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "EXTRACT(EPOCH FROM (%(expressions)s))::double precision"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **more)


def _nth(field: str, starts: Sequence[date], zone: tzinfo) -> Case:
    """The last of these days, as a place in the list, on or after which a moment is: in SQL, whatever the zone."""
    whens = [When(**{f"{field}__gte": _midnight(day, zone)}, then=place) for place, day in enumerate(starts)]
    return Case(*reversed(whens), default=0, output_field=IntegerField())


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _positive(seconds: float | None) -> float | None:
    """To the millisecond: what SQLite subtracts is no more exact than that."""
    return None if seconds is None else max(0.0, round(seconds, 3))


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, number in pairs:
        found[key] += number
    return dict(found)


def timeline(incident_id: int) -> QuerySet[Entry]:
    """Oldest first, with the state change that each line is about, and the files that came with it."""
    found = Entry.objects.filter(incident_id=incident_id).select_related("change").prefetch_related("attachments")
    return found.order_by("at", "pk")


def attachment(incident_id: int, attachment_id: int, sight: Sight = EVERYTHING) -> Attachment:
    """A file of an incident that may be seen, without its bytes. Raises Attachment.DoesNotExist."""
    found = Attachment.objects.filter(seen(sight, "incident__system__name"))
    return found.get(pk=attachment_id, incident=incident_id)


def content(found: Attachment) -> bytes:
    """Its bytes."""
    return bytes(Content.objects.get(attachment=found).data)


def members(incident_id: int) -> list[Member]:
    """Root first, then those that joined, then echoes."""
    order = {"root": 0, "joined": 1, "echo": 2}
    found = Member.objects.filter(incident_id=incident_id).select_related("check_of__system", "check_of__component")
    return sorted(found, key=lambda member: (order.get(member.role, 3), member.joined_at, member.pk))


def explain(incident_id: int) -> list[dict[str, Any]]:
    """Why it was opened, grouped, graded and told as it was: the lines that say a reason, as plain data."""
    words = (
        "opened", "joined", "echo", "rerooted", "merged", "graded", "regraded", "reopened", "worse", "blind", "paused",
        "resumed", "clock-close", "clock-late",
    )  # fmt: skip
    rows = Entry.objects.filter(incident_id=incident_id, word__in=words).order_by("at", "pk")[:500]
    lines = [{"word": row.word, "at": row.at, "actor": row.actor, "text": row.text, **row.data} for row in rows]
    return sorted(lines + _told(incident_id), key=lambda line: line["at"])


def _told(incident_id: int) -> list[dict[str, Any]]:
    """Who was told, and why others were not: ``level``, ``system``, ``notify`` (the system names others), ``waiting``
    (the first notice was not out yet), ``untold`` (never heard of the incident)."""
    rows = (
        Notice.objects.filter(incident=incident_id)
        .prefetch_related("deliveries__channel", "deliveries__contact")
        .order_by("at", "pk")[:100]
    )
    return [
        {
            "word": "told", "at": row.at, "actor": "engine", "text": "", "notice": row.word,
            "channels": [delivery.receiver for delivery in row.deliveries.all()],
            "left_out": row.data.get("left_out", {}),
        }
        for row in rows
    ]  # fmt: skip


def left_out(incident_id: int) -> dict[str, str]:
    """Channel → why it did not hear of the incident's newest notice; see ``_told``."""
    told = _told(incident_id)
    found: dict[str, str] = told[-1]["left_out"] if told else {}
    return found


def brief(incident_id: int) -> dict[str, Any]:
    """What a notice needs to know, as it stands now."""
    found = incident(incident_id)
    parts = members(incident_id)
    root = next((member for member in parts if member.role == "root"), None)
    change = (
        Entry.objects.filter(incident=found, change__isnull=False, change__check_of=root.check_of)
        .exclude(change__after="ok")
        .select_related("change")
        .order_by("-at", "-pk")
        .first()
        if root
        else None
    )
    return {
        "incident": found,
        "root": root,
        "members": parts,
        "echoes": sum(member.role == "echo" for member in parts),
        "message": change.change.message if change and change.change else {},
        "rows": (change.change.evidence.get("rows") or [])[:5] if change and change.change else [],
        "help": root.check_of.document.get("help", "") if root else "",
    }


def checks_in_open() -> set[int]:
    """Checks that are part of an incident that runs."""
    found = Member.objects.exclude(incident__state="resolved").values_list("check_of_id", flat=True)
    return set(found)


def running_of(check_ids: Collection[int]) -> dict[int, Incident]:
    """Check id → the newest running incident that it is part of."""
    rows = Member.objects.exclude(incident__state="resolved").filter(check_of__in=check_ids).select_related("incident")
    return {row.check_of_id: row.incident for row in rows.order_by("incident__since", "incident_id")}


def of_alert(alert: Alert) -> list[Incident]:
    """The running incidents that an alert is the matter of: its own, or those that are rooted in what it is about."""
    own = Incident.objects.filter(key=f"alert:{alert.fingerprint}"[:300])
    about = Signal.objects.filter(
        fingerprint=alert.fingerprint[:300], check_of__system__name=alert.system,
        check_of__component__name=alert.component,
    )  # fmt: skip
    rooted = Member.objects.filter(check_of__in=about.values("check_of")).exclude(role="echo")
    found = own | Incident.objects.filter(pk__in=rooted.values("incident"))
    return list(found.exclude(state="resolved").select_related("system").order_by("pk"))


def signals(incident_id: int, text: str = "") -> QuerySet[Signal]:
    """The alerts about what an incident's alert checks saw while it ran, what fires first; ``text``: of their titles
    or fingerprints. Each knows its part (``role``) in the incident."""
    mine = Member.objects.filter(incident=incident_id, check_of=OuterRef("check_of"))
    found = (
        Signal.objects.filter(Exists(mine))
        .filter(heard_at__gte=Incident.objects.filter(pk=incident_id).values("opened_at")[:1])
        .annotate(role=Subquery(mine.values("role")[:1]))
        .select_related("check_of__component")
    )
    if text:
        found = found.filter(Q(title__icontains=text) | Q(fingerprint__icontains=text))
    return found.order_by(Case(When(state="ok", then=1), default=0), "-heard_at", "pk")


def parts_in_open(system: str) -> dict[int, str]:
    """Component id → its part (root before echo) in the incidents that run on a system."""
    rows = (
        Member.objects.exclude(incident__state="resolved")
        .filter(check_of__system__name=system, check_of__component__isnull=False, recovered_at=None)
        .values_list("check_of__component_id", "role")
    )
    parts: dict[int, str] = {}
    for component, role in rows:
        if component is not None and (role != "echo" or component not in parts):
            parts[component] = "echo" if role == "echo" else "root"
    return parts
