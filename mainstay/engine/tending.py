"""What the engine looks after beside sending: each a small step with its own rhythm."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pycurl
from django.db import transaction

from mainstay.audit import queries as audit
from mainstay.catalogue.models import Channel
from mainstay.drivers.curl import Body, Guard, bounded
from mainstay.incidents import actions as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Standing, StateChange
from mainstay.notices import queries as notices
from mainstay.notices.actions import announce
from mainstay.notices.models import Notice
from mainstay.settings import CONFIGURATION, NETWORK

_log = logging.getLogger(__name__)

OVERDUE = timedelta(minutes=5)
"""A delivery that waits longer than this means that the chain does not work to its end."""


def end_calm_incidents() -> None:
    """Incidents all of whose members have been well for a while are over."""
    incidents.resolve_calm(datetime.now(UTC))


def follow_up_unmuted(since: datetime) -> None:
    """A mute ended and its check still fails: now people are told."""
    now = datetime.now(UTC)
    silent = StateChange.objects.exclude(muted="").filter(
        check_of__standing__state__in=("warning", "critical"), check_of__retired_at=None
    )
    latest = {change.check_of_id: change for change in silent.order_by("at", "pk").select_related("check_of")}
    still = monitoring.muted_checks([change.check_of for change in latest.values()], now)
    with transaction.atomic():
        told = incidents.members_of_open(latest)
        due = [change for key, change in latest.items() if key not in still and key not in told and change.at < since]
        for change in due:
            change.muted, change.at = "", now
        incidents.follow(due, now)


def tell_blind() -> None:
    """A check that could see nothing for long, without anything that explains it."""
    now = datetime.now(UTC)
    unseen = Standing.objects.filter(state="unknown", looked_at__isnull=False, check_of__retired_at=None)
    for standing in unseen.select_related("check_of__system").iterator():
        patience = timedelta(seconds=max(300.0, 3 * standing.check_of.every))
        if now - standing.since > patience:
            with transaction.atomic():
                incidents.open_blind(standing.check_of, standing.since, now)


def send_audit_head() -> None:
    """Once a day the newest digest goes off the machine, by a channel and into a log beside the database."""
    now = datetime.now(UTC)
    number, digest = audit.head()
    if not number or Notice.objects.filter(word="head", at__gte=now - timedelta(days=1)).exists():
        return
    with audit.HEADS.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"at": now.isoformat(), "number": number, "digest": digest}) + "\n")
    name = CONFIGURATION.audit_head
    wanted = [name] if name and Channel.objects.filter(name=name, retired_at=None).exists() else ["-"]
    announce(None, "head", now, {"number": number, "digest": digest}, level=1, only=wanted)


def report_alive() -> str:
    """Tell the dead-man's switch that the whole chain works; returns why not, or empty.

    From the end of the chain: silence is right when checks are not looked at or notices do not get out.
    """
    url, now = CONFIGURATION.dead_man.url, datetime.now(UTC)
    if not url:
        return ""
    _, oldest = notices.waiting()
    if oldest is not None and now - oldest > OVERDUE:
        return f"a notice has been waiting since {oldest.isoformat()}"
    if silent := [name for name in monitoring.silent_processes(now) if not name.startswith("engine")]:
        return f"{', '.join(silent)} is silent"
    return _get(url)


def _get(url: str) -> str:
    handle = pycurl.Curl()
    try:
        bounded(handle, Guard(NETWORK), 10.0)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.WRITEFUNCTION, Body(65_536))
        handle.perform()
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        return "" if 200 <= status < 300 else f"the dead-man's switch answered {status}"
    except pycurl.error as error:
        return f"the dead-man's switch could not be reached: {error.args[1]}"
    finally:
        handle.close()
