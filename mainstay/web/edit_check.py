"""Changing a check: its fields, what the change would have done in the last week, and the exact lines of YAML."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mainstay.catalogue import actions, editing
from mainstay.catalogue.editing import Proposal, Writing
from mainstay.catalogue.models import Check
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain.actor import authorise
from mainstay.domain.draft import languages
from mainstay.domain.preview import Course
from mainstay.domain.state import Category, Impact
from mainstay.domain.yaml_node import Flaw
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.wording import DJANGO_LANGUAGE
from mainstay.web import charts
from mainstay.web.access import actor, check_of, page

LONGEST_LIST = 10
"""Stretches that are listed of each course; the strip shows all."""


@dataclass(slots=True)
class _Sheet:
    """What the page shows of one try."""

    check: Check
    present: Writing
    asked: dict[str, Any]
    wrong: dict[str, list[Flaw]] = field(default_factory=dict)
    rest: list[LocatedFlaw] = field(default_factory=list)
    wanted: Proposal | None = None


@page("check.edit")
def edit(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """The fields; a try is shown with what it would have done, and only what was shown is saved."""
    found = check_of(request, system, name)
    authorise(actor(request), "check.edit", system=system)
    try:
        present = editing.writing(system, name)
    except ObjectDoesNotExist:
        raise Http404 from None
    if request.method != "POST":
        return _show(request, _Sheet(found, present, _fields(present.definition)))
    wanted = _wanted(request.POST)
    sheet = _Sheet(found, present, _fields(wanted))
    if request.POST.get("seen") != present.seen:
        messages.error(request, _("The system was changed by somebody else meanwhile; this is how it is now."))
        return redirect("check_edit", system, name)
    try:
        sheet.wanted = editing.proposal(present, wanted)
        if request.POST.get("do") == "save" and request.POST.get("shown") == sheet.wanted.sign:
            return _save(request, sheet)
    except Invalid as error:
        sheet.wrong, sheet.rest = editing.flaws_by_field(error, name)
    return _show(request, sheet)


def _save(request: HttpRequest, sheet: _Sheet) -> HttpResponse:
    system, name = sheet.present.system.name, sheet.present.name
    try:
        done = actions.edit_check(
            system, name, sheet.wanted.changes if sheet.wanted else {}, actor=actor(request), seen=sheet.present.seen
        )
    except actions.Overtaken:
        messages.error(request, _("The system was changed by somebody else meanwhile; this is how it is now."))
        return redirect("check_edit", system, name)
    if done:
        messages.success(request, _("Changed; the checker takes it over within a second or two."))
    return redirect("check", system, name)


def _show(request: HttpRequest, sheet: _Sheet) -> HttpResponse:
    wanted, now = sheet.wanted, datetime.now(UTC)
    seen = monitoring.preview(sheet.check, wanted.definition, now) if wanted and wanted.changes else None
    context = {
        "check": sheet.check, "present": sheet.present, "asked": sheet.asked, "wrong": sheet.wrong, "rest": sheet.rest,
        "wanted": wanted, "seen": seen, "courses": _courses(seen) if seen else [],
        "categories": [one.value for one in Category], "impacts": [one.value for one in Impact],
        "metrics": [metric for metric, _unit in monitoring.metrics(sheet.check.pk)],
    }  # fmt: skip
    return render(request, "check_edit.html", context)


def _courses(seen: monitoring.Preview) -> list[dict[str, Any]]:
    """The strip and the newest stretches of what is on record, and of what would be; in between, where the present
    conditions do not say again what is on record, what they say."""
    found = [(_("As recorded"), seen.recorded), (_("With this change"), seen.after)]
    if len(seen.before.stretches) != len(seen.recorded.stretches):
        found.insert(1, (_("Replayed with the present conditions"), seen.before))
    return [{"title": title, **_course(one, seen)} for title, one in found]


def _course(course: Course, seen: monitoring.Preview) -> dict[str, Any]:
    bands = [(_moment(start), _moment(end), state) for start, end, state in course.bands]
    stretches = course.stretches
    listed = [(_moment(one.start), _moment(one.end), one.worst.value) for one in reversed(stretches[-LONGEST_LIST:])]
    return {
        "strip": charts.strip(bands, seen.start, seen.end), "stretches": listed, "fired": len(stretches),
        "more": len(stretches) - len(listed),
        "seconds": [(state.value, held) for state, held in course.seconds.items() if held],
    }  # fmt: skip


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _fields(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition as the fields show it."""
    words = {
        _field(key, language): languages(definition.get(key) or "").get(language, "")
        for key in ("title", "help") for language in DJANGO_LANGUAGE
    }  # fmt: skip
    lists = {key: "\n".join(definition.get(key) or []) for key in ("warn", "crit", "mask")}
    rest = {key: definition.get(key) for key in (*_TEXTS, *_NUMBERS, "missing")}
    return {**words, **lists, **{key: "" if value is None else value for key, value in rest.items()},
            "enabled": bool(definition.get("enabled"))}  # fmt: skip


def _field(key: str, language: str) -> str:
    return f"{key}_{language.replace('-', '_')}"


_TEXTS = ("every", "timeout", "during", "category", "impact")
_NUMBERS = ("failures", "evidence")


def _wanted(form: QueryDict) -> dict[str, Any]:
    """The fields as a definition has them; a number that is none stays as it is, for the catalogue to complain of."""
    texts = {key: form.get(key, "").strip() for key in (*_TEXTS, *_NUMBERS)}
    lists = {key: [line.strip() for line in form.get(key, "").splitlines() if line.strip()]
             for key in ("warn", "crit", "mask")}  # fmt: skip
    words = {
        key: {language: text for language in DJANGO_LANGUAGE
              if (text := form.get(_field(key, language), "").replace("\r\n", "\n").strip())}
        for key in ("title", "help")
    }  # fmt: skip
    numbers = {key: int(texts[key]) if re.fullmatch(r"-?\d{1,9}", texts[key]) else texts[key] for key in _NUMBERS}
    missing = form.get("missing", "").strip() or None
    return {**texts, **numbers, **lists, **words, "missing": missing, "enabled": "enabled" in form}
