"""The knowledge base: the list and its search, one article, and the form that writes it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import authorise
from mainstay.knowledge import actions, queries
from mainstay.knowledge.models import Article
from mainstay.monitoring.wording import language_of
from mainstay.web import lists
from mainstay.web.access import actor, incident_of, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.markdown import written

STATES = ("published", "draft", "retired", "")
VERSIONS = 50


@page("article.read")
def knowledge(request: HttpRequest) -> HttpResponse:
    """Filtered and paged by its address; with words the best hits first."""
    wanted = {
        "state": lists.chosen(request, "state", STATES, "published"), "system": request.GET.get("system", ""),
        "sort": lists.chosen(request, "sort", queries.SORTS, "newest"),
    }  # fmt: skip
    text, within = lists.words(request), queries.articles(**wanted, sight=visible(request))
    found = queries.search(text, within, _tongue()) if text else []
    context = {
        **lists.shown(request, found if text else within),
        "text": text, "wanted": wanted, "states": STATES, "sorts": tuple(queries.SORTS),
        "systems": list(catalogue.systems(visible(request))), "is_writer": may(request, "article.write", None),
    }  # fmt: skip
    return render(request, "knowledge.html", context)


@page("article.read")
def article(request: HttpRequest, number: int) -> HttpResponse:
    """One article in the reader's language, or in what there is; an earlier version by ``?version=``."""
    found = _article(request, number)
    versions = list(queries.versions(number)[:VERSIONS])
    shown = next((one for one in versions if str(one.number) == request.GET.get("version")), None)
    texts = shown.texts if shown else found.texts
    language = lists.chosen(request, "lang", texts, _best(texts))
    system = found.system.name if found.system else None
    context = {
        "article": found, "title": texts[language]["title"], "html": written(texts[language]["body"]),
        "language": language, "languages": list(texts), "versions": versions, "shown": shown,
        "is_writer": may(request, "article.write", system), "is_publisher": may(request, "article.publish", system),
        "overdue": found.state == "published" and found.review_at and found.review_at <= date.today(),  # noqa: DTZ011 - a day
    }  # fmt: skip
    return render(request, "article.html", context)


@page("article.write")
def new(request: HttpRequest) -> HttpResponse:
    """An empty form, or one that was sent."""
    if request.method != "POST":
        return _form(request, None, {"language": _tongue()})
    asked = request.POST
    made: list[Article] = []

    def work() -> None:
        about = actions.About(asked.get("system", ""), "", "", _names(asked.get("checks", "")))
        made.append(actions.write(_text(request), actor=actor(request), about=about))

    if _tried(request, work, _("The draft is kept.")):
        return redirect("article", made[0].pk)
    return _form(request, None, asked.dict())


@page("article.write")
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """The newest version in a form."""
    found, asked = _article(request, number), request.POST
    authorise(actor(request), "article.write", system=found.system.name if found.system else None)
    if request.method != "POST":
        language = lists.chosen(request, "lang", actions.LANGUAGES, _best(found.texts))
        text = found.texts.get(language, {})
        known = {
            "language": language, "title": text.get("title", ""), "text": text.get("body", ""),
            "system": found.system.name if found.system else "", "seen": found.version,
            "checks": ", ".join(name.partition("/")[2] for name in found.checks),
        }  # fmt: skip
        return _form(request, found, known)

    def work() -> None:
        component = found.component.name if found.component and _same_system(found, asked) else ""
        about = actions.About(asked.get("system", ""), component, found.fingerprint, _names(asked.get("checks", "")))
        actions.edit(
            number, _text(request), actor=actor(request), remark=asked.get("remark", ""),
            seen=int(asked.get("seen", "0")), about=about,
        )  # fmt: skip

    if _tried(request, work, _("A new version is kept.")):
        return redirect("article", number)
    return _form(request, found, asked.dict())


@page("article.publish")
@require_POST
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Or say that it still holds."""
    _article(request, number)
    asked = request.POST

    def work() -> None:
        until = date.fromisoformat(asked["review_at"]) if asked.get("review_at") else None
        actions.publish(number, actor=actor(request), public="public" in asked, review_at=until)

    _tried(request, work, _("It is published."))
    return redirect("article", number)


@page("article.retire")
@require_POST
def retire(request: HttpRequest, number: int) -> HttpResponse:
    _article(request, number)
    reason = request.POST.get("reason", "")
    _tried(request, lambda: actions.retire(number, actor=actor(request), reason=reason), _("It is retired."))
    return redirect("article", number)


@page("article.write")
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """An article out of what is on record of an incident."""
    incident_of(request, number)
    made: list[Article] = []
    work = lambda: made.append(actions.draft_of_incident(number, _tongue(), actor=actor(request)))  # noqa: E731 - named for the next line
    if _tried(request, work, _("This is a draft from the record; complete it.")):
        return redirect("article-edit", made[0].pk)
    return redirect("incident", number)


def _article(request: HttpRequest, number: int) -> Article:
    return or_404(lambda: queries.article(number, visible(request)))


def _tried(request: HttpRequest, work: Callable[[], Any], done: str) -> bool:
    """What is not there any more is no form's fault."""
    try:
        return attempt(request, work, done)
    except ObjectDoesNotExist:
        raise Http404 from None


def _form(request: HttpRequest, found: Article | None, known: dict[str, Any]) -> HttpResponse:
    context = {
        "article": found, "known": known, "languages": actions.LANGUAGES,
        "systems": list(catalogue.systems(visible(request))),
    }  # fmt: skip
    return render(request, "articleform.html", context)


def _text(request: HttpRequest) -> actions.Text:
    return actions.Text(*(request.POST.get(key, "") for key in ("language", "title", "text")))


def _names(text: str) -> list[str]:
    return text.replace(",", " ").replace("，", " ").replace("、", " ").split()


def _same_system(found: Article, asked: Any) -> bool:
    return bool(found.system and asked.get("system", "") == found.system.name)


def _tongue() -> str:
    return language_of(get_language())


def _best(texts: dict[str, Any]) -> str:
    return next(
        (one for one in (_tongue(), "zh" if _tongue() == "zh-hant" else "en") if one in texts), next(iter(texts))
    )
