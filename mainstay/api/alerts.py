"""Alertmanager's webhook (version 4) and Grafana's variant of it, taken in as incidents."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict

from mainstay.api.auth import actor
from mainstay.incidents.actions import Alert, receive

router = Router(tags=["alerts"])


class AlertIn(Schema):
    """One alert; Grafana adds fields, which are passed over."""

    model_config = ConfigDict(extra="ignore")

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    generatorURL: str = ""  # noqa: N815 - the name in the webhook
    fingerprint: str = ""


class Webhook(Schema):
    """https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""

    model_config = ConfigDict(extra="ignore")

    version: str = "4"
    alerts: list[AlertIn]


@router.post("/alertmanager", response=dict[str, int])
def alertmanager(request: HttpRequest, body: Webhook) -> Any:
    who = actor(request)
    opened, ended = receive([_alert(one) for one in body.alerts], actor=who)
    return {"opened": opened, "ended": ended}


def _alert(one: AlertIn) -> Alert:
    labels, words = one.labels, one.annotations
    name = labels.get("alertname", "alert")
    return Alert(
        fingerprint=one.fingerprint or ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        firing=one.status == "firing",
        title=words.get("summary") or name,
        text=words.get("description", ""),
        severity=labels.get("severity", ""),
        system=labels.get("mainstay_system", ""),
        source=one.generatorURL,
    )
