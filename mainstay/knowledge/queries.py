"""Reading the knowledge base: lists, search, and what fits an incident."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.full_text import ENOUGH, Query
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.knowledge.models import Article, Gram, Version
from mainstay.people.queries import seen

STATES = ("draft", "published", "retired")
SORTS = {"newest": ("-changed_at", "-pk"), "oldest": ("changed_at", "pk")}
FOUND = 50
_LOOKED_AT = 400
"""Texts that have all grams of a query and are read for it; the newest articles first."""
SIMILAR = 5


def articles(
    *, state: str = "", system: str = "", sort: str = "newest", sight: Sight = EVERYTHING
) -> QuerySet[Article]:
    """By state and system."""
    found = Article.objects.filter(seen(sight, "system__name")).select_related("system", "component")
    found = found.order_by(*SORTS[sort])
    if state:
        found = found.filter(state=state)
    return found.filter(system__name=system) if system else found


def article(number: int, sight: Sight = EVERYTHING) -> Article:
    """Raises Article.DoesNotExist."""
    return articles(sight=sight).get(pk=number)


def versions(number: int) -> QuerySet[Version]:
    """The newest first."""
    return Version.objects.filter(article=number)


def due(today: date) -> QuerySet[Article]:
    """Published articles that somebody should look through by now."""
    return Article.objects.filter(state="published", review_at__lte=today)


def public() -> QuerySet[Article]:
    """What everybody may read."""
    return Article.objects.filter(state="published", public=True)


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a search found, in the language in which it fits best. ``title`` and ``excerpt`` are in pieces,
    each with whether it was looked for."""

    article: Article
    language: str
    score: int
    title: list[tuple[str, bool]]
    excerpt: list[tuple[str, bool]]


def search(text: str, within: QuerySet[Article], language: str = "en") -> list[Found]:
    """Articles with every word, the best first; of those that fit alike the one in the reader's language counts."""
    query = Query.of(text)
    if not query.words:
        return []
    return _ranked(query, query.judge, _having(query.grams, within, len(query.grams)), language)


def offered(text: str, within: QuerySet[Article], language: str = "en", most: int = 3) -> list[Found]:
    """What may answer a question: what has every word of it, else what has the better part."""
    if found := search(text, within, language):
        return found[:most]
    query = Query.of(text)
    least = math.ceil(ENOUGH * len(query.core))
    return _ranked(query, query.nearly, _having(query.core, within, least), language)[:most] if least else []


def _having(grams: tuple[str, ...], within: QuerySet[Article], least: int) -> Iterator[tuple[Article, str]]:
    """Articles and languages whose text has so many of the grams."""
    rows = (
        Gram.objects.filter(gram__in=grams, article__in=within.order_by().values("pk"))
        .values_list("article", "language").annotate(has=Count("pk")).filter(has__gte=least)
        .order_by("-has", "-article", "language")[:_LOOKED_AT]
    )  # fmt: skip
    pairs = [(article, language) for article, language, _ in rows]
    by_key = within.in_bulk({article for article, _ in pairs})
    return ((by_key[article], language) for article, language in pairs)


def _ranked(
    query: Query, judge: Callable[[str, str], int], texts: Iterable[tuple[Article, str]], language: str
) -> list[Found]:
    best: dict[int, tuple[tuple[int, bool], Article, str]] = {}
    for article, tongue in texts:
        text = article.texts.get(tongue) or {}
        score = judge(text.get("title", ""), text.get("body", ""))
        rank = score, tongue == language
        if score and (article.pk not in best or rank > best[article.pk][0]):
            best[article.pk] = rank, article, tongue
    order = sorted(best.values(), key=lambda one: (-one[0][0], -one[1].changed_at.timestamp(), -one[1].pk))
    return [
        Found(article, tongue, rank[0], query.marked(article.texts[tongue]["title"]),
              query.excerpt(article.texts[tongue]["body"]))
        for rank, article, tongue in order[:FOUND]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """An incident that is over, and how it ended: the last words that people wrote to it."""

    incident: Incident
    ending: Entry | None


def similar(incident: Incident, sight: Sight = EVERYTHING) -> list[Past]:
    """Past incidents of the same key, else of the same checks as what began it, drills left out; the newest first."""
    over = Incident.objects.filter(seen(sight, "system__name"), state="resolved", system=incident.system_id, drill=None)
    over = over.exclude(pk=incident.pk).order_by("-resolved_at", "-pk").select_related("system")
    roots = Member.objects.filter(incident=incident, role__in=("root", "joined")).values("check_of")
    alike = Q(key=incident.key) | Q(pk__in=Member.objects.filter(role="root", check_of__in=roots).values("incident"))
    found = list(over.filter(alike)[:SIMILAR])
    said = Entry.objects.filter(incident__in=found, word__in=("resolved", "note")).exclude(text="")
    endings = {row.incident_id: row for row in said.order_by("at", "pk")}
    return [Past(one, endings.get(one.pk)) for one in found]


def fitting(incident: Incident, language: str, sight: Sight = EVERYTHING) -> list[Article]:
    """Published articles about an incident: by its key, by a check in it, else by the words of its title."""
    within = articles(state="published", sight=sight)
    names = [f"{system}/{name}" for system, name in Member.objects.filter(incident=incident).exclude(role="echo")
             .values_list("check_of__system__name", "check_of__name")]  # fmt: skip
    own = within.filter(Q(system=incident.system_id) | Q(system=None))
    found = [one for one in own[:_LOOKED_AT] if one.fingerprint == incident.key or set(one.checks) & set(names)]
    titles = dict.fromkeys(subject(str(one)) if names else str(one) for one in incident.title.values())
    others = own.exclude(pk__in=[one.pk for one in found])  # one that has every word would hide those that nearly do
    nearly = [hit for title in titles for hit in offered(title, others, language)]
    more = {hit.article.pk: hit.article for hit in sorted(nearly, key=lambda hit: -hit.score)}
    return [*found, *more.values()][:SIMILAR]


def subject(title: str) -> str:
    """What an incident is about that checks began: its title without the words before it, which all of them have."""
    return re.split("[:：]", title, maxsplit=1)[-1]
