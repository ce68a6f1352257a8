"""Reading the catalogue."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Max, Q, QuerySet, TextField
from django.db.models.functions import Cast

from mainstay.catalogue.comparing import differences, stored
from mainstay.catalogue.examine import Known
from mainstay.catalogue.models import (
    Arrangement,
    Calendar,
    Channel,
    Check,
    Component,
    HelpDesk,
    Original,
    Policy,
    Practice,
    Revision,
    Secret,
    Store,
    System,
)
from mainstay.catalogue.models import Outline as OutlineRow
from mainstay.catalogue.naming import says
from mainstay.catalogue.secret_book import SecretBook, unfilled
from mainstay.catalogue.specs import Spec, drafted, own_spec, specs
from mainstay.domain import backup_policy
from mainstay.domain.actor import EVERYTHING, Actor, Sight
from mainstay.domain.on_call import ARRANGEMENTS
from mainstay.domain.outline import Outline
from mainstay.domain.placeholder import Unfilled, fill, names
from mainstay.domain.saying import say
from mainstay.people.queries import seen

__all__ = [
    "Spec",
    "arrangements",
    "calendars",
    "channel_settings",
    "channels",
    "check",
    "checks",
    "components",
    "differences",
    "drafted",
    "help_desk",
    "help_desk_address",
    "help_desk_settings",
    "known",
    "letter_channel",
    "mail_channel",
    "named_like",
    "names_without_value",
    "originals",
    "outline",
    "own_spec",
    "policies",
    "policy",
    "practices",
    "require_systems",
    "revision",
    "revisions",
    "secret_problem",
    "secret_uses",
    "secrets",
    "specs",
    "store",
    "store_settings",
    "stored",
    "stores",
    "system",
    "systems",
    "users",
    "users_of",
]

OUTLINE_KEPT = timedelta(days=1)
"""How long what somebody is describing is kept after he last touched it."""


def revision() -> int:
    """The number of the newest apply; 0 before the first."""
    return Revision.objects.aggregate(newest=Max("number"))["newest"] or 0


SORTS = {"newest": "-number", "oldest": "number"}


def revisions(text: str = "", act: str = "", sort: str = "newest") -> QuerySet[Revision]:
    """By who made them or what they touched; ``act`` is created, changed, retired or restored."""
    found = Revision.objects.order_by(SORTS[sort]).annotate(said=Cast("summary", TextField()))
    if text:
        found = found.filter(Q(actor__icontains=text) | Q(said__icontains=text))
    return found.filter(said__contains=f'"act": "{act}"') if act else found


def systems(sight: Sight = EVERYTHING) -> QuerySet[System]:
    """Those in use, the most important first."""
    return System.objects.filter(seen(sight, "name"), retired_at=None)


def on_status_page() -> QuerySet[System]:
    """Those whose state everybody may know."""
    return systems().filter(document__status_page=True)


def system(name: str, sight: Sight = EVERYTHING) -> System:
    """One in use; System.DoesNotExist otherwise."""
    return systems(sight).get(name=name)


def require_systems(names: Iterable[str]) -> None:
    """Raises System.DoesNotExist for the first that is not in use."""
    wanted = set(names)
    if missing := sorted(wanted - set(systems().filter(name__in=wanted).values_list("name", flat=True))):
        raise System.DoesNotExist(say("there is no system %(name)s", name=missing[0]))


def components(system: str | None = None, sight: Sight = EVERYTHING) -> QuerySet[Component]:
    """Those in use, with what they depend on at hand."""
    found = Component.objects.filter(seen(sight, "system__name"), retired_at=None)
    found = found.select_related("system").prefetch_related("depends_on")
    return found.filter(system__name=system) if system else found


def checks(system: str | None = None, sight: Sight = EVERYTHING) -> QuerySet[Check]:
    """Those in use."""
    found = Check.objects.filter(seen(sight, "system__name"), retired_at=None).select_related("system", "component")
    return found.filter(system__name=system) if system else found


def named_like(found: QuerySet[Check], text: str) -> QuerySet[Check]:
    """Those whose name or title in any language holds a text."""
    if not text:
        return found
    return found.filter(says(text, ("name",), ("title",)))


def check(path: str, sight: Sight = EVERYTHING) -> Check:
    """One in use, by ``system/name``; Check.DoesNotExist otherwise."""
    owner, _, name = path.partition("/")
    return checks(owner, sight).get(name=name)


def channels(sight: Sight = EVERYTHING) -> QuerySet[Channel]:
    """Those in use. They belong to no system."""
    found = Channel.objects.filter(retired_at=None)
    return found if None in sight else found.none()


def channel_settings(channel: Channel) -> dict[str, Any]:
    """The kind's own settings with every ``${NAME}`` filled in. Raises Unfilled. Never show or log them."""
    filled: dict[str, Any] = fill(channel.settings, SecretBook().value)
    return filled


def stores(sight: Sight = EVERYTHING) -> QuerySet[Store]:
    """Those in use. They belong to no system."""
    found = Store.objects.filter(retired_at=None)
    return found if None in sight else found.none()


def store(name: str, sight: Sight = EVERYTHING) -> Store:
    """One in use; Store.DoesNotExist otherwise."""
    return stores(sight).get(name=name)


def store_settings(store: Store) -> dict[str, Any]:
    """The kind's own settings with every ``${NAME}`` filled in. Raises Unfilled. Never show or log them."""
    filled: dict[str, Any] = fill(store.settings, SecretBook().value)
    return filled


def help_desk() -> HelpDesk | None:
    """How users reach the people who help; None where nobody said it."""
    return HelpDesk.objects.filter(retired_at=None).first()


def help_desk_address() -> str:
    """Where users write; empty where there is no such place, or nobody reads what arrives there."""
    found = help_desk()
    return str(found.document.get("address", "")) if found and found.document.get("imap") else ""


def help_desk_settings() -> dict[str, Any]:
    """Its mapping with every ``${NAME}`` filled in. Raises Unfilled. Never show or log them."""
    found = help_desk()
    filled: dict[str, Any] = fill(found.document if found else {}, SecretBook().value)
    return filled


def mail_channel(only: Collection[str] = ()) -> Channel | None:
    """The channel whose mail server writes to single people: one that is named, else the first by name."""
    mail = list(Channel.objects.filter(kind="smtp", retired_at=None).order_by("name"))
    return next((one for one in mail if one.name in only), mail[0] if mail else None)


def letter_channel() -> Channel | None:
    """By which the help desk writes to single people."""
    found = help_desk()
    named = found.document.get("channel") if found else None
    return mail_channel([named] if named else ())


def policies(system: str | None = None, sight: Sight = EVERYTHING) -> QuerySet[Policy]:
    """Backup policies in use, those of the most important systems first."""
    found = Policy.objects.filter(seen(sight, "system__name"), retired_at=None, system__retired_at=None)
    found = found.select_related("system", "component").order_by("system__tier", "system__name", "name")
    return found.filter(system__name=system) if system else found


def policy(path: str, sight: Sight = EVERYTHING) -> Policy:
    """One in use, by ``system/name``; Policy.DoesNotExist otherwise."""
    owner, _, name = path.partition("/")
    return policies(owner, sight).get(name=name)


def arrangements(kind: str = "") -> QuerySet[Arrangement]:
    """Teams, rotations, escalations and vendors in use, or those of one kind."""
    found = Arrangement.objects.filter(retired_at=None).order_by("kind", "name")
    return found.filter(kind=kind) if kind else found


def practices(kind: str) -> QuerySet[Practice]:
    """What shared documents say of levels: ``grading``, ``clock`` or ``words``."""
    return Practice.objects.filter(kind=kind, retired_at=None)


def calendars() -> QuerySet[Calendar]:
    """Those in use."""
    return Calendar.objects.filter(retired_at=None)


def originals() -> Iterator[tuple[System, dict[str, Any]]]:
    """Every system in use with the mapping that its user wrote, one at a time."""
    for row in Original.objects.filter(system__retired_at=None).select_related("system").order_by("system__name"):
        yield row.system, json.loads(row.text)


def secrets() -> QuerySet[Secret]:
    """Names and when they were set. The values are not to be had here."""
    return Secret.objects.defer("sealed")


def secret_problem(name: str) -> str:
    """Why ``${name}`` has no value that can be read; empty when it has. Never the value."""
    try:
        SecretBook().value(name)
    except Unfilled as error:
        return str(error)
    return ""


def secret_uses(sight: Sight = EVERYTHING) -> dict[str, list[str]]:
    """Secret's name → the components, channels, stores, policies and checks in use that ask for it."""
    found: dict[str, list[str]] = {}
    asks = Q(settings__icontains="${")  # few of thousands do
    asking = [
        *((f"{row.system.name}/{row.name}", row.settings) for row in components(sight=sight).filter(asks)),
        *((row.name, row.settings) for row in channels(sight).filter(asks)),
        *((row.name, row.settings) for row in stores(sight).filter(asks)),
        *((row.name, row.document) for row in [help_desk()] if row is not None and None in sight),
        *(
            (str(row), [row.document.get(key) for key in backup_policy.FILLED])
            for row in policies(sight=sight).filter(document__icontains="${")
        ),
        *((str(row), row.document.get("probe")) for row in checks(sight=sight).filter(document__icontains="${")),
    ]
    for where, settings in asking:
        for name in names(settings):
            found.setdefault(name, []).append(where)
    return found


def outline(actor: Actor, now: datetime) -> Outline | None:
    """What somebody is describing, unless it was left for too long."""
    row = OutlineRow.objects.filter(actor=actor.name, touched_at__gte=now - OUTLINE_KEPT).first()
    return Outline.model_validate(row.document) if row else None


def users_of(kind: str, name: str, sight: Sight = EVERYTHING) -> list[str]:
    """What in use names a channel to be told by, a calendar to follow, or a store for copies."""
    return users(kind, sight).get(name, [])


def users(kind: str, sight: Sight = EVERYTHING) -> dict[str, list[str]]:
    """Every channel, calendar, store or rotation that is named → the systems, escalations and rotations in use that
    name it."""
    found: dict[str, list[str]] = {}
    if kind == "store":
        for owner, stores in policies(sight=sight).values_list("system__name", "document__stores"):
            for name in stores:
                found.setdefault(name, []).append(owner)
        return {name: list(dict.fromkeys(owners)) for name, owners in found.items()}
    for system, written in systems(sight).values_list("name", "document"):
        named = _named_by(written, kind)
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(system)
    for row in arrangements("rotation" if kind == "calendar" else "escalation"):
        named = _calendar(row.document) if kind == "calendar" else called(row.document, kind)
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(str(row))
    return found


def _named_by(system: Mapping[str, Any], kind: str) -> list[str]:
    """The channels, the calendar or the rotations of its response team that a system names."""
    if kind == "channel":
        return _told(system)
    if kind == "calendar":
        return _calendar(system)
    team = filter(None, (system.get("response_team") or {}).values())
    return [target.partition(":")[2] for target in team if target.startswith("rotation:")]


def _calendar(document: Mapping[str, Any]) -> list[str]:
    return [document["calendar"]] if document.get("calendar") else []


def called(escalation: Mapping[str, Any], kind: str) -> list[str]:
    """The names of one kind that an escalation calls."""
    targets = [*chain.from_iterable(step["call"] for step in escalation["steps"]), *escalation.get("nobody", [])]
    return [target.partition(":")[2] for target in targets if target.startswith(f"{kind}:")]


def _told(document: Mapping[str, Any]) -> list[str]:
    """Channels that a system names: for its incidents, its sheets, and those that nobody signs."""
    inspection = document.get("inspection") or {}
    return [*document.get("notify", []), *inspection.get("tell", []), *inspection.get("escalate", [])]


def known() -> Known:
    """Names that a single file may speak of."""
    parts = {"systems": systems(), "channels": channels(), "calendars": calendars()}
    parts |= {f"{kind}s": arrangements(kind) for kind in ARRANGEMENTS}
    return Known(
        **{part: tuple(found.values_list("name", flat=True)) for part, found in parts.items()},
        stores=dict(stores().values_list("name", "kind")),
    )


def names_without_value() -> list[str]:
    """Every ``${NAME}`` that the catalogue in use asks for and nobody has given."""
    return unfilled(set(secret_uses()))
