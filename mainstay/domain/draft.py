"""A catalogue that was read and found right, ready to be compared and applied: packs unfolded, defaults filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstay.domain import backup_policy, document
from mainstay.domain.difference import ObjectKey
from mainstay.domain.document_forms import Mapping as Written

HELP_DESK: ObjectKey = "help desk", "help-desk"
"""There is one."""


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """A check in full. ``pack`` is empty for a user's own."""

    definition: document.Check
    component: str | None = None
    pack: str = ""


@dataclass(frozen=True, slots=True)
class DraftPolicy:
    """A backup policy in full, and the tool that it chose or that fits its component."""

    definition: backup_policy.Policy
    tool: str


@dataclass(frozen=True, slots=True)
class DraftSystem:
    """One system. ``written`` is the mapping as the user wrote it; ``source`` the file's path in the catalogue."""

    header: document.System
    components: Mapping[str, document.Component]
    checks: Mapping[str, DraftCheck]
    written: Mapping[str, Any]
    source: str = ""
    policies: Mapping[str, DraftPolicy] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is cared for. Not ``whole``: only what is named here is touched, and only ``leaving`` is retired."""

    systems: Mapping[str, DraftSystem] = field(default_factory=dict)
    channels: Mapping[str, document.Channel] = field(default_factory=dict)
    calendars: Mapping[str, document.Calendar] = field(default_factory=dict)
    whole: bool = True
    leaving: frozenset[ObjectKey] = frozenset()
    stores: Mapping[str, backup_policy.Store] = field(default_factory=dict)
    help_desk: document.HelpDesk | None = None
    arrangements: Mapping[ObjectKey, Written] = field(default_factory=dict)
    """Teams, rotations, escalations, vendors (``domain.on_call.ARRANGEMENTS``), by kind and name."""
    practices: Mapping[ObjectKey, Mapping[str, Any]] = field(default_factory=dict)
    """Kind (``grading``, ``clock``, ``words``) and name → the entry of a shared document."""

    def objects(self) -> dict[ObjectKey, dict[str, Any]]:
        """Every object in the form in which it is compared and stored."""
        found: dict[ObjectKey, dict[str, Any]] = {}
        for name, calendar in self.calendars.items():
            found["calendar", name] = calendar.model_dump(mode="json")
        for name, channel in self.channels.items():
            found["channel", name] = channel.model_dump(mode="json")
        for name, store in self.stores.items():
            found["store", name] = store.model_dump(mode="json")
        if self.help_desk is not None:
            found[HELP_DESK] = self.help_desk.model_dump(mode="json")
        for key, arrangement in self.arrangements.items():
            found[key] = arrangement.model_dump(mode="json")
        found |= {key: dict(value) for key, value in self.practices.items()}
        for name, system in self.systems.items():
            found["system", name] = header_object(system.header)
            for part, component in system.components.items():
                found["component", f"{name}/{part}"] = component_object(component)
            for part, policy in system.policies.items():
                found["policy", f"{name}/{part}"] = policy_object(policy)
            for part, check in system.checks.items():
                found["check", f"{name}/{part}"] = check_object(check)
        return found


def header_object(header: document.System) -> dict[str, Any]:
    """A system without its components, checks and policies, which are objects of their own."""
    own = {"components", "checks", "backups"}
    return header.model_dump(mode="json", exclude=own) | {"title": languages(header.title)}


def component_object(component: document.Component) -> dict[str, Any]:
    """``settings`` holds the kind's own keys, and of those that every kind may have what is written. Packs are left
    out: what they unfold to is compared."""
    common = component.model_dump(mode="json", include={"logs", "vendor"}, exclude_defaults=True)
    return {
        "kind": component.kind,
        "title": languages(component.title),
        "settings": {**(component.model_extra or {}), **common},
        "depends_on": sorted(component.depends_on),
    }


def policy_object(policy: DraftPolicy) -> dict[str, Any]:
    """The whole definition, with the tool that is meant."""
    dumped = policy.definition.model_dump(mode="json")
    return dumped | {"title": languages(policy.definition.title), "tool": policy.tool}


def check_object(check: DraftCheck) -> dict[str, Any]:
    """The whole definition, and where it hangs."""
    dumped = check.definition.model_dump(mode="json")
    return dumped | {"title": languages(check.definition.title), "component": check.component, "pack": check.pack}


def languages(text: str | Mapping[Any, str]) -> dict[str, str]:
    """Words by language; words in one form stand under ``en``, which every face falls back to."""
    if isinstance(text, str):
        return {"en": text} if text else {}
    return dict(text)
