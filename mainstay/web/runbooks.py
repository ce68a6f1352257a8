"""Runbooks: the list, one with its versions, the text of one with its checks, and the way to a run."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.sources import Invalid
from mainstay.domain.run_answers import Refused
from mainstay.domain.saying import said
from mainstay.engine.runbooks.dry_run import dry_run
from mainstay.incidents.models import Incident
from mainstay.runbooks import actions, queries
from mainstay.runbooks.actions.writing import known
from mainstay.runbooks.examine import examine
from mainstay.runbooks.models import Run, Version
from mainstay.web import lists
from mainstay.web.access import actor, incident_of, may, or_404, page, visible, where
from mainstay.web.attempt import attempt
from mainstay.web.templatetags.mainstay import words

RECENT = 10
START = """runbook: restart-service
title: {en: Restart a service, zh: 重启服务}
kinds: [host]
inputs:
  service: {title: {en: Service, zh: 服务}}
steps:
  agree: {kind: approve, role: approver, deadline: 1h}
  restart: {kind: ssh, command: [systemctl, restart, "${service}"], timeout: 2m}
"""
"""What an empty page begins with."""


@page("runbook.read")
def runbooks(request: HttpRequest) -> HttpResponse:
    """All of them, searched, sorted and paged by the address; and the newest runs."""
    text, sort = lists.words(request), lists.chosen(request, "sort", queries.SORTS, "name")
    context = {
        "text": text, "sort": sort, "sorts": tuple(queries.SORTS), "onward": _onward(request),
        "waiting": queries.waits_for_people(visible(request))[:RECENT],
        "recent": queries.runs(sight=visible(request))[:RECENT], "may_edit": may(request, "runbook.edit", None),
    }  # fmt: skip
    return render(request, "runbooks.html", {**context, **lists.shown(request, queries.runbooks(text, sort))})


def _onward(request: HttpRequest) -> str:
    """What an incident's page said it is about goes on to the form."""
    about = {key: request.GET[key][:130] for key in ("incident", "target") if request.GET.get(key)}
    return f"?{urlencode(about)}" if about else ""


@page("runbook.read")
def runbook(request: HttpRequest, name: str) -> HttpResponse:
    """One: what it does, its versions, and the form that begins a run."""
    return _one(request, name, request.GET)


def _one(request: HttpRequest, name: str, given: Mapping[str, Any], foreseen: Any = None) -> HttpResponse:
    version: Version = or_404(lambda: queries.newest(name))
    wanted = request.GET.get("version", "")
    shown = queries.versions(name).filter(number=int(wanted) if wanted.isdecimal() else version.number).first()
    document = queries.document(version)
    mine = _targets(request, document.kinds)
    context = {
        "runbook": version.runbook, "version": shown or version, "versions": queries.versions(name)[:50],
        "document": document,
        "inputs": [(key, one, given.get(f"input-{key}", one.default)) for key, one in document.inputs.items()],
        "targets": mine, "given": given, "foreseen": foreseen,
        "may_run": bool(mine) or (not document.kinds and may(request, "runbook.run", None)),
        "may_edit": may(request, "runbook.edit", None),
        "recent": queries.runs(name=name, sight=visible(request))[:RECENT], "incident": given.get("incident", ""),
    }  # fmt: skip
    return render(request, "runbook.html", context)


def _targets(request: HttpRequest, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Components on which the person may run it: as ``system/name``, and as they are called."""
    found = catalogue.components(sight=visible(request))
    found = found.filter(kind__in=kinds) if kinds else found
    rows = list(found.values_list("system__name", "system__title", "name", "title"))
    mine = set(where(request, "runbook.run", {system for system, *_ in rows}))
    return [
        (f"{system}/{name}", f"{words(system_title) or system} · {words(title) or name}")
        for system, system_title, name, title in rows if system in mine
    ]  # fmt: skip


@page("runbook.run")
@require_POST
def run(request: HttpRequest, name: str) -> HttpResponse:
    """Begin it, or say what it would do; what is refused is said above the form, which stays as it was."""
    version: Version = or_404(lambda: queries.newest(name))
    form, who, target = request.POST, actor(request), request.POST.get("target", "")[:130]
    given = {key: form.get(f"input-{key}", "")[:10_000] for key in queries.document(version).inputs}
    number = form.get("incident", "")
    about: Incident | None = incident_of(request, int(number)) if number.isdecimal() else None
    if form.get("do") == "dry-run":
        try:
            return _one(request, name, form, or_404(lambda: dry_run(name, given, target=target, actor=who)))
        except Refused as error:
            messages.error(request, said(error, _))
            return _one(request, name, form)
    made: list[Run] = []

    def work() -> None:
        made.append(or_404(lambda: actions.run(name, given, target=target, incident=about, actor=who)))

    if attempt(request, work, _("It has begun.")):
        return redirect("run", made[0].pk)
    return _one(request, name, form)


@page("runbook.edit")
def new(request: HttpRequest) -> HttpResponse:
    """One that is not there yet."""
    return _sheet(request, None, START)


@page("runbook.edit")
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The text of one, and what is wrong with it."""
    version: Version = or_404(lambda: queries.newest(name))
    return _sheet(request, version, version.text)


def _sheet(request: HttpRequest, version: Version | None, text: str) -> HttpResponse:
    flaws: list[Any] = []
    right = False
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n")[:500_000]
        name = version.runbook.name if version else ""
        try:
            if request.POST.get("do") == "keep":
                kept = actions.write(text, name=name, actor=actor(request))
                messages.success(request, _("It is kept as version %(n)s.") % {"n": kept.number})
                return redirect("runbook", kept.runbook.name)
            examine({f"{name or 'runbook'}.yaml": text.encode()}, known())
            right = True
        except Invalid as error:
            flaws = [(one.flaw, _line(text, one.flaw.line)) for one in error.flaws]
        except Refused as error:
            messages.error(request, said(error, _))
    rows = max(16, min(40, text.count("\n") + 2))
    context = {"version": version, "text": text, "flaws": flaws, "right": right, "rows": rows}
    return render(request, "runbooktext.html", context)


@page("runbook.edit")
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    """Out of use; runs that are under way go on."""
    or_404(lambda: queries.runbook(name))
    attempt(request, lambda: actions.retire(name, actor=actor(request)), _("It is out of use."))
    return redirect("runbooks")


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""
