"""Template tags and filters of the pages."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils import dateformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from mainstay.domain.actor import person_name
from mainstay.domain.saying import said
from mainstay.drivers.answers import heard
from mainstay.monitoring.evidence import Table, table
from mainstay.monitoring.wording import (
    explain,
    format_instant,
    format_number,
    format_seconds,
    format_span,
    format_value,
    in_language,
    language_of,
    listed,
    metric_title,
    zone_mark,
)
from mainstay.on_call.wording import led_by
from mainstay.web.lettering import cut
from mainstay.web.templatetags.signs import trouble_word

register = template.Library()


@register.filter
def words(value: Any) -> str:
    """Words by language in the reader's."""
    return in_language(value, language_of(get_language())) if isinstance(value, dict) else str(value or "")


@register.filter
def stage_word(stage: dict[str, Any]) -> str:
    """A state of a flow as people call it."""
    return words(stage.get("title")) or str(stage["name"])


@register.filter
def as_table(rows: Any) -> Table:
    """Rows of evidence as people read them."""
    return table(rows, language_of(get_language()))


@register.filter
def called(thing: Any) -> str:
    """A system's, component's or check's title, or its name where it has none."""
    return words(thing.title) or str(thing.name)


@register.filter(name="said")
def said_here(sentence: str) -> str:
    """A sentence that was made elsewhere, in the reader's language."""
    return said(sentence, _)


@register.filter
def outcome_said(outcome: str) -> str:
    """What became of a delivery, in the reader's language."""
    return said(heard(outcome), _)


@register.filter
def told(trouble: Any) -> str:
    """An incident in public: its title, or what is wrong in general."""
    return words(trouble.title) or trouble_word(trouble.category)


@register.filter
def category(value: str) -> str:
    """A category in the reader's language."""
    return {"system": _("system"), "data": _("data"), "business": _("business")}.get(value, value)


@register.filter
def impact(value: str) -> str:
    """What a failing check means, in the reader's language."""
    return {"outage": _("outage"), "degraded": _("degraded service"), "risk": _("risk")}.get(value, value)


@register.filter
def incident_state(value: str) -> str:
    """An incident's state in the reader's language."""
    return {
        "open": pgettext("incident", "open"), "acknowledged": pgettext("incident", "acknowledged"),
        "resolved": pgettext("incident", "resolved"),
    }.get(value, value)  # fmt: skip


@register.simple_tag
def when(at: datetime | None) -> SafeString | str:
    """How long ago; the exact time in the reader's zone on hover."""
    if not at:  # a template hands over an empty string where there is no standing yet
        return "–"
    exact = _exact(at)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, ago(at))


def _exact(at: datetime) -> str:
    local = localtime(at)
    return f"{format_instant(local)} {zone_mark(local)}"


def ago(at: datetime) -> str:
    """The largest unit that fits; of what is to come the date, with its year where that is another."""
    now = datetime.now(UTC)
    seconds = int((now - at).total_seconds())
    if seconds < 0:
        local = localtime(at)
        near = local.year == localtime(now).year or at - now < timedelta(days=60)
        form = pgettext("format of a date", "j M, H:i") if near else pgettext("format of a date", "j M Y, H:i")
        return str(dateformat.format(local, form))
    for size, one, many in (
        (86400, _("%(n)d day ago"), _("%(n)d days ago")),
        (3600, _("%(n)d hour ago"), _("%(n)d hours ago")),
        (60, _("%(n)d minute ago"), _("%(n)d minutes ago")),
    ):
        if seconds >= size:
            return ngettext(one, many, seconds // size) % {"n": seconds // size}
    return _("just now") if seconds < 10 else _("%(n)d seconds ago") % {"n": seconds}


@register.simple_tag
def when_told(at: str) -> SafeString | str:
    """The same of a moment that a story keeps as a text."""
    return when(datetime.fromisoformat(at)) if at else "–"


@register.filter
def clock_zone(at: datetime) -> str:
    """The zone of the reader's clock."""
    return zone_mark(localtime(at))


@register.filter
def why(message: dict[str, Any]) -> str:
    """The reason of a state in words."""
    return explain(message or {})


@register.filter
def seconds(value: Any) -> str:
    """A duration as people read it."""
    return "–" if value is None else format_seconds(float(value))


@register.filter
def amount(value: Any) -> str:
    """Money without its currency, thousands apart; what was masked stays so."""
    if isinstance(value, str):
        return value
    return "–" if value is None else format_number(float(value), 2)


@register.simple_tag
def value(number: Any, unit: str) -> str:
    """A number with its unit."""
    return format_value(number, unit)


@register.filter
def of_kind(metric: str, kind: str) -> str:
    """What people call a metric of a probe kind."""
    return metric_title(kind, metric)


@register.filter
def entry_word(word: str) -> str:
    """What happened, on a timeline."""
    return {
        "opened": _("opened"), "reopened": _("reopened"), "joined": _("another check joined"),
        "echo": _("explained by the root"), "rerooted": _("moved to its cause"), "merged": _("merged"),
        "worse": _("got worse"), "relapsed": _("failed again"), "recovered": _("recovered"), "graded": _("graded"),
        "regraded": _("regraded"), "acknowledged": _("acknowledged"), "note": _("note"), "resolved": _("resolved"),
        "blind": _("cannot be seen"), "paused": _("clock paused"), "resumed": _("clock runs on"),
        "clock-close": _("clock is running out"), "clock-late": _("clock ran out"),
        "inspection-made": _("inspection made"),
        "inspection-late": _("inspection not signed in time"),
        "inspection-still": _("inspection still not signed"), "inspection-done": _("inspection ended"),
        "ticket-new": _("report to the help desk"), "ticket-received": _("letter: received"),
        "ticket-answered": _("letter: answer"), "ticket-progress": _("letter: progress"),
        "ticket-closed": _("letter: closed"),
        "called": _("called"), "called-again": _("called again"), "passed-over": _("step passed over"),
        "call": _("call"), "call-again": _("another call"), "call-over": _("no longer needed"),
        "call-nobody": _("nobody on call"), "handover": _("shift handed over"),
        "runbook": _("runbook"), "review": _("review opened"), "action-again": _("action opened again"),
        "action-new": _("action agreed"), "action-soon": _("action due soon"), "action-late": _("action overdue"),
        "action-higher": _("action overdue for a week"), "action-lapsed": _("accepted risk has ended"),
        "remedy-begun": _("remedy applied"), "remedy-helped": _("the remedy helped"),
        "remedy-failed": _("the remedy did not help"), "remedy-not": _("remedy not applied"),
        "real": _("no drill any more"),
    }.get(word, word)  # fmt: skip


@register.filter
def led_to(why: dict[str, Any]) -> str:
    """What of an escalation's step led to somebody."""
    return led_by(why)


@register.filter
def duty_role(role: str) -> str:
    """A role of a response team."""
    return {
        "commander": _("Commander"), "operations": _("Operations"), "communication": _("Communication"),
        "scribe": _("Scribe"), "vendor_liaison": _("Vendor liaison"),
    }[role]  # fmt: skip


@register.filter
def moment_of(text: str | None) -> datetime | None:
    """A moment that was stored as text."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def person(actor: str) -> str:
    """An actor as people say it."""
    who = person_name(actor)
    return _("remedy, allowed by %(who)s") % {"who": who} if actor.startswith("remedy:") else who


@register.filter
def unlocalised(number: Any) -> str:
    """A number as SVG and scripts read it, exact enough for a second since 1970."""
    return f"{number:.12g}" if isinstance(number, float) else str(number)


register.filter("cut", cut)
register.filter("span_said", format_span)
register.filter("listed", listed)


@register.filter
def add_to(number: float, more: float) -> str:
    """A sum as SVG reads it."""
    return unlocalised(float(number) + float(more))


@register.filter
def words_of(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def plainly(value: Any) -> str:
    """A value of the catalogue on one line."""
    if value in (None, "", [], {}):
        return "–"
    text = listed(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 200 else text[:197] + "…"


@register.filter
def act_word(act: str) -> str:
    """What happens to an object of the catalogue."""
    return {
        "created": _("created"), "changed": _("changed"), "retired": _("retired"), "restored": _("restored"),
    }.get(act, act)  # fmt: skip


@register.filter
def object_word(kind: str) -> str:
    """A kind of object of the catalogue."""
    return {
        "system": pgettext("object", "system"), "component": _("component"), "check": _("check"),
        "channel": _("channel"), "calendar": _("calendar"), "policy": _("backup policy"), "store": _("store"),
        "secret": _("secret"), "help desk": _("help desk"),
        "grading": _("grading rule"), "clock": _("clock"), "words": _("words for users"),
        "team": pgettext("object", "team"), "rotation": pgettext("object", "rotation"),
        "escalation": pgettext("object", "escalation"), "vendor": pgettext("object", "vendor"),
    }.get(kind, kind)  # fmt: skip


@register.filter
def outcome_word(key: str) -> str:
    """What became of a delivery."""
    return {"all": _("all"), "waiting": _("waiting"), "sent": _("sent"), "failed": _("not sent")}.get(key, key)


@register.filter
def sort_word(key: str) -> str:
    """The order of a list."""
    return {
        "newest": _("newest first"), "oldest": _("oldest first"), "level": _("worst first"), "worst": _("worst first"),
        "stuck": _("stuck first"), "name": _("by name"), "tier": _("by tier"), "system": _("by system"),
        "amount": _("most money first"), "findings": _("most findings first"), "used": _("last used first"),
        "expiry": _("first to expire first"), "due": _("due first"),
        "largest": _("largest first"), "proof": _("proved longest ago first"), "changed": _("last changed first"),
    }[key]  # fmt: skip


@register.filter
def person_state(key: str) -> str:
    """Whether somebody may come in."""
    return {"active": _("active"), "invited": _("invited"), "closed": _("no access")}[key]


@register.filter
def token_state(key: str) -> str:
    """Whether a token lets anything in."""
    return {"valid": _("valid"), "expired": _("expired"), "revoked": _("revoked")}[key]


@register.filter
def left_out_word(reason: str) -> str:
    """Why a channel did not hear of an incident."""
    return {
        "level": _("wants other levels only"), "system": _("wants other systems only"),
        "category": _("wants other categories only"),
        "notify": _("the system names other channels"), "waiting": _("its first notice was not out yet"),
        "untold": _("never heard of the incident"),
    }.get(reason, reason)  # fmt: skip


@register.simple_tag
def lasted(start: datetime, end: datetime) -> str:
    """How long something took."""
    return format_seconds(max(0.0, (end - start).total_seconds()))


@register.simple_tag
def clock(at: datetime, css: str = "big") -> SafeString:
    """How long something has run, to the second; it runs on in the page."""
    seconds = max(0, int((datetime.now(UTC) - at).total_seconds()))
    days, rest = divmod(seconds, 86400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    exact, day = _exact(at), pgettext("unit", "d")
    return format_html(
        '<time class="{} num" datetime="{}" title="{}" data-clock="{}" data-day="{}">{}</time>',
        css, at.isoformat(), exact, int(at.timestamp()), day, f"{days} {day} {text}" if days else text,
    )  # fmt: skip


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as a percentage; what is not quite all of it never reads as 100 %."""
    if share is None:
        return "–"
    if 0.9999 <= share < 1:
        share = 0.9999
    figures = max(0, len(f"{share * 100:.2f}".rstrip("0").partition(".")[2]))
    return f"{format_number(share * 100, figures)} %"


@register.filter
def days_said(looks: Iterable[str]) -> str:
    """How many of some days were bad, and how bad."""
    count = Counter(looks)
    parts = [
        words % {"n": count[look]}
        for look, words in (
            ("critical", ngettext("%(n)d day with a long outage", "%(n)d days with long outages", count["critical"])),
            ("warning", ngettext("%(n)d day with a short outage", "%(n)d days with short outages", count["warning"])),
            ("none", ngettext("%(n)d day not watched", "%(n)d days not watched", count["none"])),
        )
        if count[look]
    ]
    return listed(parts) or _("no outage on any day")


@register.filter
def data_view(view: str) -> str:
    """The name of a view of the business data."""
    return {"findings": _("Findings"), "rules": _("Rules"), "flows": _("Flows"), "cases": _("Cases")}[view]


@register.filter
def as_json(data: Any) -> str:
    """Plain data as people can read it."""
    return json.dumps(data, ensure_ascii=False, indent=1)


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_PLATFORMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@register.filter
def device(agent: str) -> str:
    """A browser and what it runs on, as far as it says so."""
    parts = [next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _PLATFORMS)]
    return listed(filter(None, parts)) or agent[:60] or "–"
