"""Settings, about: this very installation."""

import shutil
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

from mainstay import __version__
from mainstay.catalogue import queries as catalogue
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices
from mainstay.settings import CONFIGURATION, DATA, WORKSPACE
from mainstay.web.access import actor, page
from mainstay.web.context import silent
from mainstay.web.live import live
from mainstay.web.places import permitted
from mainstay.web.settings_tabs import tabs


@page("catalogue.read")
def about(request: HttpRequest) -> HttpResponse:
    """Version, processes, database, space; where on the machine it lies is for administrators."""
    waiting, _oldest = notices.waiting()
    disk = shutil.disk_usage(DATA)
    now, pulses = datetime.now(UTC), monitoring.pulses()
    kinds = {monitoring.kind_of(row) for row in pulses}
    context: dict[str, Any] = {
        "tabs": tabs(request, "about"), "version": __version__, "now": now,
        "processes": [{"row": row, "silent": monitoring.is_silent(row, now)} for row in pulses],
        "never": [name for name in silent() if name not in kinds],
        "engine": {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(connection.vendor, connection.vendor),
        "size": _database_size(), "free": disk.free, "share": disk.free / disk.total, "revision": catalogue.revision(),
        "checks": catalogue.checks().count(), "waiting": waiting, "days": CONFIGURATION.keep_samples_days,
        "workspace": WORKSPACE if permitted(actor(request), "secret.set") else "",
        "dead_man": bool(CONFIGURATION.dead_man.url),
    }  # fmt: skip
    return live(request, "about", context)


def _database_size() -> int:
    """Bytes, with SQLite's log beside it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("select pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    path = DATA / "mainstay.sqlite3"
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
