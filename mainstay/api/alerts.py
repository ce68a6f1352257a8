"""Alertmanager's webhook (version 4) and Grafana's variant of it, taken in as incidents."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from mainstay.api.auth import actor, needs
from mainstay.api.shapes import Moment, Text
from mainstay.domain.actor import Actor
from mainstay.domain.alert import Alert
from mainstay.incidents.actions import receive

router = Router(tags=["alerts"])


class AlertIn(Schema):
    """One alert; Grafana adds fields, which are passed over."""

    model_config = ConfigDict(extra="ignore")

    status: Literal["firing", "resolved"]
    labels: dict[Text, Text] = {}
    annotations: dict[Text, Text] = {}
    startsAt: Moment | None = None  # noqa: N815 - the names in the webhook
    generatorURL: Text = ""  # noqa: N815
    fingerprint: Text = ""


class Webhook(Schema):
    """https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""

    model_config = ConfigDict(extra="ignore")

    version: Text = "4"
    alerts: Annotated[list[AlertIn], Field(max_length=10_000)]


class Received(Schema):
    """How many incidents were opened, and how many ended; what was known already counts for neither."""

    opened: int
    ended: int


@router.post("/alertmanager", response=Received, **needs("alert.receive"))
def alertmanager(request: HttpRequest, body: Webhook) -> Any:
    """Firing opens an incident, resolved ends it. The same alert sent again changes nothing. Labels say what it is
    about: ``mainstay_system``, and ``mainstay_component`` for one that joins what is wrong there."""
    return take_in(body, actor(request))


def take_in(body: Webhook, who: Actor) -> dict[str, int]:
    """What became of a webhook's alerts."""
    opened, ended = receive([_alert(one) for one in body.alerts], actor=who)
    return {"opened": opened, "ended": ended}


def _alert(one: AlertIn) -> Alert:
    labels, words = one.labels, one.annotations
    return Alert(
        fingerprint=one.fingerprint or ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        firing=one.status == "firing",
        starts_at=one.startsAt,
        title=words.get("summary") or labels.get("alertname", "alert"),
        text=words.get("description", ""),
        severity=labels.get("severity", ""),
        system=labels.get("mainstay_system", ""),
        source=one.generatorURL,
        component=labels.get("mainstay_component", ""),
    )
