"""What the engine looks after beside sending: each a small step with its own rhythm."""

import json
import logging
import os
from datetime import UTC, datetime, timedelta

import pycurl
from django.db import transaction

from mainstay.audit import queries as audit
from mainstay.catalogue import actions as catalogue
from mainstay.catalogue.queries import channels
from mainstay.drivers.curl import Body, Guard, bounded
from mainstay.incidents import actions as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Standing
from mainstay.notices import queries as notices
from mainstay.notices.actions import announce
from mainstay.notices.models import Notice
from mainstay.settings import CONFIGURATION, NOTICE_NETWORK

_log = logging.getLogger(__name__)

OVERDUE = timedelta(minutes=5)
"""A notice that has reached nobody for longer than this means that the chain does not work to its end."""


def end_calm_incidents() -> None:
    """Incidents all of whose members have been well for a while are over."""
    incidents.resolve_calm(datetime.now(UTC))


def watch_clocks() -> None:
    """Clocks of incidents that run out."""
    incidents.watch_clocks(datetime.now(UTC))


def judge_again() -> None:
    """Levels, where money, stuck cases or the hour may have changed them."""
    incidents.judge_again(datetime.now(UTC))


def follow_up() -> None:
    """What no change will tell: mutes that ended, and checks that were retired."""
    now = datetime.now(UTC)
    incidents.follow_unmuted(now)
    incidents.release(now)


def forget_outlines() -> None:
    """Systems that somebody began to describe and left."""
    catalogue.drop_old_outlines(datetime.now(UTC))


def tell_blind() -> None:
    """Checks that could see nothing for long. Not while Mainstay is off line itself: that is said once, elsewhere."""
    offline = Standing.objects.filter(check_of__system__name="mainstay", check_of__name="online", state="critical")
    if not offline.exists():
        incidents.follow_blind(datetime.now(UTC))


def send_audit_head() -> None:
    """Once a day the newest digest is noted in a log beside the database, and goes off the machine by the channel that
    the settings name."""
    now = datetime.now(UTC)
    number, digest = audit.head()
    if not number or Notice.objects.filter(word="head", at__gte=now - timedelta(days=1)).exists():
        return
    wanted = CONFIGURATION.audit_head
    to = wanted if channels().filter(name=wanted).exists() else ""
    if wanted and not to:
        _log.error("the audit trail's head stays on this machine: audit_head names %r, which is no channel", wanted)
    try:
        with audit.HEADS.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"at": now.isoformat(), "number": number, "digest": digest, "to": to}) + "\n")
            log.flush()
            os.fsync(log.fileno())
    except OSError as error:
        _log.error("the audit trail's head cannot be noted in %s: %s; it is tried again", audit.HEADS, error.strerror)
        return
    with transaction.atomic():
        announce(None, "head", now, {"number": number, "digest": digest}, level=1, to=to or "-")


def broken_chain() -> str:
    """Why the dead-man's switch must not hear from us; empty when the whole chain works.

    Asked at the end of the chain: silence is right when checks are not looked at or notices do not get out.
    """
    now = datetime.now(UTC)
    oldest = notices.unheard(now - OVERDUE)
    if oldest is not None:
        return f"a notice of {oldest.isoformat()} has reached nobody"
    if silent := [name for name in monitoring.silent_processes(now) if name != "engine"]:
        return f"{', '.join(silent)} is silent"
    return ""


def report_alive() -> str:
    """Call the dead-man's switch; returns why that did not succeed, or empty. Touches no database."""
    url = CONFIGURATION.dead_man.url
    handle, guard = pycurl.Curl(), Guard(NOTICE_NETWORK)
    try:
        bounded(handle, guard, 10.0)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.WRITEFUNCTION, Body(65_536))
        handle.perform()
        status = int(handle.getinfo(pycurl.RESPONSE_CODE))
        return "" if 200 <= status < 300 else f"the dead-man's switch answered {status}"
    except pycurl.error as error:
        return f"the dead-man's switch could not be reached: {guard.refusal or error.args[1]}"
    finally:
        handle.close()
