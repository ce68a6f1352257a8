"""Reviews of incidents: the list, one with its facts and actions, its paper, and the list of all actions."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.review import Cause, Ending
from mainstay.domain.saying import say
from mainstay.monitoring.wording import language_of
from mainstay.people.queries import people
from mainstay.reviews import actions, queries, wording
from mainstay.reviews.days import day_of
from mainstay.reviews.models import Action, Review
from mainstay.reviews.paper import document
from mainstay.runbooks import queries as runbooks
from mainstay.web import lists
from mainstay.web.access import actor, incident_of, may, me, or_404, page, visible
from mainstay.web.attempt import attempt

ENDINGS = tuple(one.value for one in Ending if one is not Ending.RISK)
OFFERED = 500
"""Names that a form offers at most."""
FORMS = ("pdf", "html")


@page("review.read")
def reviews(request: HttpRequest) -> HttpResponse:
    """Reviews, or with ``?view=actions`` the actions that came of them and of drills."""
    if request.GET.get("view") == "actions":
        return _actions(request)
    sight = visible(request)
    wanted = {
        "state": lists.chosen(request, "state", queries.STATES), "system": request.GET.get("system", ""),
        "sort": lists.chosen(request, "sort", queries.SORTS, "newest"), "text": lists.words(request),
    }  # fmt: skip
    context = {
        **lists.shown(request, queries.reviews(**wanted, sight=sight)), "wanted": wanted, "sorts": tuple(queries.SORTS),
        "states": [(one, wording.review_state(one)) for one in ("", *queries.STATES)],
        "systems": list(catalogue.systems(sight)), "view": "reviews",
    }  # fmt: skip
    return render(request, "reviews.html", context)


def _actions(request: HttpRequest) -> HttpResponse:
    sight = visible(request)
    wanted: dict[str, Any] = {
        "state": lists.chosen(request, "state", ("", *queries.ACTION_STATES), "undone"),
        "owner": request.GET.get("owner", ""), "system": request.GET.get("system", ""),
        "sort": lists.chosen(request, "sort", queries.ACTION_SORTS, "due"), "text": lists.words(request),
    }  # fmt: skip
    context = {
        **lists.shown(request, queries.actions(**wanted, sight=sight)), "wanted": wanted,
        "states": [(one, wording.action_state(one)) for one in ("", *queries.ACTION_STATES)],
        "systems": list(catalogue.systems(sight)), "sorts": tuple(queries.ACTION_SORTS), "view": "actions",
        "today": day_of(datetime.now(UTC)), "mine": me(request).username,
    }  # fmt: skip
    return render(request, "reviewactions.html", context)


@page("review.read")
def review(request: HttpRequest, number: int) -> HttpResponse:
    """One review."""
    found = _review(request, number)
    system = found.incident.system.name if found.incident.system else None
    context = {
        "review": found, "incident": found.incident, "figures": wording.figures(found),
        "rows": queries.actions_of(number),
        "causes": [(one.value, wording.cause_word(one)) for one in Cause],
        "whys": [*found.whys, *[""] * max(1, 5 - len(found.whys))],
        "is_writer": may(request, "review.write", system), "is_author": may(request, "article.write", system),
        **around_actions(request, system),
    }  # fmt: skip
    return render(request, "review.html", context)


def around_actions(request: HttpRequest, system: str | None) -> dict[str, Any]:
    """What ``parts/actions.html`` shows beside the ``rows`` of a review or a drill; nothing is asked for but by it."""
    return {
        "today": day_of(datetime.now(UTC)), "endings": [(one, wording.ending_word(one)) for one in ENDINGS],
        "may_act": may(request, "review.act", system), "is_approver": may(request, "review.accept", system),
        "owners": people(state="active").values_list("username", flat=True)[:OFFERED],
        "proofs": partial(_proofs, request, system), "mine": me(request).username,
    }  # fmt: skip


def _proofs(request: HttpRequest, system: str | None) -> list[str]:
    """What an action may point to: checks and rules of the system, runbooks."""
    checks = catalogue.checks(system, visible(request))[:OFFERED] if system else ()
    return [*map(str, checks), *runbooks.runbooks().values_list("name", flat=True)[:OFFERED]]


@page("review.read")
def paper(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """As PDF, or as HTML to print."""
    found = _review(request, number)
    if form not in FORMS:
        raise Http404
    made: list[Any] = []
    work = lambda: made.append(document(found, form, language_of(get_language())))  # noqa: E731 - named for the next line
    if not attempt(request, work, ""):
        return redirect("review", number)
    file = made[0]
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(file.data, content_type=file.kind, headers=headers)


@page("review.open")
@require_POST
def opened(request: HttpRequest, number: int) -> HttpResponse:
    """Of an incident that is over."""
    incident_of(request, number)
    made: list[Review] = []
    work = lambda: made.append(actions.open_by_hand(number, actor=actor(request)))  # noqa: E731 - as above
    if attempt(request, work, _("The review is open.")):
        return redirect("review", made[0].pk)
    return redirect("incident", number)


@page("review.write")
@require_POST
def write(request: HttpRequest, number: int) -> HttpResponse:
    """All that is in the form."""
    asked = request.POST
    whys = asked.getlist("why")[:20]
    texts = {key: asked[key] for key in ("cause", "well", "badly", "nothing") if key in asked}

    def work() -> None:
        actions.write(number, whys=whys or None, **texts, actor=actor(request))

    return _act(request, number, work, _("Kept."))


@page("review.hold")
@require_POST
def hold(request: HttpRequest, number: int) -> HttpResponse:
    asked = request.POST

    def work() -> None:
        day = _day(asked["day"]) if asked.get("day") else None
        actions.hold(number, day=day, present=asked.get("present", ""), actor=actor(request))

    return _act(request, number, work, _("The review was held."))


@page("review.close")
@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    work = lambda: actions.close(number, actor=actor(request))  # noqa: E731 - as above
    return _act(request, number, work, _("The review is closed."))


@page("review.reopen")
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _act(
        request, number, lambda: actions.reopen(number, reason=reason, actor=actor(request)), _("Open again.")
    )  # fmt: skip


@page("article.write")
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """An article out of a review."""
    _review(request, number)
    made: list[Any] = []
    language = language_of(get_language())
    work = lambda: made.append(actions.draft_article(number, language, actor=actor(request)))  # noqa: E731 - as above
    if attempt(request, work, _("This is a draft from the record; complete it.")):
        return redirect("article-edit", made[0].pk)
    return redirect("review", number)


@page("review.act")
@require_POST
def add_action(request: HttpRequest, number: int) -> HttpResponse:
    asked = request.POST

    def work() -> None:
        due = _day(asked.get("due", ""))
        actions.add_action(
            number, asked.get("title", ""), owner=asked.get("owner", ""), due=due, actor=actor(request)
        )  # fmt: skip

    return _act(request, number, work, _("Agreed."))


@page("review.act")
@require_POST
def change_action(request: HttpRequest, number: int) -> HttpResponse:
    found, asked = _action(request, number), request.POST

    def work() -> None:
        due = _day(asked["due"]) if asked.get("due") else None
        actions.change_action(
            number, owner=asked.get("owner") or None, due=due, reason=asked.get("reason", ""), actor=actor(request)
        )

    return _acted(request, found, work, _("Changed."))


@page("review.end")
@require_POST
def end_action(request: HttpRequest, number: int) -> HttpResponse:
    found, asked = _action(request, number), request.POST

    def work() -> None:
        actions.end_action(
            number, ending=asked.get("ending", ""), proof=asked.get("proof", ""), actor=actor(request)
        )  # fmt: skip

    return _acted(request, found, work, _("The action is done."))


@page("review.accept")
@require_POST
def accept_risk(request: HttpRequest, number: int) -> HttpResponse:
    found, asked = _action(request, number), request.POST

    def work() -> None:
        until = _day(asked.get("until", ""))
        actions.accept_risk(number, reason=asked.get("reason", ""), until=until, actor=actor(request))

    return _acted(request, found, work, _("The risk is accepted."))


def _review(request: HttpRequest, number: int) -> Review:
    return or_404(lambda: queries.review(number, visible(request)))


def _action(request: HttpRequest, number: int) -> Action:
    return or_404(lambda: queries.action(number, visible(request)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(say("write a day such as 2027-01-31")) from None


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    _review(request, number)
    _attempted(request, work, done)
    return redirect("review", number)


def _acted(request: HttpRequest, action: Action, work: Callable[[], Any], done: str) -> HttpResponse:
    """Back to the review or the drill that it came of."""
    _attempted(request, work, done)
    return redirect("drill", action.drill_id) if action.drill_id else redirect("review", action.review_id)


def _attempted(request: HttpRequest, work: Callable[[], Any], done: str) -> None:
    try:
        attempt(request, work, done)
    except ObjectDoesNotExist:
        raise Http404 from None
