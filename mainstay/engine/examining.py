"""When an incident begins, the logs of its components are taken and its databases asked what they are busy with:
minutes later a lock is gone, and a log has turned over.

It is done on a thread of its own, one incident at a time, each place within seconds. Whatever cannot be had is kept
too, with the reason.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from django.db import connections
from pydantic import ValidationError

from mainstay.backups.queries.means import component_settings
from mainstay.catalogue.models import Component
from mainstay.catalogue.secret_book import SecretBook
from mainstay.diagnosis import actions
from mainstay.diagnosis.actions import Taken
from mainstay.diagnosis.models import Examination
from mainstay.diagnosis.queries import Relation, scope_of
from mainstay.domain.log_source import LogSource
from mainstay.domain.placeholder import Unfilled, names
from mainstay.domain.redaction import redacted
from mainstay.domain.saying import say, words_of
from mainstay.drivers import log_excerpt, slow_sql
from mainstay.drivers.database import Unread
from mainstay.settings import LOGS, NETWORK, PLUGINS

_log = logging.getLogger(__name__)

EACH, ALL = 8.0, 45.0
"""Seconds for one place, and for all of an incident."""
MOST_PARTS = 12
_DATABASES = ("postgresql", "mariadb")


@dataclass(slots=True)
class Examiner:
    """``step`` every second or two, from one thread."""

    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "examiner"))
    looking: "Future[None] | None" = None

    def step(self) -> None:
        """Begin what is due, unless one is under way."""
        if self.looking is not None and not self.looking.done():
            return
        self.looking = None
        due = actions.begin_due(datetime.now(UTC))
        if due is not None:
            self.looking = self.thread.submit(_examine, due)

    def finish(self) -> None:
        """Wait for the one under way: the process ends."""
        self.thread.shutdown(wait=True)


def _examine(examination: Examination) -> None:
    try:
        examine(examination)
    except Exception:
        _log.exception("incident %s could not be looked into; it is tried again", examination.incident_id)
    finally:
        connections.close_all()


def examine(examination: Examination) -> None:
    """Every place, the nearest first, and whatever time is left for it."""
    scope, until = scope_of(examination.incident), monotonic() + ALL
    near = scope.of(Relation.AFFECTED, Relation.UPSTREAM, Relation.HOST)
    own = [part for part in near if part.system_id == examination.incident.system_id]  # others may not see the rest
    for part in own[:MOST_PARTS]:
        for taken in _looked_at(part, until):
            actions.keep(examination, taken, datetime.now(UTC))
    actions.end(examination, datetime.now(UTC))


def _looked_at(part: Component, until: float) -> Iterator[Taken]:
    logs = part.settings.get("logs") or []
    if not logs and part.kind not in _DATABASES:
        return
    try:
        settings = component_settings(part)
    except Unfilled as error:
        yield Taken(part, "log" if logs else "sql", problem=words_of(error))
        return
    if part.kind in _DATABASES and settings.get("dsn"):
        yield _database(part, str(settings["dsn"]), until)
    for written in settings.get("logs") or []:
        yield _excerpt(part, written, until)


def _database(part: Component, dsn: str, until: float) -> Taken:
    if (seconds := _left(until)) <= 0:
        return Taken(part, "sql", problem=_LATE)
    try:
        busy = slow_sql.look(dsn, NETWORK, seconds)
    except Unread as error:
        return Taken(part, "sql", problem=error.problem.detail)
    rows = {"running": busy.running, "sessions": busy.sessions, "statements": busy.statements}
    return Taken(part, "sql", rows=rows, missing=tuple(busy.missing))


def _excerpt(part: Component, written: dict[str, Any], until: float) -> Taken:
    try:
        source = LogSource.model_validate(written)
    except ValidationError:
        return Taken(part, "log", problem=say("what is written of this log does not fit"))
    if (seconds := _left(until)) <= 0:
        return Taken(part, "log", source.name, problem=_LATE)
    try:
        bounds = log_excerpt.Bounds(NETWORK, LOGS, PLUGINS)
        text = log_excerpt.take(source, _host(part, source), bounds, seconds)
    except log_excerpt.Untaken as error:
        return Taken(part, "log", source.name, problem=words_of(error))
    except Unfilled as error:
        return Taken(part, "log", source.name, problem=words_of(error))
    return Taken(part, "log", source.name, text=redacted(text, _secrets(part)))


_LATE = say("there was no time left for it")


def _left(until: float) -> float:
    return min(EACH, until - monotonic())


def _host(part: Component, source: LogSource) -> dict[str, Any] | None:
    """Where the log lies; None for this machine. Raises Unfilled."""
    if source.on is None:
        return component_settings(part) if part.kind == "host" else None
    host: Component = Component.objects.get(system=part.system_id, name=source.on)
    return component_settings(host)


def _secrets(part: Component) -> list[str]:
    """The values of all secrets that any component of the system uses: a log speaks of its neighbours too."""
    book, found = SecretBook(), set[str]()
    for settings in Component.objects.filter(system=part.system_id, retired_at=None).values_list("settings", flat=True):
        found |= names(settings)
    values: list[str] = []
    for name in found:
        try:
            values.append(book.value(name))
        except Unfilled:
            continue
    return values
