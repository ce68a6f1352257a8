"""On call: who is and will be, who stands in, swaps, who would be called; hand-overs; calendars to fetch."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.saying import said
from mainstay.on_call import actions, feeds, queries
from mainstay.on_call.digest import SECTIONS
from mainstay.on_call.digest import visible as visible_of
from mainstay.on_call.models import Feed
from mainstay.on_call.moving import from_grafana_oncall
from mainstay.on_call.queries import Rota
from mainstay.web import duty, lists
from mainstay.web.access import actor, may, me, or_404, page, system_of, visible
from mainstay.web.attempt import attempt
from mainstay.web.entered import moment

DAYS = 14
GAPS = 12
SHOWN = 10


@page("oncall.read")
def on_call(request: HttpRequest) -> HttpResponse:
    """Everything on one page."""
    now, sight = datetime.now(UTC), visible(request)
    found, known = queries.rotas(), queries.reachable()
    context = {
        "rotas": [_shown(one, now, me(request).username, known) for one in found.values()],
        "gaps": lists.cut(duty.gaps(found, now), GAPS),
        "overrides": queries.overrides(now), "swaps": queries.waiting_swaps(now),
        "handovers": queries.handovers()[:SHOWN], "people": sorted(known), "systems": catalogue.systems(sight),
        "calendars": _calendars(me(request).username),
        "may_act": may(request, "oncall.override", None), "may_move": may(request, "catalogue.try", None),
        "may_edit": may(request, "catalogue.apply", None),
        "plan": _plan(request, now), "zone": get_current_timezone(), "levels": (1, 2, 3),
    }  # fmt: skip
    return render(request, "oncall.html", context)


def _calendars(me: str) -> list[dict[str, str]]:
    """One's own and the teams', each with its address where there is one."""
    wanted = [("person", me), *(("team", name) for name in feeds.team_names())]
    made = {(row.kind, row.name): feeds.address(row) for row in Feed.objects.all()}
    return [{"kind": kind, "name": name, "address": made.get((kind, name), "")} for kind, name in wanted]


def _shown(rota: Rota, now: datetime, me: str, known: set[str]) -> dict[str, Any]:
    return {
        "rota": rota, "person": rota.on(now).person, "until": rota.shifts(now, now + queries.AHEAD)[0].end,
        "days": duty.days(rota, now, DAYS, me),
        "strangers": [name for name in rota.people if name not in known],
    }  # fmt: skip


def _plan(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """Who would be called, where the address asks for it."""
    asked = request.GET
    if not (name := asked.get("system", "")):
        return None
    system = system_of(request, name)
    level = int(asked["level"]) if asked.get("level") in ("1", "2", "3") else 1
    try:
        at = moment(asked.get("at", "")) if asked.get("at") else now
    except ValueError:
        at = now
    return {
        "system": system, "level": level, "at": at, "given": asked.get("at", ""),
        "escalation": queries.escalation_of(system, level), "steps": queries.simulate(system, level, at),
    }  # fmt: skip


def _act(request: HttpRequest, work: Callable[[], Any], done: str) -> HttpResponse:
    try:
        attempt(request, work, done)
    except ObjectDoesNotExist:
        raise Http404 from None
    return redirect("on-call")


@page("oncall.override")
@require_POST
def override(request: HttpRequest) -> HttpResponse:
    asked = request.POST

    def work() -> None:
        actions.override(
            asked.get("rotation", ""), asked.get("person", ""), moment(asked.get("start", "")),
            moment(asked.get("end", "")), reason=asked.get("reason", ""), actor=actor(request),
        )  # fmt: skip

    return _act(request, work, _("It is noted who stands in."))


@page("oncall.override")
@require_POST
def end_override(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, lambda: actions.end_override(number, actor=actor(request)), _("The turns count again."))


@page("oncall.swap")
@require_POST
def ask_swap(request: HttpRequest) -> HttpResponse:
    asked = request.POST

    def work() -> None:
        given = asked.get("back_start", ""), asked.get("back_end", "")
        actions.ask_swap(
            asked.get("rotation", ""), asked.get("person", "") or me(request).username,
            moment(asked.get("start", "")), moment(asked.get("end", "")), taker=asked.get("taker", ""),
            back=(moment(given[0]), moment(given[1])) if any(given) else None, reason=asked.get("reason", ""),
            actor=actor(request),
        )  # fmt: skip

    return _act(request, work, _("You have asked. Nothing changes before somebody takes it."))


@page("oncall.swap")
@require_POST
def take_swap(request: HttpRequest, number: int) -> HttpResponse:
    taker = request.POST.get("taker", "") or me(request).username
    work = lambda: actions.take_swap(number, taker=taker, actor=actor(request))  # noqa: E731 - named for the next line
    return _act(request, work, _("It is swapped."))


@page("oncall.swap")
@require_POST
def refuse_swap(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, lambda: actions.refuse_swap(number, actor=actor(request)), _("Refused."))


@page("oncall.swap")
@require_POST
def withdraw_swap(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, lambda: actions.withdraw_swap(number, actor=actor(request)), _("You ask no more."))


@page("oncall.handover")
@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    asked = request.POST

    def work() -> None:
        actions.hand_over(
            asked.get("rotation", ""), asked.get("words", ""), to=asked.get("to", ""), actor=actor(request)
        )

    return _act(request, work, _("Handed over."))


@page("oncall.read")
def handovers(request: HttpRequest) -> HttpResponse:
    """All of them, searched, filtered, sorted and paged by the address."""
    text, sort = lists.words(request), lists.chosen(request, "sort", queries.HANDOVER_SORTS, "newest")
    state, rotation = lists.chosen(request, "state", ("waiting",)), request.GET.get("rotation", "")[:63]
    found = queries.handovers(rotation, waiting=bool(state), text=text, sort=sort)
    context = {
        "text": text, "sort": sort, "sorts": tuple(queries.HANDOVER_SORTS), "state": state, "rotation": rotation,
        "rotations": list(catalogue.arrangements("rotation").values_list("name", flat=True)),
    }  # fmt: skip
    return render(request, "oncallhandovers.html", {**context, **lists.shown(request, found)})


@page("oncall.read")
def handover(request: HttpRequest, number: int) -> HttpResponse:
    """What one who comes on call has to know."""
    row = or_404(lambda: queries.handover(number))
    shown = visible_of(row.digest, visible(request))
    parts = [(section, shown.get(section.name, [])) for section in SECTIONS]
    is_his = me(request).username == row.after or may(request, "catalogue.apply", None)
    context = {"row": row, "parts": parts, "may_confirm": is_his and may(request, "oncall.handover", None)}
    return render(request, "oncallhandover.html", context)


@page("oncall.handover")
@require_POST
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    or_404(lambda: queries.handover(number))
    attempt(request, lambda: actions.confirm(number, actor=actor(request)), _("Confirmed."))
    return redirect("on-call-hand-over", number)


@page("oncall.feed")
@require_POST
def renew_feed(request: HttpRequest) -> HttpResponse:
    kind, name = request.POST.get("kind", ""), request.POST.get("name", "")
    return _act(request, lambda: actions.renew_feed(kind, name, actor=actor(request)), _("The address is new."))


def feed(_request: HttpRequest, kind: str, name: str, sign: str) -> HttpResponse:
    """For other programs, without signing in: the address is the key."""
    found = feeds.opened(kind, name, sign)
    if found is None:
        raise Http404
    answer = HttpResponse(feeds.calendar(found, datetime.now(UTC)), content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@page("catalogue.try")
def moving(request: HttpRequest) -> HttpResponse:
    """Schedules of Grafana OnCall as a file for the catalogue; nothing is applied."""
    context: dict[str, Any] = {"given": request.POST.get("export", "")[:1_000_000], "made": None}
    if request.method == "POST":
        try:
            context["made"] = from_grafana_oncall(json.loads(context["given"]))
        except ValueError as error:
            messages.error(request, said(error, _))
    return render(request, "oncallimport.html", context)
