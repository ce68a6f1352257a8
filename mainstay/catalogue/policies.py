"""What a stored policy means: its definition, and when its copies are due."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from mainstay.catalogue import kinds
from mainstay.catalogue.models import Policy
from mainstay.catalogue.specs import day_books
from mainstay.domain import backup_policy
from mainstay.domain.backup_schedule import FULL, INCREMENTAL, Plan, plan_of
from mainstay.domain.calendar import NO_BOOK


def definition(row: Policy) -> backup_policy.Policy:
    """As its user wrote it, defaults filled in; what an older Mainstay had no key for is the default."""
    return backup_policy.Policy.model_validate(row.document)


def zone(row: Policy) -> ZoneInfo:
    """The clocks that its cron lines read."""
    return ZoneInfo(row.system.timezone)


def levels(row: Policy) -> tuple[str, ...]:
    """What its tool can make; both where the tool is not installed here."""
    known = row.tool in kinds.backup_tool_kinds()
    return kinds.backup_tool(row.tool).levels if known else (FULL, INCREMENTAL)


def plan(row: Policy) -> Plan:
    """When its copies are due."""
    return plans([row])[row.pk]


def plans(rows: Iterable[Policy]) -> dict[int, Plan]:
    """The same for many, by number of the policy; the calendars are read once."""
    books = day_books()
    found = {}
    for row in rows:
        book = books.get(row.system.document.get("calendar") or "", NO_BOOK)
        found[row.pk] = plan_of(definition(row), zone(row), book, levels(row))
    return found
