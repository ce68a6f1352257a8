"""The help desk's public side: anybody reports, sees his own report by its address, and says how content he was.

What comes in is bounded three times: by the address that asks (here), by the mail address and by the hour (the action).
"""

import time
from typing import Any

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mainstay.api.attachments import harmless, taken
from mainstay.api.pace import Pace
from mainstay.catalogue import queries as catalogue
from mainstay.domain.attachment import IMAGES, UNKNOWN
from mainstay.domain.help_desk import Kind, label
from mainstay.domain.saying import said
from mainstay.engine.wording_letters import SALT
from mainstay.help_desk import actions, queries
from mainstay.help_desk.models import Ticket
from mainstay.knowledge import queries as knowledge
from mainstay.monitoring.wording import language_of
from mainstay.people.models import Person
from mainstay.people.queries import actor_of
from mainstay.web import lists
from mainstay.web.markdown import written

PACE = Pace(rate=1 / 60, burst=10.0)
"""What one network address may send."""
SCORE_FOR = 120 * 86_400
"""Seconds for which the link in a letter is good."""
MINE = 20
_SCORES = {str(number): number for number in range(1, 6)}


@require_http_methods(["GET", "HEAD", "POST"])
def help_desk(request: HttpRequest) -> HttpResponse:
    """First what it is about, which offers articles; then the form."""
    if request.method == "POST":
        return _reported(request)
    return _form(request, {"subject": lists.words(request)})


def _form(request: HttpRequest, known: dict[str, Any], wrong: str = "", status: int = 200) -> HttpResponse:
    person, subject = _person(request), str(known.get("subject", ""))
    context = {
        "known": {"address": person.email if person else "", **known},
        "wrong": wrong, "kinds": [one.value for one in Kind], "signed_in": person,
        "systems": list(catalogue.systems(actor_of(person).sight) if person else catalogue.on_status_page()),
        "offered": knowledge.offered(subject, knowledge.public(), _tongue()) if subject else [],
        "mine": queries.of_person(person)[:MINE] if person else (),
    }  # fmt: skip
    return _private(render(request, "helpdesk.html", context, status=status))


def _reported(request: HttpRequest) -> HttpResponse:
    asked, person = request.POST, _person(request)
    if asked.get("website"):  # no person sees this field
        return redirect("helpdesk")
    try:
        _slow_down(request)
        what = filled(request)
        if person is None:
            made = actions.report(what, came_by="page")
        else:
            made = actions.report(what, came_by="page", person=person, sight=actor_of(person).sight)
    except ObjectDoesNotExist:
        return _form(request, asked.dict(), _("There is no such system."))
    except ValueError as error:
        return _form(request, asked.dict(), said(error, _))
    return redirect("helpdesk-ticket", made.key)


def filled(request: HttpRequest) -> actions.Report:
    """What a form of a report says, in its reader's language. Raises Unfit for a file that is too large."""
    asked = request.POST
    files = [actions.Sent(one.name, one.content) for one in taken(request.FILES.getlist("files"))]
    return actions.Report(
        asked.get("kind", ""), asked.get("subject", ""), asked.get("text", ""), system=asked.get("system", ""),
        address=asked.get("address", ""), name=asked.get("name", ""), language=_tongue(), files=files,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def ticket(request: HttpRequest, key: str) -> HttpResponse:
    """What its reporter may see of a ticket, and where he adds to it."""
    found, wrong = _by_key(key), ""
    if request.method == "POST":
        try:
            _slow_down(request)
            files = [actions.Sent(one.name, one.content) for one in taken(request.FILES.getlist("files"))]
            actions.say_more(found, request.POST.get("text", ""), files=files)
        except ValueError as error:
            wrong = said(error, _)
        else:
            return redirect("helpdesk-ticket", key)
    context = {
        "ticket": found, "label": label(found.pk), "messages_told": queries.told(found.pk), "wrong": wrong,
        "images": IMAGES, "typed": request.POST.get("text", "") if wrong else "",
    }  # fmt: skip
    return _private(render(request, "helpdesk_ticket.html", context))


@require_safe
def file(request: HttpRequest, key: str, number: int) -> HttpResponse:  # noqa: ARG001 - a view
    """A file of one's own ticket."""
    try:
        found = queries.file(_by_key(key), number)
    except ObjectDoesNotExist:
        raise Http404 from None
    return harmless(queries.content(found), found.name, found.kind if found.kind in IMAGES else UNKNOWN)


@require_safe
def article(request: HttpRequest, number: int) -> HttpResponse:
    """An article for everybody."""
    found = knowledge.public().filter(pk=number).first()
    if found is None:
        raise Http404
    language = _tongue() if _tongue() in found.texts else next(iter(found.texts))
    text = found.texts[language]
    context = {"title": text["title"], "html": written(text["body"]), "language": language}
    return render(request, "helpdesk_article.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def score(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link says nothing yet, for mail programs look at links before people do."""
    try:
        found = Ticket.objects.get(pk=signing.loads(token, salt=SALT, max_age=SCORE_FOR))
    except (signing.BadSignature, ObjectDoesNotExist):
        return render(request, "helpdesk_over.html", status=410)
    wrong, done = "", False
    if request.method == "POST":
        try:
            number = request.POST.get("score", "")
            actions.score(
                found, int(number) if number in ("1", "2", "3", "4", "5") else 0, request.POST.get("text", "")
            )
            done = True
        except ValueError as error:
            wrong = said(error, _)
    context = {"ticket": found, "label": label(found.pk), "wrong": wrong, "done": done, "scores": _scores()}
    return _private(render(request, "helpdesk_score.html", context))


def _scores() -> list[tuple[int, str]]:
    words = (_("not at all"), _("hardly"), _("so so"), _("content"), _("very content"))
    return list(enumerate(words, 1))


def _by_key(key: str) -> Ticket:
    try:
        return queries.by_key(key)
    except ObjectDoesNotExist:
        raise Http404 from None


def _slow_down(request: HttpRequest) -> None:
    if PACE.wait(str(request.META.get("REMOTE_ADDR", "")), time.monotonic()):
        raise actions.TooMany(_("too much at once; try again in a minute"))


def _private(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _person(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None


def _tongue() -> str:
    return language_of(get_language())
