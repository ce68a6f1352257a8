"""The help desk's work beside the line: its mailbox is read, reporters hear of their incidents, what is quiet ends.

The mailbox is read on a thread of its own, so that no notice waits for it; when it cannot be read, a check of
Mainstay's own complains."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from django.db import connections
from pydantic import ValidationError

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.queries import own_spec
from mainstay.domain import state_machine
from mainstay.domain.duration import parse_duration
from mainstay.domain.help_desk import Mailbox
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say, words_of
from mainstay.domain.state_machine import Memory
from mainstay.drivers import mailbox
from mainstay.help_desk import actions
from mainstay.line import Outcome, absorb
from mainstay.monitoring.actions import own_check
from mainstay.monitoring.models import Standing
from mainstay.settings import CONFIGURATION, NOTICE_NETWORK

_log = logging.getLogger(__name__)

CHECK = "help-desk-mail"
TIMEOUT = 120.0
"""Seconds for one visit to the mailbox."""
_TITLE = {"en": "The help desk's mail is read", "zh": "服务台邮箱收信", "zh-hant": "服務臺郵箱收信"}


def follow() -> None:
    """Reporters hear of what is new of their incidents."""
    actions.follow_incidents(datetime.now(UTC))


def close_silent() -> None:
    """What nobody said anything to for long is closed."""
    actions.close_silent(datetime.now(UTC))


@dataclass(slots=True)
class Postman:
    """``step`` every few seconds, ``judge`` every minute; from one thread. ``problem`` is why the last visit failed;
    None before the first."""

    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "postman"))
    visiting: "Future[str] | None" = None
    due: float = 0.0
    problem: str | None = None

    def step(self) -> None:
        """Record the visit that has ended; begin the one that is due."""
        if self.visiting is not None:
            if not self.visiting.done():
                return
            self.problem, self.visiting = self.visiting.result(), None
        row = catalogue.help_desk()
        if row is None or not row.document.get("imap"):
            self.problem = None
            return
        if monotonic() >= self.due:
            self.due = monotonic() + parse_duration(row.document.get("every", "1m"))
            self.visiting = self.thread.submit(visit)

    def finish(self) -> None:
        """Wait for the visit under way: the process ends."""
        self.thread.shutdown(wait=True)

    def judge(self) -> None:
        """Hand the line whether the mailbox can be read. Nothing where there is none, and once that all is well."""
        standing = Standing.objects.filter(check_of__system__name="mainstay", check_of__name=CHECK).first()
        well = standing is None or standing.state == "ok"
        if not self.problem and well:
            return
        now = datetime.now(UTC)
        spec, at = own_spec(own_check(CHECK, _TITLE)), now.timestamp()
        memory = state_machine.from_plain(standing.memory) if standing is not None else Memory()
        reading = Reading(
            {"read": 0.0 if self.problem else 1.0}, Problem(Fault.REFUSED, self.problem) if self.problem else None
        )
        absorb([Outcome(spec, at, reading, state_machine.judge(memory, reading, spec.rule, at))], now)


def visit() -> str:
    """Take in what has come; why that was not possible, or empty. Never raises."""
    try:
        desk = catalogue.help_desk_settings()
        settings = Mailbox.model_validate(desk["imap"])
        own, language = desk["address"], _language()
        mailbox.visit(settings, NOTICE_NETWORK, TIMEOUT, lambda raw, whole: _take(raw, whole, own, language))
    except (mailbox.Unread, Unfilled) as error:
        _log.warning("the help desk's mailbox: %s", error)
        return words_of(error)
    except ValidationError:
        return say("the settings of the mailbox do not fit")
    except Exception:
        _log.exception("the help desk's mailbox")
        return say("the mail could not be taken in; see the log")
    finally:
        connections.close_all()
    return ""


def _take(raw: bytes, whole: bool, own: str, language: str) -> None:
    row = actions.receive(raw, own, language, whole=whole)
    if row is not None:
        _log.info("mail from %s: %s", row.address or "nobody", row.outcome)


def _language() -> str:
    return {"zh-hans": "zh"}.get(CONFIGURATION.language, CONFIGURATION.language)
