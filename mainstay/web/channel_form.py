"""The form of a channel, made from its kind's settings; what must stay secret goes straight into the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pydantic.fields import FieldInfo

from mainstay.catalogue import kinds
from mainstay.domain.placeholder import may_hold_secret
from mainstay.monitoring.wording import DJANGO_LANGUAGE, language_of

Seal = Callable[[str, str], str]
"""``seal(what, value)`` keeps a value and gives the placeholder that stands for it."""
FIRST = ("smtp", "apprise", "webhook", "alertmanager")
SECRET = ("secret", "secrets")
Shape = Literal["text", "number", "choice", "lines", "pairs", "secret", "secrets"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. ``given``: a secret that is there already and is never shown."""

    name: str
    label: str
    hint: str
    shape: Shape
    value: str
    required: bool
    choices: tuple[str, ...] = ()
    given: bool = False


def channel_kinds() -> list[dict[str, str]]:
    """Every kind with its name for people, the usual ones first."""
    known = kinds.channel_kinds()
    ordered = [*(one for one in FIRST if one in known), *(one for one in known if one not in FIRST)]
    return [{"kind": one, "title": kind_title(one), "hint": kind_hint(one)} for one in ordered]


def own_language() -> str:
    """The reader's own, of those that messages are written in."""
    return language_of(get_language())


def language(posted: QueryDict) -> str:
    """The one that was chosen."""
    asked = posted.get("language", "")
    return asked if asked in DJANGO_LANGUAGE else "en"


def kind_title(kind: str) -> str:
    """A channel's kind in the reader's language."""
    return {
        "smtp": _("E-mail"), "apprise": _("Chat: DingTalk, WeCom, Feishu, Slack …"), "webhook": _("Webhook"),
        "alertmanager": _("Alertmanager"),
    }.get(kind, kind)  # fmt: skip


def kind_hint(kind: str) -> str:
    """What it needs."""
    return {
        "smtp": _("Through a mail server that takes mail from this machine."),
        "apprise": _("Paste the address of the group's robot as its page shows it."),
        "webhook": _("A signed POST of JSON to a program of your own."),
        "alertmanager": _("To whatever takes Alertmanager's webhook already."),
    }.get(kind, "")


def fields(kind: str, settings: Mapping[str, Any], typed: Mapping[str, str] | None = None) -> list[Field]:
    """The kind's own fields, filled with what is set, or with what was ``typed`` and not taken; never with a secret."""
    model = kinds.channel_settings(kind)
    found = [_field(name, info, settings.get(name)) for name, info in model.model_fields.items()]
    if typed is None:
        return found
    return [one if one.shape in SECRET else replace(one, value=typed.get(f"s-{one.name}", "")) for one in found]


def _field(name: str, info: FieldInfo, value: Any) -> Field:
    shape = _shape(info)
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    secret = shape in SECRET
    shown = "" if secret else _written(default if value is None else value)
    choices = tuple(map(str, get_args(info.annotation))) if shape == "choice" else ()
    return Field(
        name, _label(name), _hint(name, shape), shape, shown, info.is_required(), choices, given=secret and bool(value)
    )


def _shape(info: FieldInfo) -> Shape:
    said, kind = info.description or "", info.annotation
    if get_origin(kind) is list:
        return "secrets" if "${SECRET}" in said else "lines"
    if get_origin(kind) is dict:
        return "pairs"
    if get_origin(kind) is Literal:
        return "choice"
    if kind in (int, float):
        return "number"
    return "secret" if "${SECRET}" in said else "text"


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {one}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def read(kind: str, posted: QueryDict, before: Mapping[str, Any], seal: Seal) -> dict[str, Any]:
    """The kind's own settings as YAML has them. A secret that is left empty stays as it was. Raises ValueError."""
    found: dict[str, Any] = {}
    for name, info in kinds.channel_settings(kind).model_fields.items():
        value = _taken(name, _shape(info), posted.get(f"s-{name}", "").strip(), before, seal)
        if value in ("", [], {}, None) or (not info.is_required() and value == info.get_default()):
            continue
        found[name] = value
    return found


def _taken(name: str, shape: Shape, text: str, before: Mapping[str, Any], seal: Seal) -> Any:
    if shape == "secret":
        return _sealed(name, text, seal) if text else before.get(name)
    if shape == "secrets":
        lines = _lines(text)
        many = len(lines) > 1
        made = [_sealed(f"{name}_{number}" if many else name, one, seal) for number, one in enumerate(lines, 1)]
        return made or before.get(name)
    if shape == "number":
        return _number(name, text) if text else None
    if shape == "lines":
        return _lines(text)
    if shape == "pairs":
        return dict(_pair(line) for line in _lines(text))
    return _sealed(name, text, seal) if may_hold_secret(text) else text


def _sealed(what: str, text: str, seal: Seal) -> str:
    """What is a placeholder already stays one."""
    return text if text.startswith("${") and text.endswith("}") else seal(what, text)


def _number(name: str, text: str) -> int:
    if not text.isdigit():
        raise ValueError(_("%(name)s is a number") % {"name": _label(name)})
    return int(text)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]


def _pair(line: str) -> tuple[str, str]:
    name, mark, value = line.partition(":")
    if not mark:
        raise ValueError(_("%(line)s is no “name: value”") % {"line": line})
    return name.strip(), value.strip()


def _label(name: str) -> str:
    return {
        "host": _("Mail server"), "port": _("Port"), "tls": _("Encryption"),
        "ca_file": _("Own authority's certificates"),
        "user": _("Account"), "password": _("Password"), "sender": _("From"), "to": _("To"), "url": _("Address"),
        "urls": _("Address"), "secret": _("Shared secret"), "headers": _("Headers"), "token": _("Token"),
        "labels": _("Labels"),
    }.get(name, name.replace("_", " "))  # fmt: skip


def _hint(name: str, shape: Shape) -> str:
    if shape == "secrets":
        return _("One a line. It is a password: kept sealed, never shown again.")
    if shape == "secret":
        return _("Kept sealed, never shown again.")
    if shape == "pairs":
        return _("One “name: value” a line.")
    if name == "ca_file":
        return _("A file on Mainstay's machine; empty for the usual authorities.")
    return _("One a line.") if shape == "lines" else ""
