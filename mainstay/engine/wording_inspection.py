"""An inspection sheet in a notice: title, text and address, in the active language."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from mainstay.monitoring.wording import explain, format_day, format_value, in_language, listed, say_limits, state_word
from mainstay.settings import BASE_URL


def _stage(stage: str) -> str:
    return {"open": _("waits for a signature"), "signed": _("signed"), "refused": _("refused")}[stage]


def told(data: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the templates show: ``title`` for the subject, ``text`` for the body, ``link``."""
    stage = _stage(data["stage"])
    counts = listed(f"{state_word(key)} {count}" for key, count in data["counts"].items() if count)
    link = address(data)
    parts = [f"{counts} · {stage}", *(_line(line, language) for line in data["lines"])]
    if data["words"]:
        parts.append(data["words"])
    if data["digest"]:
        parts.append(f"SHA-256 {data['digest']}")
    return {"title": titled(data, language), "text": "\n".join([*parts, link]), "link": link}


def titled(data: Mapping[str, Any], language: str) -> str:
    """Which sheet it is, and how it stands."""
    number = f" #{data['number']}" if data["number"] else ""
    return _("%(system)s, %(day)s: %(state)s, %(stage)s") % {
        "system": in_language(data["system_title"], language) or data["system"],
        "day": format_day(date.fromisoformat(data["day"])) + number, "state": state_word(data["state"]),
        "stage": _stage(data["stage"]),
    }  # fmt: skip


def address(data: Mapping[str, Any]) -> str:
    """Where the sheet can be read, and printed."""
    return f"{BASE_URL}/inspections/{data['inspection']}/"


def _line(line: Mapping[str, Any], language: str) -> str:
    check = in_language(line["check_title"], language)
    part = in_language(line["title"], language)
    words = _("%(part)s: %(check)s") % {"part": part, "check": check} if check else part
    return f"[{state_word(line['state'])}] {' – '.join(filter(None, (words, _why(line), _measured(line))))}"


def _why(line: Mapping[str, Any]) -> str:
    return (
        _("not seen today")
        if line.get("unseen")
        else explain({"kind": line.get("check_of__kind") or "", **line["message"]})
    )


def _measured(line: Mapping[str, Any]) -> str:
    """The value and its limit, where the reason does not name them already."""
    value, unit = line.get("value"), line.get("unit") or "1"
    limits = say_limits(line.get("warn", ()), line.get("crit", ()), line.get("check_of__kind") or "", unit)
    if line["message"].get("condition") or (value is None and limits == "–"):
        return ""
    return _("value %(value)s, limit %(limit)s") % {
        "value": format_value(value, unit), "limit": limits,
    }  # fmt: skip
