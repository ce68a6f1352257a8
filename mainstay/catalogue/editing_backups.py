"""One backup policy or one store as it is written, and what a change to it would do; carried out in ``actions``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainstay.catalogue import kinds, queries
from mainstay.catalogue.editing import Proposal, examined, lines_between, seen_of, sign, written
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Policy, Store, System
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain import amend_policy
from mainstay.domain.draft import Catalogue
from mainstay.domain.pack import BACKUP
from mainstay.domain.saying import say
from mainstay.domain.yaml_node import Flaw
from mainstay.domain.yaml_text import write

SHARED = "shared.yaml"


@dataclass(frozen=True, slots=True)
class PolicyWriting:
    """A policy as it is written. ``own`` is what its user wrote of it and ``definition`` what it means, both empty
    where there is none yet; ``seen`` a sign of its system's text."""

    system: System
    name: str
    whole: dict[str, Any]
    own: dict[str, Any]
    definition: dict[str, Any]
    seen: str

    @property
    def new(self) -> bool:
        """Whether there is none of that name."""
        return not self.own


@dataclass(frozen=True, slots=True)
class StoreWriting:
    """A store as it is written, empty where there is none yet; ``seen`` a sign of it."""

    name: str
    own: dict[str, Any]
    seen: str


def policy_writing(system: str, name: str) -> PolicyWriting:
    """A policy as it is written now, be it there or not. Raises System.DoesNotExist."""
    queries.require_systems([system])
    row, text = queries.system(system), written(system)
    own = (text.get("backups") or {}).get(name) or {}
    definition = amend_policy.whole(own, _fitting(text, own)) if own else {}
    return PolicyWriting(row, name, text, own, definition, seen_of(system))


def require_policy(present: PolicyWriting) -> None:
    """Raises Policy.DoesNotExist where there is none."""
    if present.new:
        path = f"{present.system.name}/{present.name}"
        raise Policy.DoesNotExist(say("there is no backup policy %(path)s", path=path))


def _fitting(text: Mapping[str, Any], policy: Mapping[str, Any]) -> str:
    """The tool that is meant where a policy names none."""
    part = (text.get("components") or {}).get(str(policy.get("of"))) or {}
    return kinds.backup_tool_for(str(part.get("kind")))


def policy_proposal(present: PolicyWriting, wanted: Mapping[str, Any]) -> Proposal:
    """What comes of it when the policy says ``wanted``, as in YAML, and nothing else. Raises Invalid."""
    tool = _fitting(present.whole, wanted)
    meant = amend_policy.whole(wanted, tool)
    after = amend_policy.put(present.whole, present.name, meant, present.definition, tool)
    return _proposed(present, after, amend_policy.changed(meant, present.definition))


def policy_retirement(present: PolicyWriting) -> Proposal:
    """What comes of it when there is no such policy any more. Raises Policy.DoesNotExist, Invalid."""
    require_policy(present)
    return _proposed(present, amend_policy.take_out(present.whole, present.name), {})


def _proposed(present: PolicyWriting, after: Mapping[str, Any], changes: dict[str, Any]) -> Proposal:
    system, text = present.system.name, write(after)
    found = examined(system, text).catalogue
    draft = found.systems[system].policies.get(present.name)
    return Proposal(
        changes, found, queries.differences(found), lines_between(write(present.whole), text),
        draft.definition.model_dump(mode="json") if draft else None, sign(text),
    )  # fmt: skip


def store_writing(name: str) -> StoreWriting:
    """A store as it is written now, be it there or not."""
    row = Store.objects.filter(name=name, retired_at=None).first()
    own = {key: value for key, value in row.document.items() if value != ""} if row else {}
    return StoreWriting(name, own, sign(json.dumps(own, sort_keys=True)))


def store_proposal(present: StoreWriting, wanted: Mapping[str, Any]) -> Proposal:
    """What comes of it when the store says ``wanted``, as in YAML, and nothing else. Raises Invalid."""
    before, after = ({"stores": {present.name: one}} if one else {} for one in (present.own, dict(wanted)))
    text = write(after)
    found: Catalogue = examine({SHARED: text.encode()}, whole=False, known=queries.known()).catalogue
    keys = {*present.own, *wanted}
    changes = {key: [present.own.get(key), wanted.get(key)] for key in sorted(keys)
               if present.own.get(key) != wanted.get(key)}  # fmt: skip
    lines = lines_between(write(before) if before else "", text)
    return Proposal(changes, found, queries.differences(found), lines, None, sign(text))


def flaws_by_key(error: Invalid, kind: str, name: str) -> tuple[dict[str, list[Flaw]], list[LocatedFlaw]]:
    """What is wrong with a policy (``kind`` is ``backups``) or a store (``stores``), by the way to its key; what is
    wrong with its name stands under the empty one. And the rest, without what only follows from a policy that is
    wrong: that it brings no checks."""
    mine: dict[str, list[Flaw]] = {}
    rest: list[LocatedFlaw] = []
    start = f"{kind}.{name}"
    for one in error.flaws:
        way = one.flaw.where
        if way == start or way.startswith(f"{start}."):
            if one.flaw.fatal:
                mine.setdefault(way.removeprefix(start).removeprefix("."), []).append(one.flaw)
        elif one.flaw.fatal:
            rest.append(one)
    follows = f"checks.{BACKUP}.{name}."
    return mine, [one for one in rest if not (mine and one.flaw.where.startswith(follows))]
