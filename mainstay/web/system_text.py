"""A whole system as YAML in the browser: check it, see what it would do, apply it; a new one from an empty page."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mainstay.catalogue import actions, editing
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import System
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain.actor import authorise
from mainstay.domain.difference import Difference
from mainstay.domain.draft import Catalogue
from mainstay.domain.yaml_node import Flaw
from mainstay.web.access import actor, may, page, system_of

START = """system: shop
title: {en: Online shop, zh: 网上商城}
tier: 2
timezone: UTC
components:
  web: {kind: http, url: "https://shop.example/", packs: [web-service]}
"""
"""What an empty page begins with."""


@dataclass(slots=True)
class _Sheet:
    """What the page shows of one try. ``differences`` None: none was asked for, or none can be told."""

    system: System | None
    text: str
    seen: str = ""
    flaws: list[LocatedFlaw] = field(default_factory=list)
    right: bool = False
    differences: list[Difference] | None = None
    lines: list[str] = field(default_factory=list)


@page("catalogue.export")
def system_yaml(request: HttpRequest, name: str) -> HttpResponse:
    """A system that is there."""
    authorise(actor(request), "catalogue.export")
    found = system_of(request, name)
    try:
        text = editing.text_of(name)
    except ObjectDoesNotExist:
        raise Http404 from None
    sheet = _Sheet(found, text, editing.seen_of(name))
    return _answer(request, sheet, name, text)


@page("catalogue.apply")
def system_new(request: HttpRequest) -> HttpResponse:
    """One that is not there yet."""
    authorise(actor(request), "catalogue.apply")
    return _answer(request, _Sheet(None, START), "", "")


def _answer(request: HttpRequest, sheet: _Sheet, name: str, before: str) -> HttpResponse:
    if request.method == "POST":
        do = request.POST.get("do", "check")
        sheet.text = request.POST.get("text", "").replace("\r\n", "\n")
        if sheet.seen and request.POST.get("seen") != sheet.seen:
            messages.error(request, _("The system was changed by somebody else meanwhile; your text is kept here."))
            do = "difference"
        if (done := _try(request, sheet, name, before, do)) is not None:
            return done
    context = {
        "sheet": sheet, "sign": editing.sign(sheet.text), "may_apply": may(request, "catalogue.apply", None),
        "flaws": [(one.flaw, _line(sheet.text, one.flaw)) for one in sheet.flaws],
        "rows": max(16, min(40, sheet.text.count("\n") + 2)),
    }  # fmt: skip
    return render(request, "system_yaml.html", context)


def _try(request: HttpRequest, sheet: _Sheet, name: str, before: str, do: str) -> HttpResponse | None:
    try:
        found = editing.examined(name, sheet.text) if name else editing.examined_new(sheet.text)
    except Invalid as error:
        sheet.flaws = error.flaws
        return None
    sheet.right, sheet.flaws = True, found.warnings
    if do == "apply" and request.POST.get("shown") == editing.sign(sheet.text):
        return _apply(request, sheet, found.catalogue)
    if do in ("difference", "apply"):
        sheet.differences = catalogue.differences(found.catalogue)
        sheet.lines = editing.lines_between(before, sheet.text)
    return None


def _apply(request: HttpRequest, sheet: _Sheet, wanted: Catalogue) -> HttpResponse:
    (name,) = wanted.systems
    try:
        done = actions.apply(wanted, actor=actor(request), seen={name: sheet.seen})
    except actions.Overtaken:
        messages.error(request, _("The system was changed by somebody else meanwhile; this is how it is now."))
        return redirect("system_yaml", name)
    words = _("Applied: %(n)d differences.") if done else _("It says what is in force already.")
    messages.success(request, words % {"n": len(done)} if done else words)
    return redirect("system", name)


def _line(text: str, flaw: Flaw) -> str:
    """The line that a flaw is about."""
    lines = text.splitlines()
    return lines[flaw.line - 1].strip()[:200] if 0 < flaw.line <= len(lines) else ""
