"""A system as its user wrote it, with one backup policy put, changed or taken out: nothing else in it differs."""

from collections.abc import Mapping
from typing import Any

from mainstay.domain.amend import alike, short
from mainstay.domain.backup_policy import Policy
from mainstay.domain.pack import BACKUP

MUST = ("of", "stores")
"""Keys without which there is no policy."""
NESTED = ("keep", "prove")
"""Keys that hold keys of their own, each with its own default."""
DEFAULTS: dict[str, Any] = Policy(of="none", stores=["none"]).model_dump(mode="json", exclude=set(MUST))
"""What holds where a user writes nothing."""


def whole(written: Mapping[str, Any], tool: str = "") -> dict[str, Any]:
    """A policy with every key, from what is written of it; ``tool`` is the one that is meant where none is named.
    What is no policy stays as it is, for the catalogue to complain of."""
    found = {**DEFAULTS, **written}
    for key in NESTED:
        if isinstance(value := written.get(key), Mapping):
            found[key] = {**DEFAULTS[key], **value}
    return {**found, "tool": found["tool"] or tool or None}


def put(
    system: Mapping[str, Any], name: str, wanted: Mapping[str, Any], present: Mapping[str, Any], tool: str
) -> dict[str, Any]:
    """``system`` with its policy ``name`` meaning ``wanted``; both that and ``present`` (empty: it is new) are whole.

    What is meant as before stays as it is written; what says the default, ``tool`` among them, is left out.
    """
    policies = dict(system.get("backups") or {})
    policies[name] = _put(policies.get(name) or {}, wanted, present, {**DEFAULTS, "tool": tool or None})
    return {**system, "backups": policies}


def _put(
    own: Mapping[str, Any], wanted: Mapping[str, Any], present: Mapping[str, Any], base: Mapping[str, Any]
) -> dict[str, Any]:
    found = dict(own)
    for key, value in wanted.items():
        if key in present and alike(key, value) == alike(key, present[key]):
            continue
        said = value
        if key in NESTED and isinstance(value, Mapping):
            held = own.get(key)
            said = _put(held if isinstance(held, Mapping) else {}, value, present.get(key) or {}, base[key])
        if key in base and alike(key, said) in ({}, alike(key, base[key])):
            found.pop(key, None)
        else:
            found[key] = short(key, said)
    return found


def changed(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Key → what it said and what it shall say; all of a new one's, but those that say the default."""
    before = present or DEFAULTS
    new = {key: value for key, value in wanted.items() if alike(key, value) != alike(key, before.get(key))}
    return {key: [before.get(key), value] for key, value in new.items()}


def take_out(system: Mapping[str, Any], name: str) -> dict[str, Any]:
    """``system`` without its policy ``name`` and what it says of that policy's own checks. Raises KeyError."""
    found = dict(system)
    found["backups"] = dict(system.get("backups") or {})
    del found["backups"][name]
    checks = system.get("checks") or {}
    found["checks"] = {key: value for key, value in checks.items() if not key.startswith(f"{BACKUP}.{name}.")}
    return {key: value for key, value in found.items() if value or key not in ("backups", "checks")}
