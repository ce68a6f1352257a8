"""What people do with articles. Each act is authorised, carried out and audited in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from mainstay.audit.actions import record
from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.full_text import grams
from mainstay.domain.saying import say
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.incidents.queries import brief
from mainstay.knowledge.models import Article, Gram, Version
from mainstay.monitoring.wording import DJANGO_LANGUAGE, explain, in_language

LANGUAGES = ("en", "zh", "zh-hant")
LONGEST = 100_000
"""Characters of a body."""
REVIEW_AFTER = timedelta(days=365)
"""When a published article wants to be looked through, unless somebody says otherwise."""
_MOST_CHECKS = 50


class Illegal(ValueError):
    """The article's state does not allow this; the message says what would."""


@dataclass(frozen=True, slots=True)
class About:
    """What an article is about: names, empty for none; ``checks`` are names of the system's. ``fingerprint`` is the key
    of incidents."""

    system: str = ""
    component: str = ""
    fingerprint: str = ""
    checks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """An article in one language; the body is Markdown."""

    language: str
    title: str
    body: str


def write(text: Text, *, actor: Actor, about: About = About()) -> Article:
    """A new draft. Raises Illegal, and System, Component or Check.DoesNotExist for what it is about."""
    authorise(actor, "article.write", system=about.system or None)
    with transaction.atomic():
        return _made(Article(**_columns(about)), text, actor)


def draft_of_incident(number: int, language: str, *, actor: Actor, why: str = "", avoided: str = "") -> Article:
    """A draft from what is on record of an incident: what was seen, what people wrote, how it ended; and as far as
    somebody knows, why it happened and how it is avoided. Raises Incident.DoesNotExist."""
    with transaction.atomic():
        incident = Incident.objects.select_related("system", "root").get(pk=number)
        authorise(actor, "article.write", system=incident.system.name if incident.system else None)
        members = Member.objects.filter(incident=incident).exclude(role="echo").select_related("check_of__system")
        article = Article(
            system=incident.system, component=incident.root, fingerprint=incident.key, incident=incident,
            checks=[str(one.check_of) for one in members[:_MOST_CHECKS]],
        )  # fmt: skip
        with override(DJANGO_LANGUAGE[language]):
            text = Text(language, in_language(incident.title, language), _outline(incident, why, avoided))
        return _made(article, text, actor)


def _outline(incident: Incident, why: str, avoided: str) -> str:
    """The parts of a good article, filled with what is known."""
    known = brief(incident.pk)
    written = Entry.objects.filter(incident=incident).exclude(text="").order_by("at", "pk")
    notes = "\n".join(f"- {' '.join(entry.text.split())}" for entry in written)
    parts = (
        (_("What one sees"), explain(known["message"])),
        (_("Why it happens"), why),
        (_("What helps"), notes),
        (_("How it is avoided"), avoided),
    )
    return "\n\n".join(f"## {head}\n\n{text or '…'}" for head, text in parts) + "\n"


def edit(
    number: int, text: Text, *, actor: Actor, remark: str = "", seen: int | None = None, about: About | None = None
) -> Article:
    """A new version; of a published article it is read at once. ``seen`` is the version that was read before: another
    one in the meantime is not overwritten. Raises Illegal, Article.DoesNotExist."""
    with transaction.atomic():
        article = _locked(number, actor, "article.write")
        if article.state == "retired":
            raise Illegal(say("article %(number)s is retired; publish it again first", number=number))
        if article.state == "published":  # what is changed now is read at once
            authorise(actor, "article.publish", system=article.system.name if article.system else None)
        if seen is not None and seen != article.version:
            words = say("somebody else has changed the article meanwhile; it is version %(number)s now",
                        number=article.version)  # fmt: skip
            raise Illegal(words)
        if about is not None:
            authorise(actor, "article.write", system=about.system or None)
            for key, value in _columns(about).items():
                setattr(article, key, value)
        article.version += 1
        return _kept(article, text, actor, remark)


def publish(number: int, *, actor: Actor, public: bool | None = None, review_at: date | None = None) -> Article:
    """Everybody who may see its system reads it, and with ``public`` everybody at the help desk. Again: it was looked
    through, and holds until ``review_at``. Raises Illegal for a day that is past."""
    now = datetime.now(UTC)
    until = review_at or (now + REVIEW_AFTER).date()
    if until <= now.date():
        raise Illegal(say("the next review must lie ahead"))
    with transaction.atomic():
        article = _locked(number, actor, "article.publish")
        article.state, article.review_at = "published", until
        article.published_at = article.published_at or now
        article.public = article.public if public is None else public
        article.save()
        record(actor, "article.publish", f"article {number}", {"public": article.public, "review_at": str(until)})
    return article


def retire(number: int, *, actor: Actor, reason: str) -> Article:
    """It does not hold any more; it stays on record. Raises Illegal without a reason, or when it is retired."""
    if not reason.strip():
        raise Illegal(say("say why the article is retired"))
    with transaction.atomic():
        article = _locked(number, actor, "article.retire")
        if article.state == "retired":
            raise Illegal(say("article %(number)s is retired already", number=number))
        article.state, article.changed_at = "retired", datetime.now(UTC)
        article.save()
        record(actor, "article.retire", f"article {number}", {"reason": reason.strip()[:300]})
    return article


def _made(article: Article, text: Text, actor: Actor) -> Article:
    article.author, article.made_at = actor.name, datetime.now(UTC)
    return _kept(article, text, actor)


def _kept(article: Article, text: Text, actor: Actor, remark: str = "") -> Article:
    """The row, its version, what a search looks in, and the audit record."""
    title, body = _fit(text)
    article.texts = {**article.texts, text.language: {"title": title, "body": body}}
    article.changed_at = datetime.now(UTC)
    article.save()
    Version.objects.create(
        article=article, number=article.version, texts=article.texts, at=article.changed_at, actor=actor.name,
        remark=remark.strip()[:300],
    )  # fmt: skip
    Gram.objects.filter(article=article, language=text.language).delete()
    Gram.objects.bulk_create(
        Gram(article=article, language=text.language, gram=gram) for gram in sorted(grams(title, body))
    )
    record(actor, "article.write", f"article {article.pk}", {"version": article.version, "language": text.language})
    return article


def _fit(text: Text) -> tuple[str, str]:
    """Title and body as they are kept."""
    if text.language not in LANGUAGES:
        raise Illegal(say("an article is written in %(languages)s", languages=", ".join(LANGUAGES)))
    title = " ".join(text.title.replace("\0", "").split())
    body = text.body.replace("\r\n", "\n").replace("\0", "").strip() + "\n"
    if not title:
        raise Illegal(say("an article needs a title"))
    if len(title) > 200 or len(body) > LONGEST:
        raise Illegal(say("the title may have 200 characters, the text %(most)s", most=LONGEST))
    return title, body


def _columns(about: About) -> dict[str, Any]:
    system = System.objects.get(name=about.system, retired_at=None) if about.system else None
    component = Component.objects.get(system=system, name=about.component) if about.component else None
    checks = [str(Check.objects.get(system=system, name=name)) for name in about.checks[:_MOST_CHECKS]]
    return {"system": system, "component": component, "fingerprint": about.fingerprint[:300], "checks": checks}


def _locked(number: int, actor: Actor, act: str) -> Article:
    """The article, for one who may do this on its system."""
    article = Article.objects.select_for_update().get(pk=number)
    authorise(actor, act, system=article.system.name if article.system else None)
    return article
