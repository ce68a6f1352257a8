"""An inspection sheet in a notice: title, text and address, in the active language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from mainstay.monitoring.wording import explain, in_language, state_word
from mainstay.settings import BASE_URL


def _stage(stage: str) -> str:
    return {"open": _("waits for a signature"), "signed": _("signed"), "refused": _("refused")}[stage]


def told(data: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the templates show: ``title`` for the subject, ``text`` for the body, ``link``."""
    stage = _stage(data["stage"])
    name = in_language(data["system_title"], language) or data["system"]
    number = f" #{data['number']}" if data["number"] else ""
    counts = ", ".join(f"{state_word(key)} {count}" for key, count in data["counts"].items() if count)
    link = f"{BASE_URL}/inspections/{data['inspection']}/"
    parts = [f"{counts} · {stage}", *(_line(line, language) for line in data["lines"])]
    if data["words"]:
        parts.append(data["words"])
    if data["digest"]:
        parts.append(f"SHA-256 {data['digest']}")
    title = f"{name} {data['day']}{number}: {state_word(data['state'])}, {stage}"
    return {"title": title, "text": "\n".join([*parts, link]), "link": link}


def _line(line: Mapping[str, Any], language: str) -> str:
    check = in_language(line["check_title"], language)
    words = f"{in_language(line['title'], language)}{f': {check}' if check else ''}"
    why = explain(line["message"])
    return f"[{state_word(line['state'])}] {words}{f' – {why}' if why else ''}"
