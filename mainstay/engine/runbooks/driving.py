"""Driving a run: what may begin is begun, what ended is written down, until nothing is left to do now.

Whatever the database does meanwhile, what was done outside is written down before anything else: the writing is tried
until it succeeds. Each piece of work gives its database connection back.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connections

from mainstay.domain.placeholder import Unfilled
from mainstay.domain.run_answers import concealed
from mainstay.domain.run_plan import Node
from mainstay.domain.run_state import OPEN, StepState
from mainstay.domain.run_values import Unknown, holds
from mainstay.domain.runbook import RUN
from mainstay.domain.saying import changed, say, words_of
from mainstay.drivers.steps import Again, Ask, Bench, Done, StepFailed
from mainstay.engine.runbooks.filling import Sheet
from mainstay.engine.runbooks.means import OwnMeans
from mainstay.runbooks import kinds, queries
from mainstay.runbooks.actions import driving as notes
from mainstay.runbooks.actions.driving import Begun, Lost
from mainstay.runbooks.models import Run
from mainstay.settings import NETWORK, PLUGINS

_log = logging.getLogger(__name__)

TOGETHER = 16
"""Steps that are done at the same time, each in a thread. What waits holds none."""
LOOK = 1.0
"""Seconds between two looks at what people want of a run while a step of it is done."""
PAUSE = 0.5
"""Seconds between two tries of a database that is away."""

T = TypeVar("T")


class Stopping(Exception):
    """The process ends."""


@dataclass(slots=True)
class Driver:
    """Drives runs under one name that no other process has, nor had."""

    holder: str = field(default_factory=lambda: secrets.token_hex(12))
    stopping: threading.Event = field(default_factory=threading.Event)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(TOGETHER, "step"))
    desk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "desk"))
    release: Callable[[], None] = connections.close_all
    driven: set[int] = field(default_factory=set)

    async def drive(self, number: int) -> float | None:
        """As far as it goes now. In how many seconds to look again, though nobody knocks; None: it is over, or
        somebody else's."""
        if number in self.driven:
            return LOOK
        self.driven.add(number)
        under_way: dict[str, asyncio.Future[None]] = {}
        try:
            await self._noted(notes.claim, number, self.holder, _now())
            return await self._go_on(number, under_way)
        except (Lost, Run.DoesNotExist):
            return None
        finally:
            if under_way:  # or they would be taken for steps of somebody who is gone
                await asyncio.wait(under_way.values())
            self.driven.discard(number)

    async def _go_on(self, number: int, under_way: dict[str, asyncio.Future[None]]) -> float | None:
        loop = asyncio.get_running_loop()
        while True:
            _, seen = await self._noted(notes.look, number, self.holder, _now())
            if seen.state not in OPEN:
                return None
            for node in seen.begin:
                if node.path not in under_way and len(under_way) < TOGETHER:
                    under_way[node.path] = loop.run_in_executor(self.pool, self.work, number, node)
            if not under_way:
                return max(0.0, (seen.wake - _now()).total_seconds()) if seen.wake else 3600.0
            ended, _ = await asyncio.wait(under_way.values(), timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for path in [path for path, one in under_way.items() if one in ended]:
                under_way.pop(path).result()

    async def _noted(self, act: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.desk, lambda: self.patiently(act, *given))

    def patiently(self, act: Callable[..., T], *given: Any, **more: Any) -> T:
        """Write down, however long the database is away. Raises Stopping, and what the act raises."""
        said = False
        while True:
            try:
                return act(*given, **more)
            except (OperationalError, InterfaceError) as error:
                if not said:
                    _log.error("the database cannot be used: %s", (str(error).splitlines() or ["no reason given"])[0])
                said = True
                self.release()
                if self.stopping.wait(PAUSE):
                    raise Stopping from error
            finally:
                self.release()

    # A step, in a thread

    def work(self, number: int, node: Node) -> None:
        """One step, from its start to what is written down of it."""
        ticket = f"{self.holder}/{secrets.token_hex(4)}"
        try:
            begun = self.patiently(self._begin, number, node, ticket)
            if begun is not None:
                self._do(begun)
        except Lost:
            return  # somebody else's, or a person decided otherwise meanwhile: the next look sees
        except Stopping:
            return
        except Exception:
            _log.exception("what became of the step %s of run %s was not written down", node.path, number)

    def _begin(self, number: int, node: Node, ticket: str) -> Begun | None:
        row = queries.run(number).steps.filter(path=node.path, state=StepState.ASKING).first()
        if row is not None:
            notes.expire(number, node.path, self.holder, _now())
            return None
        unbounded = not node.holds and getattr(kinds.module(node.kind), "UNBOUNDED", False)
        bounded = not (unbounded and node.settings.get("for"))
        return notes.begin(number, node, self.holder, ticket, _now(), bounded=bounded)

    def _do(self, begun: Begun) -> None:
        sheet = self.patiently(_sheet, begun)
        try:
            result = self._result(begun, sheet)
        except StepFailed as error:
            why = changed(words_of(error), lambda text: str(concealed(text, sheet.used)))
            text = concealed(error.text, sheet.used)
            return self.patiently(notes.fail, begun, _now(), why, retry=error.retry, text=text)
        except (Unfilled, Unknown) as error:
            return self.patiently(notes.fail, begun, _now(), words_of(error), retry=False)
        except (Lost, Stopping):
            raise
        except Exception as error:
            _log.exception("the step %s of run %s broke", begun.node.path, begun.run.pk)
            return self.patiently(notes.fail, begun, _now(), type(error).__name__, retry=False)
        return self._write(begun, sheet, result)

    def _result(self, begun: Begun, sheet: Sheet) -> "Done | Again | Ask | None":
        """None: its conditions do not hold. Raises StepFailed, Unfilled, Unknown."""
        node = begun.node
        if not holds(node.when, sheet.of(node.scope)):
            return None
        if node.holds:
            return Done(self.patiently(sheet.inner, node) if node.kind == RUN else {})
        module = kinds.module(node.kind)
        settings = self.patiently(sheet.settings, node)
        bench = self.patiently(_bench, begun, sheet, self)
        if module.asks(settings) and not begun.step.asked.get("agreed"):
            asked: Ask = module.question(settings, bench)
            if not node.granted:
                return asked
            bench = replace(bench, shown=_within(asked, node.granted))
        result: Done | Again = module.perform(settings, bench)
        return result

    def _write(self, begun: Begun, sheet: Sheet, result: "Done | Again | Ask | None") -> None:
        used = sheet.used
        if result is None:
            self.patiently(notes.leave_out, begun, _now())
        elif isinstance(result, Ask):
            asked = concealed({name: one for name, one in asdict(result).items() if name != "seconds"}, used)
            self.patiently(notes.ask, begun, _now(), asked, result.seconds)
        elif isinstance(result, Again):
            self.patiently(notes.wait, begun, _now(), result.after, result.note, result.memo)
        else:
            outputs, text = concealed(dict(result.outputs), used), concealed(result.text, used)
            self.patiently(notes.finish, begun, _now(), outputs, text)


def _within(asked: Ask, granted: int) -> Mapping[str, Any]:
    """What would be shown to a person, where one has allowed it beforehand. Raises StepFailed when it is more than he
    allowed."""
    count = len(asked.shown.get("rows", ()))
    if not asked.then or asked.shown.get("more") or count > granted:
        more = f"{count}+" if asked.shown.get("more") else str(count)
        why = say("it would change %(n)s rows; the allowance covers %(most)s", n=more, most=granted)
        raise StepFailed(why, retry=False)
    return asked.shown


def _sheet(begun: Begun) -> Sheet:
    return Sheet(begun.run, queries.plan(begun.run), queries.steps(begun.run))


def _bench(begun: Begun, sheet: Sheet, driver: Driver) -> Bench:
    step, node = begun.step, begun.node
    until = (step.deadline or _now() + timedelta(seconds=node.timeout)) - _now()
    return Bench(
        step.key, time.monotonic() + max(0.1, until.total_seconds()), step.began_at.timestamp(), NETWORK,
        sheet.component_settings(sheet.component(node)), PLUGINS, _Patient(OwnMeans(begun, sheet), driver), step.memo,
        step.asked.get("shown", {}),
    )  # fmt: skip


class _Patient:
    """The same means, whose every act waits for a database that is away."""

    def __init__(self, means: OwnMeans, driver: Driver) -> None:
        self._means, self._driver = means, driver

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._means, name)
        return lambda *given: self._driver.patiently(act, *given)


def _now() -> datetime:
    return datetime.now(UTC)
