"""Runs driven here and now, without a process of their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import Any

from mainstay.domain.actor import Actor, Role
from mainstay.engine.runbooks.driving import Driver
from mainstay.runbooks import actions, queries
from mainstay.runbooks.models import Run, Step

ANN, BOB, EVE = (Actor(f"person:{name}", Role.APPROVER) for name in ("ann", "bob", "eve"))
OLA = Actor("person:ola", Role.OPERATOR)


class Here(Executor):
    """Has its work done by the thread that waits in ``drive``: the one that holds the test's transaction."""

    def __init__(self) -> None:
        self.work: Queue[tuple[Future[Any], Callable[[], Any]]] = Queue()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.work.put((future, lambda: fn(*args, **kwargs)))
        return future


def written(text: str) -> str:
    """Keep a runbook; its name."""
    return actions.write(text, actor=ANN).runbook.name


def drive(row: Run) -> Run:
    """As far as it goes now, by a driver that is gone afterwards."""
    here = Here()
    driver = Driver(pool=here, desk=here, release=lambda: None)  # type: ignore[arg-type]  # the part that is used
    loop = Thread(target=lambda: asyncio.run(driver.drive(row.pk)))
    loop.start()
    while loop.is_alive():
        with suppress(Empty):
            future, act = here.work.get(timeout=0.02)
            try:
                future.set_result(act())
            except BaseException as error:
                future.set_exception(error)
    return queries.run(row.pk)


def begun(text: str, *, actor: Actor = OLA, target: str = "", **given: Any) -> Run:
    """A run of a new runbook, driven as far as it goes."""
    return drive(actions.run(written(text), given, target=target, actor=actor))


def states(row: Run) -> dict[str, str]:
    return {step.path: step.state for step in row.steps.all()}


def step(row: Run, path: str) -> Step:
    return row.steps.get(path=path)


def note(row: Run, path: str) -> str:
    """Why a step failed or waits, in English."""
    found = step(row, path).note
    return found if isinstance(found, str) else found["text"] % found["values"]
