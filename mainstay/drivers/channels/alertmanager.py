"""Incidents as alerts, in Alertmanager's webhook format (version 4), for whatever already takes that.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

import hashlib
import json
from typing import Any

from pydantic import Field

from mainstay.drivers.channels import Message
from mainstay.drivers.channels._posting import delivered
from mainstay.drivers.kinds import Strict

EVERY_ONE = True

_SEVERITY = {1: "severe", 2: "critical", 3: "warning"}
_NEVER = "0001-01-01T00:00:00Z"
"""The end of an alert that still fires."""


class Settings(Strict):
    """Where alerts are taken. ``token`` goes out as a bearer token."""

    url: str = Field(pattern=r"^(https?://|\$\{)")
    token: str = Field("", pattern=r"^[^\r\n]*$", description="write a ${SECRET}")
    labels: dict[str, str] = Field({}, description="added to every alert")
    ca_file: str = ""


def send(settings: Settings, message: Message, timeout: float) -> str:
    """One alert an incident; what is about no incident is sent as one that has ended, so that none stays open."""
    body = json.dumps(webhook(settings, message), ensure_ascii=False).encode()
    headers = ["Content-Type: application/json", f"Idempotency-Key: {message.key}"]
    if settings.token:
        headers.append(f"Authorization: Bearer {settings.token}")
    return delivered(
        settings.url, body, headers, message, timeout, ca_file=settings.ca_file, secrets=[settings.token, settings.url]
    )


def webhook(settings: Settings, message: Message) -> dict[str, Any]:
    """The whole body."""
    alert = _alert(settings, message)
    group = {"alertname": alert["labels"]["alertname"]}
    return {
        "version": "4", "groupKey": f"mainstay:{message.thread}", "truncatedAlerts": 0, "status": alert["status"],
        "receiver": "mainstay", "groupLabels": group, "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"], "externalURL": message.facts.get("link", ""), "alerts": [alert],
    }  # fmt: skip


def _alert(settings: Settings, message: Message) -> dict[str, Any]:
    facts = message.facts
    ended = "incident" not in facts or facts.get("state") == "resolved"
    about = {"mainstay_system": facts.get("system_name", ""), "component": facts.get("component", ""),
             "drill": "true" if facts.get("drill") else ""}  # fmt: skip
    labels = {
        "alertname": "MainstayIncident" if "incident" in facts else f"Mainstay{str(facts.get('word', '')).title()}",
        "severity": _SEVERITY.get(facts.get("level", 3), "warning"), "category": str(facts.get("category", "system")),
        **{name: str(text) for name, text in about.items() if text}, "incident": str(facts.get("incident", "")),
        **settings.labels,
    }  # fmt: skip
    return {
        "status": "resolved" if ended else "firing", "labels": labels,
        "annotations": {"summary": message.subject, "description": message.text},
        "startsAt": facts.get("began", facts.get("at", _NEVER)),
        "endsAt": (facts.get("ended") or facts.get("at", _NEVER)) if ended else _NEVER,
        "generatorURL": facts.get("link", ""),
        "fingerprint": hashlib.sha256(message.thread.encode()).hexdigest()[:16],
    }  # fmt: skip
