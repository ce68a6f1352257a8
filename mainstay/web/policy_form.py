"""The form of a backup policy: its fields, what they hold of a policy as it is written, and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.http import QueryDict
from django.utils.translation import gettext as _

from mainstay.catalogue import kinds
from mainstay.catalogue.models import Component, Store
from mainstay.domain import amend_policy
from mainstay.domain.backup_policy import Policy, full_at, incremental_at, prove_at
from mainstay.domain.draft import languages
from mainstay.domain.yaml_node import Unreadable, plain
from mainstay.domain.yaml_text import read, write
from mainstay.monitoring.wording import DJANGO_LANGUAGE
from mainstay.web.templatetags.mainstay import called

Shape = Literal["text", "number", "choice", "lines", "tick", "secret", "day", "clock", "zone"]
"""Of a secret the name is written, never the value."""
_TEXTS = ("of", "tool", "dsn", "data", "full", "window", "deadline")
_LINES = ("paths", "exclude", "databases")
_KEPT = ("last", "daily", "weekly", "monthly", "yearly")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``never``: the name of the box beside it that says that it shall never be."""

    name: str
    label: str
    shape: Shape = "text"
    hint: str = ""
    choices: Sequence[tuple[str, str]] = ()
    otherwise: str = ""
    never: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under a heading; ``folded``: what is seldom needed; ``tight``: short ones, side by side."""

    title: str
    fields: Sequence[Field]
    hint: str = ""
    folded: bool = False
    tight: bool = False


def groups(parts: Sequence[Component], stores: Sequence[Store], meant: Policy | None) -> list[Group]:
    """All fields but the name. ``meant`` is the policy as it would be, to say what holds where nothing is written."""
    held = meant or Policy(of="none", stores=["none"])
    places = [(one.name, f"{one.name} · {one.kind}") for one in stores]
    return [
        Group(_("What is backed up"), _what(parts)),
        Group(_("When"), _when(held)),
        Group(_("Where the copies go"), [
            Field("stores_0", _("Store"), "choice", choices=places, required=True),
            Field("stores_1", _("Second site"), "choice", choices=[("", _("none")), *places]),
        ]),
        Group(_("What stays"), _stays(), hint=_(
            "The newest copy of each, in each store by itself. The newest proved one stays whatever is written here."
        ), tight=True),
        Group(_("Proofs"), _proofs(held)),
        Group(_("More"), _more(), folded=True),
    ]  # fmt: skip


def _what(parts: Sequence[Component]) -> list[Field]:
    tools = [(one, one) for one in kinds.backup_tool_kinds()]
    return [
        Field("of", _("Component"), "choice", choices=[(one.name, f"{called(one)} · {one.kind}") for one in parts],
              required=True),
        Field("data", _("Kind of data"), "choice", choices=[("other", _("other")), ("finance", _("finance"))],
              hint=_("Finance: a full copy each day, and a proof of each.")),
        Field("tool", _("Tool"), "choice", choices=[("", _("the first that fits")), *tools]),
        Field("paths", _("Paths"), "lines", hint=_("With the tool files. One a line.")),
        Field("exclude", _("Left out"), "lines", hint=_("With the tool files: patterns such as *.tmp. One a line.")),
    ]  # fmt: skip


def _when(held: Policy) -> list[Field]:
    return [
        Field("full", _("Full copies"), hint=_("Cron, on the system's clocks. Empty: as its data asks for."),
              otherwise=full_at(held.model_copy(update={"full": None}))),
        Field("incremental", _("Incremental copies"), hint=_("Cron. Empty: as its data asks for."),
              otherwise=incremental_at(held.model_copy(update={"incremental": None})), never="incremental_never"),
        Field("window", _("Begins within"), hint=_("Empty: always."), otherwise="22:00-06:00"),
        Field("deadline", _("At most"), hint=_("A run that lasts longer is ended and counts as failed.")),
    ]  # fmt: skip


def _stays() -> list[Field]:
    labels = {
        "last": _("Newest copies"), "daily": _("Daily copies"), "weekly": _("Weekly copies"),
        "monthly": _("Monthly copies"), "yearly": _("Yearly copies"),
    }  # fmt: skip
    return [Field(f"keep_{key}", labels[key], "number") for key in _KEPT]


def _proofs(held: Policy) -> list[Field]:
    unset = held.model_copy(update={"prove": held.prove.model_copy(update={"schedule": None})})
    each = [("", _("with finance data")), ("yes", _("yes")), ("no", _("no"))]
    return [
        Field("prove_schedule", _("By schedule"), hint=_("Cron. Empty: once a month."), otherwise=prove_at(unset),
              never="prove_never"),
        Field("prove_after_each", _("After each copy"), "choice", choices=each),
        Field("prove_within", _("Warned of when the last proof is older than")),
        Field("prove_rules", _("Run the system's integrity rules and flows on the restored copy"), "tick"),
    ]  # fmt: skip


def _more() -> list[Field]:
    return [
        *titles(),
        Field("dsn", _("Account of its own"),
              hint=_("One that may read everything; what is secret as ${NAME}. Empty: the component's.")),
        Field("databases", _("Databases"), "lines", hint=_("One a line. Empty: the one that the component names.")),
        Field("rate", _("MB/s at most"), "number", hint=_("Empty: no limit.")),
        Field("parallel", _("Workers of the tool"), "number"),
        Field("encrypt", _("Encrypted"), "tick"),
        Field("prove_tables", _("Tables compared by checksum"), "lines", hint=_("One a line.")),
        Field("prove_start", _("Program that serves the restored copy"), "lines",
              hint=_("A program of the plugin directories.")),
        Field("watch", _("Thresholds of its checks"), "lines",
              hint=_("Parameters of the pack backup, one “name: value” a line, such as late_warn: 1h.")),
    ]  # fmt: skip


def titles() -> list[Field]:
    """The words for it, by language."""
    return [
        Field(word("en"), _("Title, English")), Field(word("zh"), _("Title, Chinese")),
        Field(word("zh-hant"), _("Title, Traditional Chinese"), hint=_("Empty: made from the Chinese one.")),
    ]  # fmt: skip


def values(own: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold of a policy as it is written; of nothing, the defaults."""
    held = amend_policy.whole(own)
    stores, keep, prove, words = held.get("stores") or [], held["keep"], held["prove"], languages(held["title"])
    each = {None: "", True: "yes", False: "no"}
    return {
        **{key: held.get(key) or "" for key in _TEXTS},
        **{key: "\n".join(held[key]) for key in _LINES},
        **{f"stores_{number}": stores[number] if len(stores) > number else "" for number in (0, 1)},
        **{f"keep_{key}": keep[key] for key in _KEPT},
        **{word(language): words.get(language, "") for language in DJANGO_LANGUAGE},
        "incremental": held["incremental"] or "", "incremental_never": held["incremental"] == "",
        "prove_schedule": prove["schedule"] or "", "prove_never": prove["schedule"] == "",
        "prove_after_each": each[prove["after_each"]], "prove_within": prove["within"],
        "prove_rules": prove["rules"], "prove_tables": "\n".join(prove["tables"]),
        "prove_start": "\n".join(prove["start"]), "rate": held["rate"] or "", "parallel": held["parallel"],
        "encrypt": held["encrypt"], "watch": write(held["watch"]) if held["watch"] else "",
    }  # fmt: skip


def typed(form: QueryDict) -> dict[str, Any]:
    """What was filled in, as the fields hold it."""
    ticks = ("incremental_never", "prove_never", "prove_rules", "encrypt")
    names = [name for name in values({}) if name not in ticks]
    return {name: form.get(name, "").replace("\r\n", "\n").strip()[:10_000] for name in names} | {
        name: name in form for name in ticks
    }


def wanted(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as YAML has them; what fits nothing stays as it is, for the catalogue to complain of."""
    found = {key: text for key in _TEXTS if (text := asked[key])}
    found |= {key: lines for key in _LINES if (lines := asked[key].splitlines())}
    found["stores"] = [name for name in (asked["stores_0"], asked["stores_1"]) if name]
    if asked["incremental"] or asked["incremental_never"]:
        found["incremental"] = "" if asked["incremental_never"] else asked["incremental"]
    found["keep"] = {key: _number(text) for key in _KEPT if (text := asked[f"keep_{key}"])}
    found["prove"] = _wanted_prove(asked)
    if words := {language: text for language in DJANGO_LANGUAGE if (text := asked[word(language)])}:
        found["title"] = words
    found |= {key: _number(text) for key in ("rate", "parallel") if (text := asked[key])}
    found["encrypt"] = asked["encrypt"]
    if asked["watch"]:
        found["watch"] = _mapping(asked["watch"])
    return found


def _wanted_prove(asked: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"rules": asked["prove_rules"]}
    if asked["prove_schedule"] or asked["prove_never"]:
        found["schedule"] = "" if asked["prove_never"] else asked["prove_schedule"]
    if asked["prove_after_each"]:
        found["after_each"] = asked["prove_after_each"] == "yes"
    if asked["prove_within"]:
        found["within"] = asked["prove_within"]
    return found | {key: lines for key in ("tables", "start") if (lines := asked[f"prove_{key}"].splitlines())}


def field_of(way: str) -> str:
    """The field beside which stands what is wrong at a key, such as ``keep.last``."""
    first, _dot, rest = way.partition(".")
    if first in ("keep", "prove", "stores"):
        below = rest.partition(".")[0]
        return f"{first}_{below or {'keep': 'last', 'prove': 'schedule', 'stores': '0'}[first]}"
    return {"": "name", "title": "title_en"}.get(first, first)


def word(language: str) -> str:
    """The field of a title in a language."""
    return f"title_{language.replace('-', '_')}"


def _number(text: str) -> int | float | str:
    if re.fullmatch(r"-?\d{1,9}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,9}\.\d{1,9}", text) else text


def _mapping(text: str) -> Any:
    try:
        return plain(read(text.encode()))
    except Unreadable:
        return text
