"""A plan on paper, for the day on which there is no network: everything in words, nothing to click."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from mainstay.domain.actor import person_name
from mainstay.domain.document_forms import LANGUAGES
from mainstay.domain.plan import PHASES
from mainstay.drivers.pdf import pdf
from mainstay.monitoring.wording import DJANGO_LANGUAGE, format_day, format_instant, format_span, in_language
from mainstay.plans.models import Version
from mainstay.plans.wording import level_words, phase_word, rhythm_word

_TAGS = {"en": "en", "zh": "zh-Hans", "zh-hant": "zh-Hant"}
_HAN = {"zh-hant": "TC"}
"""Which of a font's two forms of Chinese, by language; the Simplified for all others."""


class File(NamedTuple):
    """What goes out, its media type and a name for it."""

    data: bytes
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Phase:
    """The steps of a phase, numbered through the whole plan."""

    title: str
    steps: list[tuple[int, Mapping[str, Any]]]


def document(version: Version, form: str, language: str) -> File:
    """``form`` is pdf, html or yaml; ``language`` en, zh or zh-hant. Raises Unprintable."""
    name = f"plan-{version.plan.name}-{version.number}.{form}"
    if form == "yaml":
        return File(written(version).encode(), "application/yaml; charset=utf-8", name)
    text = html(version, language)
    if form == "html":
        return File(text.encode(), "text/html; charset=utf-8", name)
    return File(pdf(text), "application/pdf", name)


def written(version: Version) -> str:
    """The plan as YAML, without what says nothing. Written again, it is the same plan."""
    said = {key: value for key, value in version.document.items() if value not in ("", [], {})}
    for key, rows in said.items():
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            said[key] = [{name: one for name, one in row.items() if one != ""} for row in rows]
    injection = {name: one for name, one in version.document["injection"].items() if one not in ("", {})}
    said.pop("injection", None)
    if injection:
        said["injection"] = injection
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=110)


def html(version: Version, language: str) -> str:
    """The plan as one document to print."""
    with override(DJANGO_LANGUAGE[language]):
        context = {
            "version": version, "plan": version.plan, "document": plain(version.document, language),
            "title": in_language(version.plan.title, language), "facts": facts(version, language),
            "phases": phases(plain(version.document, language)), "tag": _TAGS[language],
            "han": _HAN.get(language, "SC"), "in_force": _stands(version),
        }  # fmt: skip
        return render_to_string("plans/paper.html", context)


def _stands(version: Version) -> str:
    plan = version.plan
    if plan.state == "retired":
        return _("This plan is retired.")
    if plan.state != "in-force" or plan.approved_version != version.number:
        return _("This version is not in force.")
    return ""


def facts(version: Version, language: str) -> list[tuple[str, str]]:
    """The head of the plan, in the active language."""
    plan, said = version.plan, version.document
    zone = ZoneInfo(plan.system.timezone)
    objectives = plan.system.objectives
    followed = plan.state == "in-force" and plan.approved_version == version.number
    return [
        (_("System"), in_language(plan.system.title, language) or plan.system.name),
        (_("Incident"), level_words(said["level"])),
        (_("Version"), f"{version.number} · {format_instant(version.at.astimezone(zone))}"),
        (_("Written by"), person_name(version.actor)),
        (_("Approved by"), person_name(plan.approved_by) if followed else "–"),
        (_("Look through by"), format_day(plan.review_at) if followed and plan.review_at else "–"),
        (_("System back within (RTO)"), format_span(said["rto"] or objectives.get("rto") or "")),
        (_("Data lost at most (RPO)"), format_span(said["rpo"] or objectives.get("rpo") or "")),
        (_("Drills"), rhythm_word(said["drills"])),
        (_("Checks that see it"), ", ".join(said["checks"]) or "–"),
    ]


def phases(said: Mapping[str, Any]) -> list[Phase]:
    """Steps by phase; a phase without steps is left out."""
    numbered = list(enumerate(said["steps"], 1))
    found = [Phase(phase_word(name), [one for one in numbered if one[1]["phase"] == name]) for name in PHASES]
    return [one for one in found if one.steps]


def plain(value: Any, language: str) -> Any:
    """The document with each text in one language: where it is written in several, in that one."""
    if isinstance(value, Mapping):
        if value and set(value) <= LANGUAGES:
            return in_language(value, language)
        return {key: plain(one, language) for key, one in value.items()}
    return [plain(one, language) for one in value] if isinstance(value, list) else value
