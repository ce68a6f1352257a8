"""Notices in words, English and Chinese. The texts are bundled templates, never written by users."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.translation import override

from mainstay.drivers.channels import Message
from mainstay.incidents import queries as incidents
from mainstay.monitoring.wording import explain
from mainstay.notices.models import Delivery
from mainstay.settings import BASE_URL

DJANGO_LANGUAGE = {"en": "en", "zh": "zh-hans"}
_WORDS = {
    "en": {
        "opened": "New", "reopened": "Again", "worse": "Worse", "acknowledged": "Acknowledged", "resolved": "Resolved",
        "test": "Test", "blind": "Cannot see", "digest": "Many notices", "head": "Audit head",
        "system": "system", "data": "data", "business": "business",
        1: "level 1, severe", 2: "level 2, partial", 3: "level 3, slight",
    },
    "zh": {
        "opened": "新故障", "reopened": "故障重现", "worse": "故障升级", "acknowledged": "已受理", "resolved": "已恢复",
        "test": "测试", "blind": "无法监测", "digest": "通知汇总", "head": "审计链头",
        "system": "系统", "data": "数据", "business": "业务",
        1: "一级 严重", 2: "二级 部分", 3: "三级 轻微",
    },
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
    notice = delivery.notice
    about = _incident_facts(notice.incident_id, language) if notice.incident_id else {}
    words = _WORDS[language]
    data = {name: value for name, value in notice.data.items() if name != "left_out"}
    facts = {
        "word": notice.word, "at": _instant(notice.at), "by": _name(data.pop("by", "")), "key": delivery.key,
        **data, **about,
    }  # fmt: skip
    subject = f"[{words[notice.word]}] {_subject_of(data, language)}"
    if about:
        subject = f"[{words[notice.word]} · {words[about['level']]}] {about['system']}: {about['title']}"
    subject = " ".join(subject.split())[:250]  # a line of its own in some titles would be a header of its own in a mail
    shown = {
        **facts, "word_text": words[notice.word], "level_text": words.get(about.get("level", 0), ""),
        "category_text": words.get(about.get("category", ""), ""), "subject": subject,
        "lines": [_line(row, language) for row in data.get("shown", [])],
        "more": max(0, data.get("count", 0) - len(data.get("shown", []))), "incidents": f"{BASE_URL}/incidents/",
    }  # fmt: skip
    with override(DJANGO_LANGUAGE[language]):
        text = render_to_string(f"notices/{language}.txt", shown)
        html = render_to_string(f"notices/{language}.html", shown)
    return Wording(subject, text.strip() + "\n", html, facts)


def _subject_of(data: dict[str, Any], language: str) -> str:
    if count := data.get("count"):
        return f"{count} notices" if language == "en" else f"{count} 条通知"
    return str(data.get("title") or "Mainstay")


def _line(row: dict[str, Any], language: str) -> str:
    """One notice of a digest."""
    words = _WORDS[language]
    if "incident" not in row:
        return str(words.get(row["word"], row["word"]))
    about = f"{_in(row['system'], language)}: {_in(row['title'], language)}"
    return f"[{words.get(row['word'], row['word'])} · {words[row['level']]}] {about} (#{row['incident']})"


def _incident_facts(number: int, language: str) -> dict[str, Any]:
    brief = incidents.brief(number)
    incident = brief["incident"]
    zone = ZoneInfo(incident.system.timezone if incident.system else "UTC")
    root = brief["root"]
    help_text = brief["help"]
    return {
        "incident": incident.pk,
        "title": _in(incident.title, language),
        "system": _in(incident.system.title, language) or incident.system.name if incident.system else "",
        "system_name": incident.system.name if incident.system else "",
        "component": incident.root.name if incident.root else "",
        "check": str(root.check_of) if root else "",
        "category": incident.category,
        "level": incident.level,
        "state": incident.state,
        "since": _local(incident.since, zone),
        "resolved_at": _local(incident.resolved_at, zone) if incident.resolved_at else "",
        "began": _instant(incident.since),
        "ended": _instant(incident.resolved_at) if incident.resolved_at else "",
        "seen": explain(brief["message"], DJANGO_LANGUAGE[language]),
        "rows": brief["rows"],
        "echoes": brief["echoes"],
        "help": _in(help_text, language),
        "link": f"{BASE_URL}/incidents/{incident.pk}/",
    }


def _in(words: Any, language: str) -> str:
    if isinstance(words, dict):
        return str(words.get(language) or words.get("en") or next(iter(words.values()), ""))
    return str(words or "")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S ") + str(zone)


def _name(actor: str) -> str:
    return actor.removeprefix("person:")


def message(delivery: Delivery, wording: Wording, **more: Any) -> Message:
    """What a channel sends."""
    incident = delivery.notice.incident_id
    thread = f"incident-{incident}" if incident else f"mainstay-{delivery.notice.word}"
    return Message(
        key=delivery.key, thread=thread, subject=wording.subject, text=wording.text, html=wording.html,
        facts=wording.facts, **more,
    )  # fmt: skip
