"""Reading the catalogue."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Max, Q, QuerySet, TextField
from django.db.models.functions import Cast

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
from mainstay.catalogue.secret_book import SecretBook, unfilled
from mainstay.catalogue.specs import Spec, drafted, own_spec, specs
from mainstay.domain import backup_policy, document
from mainstay.domain.actor import EVERYTHING, Actor, Sight
from mainstay.domain.difference import Difference, ObjectKey, compare
from mainstay.domain.draft import HELP_DESK, Catalogue, DraftPolicy, header_object, policy_object
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
    return found.filter(Q(name__icontains=text) | Q(title__en__icontains=text) | Q(title__zh__icontains=text))


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


def letter_channel() -> Channel | None:
    """By which single people are written to: the help desk's, else the first of the kind ``smtp`` by name."""
    found, mail = help_desk(), Channel.objects.filter(retired_at=None, kind="smtp")
    named = found.document.get("channel") if found else None
    return (mail.filter(name=named).first() if named else None) or mail.order_by("name").first()


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
    """Every channel, calendar or store that is named → the systems, escalations and rotations in use that name it."""
    found: dict[str, list[str]] = {}
    if kind == "store":
        for owner, stores in policies(sight=sight).values_list("system__name", "document__stores"):
            for name in stores:
                found.setdefault(name, []).append(owner)
        return {name: list(dict.fromkeys(owners)) for name, owners in found.items()}
    for system, written in systems(sight).values_list("name", "document"):
        named = _told(written) if kind == "channel" else filter(None, [written.get("calendar")])
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(system)
    for row in arrangements("escalation" if kind == "channel" else "rotation"):
        named = called(row.document, "channel") if kind == "channel" else filter(None, [row.document.get("calendar")])
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(str(row))
    return found


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
    return Known(
        *(tuple(found.values_list("name", flat=True)) for found in (systems(), channels(), calendars(), stores())),
        *(tuple(arrangements(kind).values_list("name", flat=True)) for kind in ARRANGEMENTS),
    )


def names_without_value() -> list[str]:
    """Every ``${NAME}`` that the catalogue in use asks for and nobody has given."""
    return unfilled(set(secret_uses()))


def differences(catalogue: Catalogue) -> list[Difference]:
    """What ``actions.apply`` would do."""
    in_use, retired = stored()
    if not catalogue.whole:
        in_use = {key: value for key, value in in_use.items() if _touched(key, catalogue)}
    wanted = catalogue.objects()
    found = compare(in_use, wanted, retired)
    return found + _rewritten(catalogue, found)


def _touched(key: ObjectKey, catalogue: Catalogue) -> bool:
    """Whether a catalogue that is not whole speaks of the object."""
    kind, name = key
    if key in catalogue.leaving:
        return True
    if key == HELP_DESK:
        return catalogue.help_desk is not None
    if kind in ARRANGEMENTS:
        return key in catalogue.arrangements
    shared = {"channel": catalogue.channels, "calendar": catalogue.calendars, "store": catalogue.stores}
    if kind in ("grading", "clock", "words"):
        return key in catalogue.practices
    if kind in shared:
        return name in shared[kind]
    return name.partition("/")[0] in catalogue.systems


def _rewritten(catalogue: Catalogue, found: list[Difference]) -> list[Difference]:
    """Systems that mean the same but are written otherwise, so that export keeps giving what was applied."""
    known = {one.name.partition("/")[0] for one in found if one.kind in ("system", "check", "component", "policy")}
    names = [name for name in catalogue.systems if name not in known]
    rows = Original.objects.filter(system__name__in=names).values_list("system__name", "text")
    return [Difference.rewritten(name) for name, text in rows if json.loads(text) != catalogue.systems[name].written]


def stored() -> tuple[dict[ObjectKey, dict[str, Any]], frozenset[ObjectKey]]:
    """Every object in use in the form of ``Catalogue.objects``, and the keys of those retired."""
    found: dict[ObjectKey, dict[str, Any]] = {}
    retired: set[ObjectKey] = set()
    for key, value, at in _rows():
        if at is None:
            found[key] = value
        else:
            retired.add(key)
    return found, frozenset(retired)


# What an older Mainstay stored has no key for what came later: the default stands in.
_HEADER = header_object(document.System(system="none"))
_POLICY = policy_object(DraftPolicy(backup_policy.Policy(of="none", stores=["none"]), ""))
_CHECK = document.Check(probe=document.Probe(kind="none")).model_dump(mode="json")


def _rows() -> Iterator[tuple[ObjectKey, dict[str, Any], datetime | None]]:
    for calendar in Calendar.objects.all():
        yield ("calendar", calendar.name), calendar.document, calendar.retired_at
    for channel in Channel.objects.all():
        yield ("channel", channel.name), {"categories": [], **channel.document}, channel.retired_at
    for arrangement in Arrangement.objects.all():
        yield (arrangement.kind, arrangement.name), arrangement.document, arrangement.retired_at
    for store in Store.objects.all():
        yield ("store", store.name), store.document, store.retired_at
    for desk in HelpDesk.objects.all():
        yield HELP_DESK, desk.document, desk.retired_at
    for practice in Practice.objects.all():
        yield (practice.kind, practice.name), practice.document, practice.retired_at
    for system in System.objects.all():
        yield ("system", system.name), {**_HEADER, **system.document}, system.retired_at
    for component in Component.objects.select_related("system").prefetch_related("depends_on"):
        value = {
            "kind": component.kind,
            "title": component.title,
            "settings": component.settings,
            "depends_on": sorted(needed.name for needed in component.depends_on.all()),
        }
        yield ("component", f"{component.system.name}/{component.name}"), value, component.retired_at
    for policy in Policy.objects.select_related("system"):
        yield ("policy", f"{policy.system.name}/{policy.name}"), {**_POLICY, **policy.document}, policy.retired_at
    rows = Check.objects.order_by().values_list(
        "system__name", "name", "document", "component__name", "pack", "retired_at"
    )
    for owner, name, definition, component_name, pack, at in rows.iterator(chunk_size=2000):
        value = {**_CHECK, **definition, "component": component_name, "pack": pack}
        yield ("check", f"{owner}/{name}"), value, at
