"""Copies of Mainstay itself: made when they are due or asked for, on a thread of their own so that no notice waits; and
a check of Mainstay's own that complains when they are late or failed."""

import logging
import os
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import close_old_connections, connections

from mainstay.catalogue.queries import Spec, own_spec
from mainstay.domain import state_machine
from mainstay.domain.own_copy import complaint
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.state_machine import Memory
from mainstay.line import Outcome, absorb
from mainstay.monitoring.actions import own_check
from mainstay.monitoring.models import Standing
from mainstay.own_copies import actions, queries
from mainstay.own_copies.models import OwnCopy
from mainstay.settings import CONFIGURATION

_log = logging.getLogger(__name__)

CHECK = "own-copy"


@dataclass(slots=True)
class Copier:
    """``step`` every few seconds, ``judge`` every minute; from one thread."""

    name: str = "engine"
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "own-copy"))
    making: "Future[None] | None" = None
    copy: OwnCopy | None = None

    def step(self) -> None:
        """Say that the copy under way lives, or begin the one that is due."""
        now = datetime.now(UTC)
        if self.making is not None and not self.making.done():
            assert self.copy is not None  # noqa: S101 - set together
            actions.renew(self.copy, now)
            return
        self.making = None
        if lost := actions.give_up_lost(now):
            _log.warning("%d copies of Mainstay itself were never finished", lost)
        actions.ask_by_schedule(now)
        worker = f"{socket.gethostname()}:{os.getpid()}:{self.name}"
        if (copy := actions.take(worker, now)) is not None:
            self.copy, self.making = copy, self.thread.submit(_make, copy)

    def finish(self) -> None:
        """Wait for the copy under way: the process ends."""
        self.thread.shutdown(wait=True)

    def judge(self) -> None:
        """Hand the line what is to be said of the copies. Without a schedule that is nothing; and once that all is
        well, where something was wrong: the schedule was taken away on purpose."""
        now = datetime.now(UTC)
        scheduled = queries.directory() is not None
        standing = Standing.objects.filter(check_of__system__name="mainstay", check_of__name=CHECK).first()
        if not scheduled and (standing is None or standing.state == "ok"):
            return
        memory = state_machine.from_plain(standing.memory) if standing is not None else Memory()
        spec = _spec()
        reading = _reading(now) if scheduled else Reading(values={"scheduled": 0.0})
        at = now.timestamp()
        judged = state_machine.judge(memory, reading, spec.rule, at)
        absorb([Outcome(spec, at, reading, judged)], now)


def _make(copy: OwnCopy) -> None:
    close_old_connections()
    try:
        actions.carry_out(copy)
    except Exception:
        _log.exception("the copy of Mainstay itself has no record of how it ended; its lease will run out")
    finally:
        connections.close_all()


def _reading(now: datetime) -> Reading:
    story, at = queries.story(now), now.timestamp()
    wrong = complaint(story, CONFIGURATION.own_copies.seconds, at)
    values = {"scheduled": 1.0} | ({} if story.newest is None else {"age": max(0.0, at - story.newest)})
    return Reading(values, Problem(Fault.MISSING, wrong) if wrong else None, units={"age": "s"})


def _spec() -> Spec:
    title = {"en": "Mainstay itself is backed up", "zh": "Mainstay 自身备份", "zh-hant": "Mainstay 自身備份"}
    return own_spec(own_check(CHECK, title))
