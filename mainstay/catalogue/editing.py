"""One check or one system as it is written, and what a change to it would do: read here, carried out in ``actions``."""

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mainstay.catalogue import kinds, packs, queries
from mainstay.catalogue.examine import Examined, examine
from mainstay.catalogue.models import Check, Original, System
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain import document
from mainstay.domain.amend import amend, changed
from mainstay.domain.backup_policy import Policy
from mainstay.domain.difference import Difference
from mainstay.domain.draft import Catalogue, DraftPolicy
from mainstay.domain.pack import BACKUP, PackBook, Unfoldable, override, unfold, unfold_policy
from mainstay.domain.saying import say
from mainstay.domain.yaml_node import Flaw
from mainstay.domain.yaml_text import write

Books = Mapping[str, PackBook]


@dataclass(frozen=True, slots=True)
class Writing:
    """A check as it is written. ``base`` is its definition where the user writes nothing, ``definition`` the one that
    holds; ``seen`` a sign of the system's text, to know whether it was changed meanwhile."""

    system: System
    name: str
    written: dict[str, Any]
    base: dict[str, Any]
    definition: dict[str, Any]
    seen: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a change would do. ``lines`` is the difference of the YAML, each beginning with blank, ``+`` or ``-``;
    ``definition`` is None where the check would be left out."""

    changes: dict[str, Any]
    catalogue: Catalogue
    differences: list[Difference]
    lines: list[str]
    definition: dict[str, Any] | None
    sign: str


def seen_of(system: str) -> str:
    """A sign of how a system is written now; empty where it is not."""
    text = _text(system)
    return "" if text is None else sign(text)


def _text(system: str) -> str | None:
    rows = Original.objects.filter(system__name=system, system__retired_at=None)
    return rows.values_list("text", flat=True).first()


def sign(text: str) -> str:
    """Short for a text: whether two are the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def written(system: str) -> dict[str, Any]:
    """The mapping that the user of a system in use wrote; System.DoesNotExist otherwise."""
    text = _text(system)
    if text is None:
        raise System.DoesNotExist(say("there is no system %(name)s, or it was never written", name=system))
    found: dict[str, Any] = json.loads(text)
    return found


def text_of(system: str) -> str:
    """The same as YAML."""
    return write(written(system))


def writing(system: str, name: str, books: Books | None = None) -> Writing:
    """A check as it is written, be it left out or not; Check.DoesNotExist where it is not to be found so."""
    try:
        row, whole = queries.system(system), written(system)
    except System.DoesNotExist:
        raise Check.DoesNotExist(say("there is no check %(path)s", path=f"{system}/{name}")) from None
    own = (whole.get("checks") or {}).get(name)
    given = _of_pack(whole, name, packs.find() if books is None else books)
    if given is None and not (own or {}).get("probe"):
        raise Check.DoesNotExist(say("there is no check %(path)s", path=f"{system}/{name}"))
    held = override(given or {}, own or {})
    base = _dumped(given) if given else _dumped({"probe": held["probe"]})
    return Writing(row, name, whole, base, _dumped(held), seen_of(system))


def _dumped(plain: Mapping[str, Any]) -> dict[str, Any]:
    return document.Check.model_validate(plain).model_dump(mode="json")


def _of_pack(whole: Mapping[str, Any], name: str, books: Books) -> dict[str, Any] | None:
    """The check as a pack of its component, or its policy's, gives it, before the user's own keys."""
    if name.startswith(f"{BACKUP}.") and name.count(".") == 2:
        return _of_policy(whole, name, books)
    component = name.partition(".")[0]
    settings = (whole.get("components") or {}).get(component) or {}
    for use in settings.get("packs") or []:
        pack, given = (use, {}) if isinstance(use, str) else next(iter(use.items()))
        if pack in books:
            try:
                return unfold(books[pack], component, given, settings)[name]
            except (KeyError, Unfoldable):
                continue
    return None


def _of_policy(whole: Mapping[str, Any], name: str, books: Books) -> dict[str, Any] | None:
    _, policy, _ = name.split(".")
    parts = whole.get("components") or {}
    try:
        definition = Policy.model_validate((whole.get("backups") or {})[policy])
        tool = definition.tool or kinds.backup_tool_for(parts[definition.of]["kind"])
        return unfold_policy(books[BACKUP], policy, DraftPolicy(definition, tool))[name]
    except (KeyError, TypeError, ValueError):  # Unfoldable and ValidationError are such, too
        return None


def proposal(present: Writing, wanted: Mapping[str, Any]) -> Proposal:
    """What comes of it when ``wanted`` keys of the check are set. Raises Invalid with everything that is wrong."""
    changes = changed(present.definition, wanted)
    after = amend(present.written, present.name, changes, present.base)
    system = present.system.name
    text = write(after)
    found = examined(system, text).catalogue
    draft = found.systems[system].checks.get(present.name)
    return Proposal(
        changes, found, queries.differences(found), lines_between(write(present.written), text),
        draft.definition.model_dump(mode="json") if draft else None, sign(text),
    )  # fmt: skip


def examined(system: str, text: str) -> Examined:
    """One system's YAML, which must be of that system and of nothing else. Raises Invalid."""
    name = System.objects.filter(name=system).values_list("source", flat=True).first() or f"{system}.yaml"
    found = examine({name: text.encode()}, whole=False, known=queries.known())
    if set(found.catalogue.systems) != {system}:
        what = "the text says another system" if found.catalogue.systems else "the text says no system"
        raise Invalid([LocatedFlaw(name, Flaw(1, 1, "system", what, f"write system: {system}"))])
    return found


def examined_new(text: str) -> Examined:
    """The YAML of exactly one system, which is not in use yet. Raises Invalid."""
    known = queries.known()
    found = examine({_NEW: text.encode()}, whole=False, known=known)
    names = list(found.catalogue.systems)
    if len(names) != 1 or found.catalogue.channels or found.catalogue.calendars or found.catalogue.stores:
        raise _not_new("the text says no system", "write system: and its name")
    if names[0] in known.systems:
        raise _not_new(f"there is a system {names[0]!r} already", "change that one, or write another name")
    draft = replace(found.catalogue.systems[names[0]], source=f"{names[0]}.yaml")
    return replace(found, catalogue=replace(found.catalogue, systems={names[0]: draft}))


_NEW = "new.yaml"


def _not_new(what: str, right: str) -> Invalid:
    return Invalid([LocatedFlaw(_NEW, Flaw(1, 1, "system", what, right))])


def lines_between(before: str, after: str) -> list[str]:
    """Where two texts differ, with the two lines around; a line of ``…`` stands for what is left out."""
    found = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm=""))[2:]
    return ["…" if line.startswith("@@") else line for line in found]


def flaws_by_field(error: Invalid, name: str) -> tuple[dict[str, list[Flaw]], list[LocatedFlaw]]:
    """What is wrong with the keys of one check, by key; and the rest."""
    mine: dict[str, list[Flaw]] = {}
    rest: list[LocatedFlaw] = []
    start = f"checks.{name}."
    for one in error.flaws:
        if one.flaw.where.startswith(start):
            mine.setdefault(one.flaw.where.removeprefix(start).partition(".")[0], []).append(one.flaw)
        elif one.flaw.fatal:
            rest.append(one)
    return mine, rest
