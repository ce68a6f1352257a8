"""What one who comes on call has to know. A later app adds its section to ``SECTIONS``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mainstay.backups import queries as backups
from mainstay.domain.actor import Sight
from mainstay.incidents import queries as incidents
from mainstay.inspection import queries as inspections
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices
from mainstay.on_call.queries import Rota, gaps_ahead

AHEAD = timedelta(days=7)
BEHIND = timedelta(days=7)
MOST = 50
"""Lines that a section keeps; a row of its own says how many there were more."""
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """``find`` gives what is to be said of a rotation at a moment: ``words`` (by language), and where there is one
    the system ``of`` which it is and its title, ``link``, ``at`` (a moment)."""

    name: str
    title: Promise
    find: Callable[[Rota, datetime], Iterable[Line]]


def _incidents(_rota: Rota, _now: datetime) -> Iterable[Line]:
    for row in incidents.open_incidents()[: MOST + 1]:
        yield _line(row.called, row.system, f"/incidents/{row.pk}/", row.since, level=row.level, state=row.state)


def _mutes(_rota: Rota, now: datetime) -> Iterable[Line]:
    for row in monitoring.mutes(now).filter(ends_at__lt=now + AHEAD).order_by("ends_at")[: MOST + 1]:
        part = row.check_of or row.component
        yield _line(
            part.title or {"en": part.name} if part else {"en": row.reason}, row.system,
            f"/systems/{row.system.name}/", row.ends_at,
        )  # fmt: skip


def _proofs(_rota: Rota, now: datetime) -> Iterable[Line]:
    failed = backups.proofs().filter(at__gte=now - BEHIND).exclude(verdict="proved")
    for row in failed.select_related("copy__policy__system")[: MOST + 1]:
        policy = row.copy.policy
        yield _line(policy.title or {"en": policy.name}, policy.system, f"/backups/proofs/{row.pk}/", row.at)


def _sheets(_rota: Rota, _now: datetime) -> Iterable[Line]:
    for row in inspections.to_sign()[: MOST + 1]:
        yield _line({"en": row.day.isoformat()}, row.system, f"/inspections/{row.pk}/", row.late_after)


def _undelivered(_rota: Rota, now: datetime) -> Iterable[Line]:
    for row in notices.undelivered(now)[: MOST + 1]:
        yield _line({"en": row.receiver}, None, "/notices/?outcome=waiting", row.notice.at)


def _gaps(rota: Rota, now: datetime) -> Iterable[Line]:
    for gap in gaps_ahead([rota], now, AHEAD)[: MOST + 1]:
        yield _line(rota.title, None, f"/on-call/#rotation-{rota.name}", gap.shift.start, end=gap.shift.end.isoformat())


def _line(words: Any, system: Any, link: str, at: datetime | None, **more: Any) -> Line:
    title = (system.title or {"en": system.name}) if system else {}
    of = system.name if system else None
    return {"words": words, "of": of, "system": title, "link": link, "at": at.isoformat() if at else None, **more}


SECTIONS: list[Section] = [
    Section("incidents", _("Open incidents"), _incidents),
    Section("mutes", _("Mutes that end"), _mutes),
    Section("proofs", _("Copies that were not proved"), _proofs),
    Section("sheets", _("Inspections to sign"), _sheets),
    Section("undelivered", _("Notices that did not arrive"), _undelivered),
    Section("gaps", _("Hours without anybody on call"), _gaps),
]


def visible(kept: Mapping[str, list[Line]], sight: Sight) -> dict[str, list[Line]]:
    """What somebody may see of a digest."""
    return {
        name: [line for line in lines if line.get("more") or not line["of"] or line["of"] in sight]
        for name, lines in kept.items()
    }


def digest(rota: Rota, now: datetime) -> dict[str, list[Line]]:
    """Section → its lines, as things stand."""
    found = {}
    for section in SECTIONS:
        lines = list(section.find(rota, now))
        found[section.name] = lines[:MOST] + ([{"more": True}] if len(lines) > MOST else [])
    return found
