"""Packs unfold: a component that uses a pack gets the pack's checks, with its parameters filled in.

A check called ``memory`` of a pack used by the component ``host`` becomes ``host.memory`` and looks at ``host``. What a
user writes under the same full name in ``checks:`` replaces, key by key, what the pack says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstay.domain.document import Pack
from mainstay.domain.draft import DraftPolicy
from mainstay.domain.duration import parse_duration

Value = str | int | float | bool

_PARAMETER = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
SELF = "self"


@dataclass(frozen=True, slots=True)
class PackBook:
    """A pack and the text of the files beside it, by file name. ``source`` says where it was read; ``readme`` is its
    README, English first, Chinese under the second heading."""

    pack: Pack
    files: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    readme: str = ""


class Unfoldable(ValueError):
    """The pack cannot be unfolded so. ``parameter`` names the one at fault, if one is."""

    def __init__(self, what: str, parameter: str = "", right: str = "") -> None:
        super().__init__(f"{what}; {right}" if right else what)
        self.what = what
        self.parameter = parameter
        self.right = right


def unfold(
    book: PackBook,
    component: str,
    given: Mapping[str, Value],
    settings: Mapping[str, Any] | None = None,
    *,
    under: str = "",
) -> dict[str, dict[str, Any]]:
    """Full name → the check as a user could have written it. Raises Unfoldable.

    A check that says ``only: {url: "https://"}`` is for components whose setting begins so; with ``settings`` None
    every check is taken. ``under`` is what full names begin with where that is not the component's name.
    """
    under = under or component
    values: dict[str, Value] = {name: parameter.default for name, parameter in book.pack.parameters.items()}
    values |= {name: _fitted(name, value, values) for name, value in given.items()}
    values[SELF] = component
    return {
        f"{under}.{name}": _placed(component, fill(_with_files(check, book), values), book, under)
        for name, check in book.pack.checks.items()
        if settings is None or _meant(check.get("only", {}), settings)
    }


def unfold_remedies(
    book: PackBook, component: str, given: Mapping[str, Value], *, whole: bool = False
) -> dict[str, dict[str, Any]]:
    """Full name → the remedy as a user could have written it. One that ``needs`` parameters is left out while any of
    them is empty; ``whole`` has a stand-in for those. Raises Unfoldable."""
    values: dict[str, Value] = {name: parameter.default for name, parameter in book.pack.parameters.items()}
    values |= {name: _fitted(name, value, values) for name, value in given.items()}
    values[SELF] = component
    found = {}
    for name, remedy in book.pack.remedies.items():
        needed = {str(one): _value_of(str(one), values) for one in _listed(remedy.get("needs"))}
        missing = dict.fromkeys((one for one, value in needed.items() if value in ("", False)), "needed")
        if whole or not missing:
            filled = fill({key: value for key, value in remedy.items() if key != "needs"}, {**values, **missing})
            checks = [f"{component}.{one}" for one in _listed(filled.get("checks"))]
            found[f"{component}.{name}"] = {"on": component, **filled, "checks": checks}
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def control_totals(book: PackBook, component: str, given: Mapping[str, Value]) -> tuple[str, dict[str, str]]:
    """The component whose copies the pack's control totals are about, and name → SELECT. Raises Unfoldable."""
    if book.pack.totals is None:
        return "", {}
    values: dict[str, Value] = {name: parameter.default for name, parameter in book.pack.parameters.items()}
    values |= {name: _fitted(name, value, values) for name, value in given.items()}
    values[SELF] = component
    filled = fill(_with_files(book.pack.totals.model_dump(), book), values)
    return str(filled["on"]), {name: str(text) for name, text in filled["queries"].items()}


def _meant(only: Any, settings: Mapping[str, Any]) -> bool:
    """What is still to be filled in may be anything, so the check is taken."""
    if not isinstance(only, dict):
        return True
    found = {key: str(settings.get(key, "")) for key in only}
    return all(value.startswith(("${", str(only[key]))) for key, value in found.items())


def _fitted(name: str, value: Value, defaults: Mapping[str, Value]) -> Value:
    """The value in the form that the parameter's default has."""
    if name not in defaults:
        raise Unfoldable(f"the pack has no parameter {name!r}", name)
    default = defaults[name]
    if isinstance(default, bool) is not isinstance(value, bool):
        raise Unfoldable(f"{value!r} does not fit", name, f"the default is {default!r}")
    if isinstance(default, str):
        return str(value)
    if isinstance(value, str):
        raise Unfoldable(f"{value!r} is text where a number is expected", name, f"the default is {default!r}")
    return value


def fill(value: Any, values: Mapping[str, Value]) -> Any:
    """``value`` with every ``$(name)`` filled in. A string that is nothing but ``$(name)`` keeps the value's type."""
    if isinstance(value, str):
        whole = _PARAMETER.fullmatch(value)
        if whole:
            return _value_of(whole[1], values)
        return _PARAMETER.sub(lambda found: _written(_value_of(found[1], values)), value)
    if isinstance(value, dict):
        return {fill(key, values): fill(child, values) for key, child in value.items()}
    if isinstance(value, list):
        return [fill(child, values) for child in value]
    return value


def _value_of(name: str, values: Mapping[str, Value]) -> Value:
    if name not in values:
        raise Unfoldable(f"$({name}) is not a parameter of this pack", right="declare it under parameters:")
    return values[name]


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with_files(value: Any, book: PackBook) -> Any:
    """``{file: name.sql}`` in a probe's settings becomes the text of that file of the pack."""
    if isinstance(value, dict):
        if set(value) == {"file"} and isinstance(value["file"], str):
            if value["file"] not in book.files:
                raise Unfoldable(f"the pack has no file {value['file']!r}", right=f"put it beside {book.source}")
            return book.files[value["file"]]
        return {key: _with_files(child, book) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_files(child, book) for child in value]
    return value


def _placed(component: str, check: dict[str, Any], book: PackBook, under: str) -> dict[str, Any]:
    """The check as one of this component: what it looks at, and the pack's other checks by their full names."""
    placed = {key: value for key, value in check.items() if key != "only"}
    if isinstance(probe := check.get("probe"), dict):
        placed["probe"] = {"on": component, **probe}
    if isinstance(explained_by := check.get("explained_by"), list):
        placed["explained_by"] = [f"{under}.{name}" if name in book.pack.checks else name for name in explained_by]
    return placed


def override(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The pack's check with the user's keys in place of its own; inside ``probe`` too, unless the kind is another."""
    merged = {**base, **own}
    before, after = base.get("probe"), own.get("probe")
    if isinstance(before, dict) and isinstance(after, dict) and after.get("kind", before.get("kind")) == before["kind"]:
        merged["probe"] = {**before, **after}
    return merged


GRANTS = "grants.sql"
"""A pack's file with the statements that make an account that may only read what the pack looks at."""


def grants(book: PackBook, user: str, database: str) -> str:
    """The statements with both names filled in, quoted where they must be; empty where the pack has none.

    The password stays to be chosen: it is nothing to show or to send through a page.
    """
    text = book.files.get(GRANTS, "")
    mark = '"' if "postgresql" in book.pack.kinds else "`"
    return str(fill(text, {"user": _quoted(user, mark), "database": _quoted(database, mark)})) if text else ""


def _quoted(name: str, mark: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else mark + name.replace(mark, mark * 2) + mark


_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_HEADING = re.compile(r"^# .*$", re.MULTILINE)


def first_words(readme: str) -> dict[str, str]:
    """Language → the first paragraph of that part of a pack's README, without marks of emphasis."""
    parts = [part.strip().split("\n\n", 1)[0] for part in _HEADING.split(readme)[1:]]
    found = {}
    for language, part in zip(("en", "zh"), parts, strict=False):
        joined = re.sub(r"\s*\n\s*", "" if language == "zh" else " ", part)
        found[language] = re.sub(r"[`*]|\[(.*?)\]\(.*?\)", r"\1", joined)
    return found


BACKUP = "backup"
"""The pack whose checks every backup policy brings with it."""


def unfold_policy(book: PackBook, name: str, policy: DraftPolicy) -> dict[str, dict[str, Any]]:
    """The same for a policy: ``backup.<policy>.<check>``, looking at its component. Raises Unfoldable.

    ``only`` may ask for its ``tool``, and for ``sites: "2"`` where there is a second one.
    """
    definition = policy.definition
    if "policy" in definition.watch:
        raise Unfoldable("the policy is this one", "policy", "leave it out")
    days = parse_duration(definition.prove.within) / 86400
    derived: dict[str, Value] = {"unproved_warn": f"{days:g}d", "unproved_crit": f"{2 * days:g}d"}
    given = {**derived, **definition.watch, "policy": name}
    about = {"tool": policy.tool, "sites": str(len(definition.stores))}
    return unfold(book, definition.of, given, about, under=f"{BACKUP}.{name}")
