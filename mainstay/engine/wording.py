"""Notices in words, English and Chinese. The texts are bundled templates, never written by users."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from mainstay.catalogue.practices import Practices
from mainstay.catalogue.queries import help_desk_address
from mainstay.domain.drill import marked
from mainstay.drivers.channels import Message
from mainstay.engine.wording_actions import WORDS as ACTIONS
from mainstay.engine.wording_actions import said_of_action
from mainstay.engine.wording_calls import said_of_call
from mainstay.engine.wording_inspection import address, titled, told
from mainstay.engine.wording_letters import letter
from mainstay.incidents import queries as incidents
from mainstay.incidents.models import Incident
from mainstay.monitoring.wording import (
    DJANGO_LANGUAGE,
    evidence_value,
    explain,
    for_users,
    format_instant,
    in_language,
)
from mainstay.notices.actions.sending import CALLS
from mainstay.notices.models import Delivery
from mainstay.settings import BASE_URL


def _words() -> dict[str | int, str]:
    """Codes in the active language."""
    return {
        "opened": pgettext("notice", "New"), "reopened": pgettext("notice", "Again"),
        "worse": pgettext("notice", "Worse"), "acknowledged": pgettext("notice", "Acknowledged"),
        "resolved": pgettext("notice", "Resolved"), "test": pgettext("notice", "Test"),
        "clock-close": pgettext("notice", "Clock running out"), "clock-late": pgettext("notice", "Clock ran out"),
        "blind": pgettext("notice", "Cannot see"), "digest": pgettext("notice", "Many notices"),
        "head": pgettext("notice", "Audit head"), "inspection-made": pgettext("notice", "Inspection"),
        "inspection-late": pgettext("notice", "Inspection not signed"),
        "inspection-still": pgettext("notice", "Inspection still not signed"),
        "inspection-done": pgettext("notice", "Inspection ended"),
        "ticket-new": pgettext("notice", "Help desk"),
        "call": pgettext("notice", "You are called"), "call-again": pgettext("notice", "You are called again"),
        "call-over": pgettext("notice", "No longer needed"), "call-nobody": pgettext("notice", "Nobody on call"),
        "handover": pgettext("notice", "Your shift begins"),
        "runbook": pgettext("notice", "Runbook"),
        "action-new": pgettext("notice", "Action"), "action-soon": pgettext("notice", "Action due soon"),
        "action-late": pgettext("notice", "Action overdue"),
        "action-higher": pgettext("notice", "Action overdue for a week"),
        "action-again": pgettext("notice", "Action open again"),
        "action-lapsed": pgettext("notice", "Accepted risk has ended"),
        "remedy-failed": pgettext("notice", "The remedy did not help"),
        "system": pgettext("notice", "system"), "data": pgettext("notice", "data"),
        "business": pgettext("notice", "business"),
        1: _("level 1, severe"), 2: _("level 2, partial"), 3: _("level 3, slight"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """A message without its receiver."""

    subject: str
    text: str
    html: str
    facts: dict[str, Any]


def compose(delivery: Delivery, language: str) -> Wording:
    """The notice as things stand now, which may be more than when it was written."""
    with override(DJANGO_LANGUAGE[language]):
        return _compose(delivery, language)


def _compose(delivery: Delivery, language: str) -> Wording:
    if delivery.is_letter:
        written = letter(delivery, language)
        return Wording(written.subject[:250], written.text, written.html, {})
    notice = delivery.notice
    about = _incident_facts(notice.incident_id, language) if notice.incident_id else {}
    words = _words()
    data = {name: value for name, value in notice.data.items() if name != "left_out"}
    if "inspection" in data:
        data |= told(data, language)
    if notice.word in CALLS:
        data |= said_of_call(notice.word, data, language)
    if notice.word in ACTIONS:
        data |= said_of_action(notice.word, data, language)
    if notice.word == "remedy-failed":
        text = _("The remedy %(remedy)s (run %(run)s) did not help. No other is tried: somebody is needed.")
        data |= {"called_because": text % data}
    facts = {
        "word": notice.word, "at": _instant(notice.at), "by": _name(data.pop("by", "")), "key": delivery.key,
        **data, **about,
    }  # fmt: skip
    subject = f"[{words[notice.word]}] {_subject_of(data)}"
    if about:
        subject = f"[{words[notice.word]} · {words[about['level']]}] {about['system']}: {about['title']}"
    if about.get("drill"):
        subject = marked({language: subject})[language]
    subject = " ".join(subject.split())[:250]  # a line of its own in some titles would be a header of its own in a mail
    shown = {
        **facts, "clock_text": _clock_text(data),
        "word_text": words[notice.word], "level_text": words.get(about.get("level", 0), ""),
        "category_text": words.get(about.get("category", ""), ""), "subject": subject,
        "lines": [_line(row, language) for row in data.get("shown", [])],
        "more": max(0, data.get("count", 0) - len(data.get("shown", []))), "incidents": f"{BASE_URL}/incidents/",
    }  # fmt: skip
    text = render_to_string(f"notices/{language}.txt", shown)
    html = render_to_string(f"notices/{language}.html", shown)
    return Wording(subject, text.strip() + "\n", html, facts)


def _clock_text(data: dict[str, Any]) -> str:
    """Which clock a notice is about, and until when."""
    if not (clock := data.get("clock")):
        return ""
    due = format_instant(datetime.fromisoformat(data["due"]).astimezone(UTC)) if data.get("due") else "–"
    words = {"respond": _("to be taken on by %(due)s UTC"), "resolve": _("to be resolved by %(due)s UTC")}
    return words[clock] % {"due": due}


def _subject_of(data: dict[str, Any]) -> str:
    if count := data.get("count"):
        return ngettext("%(n)d notice", "%(n)d notices", count) % {"n": count}
    return str(data.get("title") or "Mainstay")


def _line(row: dict[str, Any], language: str) -> str:
    """One notice of a digest."""
    words = _words()
    if "inspection" in row:
        return f"[{words[row['word']]}] {titled(row, language)} {address(row)}"
    if "incident" not in row:
        return str(words.get(row["word"], row["word"]))
    about = f"{in_language(row['system'], language)}: {in_language(row['title'], language)}"
    return f"[{words.get(row['word'], row['word'])} · {words[row['level']]}] {about} (#{row['incident']})"


def _incident_facts(number: int, language: str) -> dict[str, Any]:
    brief = incidents.brief(number)
    incident = brief["incident"]
    zone = ZoneInfo(incident.system.timezone if incident.system else "UTC")
    root = brief["root"]
    help_text = brief["help"]
    return {
        "incident": incident.pk,
        "title": in_language(incident.title, language),
        "system": in_language(incident.system.title, language) or incident.system.name if incident.system else "",
        "system_name": incident.system.name if incident.system else "",
        "component": incident.root.name if incident.root else "",
        "check": str(root.check_of) if root else "",
        "category": incident.category,
        "level": incident.level,
        "drill": incident.drill,
        "state": incident.state,
        "since": _local(incident.since, zone),
        "resolved_at": _local(incident.resolved_at, zone) if incident.resolved_at else "",
        "began": _instant(incident.since),
        "ended": _instant(incident.resolved_at) if incident.resolved_at else "",
        "seen": explain(brief["message"]),
        "rows": [{name: evidence_value(value, language) for name, value in row.items()} for row in brief["rows"]],
        "echoes": brief["echoes"],
        "help": in_language(help_text, language),
        "for_users": _for_users(incident, language),
        "link": f"{BASE_URL}/incidents/{incident.pk}/",
    }


def _for_users(incident: Incident, language: str) -> str:
    """What those who use its system are told; nothing once it is over, in a drill, or where it is no system's."""
    if incident.system is None or incident.state == "resolved" or incident.drill:
        return ""
    words = Practices.read().words(incident.system, incident.level, incident.category)
    return for_users(words, incident.system.title or incident.system.name, language)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{format_instant(at.astimezone(zone))} {zone}"


def _name(actor: str) -> str:
    return actor.removeprefix("person:")


def message(delivery: Delivery, wording: Wording, **more: Any) -> Message:
    """What a channel sends."""
    incident = delivery.notice.incident_id
    thread = f"incident-{incident}" if incident else f"mainstay-{delivery.notice.word}"
    if delivery.is_letter:
        thread = f"ticket-{delivery.notice.data['ticket']}"
        more["reply_to"] = help_desk_address()
    return Message(
        key=delivery.key, thread=thread, subject=wording.subject, text=wording.text, html=wording.html,
        facts=wording.facts, **more,
    )  # fmt: skip
