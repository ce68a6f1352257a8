"""The public status page, for everybody: as page, JSON and feed. No sign-in, no cookie, nothing of the inside."""

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mainstay.api.rows import Row
from mainstay.web.public_status import FRESH, Facts, Kept, Trouble, gather
from mainstay.web.templatetags.clocks import to_users
from mainstay.web.templatetags.mainstay import told, words
from mainstay.web.templatetags.signs import level_word, public_word

_facts: Kept[Facts] = Kept(FRESH)
_answers: Kept[str] = Kept(FRESH)


def forget() -> None:
    """The next reader is told anew; for the tests."""
    _facts.forget()
    _answers.forget()


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _answer(request, "text/html; charset=utf-8", _page)


@require_safe
def status_json(request: HttpRequest) -> HttpResponse:
    """The same for programs."""
    return _answer(request, "application/json", _json)


@require_safe
def status_atom(request: HttpRequest) -> HttpResponse:
    """The incidents as a feed."""
    return _answer(request, "application/atom+xml; charset=utf-8", _feed)


def _answer(request: HttpRequest, kind: str, write: Any) -> HttpResponse:
    """Kept by language and form, so that nobody can make the database work by asking again and again."""
    language = _language(request)
    with override(language):
        text = _answers.get(f"{kind} {language}", lambda: write(_facts.get("", gather), language))
    answer = HttpResponse(text, content_type=kind)
    answer["Cache-Control"] = f"public, max-age={FRESH:.0f}"
    answer["Content-Language"] = language
    patch_vary_headers(answer, ("Accept-Language", "Cookie"))
    return answer


def _language(request: HttpRequest) -> str:
    """By the link, else as the browser wants it."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE


def _page(facts: Facts, language: str) -> str:
    context = {
        "facts": facts, "worst": facts.worst, "language": language, "languages": settings.LANGUAGES,
        "base": settings.BASE_URL,
    }  # fmt: skip
    return render_to_string("status.html", context)


def _json(facts: Facts, language: str) -> str:
    row = {
        "at": facts.at, "looked_at": facts.looked_at, "silent": facts.silent, "language": language,
        "state": facts.worst.value,
        "systems": [
            {
                "name": one.name, "title": one.title, "state": one.state.value, "word": public_word(one.state),
                "maintenance": one.maintenance,
                "availability_90_days": one.share,
                "days": [{"day": day.day.isoformat(), "availability": day.share} for day in one.days],
            }
            for one in facts.systems
        ],
        "incidents": [_row(one) for one in (*facts.running, *facts.past)],
    }  # fmt: skip
    return DjangoJSONEncoder(ensure_ascii=False).encode(row)


def _row(one: Trouble) -> Row:
    return {
        "key": one.key, "system": one.system, "title": told(one), "level": one.level, "word": level_word(one.level),
        "since": one.since, "over": one.over, "words": to_users(one),
    }  # fmt: skip


def _feed(facts: Facts, language: str) -> str:
    base = settings.BASE_URL
    feed = Atom1Feed(title=_("Status"), link=f"{base}/status/", feed_url=f"{base}/status.atom", language=language,
                     description="")  # fmt: skip
    if facts.silent:
        feed.add_item(
            _("Nothing is known at the moment: Mainstay itself is not watching."), f"{base}/status/", "",
            unique_id=f"{base}/status/#silent", updateddate=facts.looked_at or facts.at,
        )  # fmt: skip
    for one in (*facts.running, *facts.past):
        state = _("over") if one.over else _("running")
        feed.add_item(
            f"{words(one.system)}: {told(one)} ({level_word(one.level)}, {state})", f"{base}/status/",
            "" if one.over else to_users(one),
            unique_id=f"{base}/status/#{one.key}", pubdate=one.since, updateddate=one.over or one.since,
        )  # fmt: skip
    return str(feed.writeString("utf-8"))
