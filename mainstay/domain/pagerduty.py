"""PagerDuty's events (API v2) as they come in: an alert, or a change.

https://developer.pagerduty.com/docs/events-api-v2/overview/ says what they look like.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mainstay.domain.alert import Alert

LARGEST = 512 * 1024
"""Bytes of one event; what is larger is refused, there as here."""
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
_LONGEST_KEY, _LONGEST_SUMMARY = 255, 1024
_MOST_LINKS = 20


class Unfit(ValueError):
    """It is no event; ``errors`` says each thing that is wrong, in the words that senders know."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Event:
    """An alert, and the key by which its sender will speak of it again."""

    key: str
    alert: Alert


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed, such as a release."""

    summary: str
    source: str
    system: str
    at: datetime | None
    links: list[dict[str, str]]


def event(body: Any, key_if_none: str) -> Event:
    """``key_if_none`` is what a sender that says no key gets. Raises Unfit."""
    wrong: list[str] = []
    found = body if isinstance(body, Mapping) else {}
    act = found.get("event_action")
    if act not in ACTIONS:
        wrong.append("'event_action' is missing or is none of trigger, acknowledge, resolve")
    key = _text(found, "dedup_key", wrong, longest=_LONGEST_KEY)
    if act in ("acknowledge", "resolve") and not key:
        wrong.append("'dedup_key' is missing or blank")
    payload = _mapping(found, "payload", wrong, needed=act == "trigger")
    summary = _text(payload, "summary", wrong, needed=act == "trigger", longest=_LONGEST_SUMMARY, where="payload.")
    source = _text(payload, "source", wrong, needed=act == "trigger", where="payload.")
    severity = payload.get("severity", "")
    if severity not in SEVERITIES and (act == "trigger" or severity):
        wrong.append("'payload.severity' is none of critical, error, warning, info")
    at = _moment(payload, wrong)
    where = {name: _text(payload, name, wrong, where="payload.") for name in ("component", "group", "class")}
    details = payload.get("custom_details") or {}
    links = _links(found, wrong)
    if wrong:
        raise Unfit(wrong)
    key = key or key_if_none
    named = details if isinstance(details, Mapping) else {}
    alert = Alert(
        fingerprint=key,
        firing=act != "resolve",
        title=summary,
        text=_told(details, links),
        severity=str(severity),
        system=str(named.get("mainstay_system") or where["group"]),
        source=source,
        starts_at=at,
        component=str(named.get("mainstay_component") or where["component"] or source),
        taken=act == "acknowledge",
    )
    return Event(key, alert)


def change(body: Any) -> Change:
    """Raises Unfit."""
    wrong: list[str] = []
    found = body if isinstance(body, Mapping) else {}
    payload = _mapping(found, "payload", wrong, needed=True)
    summary = _text(payload, "summary", wrong, needed=True, longest=_LONGEST_SUMMARY, where="payload.")
    source = _text(payload, "source", wrong, where="payload.")
    at, links = _moment(payload, wrong), _links(found, wrong)
    details = payload.get("custom_details") or {}
    if wrong:
        raise Unfit(wrong)
    system = str(details.get("mainstay_system", "")) if isinstance(details, Mapping) else ""
    return Change(summary, source, system, at, links)


def _mapping(found: Mapping[str, Any], name: str, wrong: list[str], *, needed: bool) -> Mapping[str, Any]:
    value = found.get(name)
    if isinstance(value, Mapping):
        return value
    if needed or value is not None:
        wrong.append(f"'{name}' is missing or is no object")
    return {}


def _text(
    found: Mapping[str, Any], name: str, wrong: list[str], *, needed: bool = False, longest: int = 0, where: str = ""
) -> str:
    """Cut where it is a summary, refused where it is a key: a cut key would be another's."""
    value = found.get(name)
    if value is None or value == "":
        if needed:
            wrong.append(f"'{where}{name}' is missing or blank")
        return ""
    if not isinstance(value, str) or "\0" in value:
        wrong.append(f"'{where}{name}' is no text")
        return ""
    if longest == _LONGEST_KEY and len(value) > longest:
        wrong.append(f"'{where}{name}' is longer than {longest} characters")
        return ""
    return value[:longest] if longest else value[:1000]


def _moment(payload: Mapping[str, Any], wrong: list[str]) -> datetime | None:
    """ISO 8601; without a zone it is UTC. PagerDuty's own client says its zone twice, as ``+00:00Z``."""
    value = payload.get("timestamp")
    if value in (None, ""):
        return None
    try:
        at = datetime.fromisoformat(str(value).replace("+00:00Z", "Z"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong.append("'payload.timestamp' is no time of ISO 8601")
        return None


def _links(found: Mapping[str, Any], wrong: list[str]) -> list[dict[str, str]]:
    """Links, and where pictures are: only what is http or https is kept."""
    kept: list[dict[str, str]] = []
    for name, place in (("links", "href"), ("images", "src")):
        rows = found.get(name) or []
        if not isinstance(rows, list):
            wrong.append(f"'{name}' is no list")
            continue
        for row in rows[:_MOST_LINKS]:
            address = row.get(place) if isinstance(row, Mapping) else None
            if isinstance(address, str) and address.startswith(("http://", "https://")) and "\0" not in address:
                words = str(row.get("text") or row.get("alt") or "").replace("\0", "")
                kept.append({"href": address[:1000], "text": words[:200]})
    return kept


def _told(details: Any, links: list[dict[str, str]]) -> str:
    """The particulars and links as lines of text."""
    rows = details.items() if isinstance(details, Mapping) else [("", details)] if details else []
    lines = [f"{name}: {value}" if name else str(value) for name, value in list(rows)[:50]]
    lines += [f"{one['text']} {one['href']}".strip() for one in links]
    return "\n".join(line[:500] for line in lines).replace("\0", "")[:4000]
