"""Emergency plans: the list with what is due, one plan, and the form that writes it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import authorise
from mainstay.domain.plan import RHYTHMS
from mainstay.domain.saying import said
from mainstay.domain.state import Category
from mainstay.drivers.pdf import Unprintable
from mainstay.monitoring.wording import language_of
from mainstay.plans import actions, paper, queries
from mainstay.plans.models import Plan
from mainstay.runbooks import queries as runbooks
from mainstay.web import lists, plan_form
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.entered import day

STATES = ("", "draft", "in-force", "retired")
VERSIONS = 50
TONGUES = ("en", "zh", "zh-hant")


@page("plan.read")
def plans(request: HttpRequest) -> HttpResponse:
    """Filtered by its address; what is due stands above."""
    now, sight = datetime.now(UTC), visible(request)
    wanted = {"state": lists.chosen(request, "state", STATES), "system": request.GET.get("system", "")}
    context = {
        **lists.shown(request, queries.plans(**wanted, sight=sight)), "wanted": wanted, "states": STATES,
        "systems": list(catalogue.systems(sight)), "is_writer": may(request, "plan.write", None),
        "due": [one for one in queries.wanted(now, sight) if one.overdue], "today": now.date(),
        "stale": queries.with_stale_supplies(now.date(), sight),
    }  # fmt: skip
    return render(request, "plans.html", context)


@page("plan.read")
def plan(request: HttpRequest, name: str) -> HttpResponse:
    """One plan as it is followed; another version by ``?version=``."""
    found, asked = _plan(request, name), request.GET.get("version", "")
    version = or_404(lambda: queries.shown(found, int(asked) if asked.isdecimal() and len(asked) < 9 else None))
    system, tongue = found.system.name, language_of(get_language())
    said_here = paper.plain(version.document, tongue)
    context = {
        "plan": found, "version": version, "document": said_here, "facts": paper.facts(version, tongue),
        "phases": paper.phases(said_here), "versions": list(queries.versions(name)[:VERSIONS]),
        "waits": found.state != "retired" and found.approved_version != found.version,
        "overdue": found.state == "in-force" and found.review_at and found.review_at <= datetime.now(UTC).date(),
        "drills": queries.drills(plan=name)[:10],
        "may_write": may(request, "plan.write", system), "may_approve": may(request, "plan.approve", system),
    }  # fmt: skip
    return render(request, "plan.html", context)


@page("plan.read")
def file(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """The plan as it is followed, or ``?version=``, as PDF, HTML or YAML in the reader's language."""
    found, asked = _plan(request, name), request.GET.get("version", "")
    version = or_404(lambda: queries.shown(found, int(asked) if asked.isdecimal() and len(asked) < 9 else None))
    if form not in ("pdf", "html", "yaml"):
        raise Http404
    try:
        made = paper.document(version, form, language_of(get_language()))
    except Unprintable as error:
        return HttpResponse(said(error, _), content_type="text/plain; charset=utf-8", status=409)
    disposition = "inline" if form == "pdf" else "attachment"
    return HttpResponse(
        made.data, content_type=made.kind, headers={"Content-Disposition": f'{disposition}; filename="{made.name}"'}
    )


@page("plan.write")
def new(request: HttpRequest) -> HttpResponse:
    """An empty form, or one that was sent."""
    tongue = _tongue(request)
    if request.method != "POST":
        known = {"system": request.GET.get("system", "")}
        return _form(request, None, known, tongue)
    document = plan_form.written(request.POST, {}, tongue)
    made: list[Plan] = []

    def work() -> None:
        made.append(actions.write(document, actor=actor(request), remark=request.POST.get("remark", "")))

    if _tried(request, work, _("The draft is kept.")):
        return _onward(request, made[0])
    return _form(request, None, document, tongue)


@page("plan.write")
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The newest version in a form."""
    found, tongue = _plan(request, name), _tongue(request)
    authorise(actor(request), "plan.write", system=found.system.name)
    if request.method != "POST":
        return _form(request, found, found.document, tongue)
    document = plan_form.written(request.POST, found.document, tongue)
    seen = request.POST.get("seen", "")

    def work() -> None:
        actions.write(
            document, name=name, actor=actor(request), remark=request.POST.get("remark", ""),
            seen=int(seen) if seen.isdecimal() and len(seen) < 9 else 0,
        )  # fmt: skip

    if _tried(request, work, _("A new version is kept; it is in force once it is approved.")):
        return _onward(request, found)
    return _form(request, found, document, tongue)


def _onward(request: HttpRequest, found: Plan) -> HttpResponse:
    """To the plan, or back to the form for more rows."""
    if request.POST.get("do") == "more":
        answer = redirect("planedit", found.name)
        answer["Location"] += f"?lang={_tongue(request)}"
        return answer
    return redirect("plan", found.name)


@page("plan.approve")
@require_POST
def approve(request: HttpRequest, name: str) -> HttpResponse:
    """Put the newest version in force, or say that it still holds."""
    _plan(request, name)
    asked = request.POST.get("review_at", "")

    def work() -> None:
        actions.approve(name, actor=actor(request), review_at=day(asked) if asked else None)

    _tried(request, work, _("It is in force."))
    return redirect("plan", name)


@page("plan.retire")
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    _plan(request, name)
    reason = request.POST.get("reason", "")
    _tried(request, lambda: actions.retire(name, actor=actor(request), reason=reason), _("It is retired."))
    return redirect("plan", name)


def _plan(request: HttpRequest, name: str) -> Plan:
    return or_404(lambda: queries.plan(name, visible(request)))


def _tried(request: HttpRequest, work: Any, done: str) -> bool:
    """What is not there any more is no form's fault."""
    try:
        return attempt(request, work, done)
    except ObjectDoesNotExist:
        raise Http404 from None


def _form(request: HttpRequest, found: Plan | None, document: Mapping[str, Any], tongue: str) -> HttpResponse:
    context = {
        "plan": found, "known": plan_form.shown(document, tongue), "name": document.get("plan", ""),
        "system": document.get("system", ""), "tongue": tongue, "tongues": TONGUES, "rhythms": RHYTHMS,
        "seen": request.POST.get("seen") or (found.version if found else 0), "remark": request.POST.get("remark", ""),
        "systems": list(catalogue.systems(visible(request))), "levels": (1, 2, 3), "categories": list(Category),
        "runbooks": list(runbooks.runbooks().values_list("name", flat=True)),
    }  # fmt: skip
    return render(request, "planform.html", context)


def _tongue(request: HttpRequest) -> str:
    asked = request.POST.get("language") or request.GET.get("lang", "")
    return asked if asked in TONGUES else language_of(get_language())
