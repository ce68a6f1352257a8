"""Who is on call, was, and will be, by the turns of the rotations and by who stands in."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Arrangement
from mainstay.catalogue.specs import day_books
from mainstay.domain import rota as turns
from mainstay.domain.calendar import NO_BOOK, DayBook
from mainstay.domain.draft import languages
from mainstay.domain.on_call import Rotation
from mainstay.domain.rota import On, Shift
from mainstay.on_call.models import Override
from mainstay.people.models import Person

AHEAD = timedelta(days=14)
"""How far ahead gaps are looked for, and pages show."""


@dataclass(frozen=True, slots=True)
class Rota:
    """A rotation with all that decides who is on call."""

    name: str
    title: dict[str, str]
    zone: ZoneInfo
    team: str
    people: tuple[str, ...]
    layers: tuple[turns.Layer, ...]
    overrides: tuple[turns.Override, ...]

    def on(self, at: datetime) -> On:
        """Who is on call at a moment."""
        return turns.on_at(self.layers, self.overrides, at)

    def shifts(self, start: datetime, end: datetime) -> list[Shift]:
        """Without a hole: where nobody is on call, a shift of nobody."""
        return turns.shifts(self.layers, self.overrides, start, end)


def rotas(since: datetime | None = None) -> dict[str, Rota]:
    """Every rotation in use, with what stands in for it since a moment (two days ago when left out)."""
    standing_in, books = _standing_in(since), day_books()
    found = {}
    for one in catalogue.arrangements("rotation"):
        found[one.name] = _rota(one, books, tuple(standing_in[one.name]))
    return found


def drafted(name: str, meant: Rotation) -> Rota:
    """A rotation as it would be, with who stands in for the one of that name."""
    row = Arrangement(kind="rotation", name=name, document=meant.model_dump(mode="json"))
    return _rota(row, day_books(), tuple(_standing_in()[name]))


def reachable() -> set[str]:
    """Names under which there is somebody."""
    return set(Person.objects.filter(is_active=True).values_list("username", flat=True))


def _standing_in(since: datetime | None = None) -> dict[str, list[turns.Override]]:
    since = since or datetime.now(UTC) - timedelta(days=2)
    found: dict[str, list[turns.Override]] = defaultdict(list)
    for row in Override.objects.filter(ended_at=None, end__gt=since):
        found[row.rotation].append(turns.Override(row.pk, row.person, row.start, row.end))
    return found


def _rota(row: Arrangement, books: dict[str, DayBook], standing_in: tuple[turns.Override, ...]) -> Rota:
    rotation = Rotation.model_validate(row.document)
    people = dict.fromkeys(person for layer in rotation.layers for person in layer.people)
    return Rota(
        row.name, languages(rotation.title) or {"en": row.name}, ZoneInfo(rotation.timezone), rotation.team or "",
        tuple(people), turns.layers_of(rotation, books.get(rotation.calendar or "", NO_BOOK)), standing_in,
    )  # fmt: skip


def rota(name: str, since: datetime | None = None) -> Rota:
    """One of them. Raises Arrangement.DoesNotExist."""
    found = rotas(since).get(name)
    if found is None:
        raise Arrangement.DoesNotExist
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """A shift in a rotation."""

    rota: Rota
    shift: Shift


def held_by(person: str, start: datetime, end: datetime, found: Iterable[Rota]) -> list[Held]:
    """A person's shifts, whole even where they begin before or end after; the earliest first."""
    wide = timedelta(days=35)
    held = [
        Held(one, shift)
        for one in found if person in one.people or any(row.person == person for row in one.overrides)
        for shift in one.shifts(start - wide, end + wide)
        if shift.on.person == person and shift.end > start and shift.start < end
    ]  # fmt: skip
    return sorted(held, key=lambda one: one.shift.start)


def gaps_ahead(found: Iterable[Rota], now: datetime, ahead: timedelta = AHEAD) -> list[Held]:
    """Where nobody will be on call; the earliest first."""
    gaps = [Held(one, shift) for one in found for shift in turns.gaps(one.shifts(now, now + ahead))]
    return sorted(gaps, key=lambda one: one.shift.start)


def next_after(one: Rota, now: datetime, ahead: timedelta = AHEAD) -> Shift | None:
    """The next shift of another person than the one who is on call now."""
    person = one.on(now).person
    later = one.shifts(now, now + ahead)
    return next((shift for shift in later if shift.on.person not in (None, person)), None)
